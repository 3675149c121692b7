"""The saved positions of named consumers, in a file beside the store.

The store has a single writer, the listener's process, while consumers run in kernels. So their
cursors have their own file. A cursor is moved after its events were delivered: after any crash,
every event is delivered at least once.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from twilio_widgets.listener.files import durable


class Cursors:
    """The cursors of a store's consumers.

    Args:
        store: The store's file; the cursors are kept beside it.
        store_id: `Reader.store_id`. The ids of a new store start at 1 again, so cursors of a
            previous store at the same path are ignored.
    """

    def __init__(self, store: Path, store_id: str) -> None:
        self._path = store.with_name(f"{store.name}.cursors")
        self._lock = store.with_name(f"{store.name}.cursors-lock")
        self._store_id = store_id

    def get(self, consumer: str) -> int:
        """Return the id of the last event delivered to a consumer; 0 if there is none."""
        return self._read().get(consumer, 0)

    def start(self, consumer: str, event_id: int) -> int:
        """Return the cursor of a consumer; for a new consumer, save `event_id` as its cursor.

        It is saved at once, so that a restart before the first delivery does not skip events.

        Raises:
            ListenerError: Another process locked the file for 5 s.
        """
        with durable.locked(self._lock, seconds=5.0):
            known = self._read()
            if consumer not in known:
                known[consumer] = event_id
                self._write(known)
            return known[consumer]

    def move(self, consumer: str, event_id: int) -> None:
        """Save that the events up to this one were delivered; a cursor never moves back.

        Raises:
            ListenerError: Another process locked the file for 5 s.
        """
        with durable.locked(self._lock, seconds=5.0):
            known = self._read()
            if event_id > known.get(consumer, 0):
                self._write(known | {consumer: event_id})

    def _read(self) -> dict[str, int]:
        """Read the cursors; with an unreadable file, events are simply delivered again."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            kept = json.loads(self._path.read_bytes())
            if kept["store"] == self._store_id:
                return {str(name): int(at) for name, at in kept["cursors"].items()}
        return {}

    def _write(self, cursors: dict[str, int]) -> None:
        kept = {"store": self._store_id, "cursors": cursors}
        durable.write(self._path, json.dumps(kept).encode())
