"""A sync copies the whole log, once, whatever the dates mean and whatever happens meanwhile."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.archives import NOON, archived_sids, listed, sids_of
from twilio_widgets import Archive, Sandbox, Twilio
from twilio_widgets.archive import slices
from twilio_widgets.archive.archive import LOOK_BACK_DAYS

SINCE, DAY = "2026-01-12", "2026-01-14"
FAST = [
    ("inclusive", "first"),
    ("before_exclusive", "last"),
    ("whole_days", "hidden_when_filtered"),
]
READINGS = [
    pytest.param(dates, unsent, marks=() if (dates, unsent) in FAST else pytest.mark.long)
    for dates in ("inclusive", "before_exclusive", "whole_days")
    for unsent in ("first", "last", "hidden_when_filtered")
]
"""What Twilio may mean by a date filter, and where messages without a date sent may be listed."""


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "messages")


@pytest.fixture
def small_pages(monkeypatch):
    """Pages of 10, so that a day of a few hundred messages is a busy one."""
    monkeypatch.setattr(slices, "_PAGE_SIZE", ("PageSize", "10"))


def send(sandbox: Sandbox, count: int = 1) -> None:
    """Send messages, which are not sent yet at once: they are queued."""
    twilio = Twilio(sandbox.connection)
    for _ in range(count):
        twilio.messages.send(sandbox.contacts[0], from_=sandbox.numbers[0], body="Hello")


@pytest.mark.parametrize(("date_filters", "unsent"), READINGS)
def test_the_archive_equals_the_log_under_every_reading_of_the_dates(date_filters, unsent, archive):
    with Sandbox(messages=200, now=NOON, date_filters=date_filters, unsent=unsent) as sandbox:
        send(sandbox, 3)
        report = archive.sync(Twilio(sandbox.connection), since=SINCE, progress=False)
        assert report.complete
        assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))


def test_the_frame_equals_the_listed_one(archive):
    with Sandbox(messages=200, now=NOON) as sandbox:
        archive.sync(Twilio(sandbox.connection), since=SINCE, progress=False)
        frame = archive.to_dataframe()
        pd.testing.assert_frame_equal(pd.DataFrame(frame), listed(sandbox, SINCE))
    assert frame.attrs["complete"] is True
    assert frame.attrs["rows"] == len(frame)


@pytest.mark.parametrize(("date_filters", "unsent"), READINGS)
def test_a_busy_day_is_complete_whether_or_not_times_are_honoured(
    date_filters, unsent, archive, small_pages
):
    with Sandbox(now=f"{DAY}T06:00:00Z", date_filters=date_filters, unsent=unsent) as sandbox:
        for _ in range(300):
            sandbox.receive(from_=sandbox.contacts[0], body="busy")
            sandbox.clock.advance(150)
        send(sandbox, 2)
        report = archive.sync(Twilio(sandbox.connection), since=DAY, until=DAY, progress=False)
        assert report.complete
        assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, DAY))
    honoured = date_filters != "whole_days"
    assert (report.slices[0].parts > 1) is honoured
    assert ("proved" if honoured else "not honoured") in report.split


def test_rows_in_the_common_seconds_of_two_parts_are_counted_once(archive, small_pages):
    """A message a second around noon, where two parts meet: some are in both."""
    with Sandbox(now=f"{DAY}T11:57:00Z") as sandbox:
        for _ in range(300):
            sandbox.receive(from_=sandbox.contacts[0], body="noon")
            sandbox.clock.advance(1)
        report = archive.sync(Twilio(sandbox.connection), since=DAY, progress=False)
        assert report.complete
        assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, DAY))
    assert report.slices[0].parts > 1
    assert report.slices[0].overlap > 0


def test_messages_that_arrive_meanwhile_are_in_this_sync_or_in_the_next(archive, small_pages):
    with Sandbox(messages=200, now=NOON) as sandbox:
        twilio = Twilio(sandbox.connection)
        send(sandbox)
        before = sids_of(sandbox, SINCE)

        def arrive(_progress: object) -> None:
            sandbox.receive(from_=sandbox.contacts[0], body="meanwhile")
            send(sandbox)
            sandbox.clock.advance(0.3)

        report = archive.start_sync(twilio, since=SINCE, notify=arrive).wait()
        assert report.complete
        first = archived_sids(archive)
        assert len(set(first)) == len(first)
        assert before <= set(first) <= sids_of(sandbox, SINCE)

        sandbox.clock.advance(60)
        archive.sync(twilio, progress=False)
        assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "times": 6, "retry_after": 3},
        {"status": 429, "times": 6},
        {"status": 503, "times": 3},
        {"fault": "truncated", "times": 3},
        {"fault": "not_json", "times": 3},
        {"fault": "refused", "times": 3},
        {"fault": "hang", "times": 2},
    ],
    ids=lambda fault: str(fault.get("status", fault.get("fault"))),
)
def test_failing_requests_leave_no_hole_and_no_duplicate(fault, archive):
    with Sandbox(messages=200, now=NOON) as sandbox:
        sandbox.fail(**fault)
        report = archive.sync(Twilio(sandbox.connection), since=SINCE, progress=False)
        assert report.complete
        assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))


def test_a_429_pauses_all_slices(archive):
    """The clock advances by the pauses only, and they are not added up over the slices."""
    with Sandbox(messages=200, now=NOON) as sandbox:
        sandbox.fail(status=429, times=1, retry_after=7)
        started = sandbox.clock.seconds()
        report = archive.sync(Twilio(sandbox.connection), since=SINCE, progress=False)
        assert (report.limited, sandbox.clock.seconds() - started) == (1, 7)


def test_a_slice_that_is_given_up_is_reported_and_read_by_the_next_sync(archive):
    with Sandbox(messages=200, now=NOON) as sandbox:
        twilio = Twilio(sandbox.connection)
        # Four attempts for the newest day, and four for messages that are not sent yet.
        sandbox.fail(fault="truncated", times=8)
        report = archive.sync(twilio, since=SINCE, concurrency=1, progress=False)
        assert not report.complete
        assert "were not read" in report.unsent.reason
        assert [(str(one.day), one.rows) for one in report.incomplete] == [("2026-01-15", 0)]
        assert "Given up" in report.incomplete[0].reason
        assert archive.sync(twilio, progress=False).complete
        assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))


def test_the_number_of_requests_is_the_number_of_pages(archive):
    """One page for each of four days, and two for messages that are not sent yet."""
    with Sandbox(messages=200, now=NOON) as sandbox:
        report = archive.sync(Twilio(sandbox.connection), since=SINCE, progress=False)
    assert report.requests == 4 + 1


def test_only_days_within_the_look_back_window_are_read_again(archive):
    with Sandbox(messages=200, now=NOON) as sandbox:
        twilio = Twilio(sandbox.connection)
        archive.sync(twilio, since="2025-12-25", progress=False)
        report = archive.sync(twilio, progress=False)
    read = [one.day for one in report.slices if one.state != "kept"]
    assert len(report.slices) == 22
    assert len(read) == LOOK_BACK_DAYS + 1
    assert report.complete


def test_a_day_is_read_once_more_after_its_look_back_window(archive):
    """A month without a sync: what had changed late is still noticed."""
    with Sandbox(messages=200, now=NOON) as sandbox:
        twilio = Twilio(sandbox.connection)
        archive.sync(twilio, since=SINCE, progress=False)
        sandbox.clock.advance("30 days")
        first = archive.sync(twilio, until="2026-01-15", progress=False)
        second = archive.sync(twilio, until="2026-01-15", progress=False)
    assert [one.state for one in first.slices] == ["complete"] * 4
    assert [one.state for one in second.slices] == ["kept"] * 4


def test_a_range_past_what_the_list_holds_is_reported(archive):
    with Sandbox(messages=100, now=NOON) as sandbox:
        report = archive.sync(
            Twilio(sandbox.connection), since="2024-12-01", until="2024-12-20", progress=False
        )
    assert not report.complete
    assert report.beyond == 11
    assert report.notes == (
        "Twilio's list holds messages for 400 days, so 11 days before 2024-12-12 were not read.",
    )


def test_the_certificate_excludes_messages_that_may_not_be_listed_yet(archive):
    with Sandbox(now=NOON, list_lag=30) as sandbox:
        sandbox.receive(from_=sandbox.contacts[0], body="listed in half a minute")
        twilio = Twilio(sandbox.connection)
        report = archive.sync(twilio, since=SINCE, progress=False)
        assert archived_sids(archive) == []
        assert report.settled_until.isoformat() == "2026-01-15T11:59:29+00:00"
        sandbox.clock.advance(31)
        archive.sync(twilio, progress=False)
        assert set(archived_sids(archive)) == sids_of(sandbox, SINCE)


def test_the_report_says_what_it_is_about(archive):
    with Sandbox(messages=200, now=NOON) as sandbox:
        report = archive.sync(Twilio(sandbox.connection), since=SINCE, progress=False)
        count = len(sids_of(sandbox, SINCE))
    assert repr(report) == (
        "Complete: 2026-01-12 to 2026-01-15 (UTC), 4 of 4 days.\n"
        f"{count} messages archived: {count} new, 0 changed values, 0 deleted; 0 not sent yet."
    )
    assert report.to_dataframe()["rows"].sum() == count
    assert repr(archive) == f"<Archive 'messages', {count} messages, 4 days>"
