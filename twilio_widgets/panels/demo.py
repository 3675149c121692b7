"""`demo()`: a workbench on a sandbox that already has messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.workbench import Workbench
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from datetime import datetime

RECIPIENT = "+14155550123"
"""A number reserved for fiction."""
BODY = "Your table at the Harbour Grill is ready. See you at 8 pm!"

TIMEOUT = 10.0
"""Seconds to wait; the sandbox normally responds within one."""


def demo(seed: int = 0, messages: int = 2_000, now: str | datetime | None = None) -> Workbench:
    """Open a workbench on a sandbox: no account, nothing to install, nothing leaves this machine.

    The workbench is connected, has read the newest messages, and contains a message ready to send.
    ``bench.close()`` closes it and its sandbox.

    Args:
        seed: Seed of the random account and its messages.
        messages: Number of messages in the log at the start.
        now: Freezes the sandbox's clock at this time; None uses the real time.

    Example:
        >>> bench = demo(messages=10, now="2026-01-31T12:00:00Z")
        >>> len(bench.frame)
        10
        >>> bench.close()
    """
    sandbox = Sandbox(seed=seed, messages=messages, now=now)
    bench = Workbench(sandbox=sandbox, to=RECIPIENT, from_=sandbox.numbers[0], body=BODY)
    bench.join(TIMEOUT)  # a saved notebook then shows the loaded state
    return bench
