"""The package's own event loop, in a daemon thread, for background work.

The kernel's loop is not used: it stalls while a cell runs. The thread starts with the first task
and ends with the last, so that no idle thread remains. JupyterLite has no threads: there the work
is a task of the kernel's loop.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

from twilio_widgets.core.system.thread_lock import ThreadLock

T = TypeVar("T")

NAME = "twilio_widgets loop"

_ENDS_WITHIN, _LOOK = 5.0, 0.01


class BackgroundTask(Generic[T]):
    """A coroutine that runs on the background event loop.

    Args:
        future: The coroutine's future.
        thread: The thread that runs it.
    """

    def __init__(self, future: Future[T], thread: _Thread) -> None:
        self._future = future
        self._thread = thread

    @property
    def done(self) -> bool:
        """Whether the task has finished."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the task to finish and return its result.

        Args:
            timeout: The most seconds to wait; None waits without limit. A timeout does not stop the
                task.

        Raises:
            TimeoutError: The task is still running.
            RuntimeError: Called on the loop's own thread, where waiting would deadlock.
        """
        if self._thread is threading.current_thread() and not self.done:
            raise RuntimeError("Waiting here would deadlock: this is the loop's own thread.")
        try:
            return self._future.result(timeout)
        finally:
            if self.done:
                self._thread.join_if_idle()

    def call(self, function: Callable[[], object]) -> None:
        """Call a function on the loop's thread soon; do nothing if the thread has ended."""
        self._thread.call(function)


class KernelTask(Generic[T]):
    """A coroutine that runs as a task of the kernel's event loop, where threads do not exist.

    Args:
        task: The coroutine's task.
    """

    def __init__(self, task: asyncio.Task[T]) -> None:
        self._task = task

    @property
    def done(self) -> bool:
        """Whether the task has finished."""
        return self._task.done()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the task to finish and return its result; see `BackgroundTask.result`.

        Raises:
            TimeoutError: The task is still running.
            RuntimeError: The browser cannot wait here (it has no stack switching).
        """
        if not self.done:
            from pyodide.ffi import can_run_sync, run_sync

            if not can_run_sync():
                raise RuntimeError("This browser cannot wait here. Await asyncio.sleep(…) instead.")
            run_sync(asyncio.wait({self._task}, timeout=timeout))
        if not self.done:
            raise TimeoutError
        return self._task.result()

    def call(self, function: Callable[[], object]) -> None:
        """Call a function in the loop's next iteration."""
        self._task.get_loop().call_soon(function)


class _Thread(threading.Thread):
    """A thread with an event loop that runs until all its tasks have finished."""

    def __init__(self) -> None:
        super().__init__(name=NAME, daemon=True)
        self.loop = asyncio.new_event_loop()
        self._over = False
        """Whether the thread is ending and accepts no more tasks."""
        self._runs = False
        self._taken = 0
        self._busy = 0
        self._idle = asyncio.Event()
        self._lock = ThreadLock()

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T] | None:
        """Schedule a task; return None if the thread is about to end."""
        with self._lock:
            if self._over:
                return None
            self._taken += 1
            return asyncio.run_coroutine_threadsafe(self._counted(coroutine), self.loop)

    def start_with(self, coroutine: Coroutine[Any, Any, T]) -> Future[T] | None:
        """Start the thread with its first task; without one it would end at once."""
        try:
            future = self.begin(coroutine)
            self.start()
        except BaseException:
            with self._lock:
                if not self._runs:  # interrupted before the thread ran, so its task never will
                    self._over = True
                    self.loop.close()
            raise
        return future

    async def _counted(self, coroutine: Coroutine[Any, Any, T]) -> T:
        # Counted here rather than in `begin`, whose thread may be interrupted at any line.
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
            with self._lock:  # waits for a `begin` that has counted its task but not scheduled it
                taken = self._taken
            # A task scheduled by now starts within two iterations of the loop: the first creates
            # it, the second starts it.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _ends(self, taken: int) -> bool:
        """Stop accepting tasks if none is running and none was added since `taken` was read."""
        with self._lock:
            self._over = not self._busy and self._taken == taken
            return self._over

    def call(self, function: Callable[[], object]) -> None:
        with self._lock:
            if not self._over:
                self.loop.call_soon_threadsafe(function)

    def join_if_idle(self) -> None:
        """Wait for the thread to end, unless it has other tasks."""
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
        # asyncio lets SystemExit stop the whole loop. Resume it: only the task that raised must
        # end, or everyone who waits for another task would wait forever.
        task = self.loop.create_task(coroutine)
        while not task.done():
            with suppress(SystemExit, KeyboardInterrupt):
                self.loop.run_until_complete(task)


_starting = ThreadLock()
_current: _Thread | None = None


def _begin_anew() -> None:
    """Replace the lock in a forked child: another thread of the parent may have held it."""
    global _starting  # noqa: PLW0603
    _starting = ThreadLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def start(coroutine: Coroutine[Any, Any, T]) -> BackgroundTask[T] | KernelTask[T]:
    """Run a coroutine on the background event loop.

    The daemon thread ends with the process, so a task must persist its progress as it goes.
    """
    if sys.platform == "emscripten":
        return KernelTask(asyncio.get_running_loop().create_task(coroutine))
    global _current  # noqa: PLW0603  # one loop for the process, started when needed
    with _starting:
        thread = _current
        future = thread.begin(coroutine) if thread is not None and thread.is_alive() else None
        if future is None:  # no thread yet, it is ending, or it exists only in a fork's parent
            thread = _Thread()
            future = thread.start_with(coroutine)
            _current = thread
        assert thread is not None  # noqa: S101  # created above
        assert future is not None  # noqa: S101  # a new thread accepts its first task
        return BackgroundTask(future, thread)
