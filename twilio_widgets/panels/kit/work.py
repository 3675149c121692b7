"""Background work of panels, so that their callbacks can return at once.

All widgets of a kernel share one message loop: a callback that waits for Twilio freezes all of
them. So a callback calls `start`, and the work applies its result to the panel when it is done.
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
"""Whether threads can be started; in JupyterLite's kernel they cannot."""


class Work:
    """Background work of a panel that can be waited for."""

    def __init__(self, function: Callable[[], None], name: str) -> None:
        self._function = function
        self._begun = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def done(self) -> bool:
        """Whether it has finished, successfully or not."""
        return self._done.is_set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds until it has finished; return whether it has.

        Called from the work's own thread, it does not wait: that would deadlock.
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
        except RuntimeError:  # no event loop is running that could be blocked
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
    """Start `function(*args)` in the background and return at once.

    It runs in a daemon thread or, without threads, in the event loop's next iteration.

    Args:
        function: The work. Its return value is ignored: it reports by changing a panel's state.
        args: The arguments of the function.
        on_error: Called with an exception raised by `function`. No cell belongs to such an error,
            and a traceback printed by a thread would appear in an unrelated cell.
    """

    def run() -> None:
        try:
            function(*args)
        except Exception as error:  # noqa: BLE001  # the handler shows it to the user
            on_error(error)

    work = Work(run, name=f"twilio_widgets-work-{getattr(function, '__name__', 'call')}")
    work._begin()
    return work
