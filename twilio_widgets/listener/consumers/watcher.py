"""Detecting changes of a store: by notification, and by polling in case a notification is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import TwilioWidgetsError

if TYPE_CHECKING:
    from twilio_widgets.listener.events.reading import Reader

LOOK_EVERY: Final = 0.5
"""Seconds between two checks without notification. A check takes a few microseconds."""


class StoreWatcher:
    """A daemon thread that acts on changes of a store. It is started on demand.

    Notifications (`nudge`) only reduce the delay: if one is lost, the change is found by polling.

    Args:
        reader: Reads the store.
        act: Called in the thread, once for any number of changes.
        name: The thread's name.
    """

    def __init__(self, reader: Reader, act: Callable[[], None], name: str) -> None:
        self._reader = reader
        self._act = act
        self._name = name
        self._starting = ThreadLock()
        self._wake = threading.Event()
        self._version = -1
        self._thread: threading.Thread | None = None
        self.stopped = threading.Event()
        """Set by `stop`; a long-running `act` should check it."""
        self.problem: str | None = None
        """Why the last `act` failed, or None."""

    def start(self) -> None:
        """Start the thread if necessary, and act soon."""
        with self._starting:
            if self._thread is None and not self.stopped.is_set():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        self._wake.set()

    def nudge(self) -> None:
        """Check for changes now."""
        self._wake.set()

    def stop(self, timeout: float) -> None:
        """Stop the thread, and wait for it unless called from it."""
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
                # For example, the store was moved or the disk is full. It is retried.
                self.problem = str(error)
            except Exception as error:  # noqa: BLE001  # keep running and report the problem
                self.problem = mask(
                    f"Events could not be delivered: {type(error).__name__}: {error}"
                )

    def _changed(self) -> bool:
        version, self._version = self._version, self._reader.data_version()
        return version != self._version
