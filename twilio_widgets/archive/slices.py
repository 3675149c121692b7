"""The slices of the log that are read at once: days, and parts of busy days.

A day is selected by ``DateSent=YYYY-MM-DD``, the only form of the filter whose meaning is not
disputed. A part of a day is selected by two times of day, which Twilio's documentation does not
promise; `probe_of` proves it first. Whether either end is included is UNCONFIRMED, so each filter
is one second wider than its part, and rows that two parts return are merged by SID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from twilio_widgets.archive.manifest import end_of, start_of
from twilio_widgets.core.bodies import Parameters
from twilio_widgets.core.flows.paging import MAX_PAGE_SIZE
from twilio_widgets.core.request import Request

SPLIT_AFTER, SPLIT_FROM_PAGES = 2, 8
"""A day is split after so many pages, if about so many are still to be read and readers idle."""

PAGES_PER_PART = 4
_SECOND = timedelta(seconds=1)
_PAGE_SIZE = ("PageSize", str(MAX_PAGE_SIZE))


@dataclass(frozen=True, slots=True)
class Slice:
    """A UTC day, or a part of one."""

    day: date
    first: datetime | None = None
    """The first second of a part; None: the whole day."""
    last: datetime | None = None
    """The last second of a part."""

    def request(self, path: str) -> Request:
        """Return the request for the first page."""
        query: Parameters
        if self.first is None or self.last is None:
            query = (("DateSent", self.day.isoformat()), _PAGE_SIZE)
        else:
            query = (
                ("DateSent>", _text(self.first - _SECOND)),
                ("DateSent<", _text(self.last + _SECOND)),
                _PAGE_SIZE,
            )
        return Request(method="GET", path=path, query=query)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment that its filter may select, and the first one after it."""
        if self.first is None or self.last is None:
            return start_of(self.day), end_of(self.day)
        return self.first - _SECOND, self.last + 2 * _SECOND

    def pages_left(self, newest: datetime, oldest: datetime, pages: int) -> int:
        """Estimate the pages still to be read, by the time that those read so far cover."""
        covered = max((newest - oldest).total_seconds(), 1.0)
        left = max((oldest - self.bounds[0]).total_seconds(), 0.0)
        return int(pages * left / covered)

    def parts(self, count: int) -> list[Slice]:
        """Cut it into parts of equal length, newest first; fewer if it is only seconds long."""
        first = self.first or start_of(self.day)
        last = self.last or end_of(self.day) - _SECOND
        seconds = int((last - first).total_seconds()) + 1
        count = min(count, seconds)
        edges = [first + timedelta(seconds=seconds * n // count) for n in range(count)]
        edges.append(last + _SECOND)
        return [Slice(self.day, edges[n], edges[n + 1] - _SECOND) for n in reversed(range(count))]

    def __str__(self) -> str:
        if self.first is None or self.last is None:
            return self.day.isoformat()
        return f"{self.day} {self.first:%H:%M:%S}–{self.last:%H:%M:%S}"


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class TimeProbe:
    """One request that shows whether times of day are honoured."""

    part: Slice
    expected: frozenset[str]
    """The SIDs that it must return; others may only be of its very first and last second."""

    def proves(self, rows: Sequence[tuple[str, datetime | None]]) -> bool:
        """Return whether its result is possible only if both times are honoured.

        Args:
            rows: The SID and the date sent of each row of the result.
        """
        start, end = self.part.bounds
        within = all(sent is None or start <= sent < end for _, sent in rows)
        return within and self.expected <= {sid for sid, _ in rows}


def probe_of(day: date, rows: Sequence[tuple[str, datetime]]) -> TimeProbe | None:
    """Return a probe made from some rows of a day, or None if they cover too little time.

    It selects the middle third of the rows. Rows that are known to be older and newer must be
    missing from its result, and all rows between must be there: neither a filter that is ignored,
    nor one that means whole days, nor one in another time zone, can return that.

    Args:
        day: The day.
        rows: The SID and the date sent of each row.
    """
    times = sorted(sent for _, sent in rows)
    if len(times) < 3:
        return None
    first, last = times[len(times) // 3], times[2 * len(times) // 3]
    part = Slice(day, first, last)
    start, end = part.bounds
    if not (times[0] < start and end <= times[-1]):
        return None
    expected = frozenset(sid for sid, sent in rows if first <= sent <= last)
    return TimeProbe(part, expected)
