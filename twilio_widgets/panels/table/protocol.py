"""What a table and its pages say to each other.

Kernel → page, always of one shape: the rows changed after `after` up to `to`, and the state of the
whole. A page that has not heard everything up to `after` has missed a message, and asks.

Page → kernel: `want` (tell me what changed since) and `open` (the person opened this row).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.panels.table.rows import CHARACTERS_A_MESSAGE, ROWS_A_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.panels.table.rows import RowEntry, RowLog

LARGEST = 2**53
"""Beyond it JavaScript's numbers are not whole any more."""


@dataclass(frozen=True, slots=True)
class Want:
    """A page asks for what changed since a change of an epoch."""

    epoch: int
    since: int


@dataclass(frozen=True, slots=True)
class Open:
    """A person opened a row."""

    epoch: int
    place: int


def request_of(message: object) -> Want | Open | None:
    """Return what a page asks for; None when the message is not one a page of ours would send."""
    if not isinstance(message, dict):
        return None
    match message:
        case {"t": "want", "epoch": epoch, "since": since} if _whole(epoch) and _whole(since):
            return Want(epoch, since)
        case {"t": "open", "epoch": epoch, "place": place} if _whole(epoch) and _whole(place):
            return Open(epoch, place)
    return None


def _whole(value: object) -> bool:
    return type(value) is int and -LARGEST < value < LARGEST  # a bool is an int, but not here


def head(log: RowLog) -> dict[str, object]:
    """Return the state of a table: what every message begins with."""
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


def nothing_new(log: RowLog) -> dict[str, object]:
    """Return a message with no rows: a page that missed the last one notices by it."""
    return {**head(log), "after": log.change, "to": log.change, "rows": []}


def messages_since(log: RowLog, change: int, limit: int) -> tuple[list[dict[str, object]], int]:
    """Return the messages that tell what changed since, and up to which change they tell it.

    Args:
        log: The table's rows.
        change: Up to where everything has been told.
        limit: At most so many messages; the rest is for the next time.
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
    return messages or [nothing_new(log)], after if messages else log.change


def _parts(entries: list[RowEntry]) -> Iterator[list[RowEntry]]:
    part: list[RowEntry] = []
    size = 0
    for entry in entries:
        length = sum(map(len, entry.cells))
        if part and (len(part) == ROWS_A_MESSAGE or size + length > CHARACTERS_A_MESSAGE):
            yield part
            part, size = [], 0
        part.append(entry)
        size += length
    if part:
        yield part
