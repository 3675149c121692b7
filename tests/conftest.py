"""For every test: the sandbox fixture, no network, and no thread or variable left behind."""

from __future__ import annotations

import ipaddress
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from twilio_widgets import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = "2026-01-15T12:00:00Z"


def _no_network(event: str, args: tuple[object, ...]) -> None:
    """Audit hook: fail when a test connects or resolves beyond this machine, with any library."""
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = str(args[1][0])
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else str(args[0] or "localhost")
    else:
        return
    try:
        local = ipaddress.ip_address(host).is_loopback or host in {"0.0.0.0", "::"}
    except ValueError:
        local = host == "localhost"
    if not local and not os.environ.get("TWILIO_TEST_ACCOUNT_SID"):
        raise AssertionError(f"a test tried to reach {host} over the network")


sys.addaudithook(_no_network)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose clock is frozen at noon and advances when a client sleeps."""
    with Sandbox(now=NOON) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fail when a thread or an environment variable outlives the test that made it."""
    before, environment = set(threading.enumerate()), dict(os.environ)
    yield
    left = [
        thread.name
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and thread.name.startswith("twilio_widgets")
    ]
    assert left == [], f"threads left running: {left}"
    after = dict(os.environ)
    for name in ("PYTEST_CURRENT_TEST",):
        environment.pop(name, None)
        after.pop(name, None)
    assert after == environment
