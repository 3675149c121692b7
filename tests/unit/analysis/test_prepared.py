"""The prepared log: counts by integer codes, filtered and cross-filtered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tests.unit.analysis.logs import ADA, BEN, CHLOE, GB, NOON, US, log, received, sent
from twilio_widgets.analysis import PreparedLog, prepare
from twilio_widgets.errors import ConfigurationError

FRAME = log(
    sent(to=ADA),
    sent(to=BEN, status="undelivered", error_code=30003),
    received(from_=ADA, date_sent=NOON + timedelta(hours=1)),
    sent(to=CHLOE, **{"from": GB}, price="-0.0463", date_sent=NOON + timedelta(days=2)),
    sent(to=BEN, status="failed", error_code=30034, date_sent=None, date_created=NOON),
)


def counted(prepared: PreparedLog, name: str, **where: list[object]) -> dict[object, int]:
    counts = prepared.counts(name, where=where).tolist()
    return {key: n for key, n in zip(prepared.keys(name), counts, strict=True) if n}


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("day", {"2026-01-15": 4, "2026-01-17": 1}),
        ("month", {"2026-01": 5}),
        ("weekday", {"Thursday": 4, "Saturday": 1}),
        ("hour", {12: 4, 13: 1}),
        ("direction", {"inbound": 1, "outbound-api": 4}),
        ("status", {"delivered": 2, "undelivered": 1, "failed": 1, "received": 1}),
        ("error_code", {30003: 1, 30034: 1, None: 3}),
        ("sender", {US: 4, GB: 1}),
        ("contact", {ADA: 2, BEN: 2, CHLOE: 1}),
        ("country", {"GB": 1, "US": 4}),
        ("segments", {1: 5}),
        ("currency", {"USD": 5}),
        ("price", {("USD", Decimal("-0.008300")): 4, ("USD", Decimal("-0.046300")): 1}),
    ],
)
def test_messages_are_counted_by(name, counts):
    assert counted(prepare(FRAME), name) == counts


def test_a_day_without_messages_is_counted_as_zero():
    prepared = prepare(FRAME)

    assert prepared.keys("day") == ("2026-01-15", "2026-01-16", "2026-01-17")
    assert prepared.counts("day").tolist() == [4, 0, 1]


def test_two_dimensions_make_a_table():
    prepared = prepare(FRAME)

    table = prepared.counts("sender", "day")

    assert prepared.keys("sender") == (US, GB)
    assert table.tolist() == [[4, 0, 0], [0, 0, 1]]
    assert prepared.counts().tolist() == 5


def test_days_and_hours_are_those_of_the_time_zone():
    late = log(sent(date_sent=datetime(2026, 3, 28, 23, 30, tzinfo=UTC)))

    berlin = prepare(late, tz="Europe/Berlin")

    assert (counted(berlin, "day"), counted(berlin, "hour")) == ({"2026-03-29": 1}, {0: 1})
    assert counted(prepare(late), "day") == {"2026-03-28": 1}


def test_a_message_without_any_time_is_counted_apart():
    prepared = prepare(log(sent(), sent(date_sent=None)))

    assert counted(prepared, "day") == {"2026-01-15": 1, None: 1}
    assert counted(prepared, "hour") == {12: 1, None: 1}
    assert counted(prepared, "month") == {"2026-01": 1, None: 1}


@pytest.mark.parametrize("wanted", [30003, "30003"])
def test_filters_accept_keys_and_their_texts(wanted):
    prepared = prepare(FRAME)

    assert counted(prepared, "status", error_code=[wanted]) == {"undelivered": 1}
    assert prepared.mask({"error_code": [wanted]}).tolist() == [False, True, False, False, False]
    assert prepared.rows({"error_code": [wanted]}).equals(FRAME[FRAME["error_code"] == 30003])


def test_no_value_can_be_wanted():
    assert counted(prepare(FRAME), "status", error_code=[None]) == {"delivered": 2, "received": 1}


def test_a_chart_is_not_filtered_by_its_own_dimensions():
    prepared = prepare(FRAME)
    where = {"error_code": [30003], "day": ["2026-01-15"]}

    codes, days, everything = prepared.cross_filtered([("error_code",), ("day",), ()], where)

    assert codes.tolist() == [1, 1, 2]
    assert days.tolist() == [1, 0, 0]
    assert everything.tolist() == 1


def test_a_part_of_a_log_keeps_the_keys_of_the_whole():
    prepared = prepare(FRAME)

    part = prepared.where(country="US", status=["delivered", "received"]).where(hour=13)

    assert len(part) == 1
    assert part.keys("day") == prepared.keys("day")
    assert part.counts("day").tolist() == [1, 0, 0]
    assert part.frame.equals(FRAME.iloc[[2]])
    assert counted(part, "contact") == {ADA: 1}


def test_a_period_includes_its_start_and_not_its_end():
    prepared = prepare(FRAME)

    assert len(prepared.between(NOON, NOON + timedelta(hours=1))) == 3
    assert len(prepared.between(until=NOON)) == 0
    assert len(prepared.between(since=NOON)) == 5
    with pytest.raises(ConfigurationError, match="since needs a time zone"):
        prepared.between(NOON.replace(tzinfo=None))


def test_combinations_are_the_groups_that_have_messages():
    keys, counts = prepare(FRAME).combinations("sender", "status")

    assert dict(zip(keys, counts.tolist(), strict=True)) == {
        (US, "delivered"): 1, (US, "undelivered"): 1, (US, "failed"): 1, (US, "received"): 1,
        (GB, "delivered"): 1,
    }  # fmt: skip


def test_an_empty_log_has_no_groups():
    prepared = prepare(log())

    assert prepared.counts("day", "status").shape == (0, 13)
    assert prepared.counts("error_code").tolist() == []
    assert prepared.combinations("sender", "price") == ([], pytest.approx(np.array([])))
    assert len(prepared.where(status="failed")) == 0


def test_a_plain_dataframe_with_other_dtypes_is_prepared():
    plain = pd.DataFrame(
        {
            "date_sent": ["2026-01-15T12:00:00Z", None],
            "direction": ["inbound", "outbound-api"],
            "status": ["received", "brand_new"],
        }
    )

    prepared = PreparedLog(plain)

    assert counted(prepared, "status") == {"received": 1, "brand_new": 1}
    assert counted(prepared, "day") == {"2026-01-15": 1, None: 1}


def test_a_missing_column_is_named():
    with pytest.raises(ConfigurationError, match="needs the column 'status', and the frame has"):
        PreparedLog(FRAME[["date_sent", "direction"]]).counts("status")


@pytest.mark.parametrize("name", ["Berlin", "", "../etc", 3])
def test_an_unknown_time_zone_is_refused(name):
    with pytest.raises(ConfigurationError, match="IANA name"):
        prepare(FRAME, tz=name)


def test_an_unknown_dimension_is_refused():
    with pytest.raises(ConfigurationError, match="'colour' is not a way to group messages"):
        prepare(FRAME).counts("colour")


@pytest.mark.parametrize("source", [None, [], "messages.csv"])
def test_only_frames_and_archives_are_messages(source):
    with pytest.raises(ConfigurationError, match="needs a message frame"):
        prepare(source)
