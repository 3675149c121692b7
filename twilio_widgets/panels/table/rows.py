"""The rows of a table, with change numbers that let a page catch up.

Each change gets the next number, and a row has the number of its last change. A page stores one
number: up to which it has received every change. It catches up by requesting the rows changed
since; receiving a row twice does no harm. Emptying the table starts a new epoch.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.panels.table.cells import TableColumn, cell_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    Shown = tuple[dict[str, object], tuple[str, ...]]

ROWS_PER_MESSAGE = 500
CHARACTERS_PER_MESSAGE = 150_000
"""Limits of one message, so that a page processes it within a few hundredths of a second."""


@dataclass(slots=True)
class RowEntry:
    """One row: its place, its last change, its fields and its cell texts."""

    place: int
    """Newer rows have higher places, without gaps."""
    change: int
    key: Hashable
    row: dict[str, object]
    cells: tuple[str, ...]


class RowLog:
    """The rows of a table, each with the number of its last change. Not thread-safe.

    Args:
        columns: The columns shown; rows may have more fields.
        key: The field that identifies a row; None if every row is distinct.
        max_rows: The maximum number of rows; the oldest are dropped and counted.
    """

    def __init__(self, columns: tuple[TableColumn, ...], *, key: str | None, max_rows: int) -> None:
        self._columns, self._key, self._max_rows = columns, key, max_rows
        self.change = 0
        """The number of the last change."""
        self.epoch = 0
        self._begin(total=None, note="")

    def _begin(self, *, total: int | None, note: str) -> None:
        self.epoch += 1
        self.base = self.change
        self.first, self.next = 0, 0
        self.dropped = 0
        self.total, self.note = total, note
        self._entries: dict[int, RowEntry] = {}
        self._changed: OrderedDict[int, RowEntry] = OrderedDict()
        self._places: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[RowEntry]:
        """Iterate over the entries, newest first."""
        return (self._entries[place] for place in range(self.next - 1, self.first - 1, -1))

    def append(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows, oldest first."""
        for row, cells in self._shown(rows):
            if self._change(row, cells):
                continue
            self._add(self.next, row, cells)
            self.next += 1
            if self.total is not None:
                self.total += 1
            self._trim()

    def append_older(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows older than all others, newest first, as a log is read."""
        self._put_below(self._shown(rows))

    def replace(
        self, rows: Iterable[Mapping[str, object]], *, total: int | None, note: str
    ) -> None:
        """Replace all rows; the new ones are given newest first."""
        shown = self._shown(rows)
        self._begin(total=total, note=note)
        self._put_below(shown)

    def update(self, key: Hashable, fields: Mapping[str, object]) -> bool:
        """Change fields of the row with this key; return whether there is one."""
        place = self._places.get(key)
        if place is None:
            return False
        row = {**self._entries[place].row, **fields}
        self._stamp(place, row, self._cells(row))
        return True

    def at(self, place: int) -> RowEntry | None:
        """Return the entry at a place, if there is one."""
        return self._entries.get(place)

    def since(self, change: int) -> list[RowEntry]:
        """Return the entries changed after this change, in the order of their changes."""
        newer = itertools.takewhile(
            lambda entry: entry.change > change, reversed(self._changed.values())
        )
        return list(newer)[::-1]

    def _shown(self, rows: Iterable[Mapping[str, object]]) -> list[Shown]:
        """Return all rows with their cells first, so that an invalid row changes nothing."""
        return [(dict(row), self._cells(row)) for row in rows]

    def _cells(self, row: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(cell_text(row.get(column.name), column) for column in self._columns)

    def _change(self, row: dict[str, object], cells: tuple[str, ...]) -> bool:
        """Update the row with the same key; return whether there is one."""
        place = None if self._key is None else self._places.get(row.get(self._key))
        if place is None:
            return False
        self._stamp(place, row, cells)
        return True

    def _stamp(self, place: int, row: dict[str, object], cells: tuple[str, ...]) -> None:
        self.change += 1
        entry = self._entries[place]
        entry.row, entry.cells, entry.change = row, cells, self.change
        self._changed.move_to_end(place)

    def _put_below(self, shown: list[Shown]) -> None:
        for row, cells in shown:
            if self._change(row, cells):
                continue
            if len(self) >= self._max_rows:
                self.dropped += 1
                continue
            self.first -= 1
            self._add(self.first, row, cells)

    def _add(self, place: int, row: dict[str, object], cells: tuple[str, ...]) -> None:
        self.change += 1
        key = place if self._key is None else row.get(self._key)
        self._entries[place] = self._changed[place] = RowEntry(place, self.change, key, row, cells)
        self._places[key] = place

    def _trim(self) -> None:
        while len(self._entries) > self._max_rows:
            gone = self._entries.pop(self.first)
            del self._changed[self.first]
            del self._places[gone.key]
            self.first += 1
            self.dropped += 1
