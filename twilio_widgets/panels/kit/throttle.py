"""Limit how often a callback runs, for state that changes faster than a page can show it.

A message for every change floods the page, and Jupyter's server drops messages above a thousand per
second. Call `Throttle.ask` as often as you like; the callback runs at most ten times per second.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.panels.kit.work import THREADS_EXIST

if TYPE_CHECKING:
    from collections.abc import Callable

SOONEST = 0.01
"""Seconds between the first request and the call, so that a burst results in one call."""
EVERY = 0.1
"""Seconds between two calls."""
REST = 1.0
"""Seconds without a request after which the throttle is idle."""
JOIN = 5.0
"""Seconds that `stop` waits for a running call."""


class Throttle(Protocol):
    """Runs a callback soon after a request, at most every `EVERY` seconds."""

    def ask(self) -> None:
        """Request a call. Returns at once; thread-safe."""

    def stop(self) -> None:
        """Run the callback no more."""


def throttle(
    name: str,
    beat: Callable[[], object],
    rest: Callable[[], object],
    *,
    soonest: float = SOONEST,
    every: float = EVERY,
) -> Throttle:
    """Return a throttle that uses a thread, or timers of the event loop where threads do not exist.

    Args:
        name: The name of the thread.
        beat: The callback. It never runs twice at the same time, and must not raise.
        rest: Called once after `REST` seconds without a request. It must not raise.
        soonest: Seconds between the first request and the call.
        every: Seconds between two calls.
    """
    if THREADS_EXIST:
        return ThreadThrottle(name, beat, rest, soonest=soonest, every=every)
    return LoopThrottle(beat, rest, soonest=soonest, every=every)


class ThreadThrottle:
    """A throttle in a daemon thread, which ends when idle and is started again on request."""

    def __init__(
        self,
        name: str,
        beat: Callable[[], object],
        rest: Callable[[], object],
        *,
        soonest: float = SOONEST,
        every: float = EVERY,
    ) -> None:
        self._name, self._beat, self._rest = name, beat, rest
        self._soonest, self._every = soonest, every
        self._lock = ThreadLock()
        self._asked = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Request a call. Returns at once; thread-safe."""
        with self._lock:
            if self._stopped.is_set():
                return
            self._asked.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Run the callback no more, and wait for a running call."""
        with self._lock:
            self._stopped.set()
            self._asked.set()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN)

    def _run(self) -> None:
        pause = self._soonest
        while self._wanted():
            self._stopped.wait(pause)
            self._asked.clear()
            if self._stopped.is_set():
                return
            self._beat()
            pause = self._every

    def _wanted(self) -> bool:
        """Wait for a request; return False after `REST` seconds without one, to end the thread."""
        if self._asked.wait(REST):
            return True
        self._rest()
        with self._lock:
            if self._asked.is_set():  # requested during rest(): no other thread would handle it
                return True
            self._thread = None
        return False


class LoopThrottle:
    """A throttle with timers of the event loop, for kernels without threads (JupyterLite)."""

    def __init__(
        self,
        beat: Callable[[], object],
        rest: Callable[[], object],
        *,
        soonest: float = SOONEST,
        every: float = EVERY,
    ) -> None:
        self._beat, self._rest = beat, rest
        self._soonest, self._every = soonest, every
        self._next: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._stopped = False
        self._beaten = float("-inf")

    def ask(self) -> None:
        """Request a call. Without a running event loop it runs immediately."""
        if self._stopped or self._next is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._beat()
            return
        self._next = loop.call_at(
            max(loop.time() + self._soonest, self._beaten + self._every), self._run
        )

    def stop(self) -> None:
        """Run the callback no more."""
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
