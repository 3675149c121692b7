"""Which rows are meant: moments, limits, and how much is asked of Twilio for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.core.flows.listing import Filters, Selection, span_of
from twilio_widgets.errors import ConfigurationError

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

MOMENTS = {
    "2026-01-15": (datetime(2026, 1, 15, tzinfo=UTC), DAY),
    "20260115": (datetime(2026, 1, 15, tzinfo=UTC), DAY),
    "2026-01-15T12:00:00Z": (NOON, SECOND),
    "2026-01-15 12:00+00:00": (NOON, SECOND),
    "2026-01-15T07:00:00.999-05:00": (NOON, SECOND),
    date(2026, 1, 15): (datetime(2026, 1, 15, tzinfo=UTC), DAY),
    NOON.astimezone(timezone(timedelta(hours=14))): (NOON, SECOND),
    pd.Timestamp("2026-01-15T12:00:00.5", tz="UTC"): (NOON, SECOND),
}


@pytest.mark.parametrize(("given", "expected"), MOMENTS.items(), ids=map(str, MOMENTS))
def test_a_moment_is_a_day_in_utc_or_a_second(given, expected):
    start, length = expected
    assert span_of(given, name="since") == (start, start + length)


@pytest.mark.parametrize(
    "given",
    [
        "yesterday",
        "",
        "15.01.2026",
        "2026-01-15T12:00:00",
        "2026-13-01",
        "9999-12-31",
        "9999-12-31T23:59:59-05:00",
        "0001-01-01T00:00:00+05:00",
        date.max,
        datetime(2026, 1, 15),  # noqa: DTZ001
        pd.NaT,
        np.datetime64("2026-01-15"),
        1_768_478_400,
        None,
    ],
)
def test_an_ambiguous_time_is_refused_by_name(given):
    with pytest.raises(ConfigurationError) as caught:
        span_of(given, name="sent_after")
    assert caught.value.field == "sent_after"
    assert str(caught.value).startswith("sent_after ")


@pytest.mark.parametrize("limit", [-1, 1.5, "10", True, float("nan"), Decimal(3)])
@pytest.mark.parametrize("read", ["list", "iterate"])
def test_an_invalid_limit_is_refused(read, limit):
    with Sandbox() as sandbox, pytest.raises(ConfigurationError, match="whole number") as caught:
        list(getattr(Twilio(sandbox.connection).messages, read)(limit=limit))
    assert caught.value.field == "limit"


@pytest.mark.parametrize("limit", [3, np.int64(3), 10**30])
def test_a_limit_may_be_any_whole_number(limit):
    with Sandbox(messages=5) as sandbox:
        twilio = Twilio(sandbox.connection)
        assert len(twilio.messages.list(limit=limit)) == min(limit, 5)
        assert len(list(twilio.messages.iterate(limit=limit))) == min(limit, 5)


def test_a_limit_of_nothing_asks_nothing_and_is_not_complete():
    with Sandbox(messages=5) as sandbox:
        sandbox.fail(status=500, times=99)
        frame = Twilio(sandbox.connection).messages.list(limit=0)
    assert (len(frame), frame.attrs["complete"]) == (0, False)


def page_size(limit: int | None, **filters: object) -> str:
    request = Filters(**filters).request("/x", limit=limit)  # type: ignore[arg-type]
    return dict(request.query)["PageSize"]


def test_no_more_is_asked_than_is_wanted_unless_rows_may_be_left_out_here():
    """With an upper bound Twilio is asked for a day more, so a small page may hold nothing."""
    assert page_size(20) == "20"
    assert page_size(20, since="2026-01-01", to="+14155550123", sent_after="2026-01-01") == "20"
    assert page_size(20, sent_before="2026-01-01") == "1000"
    assert page_size(20, sent_on="2026-01-01") == "1000"
    assert page_size(5000) == page_size(None) == "1000"


@dataclass
class Row:
    sid: str
    date_sent: str | None


ROWS = [
    Row("SM" + "0" * 31 + str(n), f"Thu, 15 Jan 2026 12:00:0{n} +0000") for n in reversed(range(9))
]


@pytest.mark.parametrize(
    ("filters", "limit", "taken", "complete"),
    [
        ({}, None, 9, True),
        ({}, 9, 9, True),
        ({}, 8, 8, False),
        ({"since": ROWS[4].sid}, None, 4, True),
        ({"since": ROWS[4].sid}, 3, 3, False),
        ({"since": "2026-01-15T12:00:04Z"}, None, 5, True),
        ({"since": "2026-01-16"}, None, 0, True),
        ({"sent_before": "2026-01-15T12:00:04Z"}, None, 5, True),
        ({"sent_after": "2026-01-15T12:00:07Z"}, 1, 1, False),
    ],
)
def test_rows_are_taken_up_to_the_limit_and_the_rest_is_reported(filters, limit, taken, complete):
    selection = Selection[Row](Filters(**filters), limit)
    assert len(selection.take(ROWS)) == taken
    assert selection.complete(more=False) is complete


def test_an_invalid_sending_date_is_a_bad_response():
    from twilio_widgets.errors import BadResponse

    row = Row("SM" + "0" * 32, "Fri, 31 Dec 9999 23:59:59 -1200")
    with pytest.raises(BadResponse, match="cannot be parsed"):
        Selection[Row](Filters(since="2026-01-01"), None).take([row])


@pytest.mark.parametrize(
    ("value", "start"),
    [
        ("2026-01-15", "2026-01-15T00:00:00+00:00"),
        ("2026-01-15T00:00:00Z", "2026-01-15T00:00:00+00:00"),
        ("2026-01-15T00:00:00", "2026-01-15T00:00:00+00:00"),
        (datetime(2026, 1, 15, tzinfo=UTC), "2026-01-15T00:00:00+00:00"),
        (datetime(2026, 1, 15, tzinfo=timezone(timedelta(hours=2))), "2026-01-14T22:00:00+00:00"),
        (date(2026, 1, 15), "2026-01-15T00:00:00+00:00"),
    ],
    ids=str,
)
def test_the_midnight_of_a_day_means_the_day(value, start):
    window = Filters(sent_on=value).window()

    assert window is not None
    assert (window[0].isoformat(), window[1] - window[0]) == (start, timedelta(days=1))


@pytest.mark.parametrize("value", ["2026-01-15T12:00:00Z", datetime(2026, 1, 15, 1, tzinfo=UTC)])
def test_a_time_of_day_is_not_a_day(value):
    with pytest.raises(ConfigurationError) as refused:
        Filters(sent_on=value).window()

    assert str(refused.value) == (
        'sent_on is a day: write "2026-01-15". For a time of day, give sent_after and sent_before.'
    )


@pytest.mark.parametrize("name", ["to", "from_"])
@pytest.mark.parametrize("value", [14155550123, float("nan"), ["+14155550123"]], ids=str)
def test_an_address_to_filter_by_is_text(name, value):
    with pytest.raises(ConfigurationError, match=f"{name} is a number as text"):
        Filters(**{name: value}).request("/Messages.json", limit=1)
