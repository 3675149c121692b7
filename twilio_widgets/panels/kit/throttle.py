"""A heartbeat for what changes faster than a page can show it.

A message for every change floods the page, and Jupyter's server drops messages above a thousand a
second. A `Throttle` gathers them: ask as often as you like, it beats at most ten times a second.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.panels.kit.work import THREADS_EXIST

if TYPE_CHECKING:
    from collections.abc import Callable

SOONEST = 0.01
"""Seconds between the first request and the beat, so that a burst is one beat."""
EVERY = 0.1
"""Seconds between two beats."""
REST = 1.0
"""Seconds without a request after which the pulse rests."""
JOIN = 5.0
"""Seconds that `stop` waits for a beat that is under way."""


class Throttle(Protocol):
    """Beats soon after it is asked to, at most every `EVERY` seconds, and then rests."""

    def ask(self) -> None:
        """Ask for a beat. Returns at once; safe from any thread."""

    def stop(self) -> None:
        """Beat no more."""


def throttle(name: str, beat: Callable[[], object], rest: Callable[[], object]) -> Throttle:
    """Return a pulse for this machine: a thread while there is work, or timers of the event loop.

    Args:
        name: What its thread is called.
        beat: What to do. It is never run twice at once, and must not raise.
        rest: What to do once, when nobody has asked for `REST` seconds. It must not raise.
    """
    return ThreadThrottle(name, beat, rest) if THREADS_EXIST else LoopThrottle(beat, rest)


class ThreadThrottle:
    """A pulse in a daemon thread, which ends when it rests and is begun again when asked."""

    def __init__(self, name: str, beat: Callable[[], object], rest: Callable[[], object]) -> None:
        self._name, self._beat, self._rest = name, beat, rest
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Ask for a beat. Returns at once; safe from any thread."""
        with self._lock:
            if self._stopped.is_set():
                return
            self._asked.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Beat no more, and wait for a beat that is under way."""
        with self._lock:
            self._stopped.set()
            self._asked.set()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN)

    def _run(self) -> None:
        pause = SOONEST
        while self._wanted():
            self._stopped.wait(pause)
            self._asked.clear()
            if self._stopped.is_set():
                return
            self._beat()
            pause = EVERY

    def _wanted(self) -> bool:
        """Wait for a request; when none comes, rest and let the thread end."""
        if self._asked.wait(REST):
            return True
        self._rest()
        with self._lock:
            if self._asked.is_set():  # asked while resting: nobody else would begin again
                return True
            self._thread = None
        return False


class LoopThrottle:
    """A pulse of timers on the running event loop, for kernels without threads (JupyterLite)."""

    def __init__(self, beat: Callable[[], object], rest: Callable[[], object]) -> None:
        self._beat, self._rest = beat, rest
        self._next: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._stopped = False
        self._beaten = float("-inf")

    def ask(self) -> None:
        """Ask for a beat. With no event loop running there is nothing to wait for: it is now."""
        if self._stopped or self._next is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._beat()
            return
        self._next = loop.call_at(max(loop.time() + SOONEST, self._beaten + EVERY), self._run)

    def stop(self) -> None:
        """Beat no more."""
        self._stopped = True
        for timer in (self._next, self._later):
            if timer is not None:
                timer.cancel()

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._next, self._beaten = None, loop.time()
        if self._later is not None:
            self._later.cancel()
        self._later = loop.call_later(REST, self._rest)
        self._beat()
