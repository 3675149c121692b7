"""The one event loop of our own, in a daemon thread, for work that goes on while cells run.

It never borrows the kernel's loop, so it does not stall while a cell runs and leaves the kernel
free. The thread begins with the first work and ends with the last: nothing idles.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")

NAME = "twilio_widgets loop"

_ENDS_WITHIN = 5.0


class Work(Generic[T]):
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
        """
        result = self._future.result(timeout)
        self._thread.join_if_over()
        return result

    def call(self, function: Callable[[], object]) -> None:
        """Let a function run on the work's own thread, soon; after its end, not at all."""
        self._thread.call(function)


class _Thread(threading.Thread):
    """A loop that runs until nothing is left to do."""

    def __init__(self) -> None:
        super().__init__(name=NAME, daemon=True)
        self.loop = asyncio.new_event_loop()
        self.over = False
        self._busy = 0
        self._idle = asyncio.Event()
        self._lock = threading.Lock()

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T] | None:
        """Take on work; None when the thread is about to end."""
        with self._lock:
            if self.over:
                return None
            return asyncio.run_coroutine_threadsafe(self._counted(coroutine), self.loop)

    def start_with(self, coroutine: Coroutine[Any, Any, T]) -> Future[T] | None:
        """Start with work to do: without any it would never end."""
        try:
            future = self.begin(coroutine)
            self.start()
        except BaseException:
            if not self.is_alive():  # interrupted; then the work is let go of as well
                self.loop.close()
            raise
        return future

    async def _counted(self, coroutine: Coroutine[Any, Any, T]) -> T:
        # Counted here and not where it is taken on: whoever does that may be interrupted.
        with self._lock:
            self._busy += 1
            self.over = False  # it was taken on before the last of the others ended
        try:
            return await coroutine
        finally:
            with self._lock:
                self._busy -= 1
                self.over = self._busy == 0
            if self.over:
                self._idle.set()

    async def _until_over(self) -> None:
        while True:
            await self._idle.wait()
            self._idle.clear()  # who ends from here on says so again
            # What was taken on before the last ended is begun within two turns of the loop: in
            # the first it becomes a task, in the second that begins.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if not (self._busy or self._idle.is_set()):
                return  # none had begun, so nothing more was taken on

    def call(self, function: Callable[[], object]) -> None:
        with self._lock:
            if not self.over:
                self.loop.call_soon_threadsafe(function)

    def join_if_over(self) -> None:
        if self.over and threading.current_thread() is not self:
            self.join(_ENDS_WITHIN)

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._until_over())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()


_starting = threading.Lock()
_current: _Thread | None = None


def start(coroutine: Coroutine[Any, Any, T]) -> Work[T]:
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
        return Work(future, thread)
