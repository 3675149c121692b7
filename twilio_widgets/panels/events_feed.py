"""What is new in an event store since it was last looked into, as rows for the table."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from twilio_widgets.panels.events_rows import rejected_row_of, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twilio_widgets.listener.events.event import Event, Rejection
    from twilio_widgets.listener.events.reading import Reader
    from twilio_widgets.panels.events_rows import Row

MOST_ROWS: Final = 100_000
"""Events that one look takes at most, the newest; a table holds no more."""


@dataclass(frozen=True, slots=True)
class News:
    """What a look into the store brought."""

    rows: Sequence[Row]
    """In the order they happened."""
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
        self._oldest = self._event = self._rejection = 0

    def news(self) -> News:
        """Return what came since the last look; everything, at first and when some was forgotten.

        Raises:
            ListenerError: The store is not there any more.
        """
        anew = self._begins_anew()
        events = self._reader.events(after=self._event, limit=MOST_ROWS, newest=True)
        rejections = self._reader.rejections(after=self._rejection)
        self._event = events[-1].id if events else self._event
        self._rejection = rejections[-1].id if rejections else self._rejection
        rows = [*map(row_of, events), *map(rejected_row_of, rejections)]
        # Sorting is stable, and both kinds are in order: this only weaves them together.
        return News(sorted(rows, key=itemgetter("time")) if rejections else rows, anew)

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

    def _begins_anew(self) -> bool:
        store, first = self._reader.store_id, self._reader.events(limit=1)
        oldest = first[0].id if first else 0
        # Another store at the same place counts from 1 again; `forget` takes the oldest away.
        anew = store != self._store or self._oldest not in (0, oldest)
        self._store, self._oldest = store, oldest
        if anew:
            self._event = self._rejection = 0
        return anew
