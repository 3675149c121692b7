"""What tests share: a tool that is not there, and somebody who presses stop."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest


def without(tool: str, *, consequence: str) -> NoReturn:
    """Skip and say so; fail with ``CI=true``, where nothing may be skipped for want of a tool."""
    absent = f"there is no {tool} here, so {consequence}: install it to run this"
    if os.environ.get("CI") == "true":
        pytest.fail(absent)
    pytest.skip(absent)


@contextlib.contextmanager
def stop_pressed(ready: Callable[[], object]) -> Iterator[None]:
    """Interrupt this process, as Ctrl+C does, as soon as something is the case."""

    def press() -> None:
        while not ready():
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    # A shell that starts the tests in its background has them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    presser = threading.Thread(target=press)
    presser.start()
    try:
        yield
    finally:
        presser.join()
        signal.signal(signal.SIGINT, before)
