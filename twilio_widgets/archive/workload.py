"""Which reader reads what: ranges of days, cut in two for a reader that has nothing left.

A range is read newest first, as Twilio lists it. Before times of day are proved to be honoured,
each day is a slice, and only whole days move to another reader. Afterwards the days of a range are
read together where that needs fewer requests, and a range is cut anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from math import ceil

from twilio_widgets.archive.manifest import start_of
from twilio_widgets.archive.slices import SECOND, Slice, page_size

MOST_PAGES = 8
"""Days are read together up to about so many pages, because an interrupted slice is read again."""

_DAY = timedelta(days=1)
_TOLERANCE = 0.01
"""Pages by which an estimate may be too large."""


@dataclass(slots=True, eq=False)
class DayRange:
    """The days that one reader reads, newest first."""

    rest: Slice | None
    """What is not read yet."""
    days: set[date] = field(default_factory=set)
    """The days that are not finished, also those whose last slice is being read."""
    taken: bool = False
    by_day: bool = False
    """Whether each day is read on its own, because a longer slice failed."""
    rows: int = 0
    seconds: float = 0.0
    """The rows read so far, and the time that they cover."""

    def advance(self, moment: datetime, rows: int = 0, *, newest: datetime | None = None) -> None:
        """Note that everything after a moment was read.

        Args:
            moment: The time of the oldest row of a page, or just before the start of a slice.
            rows: The rows of the page.
            newest: The time of its newest row; None: the time up to what was read before counts.
        """
        if self.rest is not None:
            covered = (newest or self.rest.last) - max(moment, self.rest.first)
            self.rows += rows
            self.seconds += max(0.0, covered.total_seconds())
            self.rest = self.rest.until(moment)

    def finished(self) -> list[date]:
        """Remove the days that were read, and return them."""
        done = [day for day in self.days if self.rest is None or day > self.rest.last.date()]
        self.days.difference_update(done)
        return done

    def cut(self, rest: Slice, moment: datetime) -> DayRange:
        """Remove what is older than a moment of the rest, and return it as another range."""
        older = replace(self, rest=rest.until(moment - SECOND), taken=True)
        older.days = set(older.rest.days) if older.rest else set()
        self.rest = rest.since(moment)
        self.days = {day for day in self.days if day >= moment.date()}
        return older


class Workload:
    """The days of a sync, divided among its readers.

    Args:
        days: The days, in ascending order.
    """

    def __init__(self, days: Iterable[date]) -> None:
        self._ranges: list[DayRange] = []
        self.honoured = False
        """Whether times of day are proved to be honoured."""
        run: list[date] = []
        for day in days:
            if run and day - run[-1] != _DAY:
                self.add(run[0], run[-1])
                run = []
            run.append(day)
        if run:
            self.add(run[0], run[-1])

    def add(self, first: date, last: date | None = None) -> None:
        """Add a day, or the days from one to another."""
        rest = Slice.of_days(first, last)
        self._ranges.append(DayRange(rest, set(rest.days)))

    def is_read(self, day: date) -> bool:
        """Return whether no range has an unfinished part of a day."""
        return not any(day in one.days for one in self._ranges)

    # Slices

    def next_slice(self, one: DayRange) -> Slice | None:
        """Return what to read next of a range; None if everything was read."""
        if one.rest is None:
            return None
        midnight = start_of(one.rest.last.date())
        if not self.honoured or one.by_day:
            return Slice.of_days(midnight.date())
        return one.rest.since(min(midnight, self._start_of_merged(one, one.rest)))

    def saved_by_merging(self, one: DayRange) -> int:
        """Estimate the requests that are saved if the days of a range are read together."""
        if one.rest is None or one.by_day:
            return 0
        newest, *older = self._pages_of_days(one.rest, one)
        apart = _requests(newest) + sum(map(_requests, older))
        return apart - _requests(newest + sum(older))

    @property
    def saved_by_proof(self) -> int:
        """Estimate the requests that are saved if times of day are honoured."""
        return sum(map(self.saved_by_merging, self._ranges))

    @property
    def pages_left(self) -> float:
        """Estimate the pages that are left of all ranges."""
        return sum(map(self._pages_left, self._ranges))

    def _start_of_merged(self, one: DayRange, rest: Slice) -> datetime:
        """Return where a slice of several days begins; the range's end if that saves nothing."""
        if self.saved_by_merging(one) < 1:
            return rest.last
        density = self._density(one)
        if density * rest.seconds <= MOST_PAGES * page_size():
            return rest.first
        length = timedelta(seconds=MOST_PAGES * page_size() / density)
        return start_of((rest.last - length).date() + _DAY)

    def _pages_of_days(self, rest: Slice, one: DayRange) -> list[float]:
        """Estimate the pages of each day of the rest of a range, newest first."""
        each = self._density(one) / page_size()
        starts = [max(start_of(day), rest.first) for day in rest.days]
        ends = [rest.last + SECOND, *starts[:-1]]
        return [
            each * (end - start).total_seconds() for start, end in zip(starts, ends, strict=True)
        ]

    def _pages_left(self, one: DayRange) -> float:
        return self._density(one) / page_size() * one.rest.seconds if one.rest else 0.0

    def _density(self, one: DayRange) -> float:
        """Return the rows a second of a range; before it was read, those of all ranges."""
        rows, seconds = one.rows, one.seconds
        if not seconds:
            rows = sum(other.rows for other in self._ranges)
            seconds = sum(other.seconds for other in self._ranges)
        return rows / seconds if seconds else 0.0

    # Readers

    def take(self) -> DayRange | None:
        """Return a range for a reader that has nothing left; None if there is nothing to share."""
        for one in self._ranges:
            if not one.taken:
                one.taken = True
                return one
        for one in sorted(self._ranges, key=self._requests_left, reverse=True):
            moment = None if one.rest is None else self._where_to_cut(one, one.rest)
            if one.rest is not None and moment is not None:
                self._ranges.append(one.cut(one.rest, moment))
                return self._ranges[-1]
        return None

    def _requests_left(self, one: DayRange) -> float:
        """Estimate the requests of a range that are left, with the one that is being made."""
        if one.rest is None:
            return 0.0
        newest, *older = self._pages_of_days(one.rest, one)
        if self.honoured and self.saved_by_merging(one):
            return newest + sum(older)
        return sum(max(1.0, pages) for pages in (newest, *older))

    def _where_to_cut(self, one: DayRange, rest: Slice) -> datetime | None:
        """Return where the older half of a range ends; None if a cut saves no time."""
        if self._requests_left(one) <= 1:
            return None
        newest = rest.last.date()
        older = (newest - rest.first.date()).days
        by_day = not self.honoured or one.by_day
        if by_day or (older and not self.saved_by_merging(one)):
            return start_of(newest - (older // 2) * _DAY) if older else None
        return rest.first + timedelta(seconds=rest.seconds // 2)


def _requests(pages: float) -> int:
    """Return the number of requests for an estimated number of pages."""
    return max(1, ceil(pages - _TOLERANCE))
