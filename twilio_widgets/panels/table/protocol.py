"""The messages between a table and its pages.

Kernel → page, always of one form: the rows with a change number above `after` and up to `to`, and
the state of the whole table. A page that has not received all changes up to `after` has missed a
message, and requests them.

Page → kernel: `want` (request the changes since a number), `open` (the user opened a row), `select`
(the rows selected on a page) and `export` (request a file of the rows shown).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.panels.table.export import FORMATS
from twilio_widgets.panels.table.rows import CHARACTERS_PER_MESSAGE, ROWS_PER_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.panels.table.rows import RowEntry, RowLog

LARGEST = 2**53
"""JavaScript numbers are not exact integers beyond it."""


@dataclass(frozen=True, slots=True)
class Want:
    """A page requests the changes since a change number of an epoch."""

    epoch: int
    since: int


@dataclass(frozen=True, slots=True)
class Open:
    """The user opened a row."""

    epoch: int
    place: int


@dataclass(frozen=True, slots=True)
class Select:
    """The user selected rows; none means the opened one."""

    epoch: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A page requests a file of the rows and columns that it shows."""

    number: str
    """Identifies the request in the answer."""
    epoch: int
    places: tuple[int, ...]
    columns: tuple[str, ...]
    file_format: str
    zone: str
    name: str


def request_of(message: object) -> Want | Open | Select | Export | None:
    """Return the validated request of a page; None for an invalid message."""
    if not isinstance(message, dict):
        return None
    match message:
        case {"t": "want", "epoch": epoch, "since": since} if _whole(epoch) and _whole(since):
            return Want(epoch, since)
        case {"t": "open", "epoch": epoch, "place": place} if _whole(epoch) and _whole(place):
            return Open(epoch, place)
        case {"t": "select", "epoch": epoch, "places": list(places)} if _whole(epoch):
            if all(map(_whole, places)):
                return Select(epoch, tuple(places))
        case {"t": "export", "id": str(), "epoch": epoch} if _whole(epoch):
            return _export(message)
    return None


def _export(message: dict[str, object]) -> Export | None:
    match message:
        case {
            "id": str(number),
            "epoch": int(epoch),
            "places": list(places),
            "columns": list(columns),
            "format": str(file_format),
            "zone": str(zone),
            "name": str(name),
        } if file_format in FORMATS and len(number) <= 40 and len(name) <= 200:
            if all(map(_whole, places)) and all(isinstance(one, str) for one in columns):
                return Export(number, epoch, tuple(places), tuple(columns), file_format, zone, name)
    return None


def _whole(value: object) -> bool:
    return (
        type(value) is int and -LARGEST < value < LARGEST
    )  # a bool is an int, but not a valid number here


def head(log: RowLog) -> dict[str, object]:
    """Return the state of a table, which is part of every message."""
    return {
        "t": "rows",
        "epoch": log.epoch,
        "base": log.base,
        "upto": log.change,
        "first": log.first,
        "count": len(log),
        "dropped": log.dropped,
        "total": log.total,
        "note": log.note,
    }


def state_message(log: RowLog) -> dict[str, object]:
    """Return a message without rows; a page that missed the last one detects the gap by it."""
    return {**head(log), "after": log.change, "to": log.change, "rows": []}


def messages_since(log: RowLog, change: int, limit: int) -> tuple[list[dict[str, object]], int]:
    """Return messages with the rows changed since, and the change number they reach.

    Args:
        log: The table's rows.
        change: The change number up to which everything was sent.
        limit: The maximum number of messages; the rest is sent later.
    """
    entries, state = log.since(change), head(log)
    parts = list(itertools.islice(_parts(entries), limit + 1))
    messages: list[dict[str, object]] = []
    after = change
    for number, part in enumerate(parts[:limit]):
        last = number == len(parts) - 1
        to = log.change if last else part[-1].change
        rows = [[entry.place, entry.change, *entry.cells] for entry in part]
        messages.append({**state, "after": after, "to": to, "rows": rows})
        after = to
    return messages or [state_message(log)], after if messages else log.change


def _parts(entries: list[RowEntry]) -> Iterator[list[RowEntry]]:
    part: list[RowEntry] = []
    size = 0
    for entry in entries:
        length = sum(map(len, entry.cells))
        if part and (len(part) == ROWS_PER_MESSAGE or size + length > CHARACTERS_PER_MESSAGE):
            yield part
            part, size = [], 0
        part.append(entry)
        size += length
    if part:
        yield part
