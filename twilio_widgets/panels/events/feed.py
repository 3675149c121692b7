"""What is new in an event store since it was last looked into, as rows for the table."""

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
"""Events that one look takes at most, the newest; a table holds no more."""


@dataclass(frozen=True, slots=True)
class News:
    """What a look into the store brought."""

    rows: Sequence[Row]
    """In the order they happened."""
    changed: Sequence[Row]
    """Rows that were read before, as they are now."""
    anew: bool
    """Whether these are all rows there are, and what was shown before is gone."""


class Feed:
    """Reads on in a store, from where it came to last. Not locked.

    Args:
        reader: The store.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._store = ""
        self._revisions = Revisions()
        self._event = self._rejection = 0
        self._polled: set[int] = set()
        """Events that Twilio's log told of: a webhook may take the place of each."""

    def news(self) -> News:
        """Return what came since the last look; everything, at first and when some was forgotten.

        Raises:
            ListenerError: The store is not there any more.
        """
        anew, confirmed = self._what_was_revised()
        events = self._reader.events(after=self._event, limit=MOST_ROWS, newest=True)
        rejections = self._reader.rejections(after=self._rejection)
        self._event = events[-1].id if events else self._event
        self._rejection = rejections[-1].id if rejections else self._rejection
        self._polled.update(event.id for event in events if event.source == "poll")
        rows = [*map(row_of, events), *map(rejected_row_of, rejections)]
        # Sorting is stable, and both kinds are in order: this only weaves them together.
        woven = sorted(rows, key=itemgetter("time")) if rejections else rows
        return News(woven, [row_of(event) for event in confirmed], anew)

    def event(self, number: int) -> Event | None:
        """Return one event; None when it was forgotten."""
        return self._reader.event(number)

    def rejection(self, number: int) -> Rejection | None:
        """Return one rejected request; None when it was forgotten, or is too long ago."""
        found = self._reader.rejections(after=number - 1, limit=1)
        return found[0] if found and found[0].id == number else None

    def close(self) -> None:
        """Close the store's file."""
        self._reader.close()

    def _what_was_revised(self) -> tuple[bool, list[Event]]:
        """Return whether to begin anew, and which events are no longer as they were read."""
        # Another store at the same place counts from 1 again.
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
