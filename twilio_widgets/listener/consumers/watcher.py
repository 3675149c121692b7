"""Noticing that a store has changed: by a nudge, and by a look of one's own when none comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import TwilioWidgetsError

if TYPE_CHECKING:
    from twilio_widgets.listener.events.reading import Reader

LOOK_EVERY: Final = 0.5
"""Seconds between two looks when nobody nudges. A look costs a few microseconds."""


class StoreWatcher:
    """A daemon thread that acts when there is news. It starts when it is needed.

    A nudge is only for speed: one that is lost delays what it would have told, and loses nothing.

    Args:
        reader: The store.
        act: Called in the thread after each change, however many there were meanwhile.
        name: The thread's name.
    """

    def __init__(self, reader: Reader, act: Callable[[], None], name: str) -> None:
        self._reader = reader
        self._act = act
        self._name = name
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._version = -1
        self._thread: threading.Thread | None = None
        self.stopped = threading.Event()
        """Set when it is over; what acts for long looks at it."""
        self.problem: str | None = None
        """Why it could not act last, if it could not."""

    def start(self) -> None:
        """Act soon, and from now on."""
        with self._starting:
            if self._thread is None and not self.stopped.is_set():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        self._wake.set()

    def nudge(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self, timeout: float) -> None:
        """End the thread, and wait for that, unless this is it."""
        self.stopped.set()
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self) -> None:
        while not self.stopped.is_set():
            nudged = self._wake.wait(LOOK_EVERY)
            self._wake.clear()
            if self.stopped.is_set():
                return
            try:
                if self._changed() or nudged:
                    self._act()
                self.problem = None
            except (TwilioWidgetsError, OSError) as error:
                # The store was moved, say, or the disk is full. It is tried again, and said.
                self.problem = str(error)
            except Exception as error:  # noqa: BLE001  # it goes on, and does not go silent
                self.problem = mask(
                    f"Events could not be delivered: {type(error).__name__}: {error}"
                )

    def _changed(self) -> bool:
        version, self._version = self._version, self._reader.data_version()
        return version != self._version
