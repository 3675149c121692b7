"""A thread that refreshes the panel after changes, and regularly to notice an ended process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.listener.source import EventSource

MAX_INTERVAL: Final = 4.0
"""Seconds between two calls while nothing changes."""
MIN_INTERVAL: Final = 0.25
"""Seconds between two calls at least, however fast events arrive."""
JOIN: Final = 5.0


class SourceWatcher:
    """Calls `look` in a thread until it is stopped; the first time immediately.

    Args:
        source: The source to watch.
        look: Called after changes. It must not raise.
    """

    def __init__(self, source: EventSource, look: Callable[[], object]) -> None:
        self._look = look
        self._on_connected = threading.Event()
        self._stopped = threading.Event()
        self._end = source.on_change(self._on_connected.set)
        self._thread = threading.Thread(
            target=self._run, name="twilio_widgets-events-watch", daemon=True
        )
        self._thread.start()

    def nudge(self) -> None:
        """Call `look` now."""
        self._on_connected.set()

    def stop(self) -> None:
        """Stop the thread and wait for a running call."""
        self._end()
        self._stopped.set()
        self._on_connected.set()
        if self._thread is not threading.current_thread():
            self._thread.join(JOIN)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._look()
            self._on_connected.wait(MAX_INTERVAL)
            self._on_connected.clear()
            self._stopped.wait(MIN_INTERVAL)
