"""The readers of a sync share the days: few requests, and no reader is idle for long."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from twilio_widgets.archive.slices import SECOND, Slice
from twilio_widgets.archive.workload import DayRange, Workload

FIRST = date(2026, 1, 1)


def days(count: int, *, first: date = FIRST) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def read_page(one: DayRange, *, rows: int, oldest: datetime) -> None:
    """Read the newest page of a range."""
    one.advance(oldest, rows, newest=one.rest.last)


def test_days_are_divided_among_readers_without_gap_or_overlap():
    work = Workload(days(16))
    ranges = [work.take() for _ in range(8)]
    assert [len(one.days) for one in ranges] == [2] * 8
    assert sorted(day for one in ranges for day in one.days) == days(16)


def test_days_that_are_not_read_are_skipped():
    work = Workload([*days(2), *days(3, first=date(2026, 1, 10))])
    assert [sorted(work.take().days) for _ in range(2)] == [
        days(2),
        days(3, first=date(2026, 1, 10)),
    ]


def test_without_a_proof_each_day_is_read_on_its_own_newest_first():
    work = Workload(days(3))
    one = work.take()
    read = []
    while (slice_ := work.next_slice(one)) is not None:
        read.append(slice_)
        one.advance(slice_.first - SECOND)
    assert read == [Slice.of_days(day) for day in reversed(days(3))]
    assert sorted(one.finished()) == days(3)


def test_after_the_proof_quiet_days_are_read_together():
    work = Workload(days(30))
    one = work.take()
    read_page(one, rows=20, oldest=at(30))
    one.advance(at(30) - SECOND)
    assert work.saved_by_proof == 28
    work.honoured = True
    assert work.next_slice(one) == Slice.of_days(date(2026, 1, 1), date(2026, 1, 29))


def test_days_are_read_together_up_to_eight_pages():
    """An interrupted slice is read again, so it must not be long."""
    work = Workload(days(30))
    one = work.take()
    work.honoured = True
    read_page(one, rows=1000, oldest=at(30, 8))  # 1,500 a day
    assert work.next_slice(one) == Slice(at(26), at(30, 8))


def test_days_of_whole_pages_stay_on_their_own():
    """A slice of days saves nothing there, and a day is the undisputed form."""
    work = Workload(days(9))
    one = work.take()
    read_page(one, rows=1000, oldest=at(9))
    one.advance(at(9) - SECOND)
    work.honoured = True
    assert work.saved_by_proof == 0
    assert work.next_slice(one) == Slice.of_days(date(2026, 1, 8))


def test_a_busy_day_is_cut_only_after_the_proof():
    work = Workload(days(1))
    one = work.take()
    read_page(one, rows=1000, oldest=at(1, 20))
    assert work.take() is None
    work.honoured = True
    older = work.take()
    assert (one.rest, older.rest) == (
        Slice(at(1, 10), at(1, 20)),
        Slice(at(1), at(1, 10) - SECOND),
    )
    assert one.days == older.days == {FIRST}


def test_a_day_is_read_when_every_part_of_it_is():
    work = Workload(days(1))
    one = work.take()
    read_page(one, rows=1000, oldest=at(1, 20))
    work.honoured = True
    older = work.take()
    one.advance(at(1, 10) - SECOND)
    assert (one.finished(), work.is_read(FIRST)) == ([FIRST], False)
    older.advance(at(1) - SECOND)
    assert (older.finished(), work.is_read(FIRST)) == ([FIRST], True)


@pytest.mark.parametrize(("oldest", "is_shared"), [(at(1, 11), False), (at(1, 13), True)])
def test_a_range_with_less_than_a_page_left_is_not_cut(oldest, is_shared):
    """The page that is being read is its last one: another request would save no time."""
    work = Workload(days(1))
    one = work.take()
    work.honoured = True
    read_page(one, rows=1000, oldest=oldest)
    assert (work.take() is not None) is is_shared


def test_a_range_that_failed_is_read_day_by_day():
    work = Workload(days(5))
    one = work.take()
    work.honoured = one.by_day = True
    read_page(one, rows=10, oldest=at(5, 12))
    assert work.next_slice(one) == Slice.of_days(date(2026, 1, 5))
