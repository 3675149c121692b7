"""The slices of the log that are read at once: days, runs of quiet days, and parts of busy days.

A whole day is selected by ``DateSent=YYYY-MM-DD``, the only form of the filter whose meaning is not
disputed. Every other slice is selected by two times, which Twilio's documentation does not promise;
`probe_of` proves it first. Whether either end is included is UNCONFIRMED, so each filter is one
second wider than its slice, and rows that two slices return are merged by SID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from twilio_widgets.archive.manifest import end_of, start_of
from twilio_widgets.core.bodies import Parameters
from twilio_widgets.core.flows.paging import MAX_PAGE_SIZE
from twilio_widgets.core.request import Request

SECOND = timedelta(seconds=1)
_PAGE_SIZE = ("PageSize", str(MAX_PAGE_SIZE))


def page_size() -> int:
    """Return the number of rows of a full page."""
    return int(_PAGE_SIZE[1])


@dataclass(frozen=True, slots=True)
class Slice:
    """A range of time in whole seconds, both ends included."""

    first: datetime
    last: datetime

    @classmethod
    def of_days(cls, first: date, last: date | None = None) -> Slice:
        """Return the slice of a day, or from one day to another."""
        return cls(start_of(first), end_of(last or first) - SECOND)

    @property
    def is_day(self) -> bool:
        """Whether it is exactly one UTC day."""
        return self == Slice.of_days(self.first.date())

    @property
    def days(self) -> list[date]:
        """The UTC days that it touches, newest first."""
        count = (self.last.date() - self.first.date()).days + 1
        return [self.last.date() - timedelta(days=n) for n in range(count)]

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.last - self.first).total_seconds() + 1

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment that its filter may select, and the first one after it."""
        if self.is_day:
            return self.first, self.last + SECOND
        return self.first - SECOND, self.last + 2 * SECOND

    def request(self, path: str) -> Request:
        """Return the request for the first page."""
        query: Parameters
        if self.is_day:
            query = (("DateSent", self.first.date().isoformat()), _PAGE_SIZE)
        else:
            query = (
                ("DateSent>", _text(self.first - SECOND)),
                ("DateSent<", _text(self.last + SECOND)),
                _PAGE_SIZE,
            )
        return Request(method="GET", path=path, query=query)

    def since(self, moment: datetime) -> Slice:
        """Return the part from a moment on; the moment is not after its end."""
        return replace(self, first=max(self.first, moment))

    def until(self, moment: datetime) -> Slice | None:
        """Return the part up to a moment, included; None if the moment is before its start."""
        if moment < self.first:
            return None
        return replace(self, last=min(self.last, moment))

    def __str__(self) -> str:
        first, last = self.first.date(), self.last.date()
        if self.is_day:
            return first.isoformat()
        if first == last:
            return f"{first} {self.first:%H:%M:%S}–{self.last:%H:%M:%S}"
        return f"{self.first:%Y-%m-%d %H:%M:%S} – {self.last:%Y-%m-%d %H:%M:%S}"


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


def probe_of(rows: Sequence[tuple[str, datetime]]) -> TimeProbe | None:
    """Return a probe made from some rows, or None if they cover too little time.

    It selects the middle third of the rows. Rows that are known to be older and newer must be
    missing from its result, and all rows between must be there: neither a filter that is ignored,
    nor one that means whole days, nor one in another time zone, can return that.

    Args:
        rows: The SID and the date sent of each row of one page.
    """
    times = sorted(sent for _, sent in rows)
    if len(times) < 3:
        return None
    part = Slice(times[len(times) // 3], times[2 * len(times) // 3])
    start, end = part.bounds
    same_day = start.date() == times[0].date() == times[-1].date()
    if not (same_day and times[0] < start and end <= times[-1]):
        return None
    expected = frozenset(sid for sid, sent in rows if part.first <= sent <= part.last)
    return TimeProbe(part, expected)
