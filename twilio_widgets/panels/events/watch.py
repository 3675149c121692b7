"""Looking at a source whenever it has news, and every few seconds to see that it lives."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.listener.source import EventSource

EVERY: Final = 4.0
"""Seconds between two looks when nothing happens."""
CALM: Final = 0.25
"""Seconds between two looks when much happens."""
JOIN: Final = 5.0


class SourceWatcher:
    """Calls `look` in a thread of its own until it is stopped; at once, to begin with.

    Args:
        source: What has the news.
        look: What to do. It must not raise.
    """

    def __init__(self, source: EventSource, look: Callable[[], object]) -> None:
        self._look = look
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._end = source.on_change(self._wake.set)
        self._thread = threading.Thread(
            target=self._run, name="twilio_widgets-events-watch", daemon=True
        )
        self._thread.start()

    def nudge(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self) -> None:
        """Look no more, and wait for a look that is under way."""
        self._end()
        self._stopped.set()
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join(JOIN)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._look()
            self._wake.wait(EVERY)
            self._wake.clear()
            self._stopped.wait(CALM)
