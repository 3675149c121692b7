"""The evidence of the certificate: rows that moved, filters that are ignored, times of day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from tests.archives import archived_sids, sids_of
from twilio_widgets import Archive, Sandbox, Twilio
from twilio_widgets.archive import slices
from twilio_widgets.archive.slices import Slice, probe_of
from twilio_widgets.sandbox.connection import SandboxConnection

DAY = "2026-01-14"


class Altered(httpx.AsyncBaseTransport):
    """The sandbox's transport, with some pages altered on the way."""

    def __init__(self, wire, alter):
        self._wire, self._alter = wire, alter

    async def handle_async_request(self, request):
        response = await self._wire.handle_async_request(request)
        page = json.loads(await response.aread())
        if "messages" in page:
            self._alter(dict(request.url.params), page)
        content = httpx.ByteStream(json.dumps(page).encode())
        return httpx.Response(response.status_code, stream=content)


def client(sandbox, alter):
    account = sandbox.connection

    class Through(SandboxConnection):
        @property
        def wire(self):
            return Altered(sandbox.wire, alter)

    return Twilio(Through(sandbox, account.account_sid, account.auth_token))


@pytest.fixture
def sandbox():
    """A sandbox with 60 messages on one day."""
    with Sandbox(now=f"{DAY}T08:00:00Z") as sandbox:
        for _ in range(60):
            sandbox.receive(from_=sandbox.contacts[0], body="one")
            sandbox.clock.advance(600)
        sandbox.clock.advance("1 day")
        yield sandbox


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setattr(slices, "_PAGE_SIZE", ("PageSize", "20"))
    return Archive(tmp_path / "messages")


class Shifted:
    """Pages by offset while a row vanishes above: the walk skips a row, and repeats another."""

    def __init__(self, times):
        self.left, self.last = times, None

    def __call__(self, query, page):
        if "DateSent" not in query:
            return
        if self.left and query.get("Page") == "1":
            self.left -= 1
            page["messages"][0] = self.last  # repeated; the row in its place is skipped
        if page["messages"]:
            self.last = page["messages"][-1]


def test_a_day_whose_rows_moved_is_walked_again(sandbox, archive):
    report = archive.sync(
        client(sandbox, Shifted(1)), since=DAY, until=DAY, concurrency=1, progress=False
    )
    assert report.complete
    assert (report.slices[0].moved, report.slices[0].pages) == (0, 6)
    assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, DAY))


def test_a_day_whose_rows_keep_moving_is_not_complete(sandbox, archive):
    report = archive.sync(
        client(sandbox, Shifted(9)), since=DAY, until=DAY, concurrency=1, progress=False
    )
    assert not report.complete
    assert report.slices[0].moved == 1
    assert report.slices[0].reason == "Messages kept moving while its pages were read."
    assert archive.to_dataframe().attrs["complete"] is False
    assert archive.sync(client(sandbox, Shifted(0)), progress=False).complete
    assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, DAY))


class Swapped:
    """A list that is not newest first: two rows of each slice's second page change places."""

    def __call__(self, query, page):
        rows = page["messages"]
        if query.get("Page") == "1" and len(rows) > 1:
            rows[0], rows[-1] = rows[-1], rows[0]


def test_a_list_that_is_not_newest_first_is_read_day_by_day(sandbox, archive):
    """A busy day is only cut where everything newer was read, which needs the order."""
    sandbox.clock.advance("3 days")
    report = archive.sync(client(sandbox, Swapped()), since=DAY, progress=False)
    assert report.complete
    assert report.split == ("Twilio's list was not newest first, so every day was read on its own.")
    assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, DAY))


def test_a_filter_that_is_ignored_is_noticed(sandbox, archive):
    """A proxy that strips the query: the messages of other days would be taken for this one's."""

    def strip(query, page):
        for row in page["messages"]:
            row["date_sent"] = "Mon, 05 Jan 2026 10:00:00 +0000"

    report = archive.sync(client(sandbox, strip), since=DAY, until=DAY, progress=False)
    assert not report.complete
    assert "the filter for 2026-01-14 excludes" in report.slices[0].reason
    assert archived_sids(archive) == []


# Slices and the probe

START = datetime(2026, 1, 14, tzinfo=UTC)
ROWS = [(f"SM{n:032x}", START + timedelta(hours=8, minutes=n)) for n in range(30)]


def test_a_day_is_asked_for_by_its_date():
    assert Slice.of_days(date(2026, 1, 14)).request("/x").query == (
        ("DateSent", "2026-01-14"),
        ("PageSize", "1000"),
    )


@pytest.mark.parametrize(
    ("slice_", "first", "last"),
    [
        (
            Slice(START, START + timedelta(hours=1)),
            "2026-01-13T23:59:59Z",
            "2026-01-14T01:00:01Z",
        ),
        (
            Slice.of_days(date(2026, 1, 14), date(2026, 1, 16)),
            "2026-01-13T23:59:59Z",
            "2026-01-17T00:00:00Z",
        ),
    ],
    ids=["part of a day", "several days"],
)
def test_another_slice_is_asked_for_with_a_second_more_at_both_ends(slice_, first, last):
    assert slice_.request("/x").query == (
        ("DateSent>", first),
        ("DateSent<", last),
        ("PageSize", "1000"),
    )


def answer(low, high):
    return [(sid, sent) for sid, sent in ROWS if low <= sent <= high]


@pytest.mark.parametrize(
    ("widen", "proved"),
    [
        (lambda first, last: answer(first, last), True),
        (
            lambda first, last: answer(first + timedelta(seconds=1), last - timedelta(seconds=1)),
            True,
        ),
        (lambda first, last: ROWS, False),
        (lambda first, last: answer(first, START + timedelta(days=1)), False),
        (lambda first, last: answer(START, last), False),
        (lambda first, last: answer(first + timedelta(hours=1), last + timedelta(hours=1)), False),
        (lambda first, last: [], False),
    ],
    ids=["inclusive", "exclusive", "ignored", "no end", "no start", "another zone", "nothing"],
)
def test_a_probe_is_proof_only_if_both_ends_are_honoured(widen, proved):
    probe = probe_of(ROWS)
    # The filter is a second wider than the part at both ends.
    second = timedelta(seconds=1)
    assert probe.proves(widen(probe.part.first - second, probe.part.last + second)) is proved


TWO_DAYS = [(sid, sent + timedelta(hours=20 * n)) for n, (sid, sent) in enumerate(ROWS[:3])]


@pytest.mark.parametrize("rows", [[], ROWS[:2], [(sid, START) for sid, _ in ROWS], TWO_DAYS])
def test_rows_of_too_little_time_or_of_several_days_prove_nothing(rows):
    assert probe_of(rows) is None
