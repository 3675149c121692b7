"""The one seam through which a panel starts work, so that its callbacks can return at once.

All widgets of a kernel share one message loop: a callback that waits for Twilio freezes every one
of them. So a callback calls `start`, and the work applies its result to the panel when it has one.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = TypeVarTuple("Arguments")

THREADS_EXIST = sys.platform != "emscripten"
"""Whether threads can be started here; in a browser's kernel (JupyterLite) they cannot."""


class Work:
    """Something a panel started: it can be asked whether it is done, and waited for."""

    def __init__(self, function: Callable[[], None], name: str) -> None:
        self._function = function
        self._begun = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def done(self) -> bool:
        """Whether it has ended, well or badly."""
        return self._done.is_set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it has ended, at most `timeout` seconds; return whether it has.

        Work that asks for its own end does not wait for it.
        """
        if not THREADS_EXIST:
            self._run()
        elif threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return self.done

    def _begin(self) -> None:
        if THREADS_EXIST:
            self._thread.start()
            return
        try:
            asyncio.get_running_loop().call_soon(self._run)
        except RuntimeError:  # no loop is running, so there is nothing to give way to
            self._run()

    def _run(self) -> None:
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._function()
        finally:
            self._done.set()


def start(
    function: Callable[[*Arguments], object],
    *args: *Arguments,
    on_error: Callable[[Exception], None],
) -> Work:
    """Begin `function(*args)` away from the caller and return at once.

    It runs in a daemon thread, or, where there are no threads, as the event loop's next step.

    Args:
        function: What to do. Its result is dropped: work reports by changing a panel's state.
        args: What to do it with.
        on_error: Is given an exception that `function` raised. There is no cell such an error
            could appear in, and a traceback printed by a thread lands in a stranger's.
    """

    def run() -> None:
        try:
            function(*args)
        except Exception as error:  # noqa: BLE001  # the handler shows it to the person
            on_error(error)

    work = Work(run, name=f"twilio_widgets-work-{getattr(function, '__name__', 'call')}")
    work._begin()
    return work
