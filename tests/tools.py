"""Test helpers: require an external tool, and interrupt this process like Ctrl+C."""

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
    """Skip the test because a tool is missing; fail with ``CI=true``, where skips are forbidden."""
    absent = f"{tool} is not installed, so {consequence}: install it to run this test"
    if os.environ.get("CI") == "true":
        pytest.fail(absent)
    pytest.skip(absent)


@contextlib.contextmanager
def stop_pressed(ready: Callable[[], object]) -> Iterator[None]:
    """Interrupt this process, as Ctrl+C does, as soon as `ready()` is true."""

    def press() -> None:
        while not ready():
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    # SIGINT is ignored in background jobs of a shell, so the default handler is restored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    presser = threading.Thread(target=press)
    presser.start()
    try:
        yield
    finally:
        presser.join()
        signal.signal(signal.SIGINT, before)
