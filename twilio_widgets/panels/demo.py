"""The whole product in one line: a workbench on a sandbox that already has a history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.workbench import Workbench
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from datetime import datetime

RECIPIENT = "+14155550123"
"""A number reserved for fiction."""
BODY = "Your table at the Harbour Grill is ready. See you at 8 pm!"

PATIENCE = 10.0
"""Seconds; the sandbox answers within one."""


def demo(seed: int = 0, messages: int = 2_000, now: str | datetime | None = None) -> Workbench:
    """Open a workbench on a sandbox: no account, nothing to install, nothing leaves this machine.

    It comes back connected, with the newest messages read and a message ready to be sent.
    ``bench.close()`` ends it, and the sandbox with it.

    Args:
        seed: Another seed gives another account with other people.
        messages: How many messages the log begins with.
        now: Freezes the sandbox's clock there; None gives a real one.

    Example:
        >>> bench = demo(messages=10, now="2026-01-31T12:00:00Z")
        >>> len(bench.frame)
        10
        >>> bench.close()
    """
    sandbox = Sandbox(seed=seed, messages=messages, now=now)
    bench = Workbench(sandbox=sandbox, to=RECIPIENT, from_=sandbox.numbers[0], body=BODY)
    bench.join(PATIENCE)  # so that a saved notebook shows it as it stands, not half awake
    return bench
