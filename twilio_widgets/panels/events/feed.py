"""Changes in an event store since the last read, as rows for the table."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from twilio_widgets.listener.events.reading import Revisions
from twilio_widgets.panels.events.rows import rejected_row_of, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twilio_widgets.listener.events.event import Event, Rejection
    from twilio_widgets.listener.events.reading import Reader
    from twilio_widgets.panels.events.rows import Row

MOST_ROWS: Final = 100_000
"""Events read at once at most, the newest; the table shows no more."""


@dataclass(frozen=True, slots=True)
class StoreChanges:
    """The changes since the last read."""

    rows: Sequence[Row]
    """New rows, oldest first."""
    changed: Sequence[Row]
    """Rows read before that have changed."""
    replaces_all: bool
    """Whether `rows` are all rows and replace those shown before."""


class Feed:
    """Reads a store incrementally. Not thread-safe.

    Args:
        reader: The store.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._store = ""
        self._revisions = Revisions()
        self._event = self._rejection = 0
        self._polled: set[int] = set()
        """Numbers of events found by polling: a webhook may replace each."""

    def read(self) -> StoreChanges:
        """Return the changes since the last read; all rows at first and after a deletion.

        Raises:
            ListenerError: The store no longer exists.
        """
        anew, confirmed = self._revisions_since()
        events = self._reader.events(after=self._event, limit=MOST_ROWS, newest=True)
        rejections = self._reader.rejections(after=self._rejection)
        self._event = events[-1].id if events else self._event
        self._rejection = rejections[-1].id if rejections else self._rejection
        self._polled.update(event.id for event in events if event.source == "poll")
        rows = [*map(row_of, events), *map(rejected_row_of, rejections)]
        # Both lists are ordered and sorting is stable, so this merges them.
        woven = sorted(rows, key=itemgetter("time")) if rejections else rows
        return StoreChanges(woven, [row_of(event) for event in confirmed], anew)

    def event(self, number: int) -> Event | None:
        """Return one event; None when it was deleted."""
        return self._reader.event(number)

    def rejection(self, number: int) -> Rejection | None:
        """Return one rejected request; None when it was deleted or has expired."""
        found = self._reader.rejections(after=number - 1, limit=1)
        return found[0] if found and found[0].id == number else None

    def close(self) -> None:
        """Close the store's file."""
        self._reader.close()

    def _revisions_since(self) -> tuple[bool, list[Event]]:
        """Return whether to read everything again, and the events that changed."""
        # A new store at the same path numbers its events from 1 again.
        store, before = self._store, self._revisions
        self._store, self._revisions = self._reader.store_id, self._reader.revisions()
        if store != self._store or before.forgotten != self._revisions.forgotten:
            self._event = self._rejection = 0
            self._polled.clear()
            return True, []
        if before.confirmed == self._revisions.confirmed:
            return False, []
        confirmed = self._reader.confirmed_among(self._polled)
        self._polled.difference_update(event.id for event in confirmed)
        return False, confirmed
