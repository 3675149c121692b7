"""How far each consumer of events has come, kept beside the store by those who consume.

The store's file has one writer, the listener's process; consumers live in kernels. So their
cursors are in a small file of their own. A cursor is moved after its events were used: whatever
crashes, an event is used at least once.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from twilio_widgets.listener.files import durable


class Cursors:
    """The cursors of a store's consumers.

    Args:
        store: The store's file; the cursors lie beside it.
        store_id: `Reader.store_id`. A store that was begun anew counts from 1 again, so the
            cursors of the one before it no longer hold.
    """

    def __init__(self, store: Path, store_id: str) -> None:
        self._path = store.with_name(f"{store.name}.cursors")
        self._lock = store.with_name(f"{store.name}.cursors-lock")
        self._store_id = store_id

    def get(self, consumer: str) -> int:
        """Return the id of the last event a consumer has used; 0 before the first."""
        return self._read().get(consumer, 0)

    def start(self, consumer: str, event_id: int) -> int:
        """Return how far a consumer has come; one that is new begins after this event.

        That it began is noted at once: what comes before its first event is used must not be
        passed over when it begins again.

        Raises:
            ListenerError: Another process held the file for 5 s.
        """
        with durable.locked(self._lock, seconds=5.0):
            known = self._read()
            if consumer not in known:
                known[consumer] = event_id
                self._write(known)
            return known[consumer]

    def move(self, consumer: str, event_id: int) -> None:
        """Note that a consumer has used the events up to this one; it never goes back.

        Raises:
            ListenerError: Another process held the file for 5 s.
        """
        with durable.locked(self._lock, seconds=5.0):
            known = self._read()
            if event_id > known.get(consumer, 0):
                self._write(known | {consumer: event_id})

    def _read(self) -> dict[str, int]:
        """Read the cursors; a file that is no longer readable only means to use events again."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            kept = json.loads(self._path.read_bytes())
            if kept["store"] == self._store_id:
                return {str(name): int(at) for name, at in kept["cursors"].items()}
        return {}

    def _write(self, cursors: dict[str, int]) -> None:
        kept = {"store": self._store_id, "cursors": cursors}
        durable.write(self._path, json.dumps(kept).encode())
