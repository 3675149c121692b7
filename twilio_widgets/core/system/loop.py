"""The one event loop of our own, in a daemon thread, for work that goes on while cells run.

It never borrows the kernel's loop, so it does not stall while a cell runs and leaves the kernel
free. The thread begins with the first work and ends with the last: nothing idles.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")

NAME = "twilio_widgets loop"

_ENDS_WITHIN, _LOOK = 5.0, 0.01


class BackgroundTask(Generic[T]):
    """Something that goes on in the background.

    Args:
        future: Its end.
        thread: Where it goes on.
    """

    def __init__(self, future: Future[T], thread: _Thread) -> None:
        self._future = future
        self._thread = thread

    @property
    def done(self) -> bool:
        """Whether it has come to its end."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> T:
        """Wait for its end and return its result.

        Args:
            timeout: Seconds to wait at most; None waits as long as it takes. Giving up does not
                stop the work.

        Raises:
            TimeoutError: It still goes on.
            RuntimeError: It is asked on the work's own thread, which would wait for itself.
        """
        if self._thread is threading.current_thread() and not self.done:
            raise RuntimeError("What goes on in this thread cannot be waited for in it.")
        try:
            return self._future.result(timeout)
        finally:
            if self.done:
                self._thread.join_if_idle()

    def call(self, function: Callable[[], object]) -> None:
        """Let a function run on the work's own thread, soon; after its end, not at all."""
        self._thread.call(function)


class _Thread(threading.Thread):
    """A loop that runs until nothing is left to do."""

    def __init__(self) -> None:
        super().__init__(name=NAME, daemon=True)
        self.loop = asyncio.new_event_loop()
        self._over = False
        """Whether it takes on nothing more, ever."""
        self._runs = False
        self._taken = 0
        self._busy = 0
        self._idle = asyncio.Event()
        self._lock = threading.Lock()

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T] | None:
        """Take on work; None when the thread is about to end."""
        with self._lock:
            if self._over:
                return None
            self._taken += 1
            return asyncio.run_coroutine_threadsafe(self._counted(coroutine), self.loop)

    def start_with(self, coroutine: Coroutine[Any, Any, T]) -> Future[T] | None:
        """Start with work to do: without any it ends at once."""
        try:
            future = self.begin(coroutine)
            self.start()
        except BaseException:
            with self._lock:
                if not self._runs:  # interrupted; then the work is let go of as well
                    self._over = True
                    self.loop.close()
            raise
        return future

    async def _counted(self, coroutine: Coroutine[Any, Any, T]) -> T:
        # Counted here and not where it is taken on: whoever does that may be interrupted.
        self._busy += 1
        try:
            return await coroutine
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def _until_over(self) -> None:
        taken = -1
        while not self._ends(taken):
            if self._busy:
                await self._idle.wait()
            self._idle.clear()
            with self._lock:  # who has counted its work and not handed it over yet is waited for
                taken = self._taken
            # What was taken on by now is begun within two turns of the loop: in the first it
            # becomes a task, in the second that begins.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _ends(self, taken: int) -> bool:
        """Take on nothing more when all that was taken on has ended, and was no more than this."""
        with self._lock:
            self._over = not self._busy and self._taken == taken
            return self._over

    def call(self, function: Callable[[], object]) -> None:
        with self._lock:
            if not self._over:
                self.loop.call_soon_threadsafe(function)

    def join_if_idle(self) -> None:
        """Wait for its end, unless there is other work, or soon will be."""
        until = time.monotonic() + _ENDS_WITHIN
        while self is not threading.current_thread() and self.is_alive():
            if self._busy or time.monotonic() > until:
                return
            self.join(_LOOK)

    def run(self) -> None:
        with self._lock:
            if self._over:
                return
            self._runs = True
        asyncio.set_event_loop(self.loop)
        try:
            self._complete(self._until_over())
            self._complete(self.loop.shutdown_asyncgens())
            self._complete(self.loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    def _complete(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # A sys.exit ends the work that said it, and whoever waits for that hears it; asyncio would
        # let go of all other work as well, whose waiters would wait for ever.
        task = self.loop.create_task(coroutine)
        while not task.done():
            with suppress(SystemExit, KeyboardInterrupt):
                self.loop.run_until_complete(task)


_starting = threading.Lock()
_current: _Thread | None = None


def _begin_anew() -> None:
    """Let a fork begin work, although a thread that is not here may have been beginning some."""
    global _starting  # noqa: PLW0603
    _starting = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def start(coroutine: Coroutine[Any, Any, T]) -> BackgroundTask[T]:
    """Let a coroutine go on in the background.

    It ends with the process: what must not be lost is written down as it happens.
    """
    global _current  # noqa: PLW0603  # one loop for all, begun when needed
    with _starting:
        thread = _current
        future = thread.begin(coroutine) if thread is not None and thread.is_alive() else None
        if future is None:  # there is none, it is ending, or it stayed behind in a fork
            thread = _Thread()
            future = thread.start_with(coroutine)
            _current = thread
        assert thread is not None  # noqa: S101  # made above
        assert future is not None  # noqa: S101  # a new thread takes on its first work
        return BackgroundTask(future, thread)
