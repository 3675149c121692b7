"""An overview counts what the answers of `tw.analysis` count, and its charts filter each other."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.unit.analysis.logs import ADA, BEN, CHLOE, GB, NOON, log, received, sent
from twilio_widgets.analysis import prepare
from twilio_widgets.analysis.overview import GROUPINGS, Overview, end_of

DAY = timedelta(days=1)
NO_CODE = {"status": "undelivered", "error_code": 30003}


def overview(*rows, days=7, tz="UTC"):
    return Overview(prepare(log(*rows), tz=tz), NOON - days * DAY, NOON + timedelta(hours=1))


def chart(of, title, where=None):
    return next(spec for spec in of.charts(where or {}) if spec.title == title)


def values(spec):
    """The bars by key; of stacked bars, the sums."""
    columns = zip(*(one.values for one in spec.series), strict=True)
    return {key: sum(one) for key, one in zip(spec.keys, columns, strict=True) if sum(one)}


def test_the_figures_of_a_period_and_of_the_one_before():
    now, before = overview(
        sent(),
        sent(to=BEN, num_segments=3, **NO_CODE),
        received(from_=BEN, body="STOP", price=None),
        sent(date_sent=NOON - 10 * DAY),
    ).figures({})

    assert now.sent == 2
    assert now.inbound == 1
    assert now.delivered_rate == 0.5
    assert now.failed == 1
    assert now.opt_outs == 1
    assert now.costs == (("USD", Decimal("0.016600")),)
    assert now.not_billed == 1
    assert now.segments_each == 2
    assert before is not None
    assert (before.sent, before.delivered_rate, before.opt_outs) == (1, 1, 0)


def test_without_messages_before_there_is_nothing_to_compare():
    assert overview(sent()).figures({})[1] is None


@pytest.mark.parametrize(("hours", "is_compared"), [(0, True), (-1, True), (1, False)])
def test_a_period_before_that_the_log_has_in_part_is_not_compared(hours, is_compared):
    """It would look like a quiet one."""
    days = prepare(log(sent(), sent(date_sent=NOON - 10 * DAY)))
    since, until = NOON - 7 * DAY, NOON
    begins = since - 7 * DAY + timedelta(hours=hours)

    found = Overview(days, since, until, begins).figures({})[1]
    assert (found is not None) is is_compared


def test_a_filter_on_days_has_no_period_before():
    of = overview(sent(), sent(date_sent=NOON - 10 * DAY))

    assert of.figures({"day": ["2026-01-15"]})[1] is None
    assert of.figures({"country": ["US"]})[1] is not None


def test_figures_follow_the_filters():
    now, _ = overview(sent(), sent(to=CHLOE, **NO_CODE)).figures({"country": ["GB"]})

    assert (now.sent, now.failed) == (1, 1)


def test_a_chart_is_not_filtered_by_itself():
    of = overview(sent(), sent(to=CHLOE, **NO_CODE))
    where = {"country": ["GB"]}

    assert values(chart(of, "Countries", where)) == {"GB": 1, "US": 1}
    assert values(chart(of, "Errors", where)) == {"30003": 1}
    assert values(chart(of, "Your numbers", {"error_code": ["30003"]}))
    assert values(chart(of, "Countries", {"error_code": ["30003"]})) == {"GB": 1}


def test_filters_do_not_change_the_order_of_bars():
    of = overview(sent(), sent(to=BEN), sent(to=CHLOE, **{"from": GB}, **NO_CODE))

    assert chart(of, "Countries").keys == ("US", "GB")
    assert chart(of, "Countries", {"error_code": ["30003"]}).keys == ("US", "GB")


def test_days_without_messages_are_shown_in_the_time_zone():
    of = overview(sent(), sent(date_sent=NOON - 2 * DAY), days=3, tz="Asia/Tokyo")
    spec = chart(of, "Messages")

    assert spec.time_zone == "Asia/Tokyo"
    assert spec.keys == ("2026-01-13", "2026-01-14", "2026-01-15")
    assert spec.series[0].values == (1, 0, 1)


def test_a_day_is_drawn_by_hour_from_the_hour_it_begins_with():
    of = overview(sent(), sent(date_sent=NOON - timedelta(hours=20)), days=1)
    of = Overview(of._log, NOON - timedelta(hours=23), NOON + timedelta(hours=1))
    spec = chart(of, "Messages")

    assert (spec.categories[0], spec.categories[-1]) == ("13:00", "12:00")
    assert values(spec) == {"12": 1, "16": 1}


def test_statuses_are_stacked_in_one_order_whatever_the_rows():
    spec = chart(overview(sent(**NO_CODE), received(), sent(status="sent"), sent()), "Messages")

    assert [one.key for one in spec.series] == ["delivered", "received", "sent", "undelivered"]
    assert [one.tone for one in spec.series] == ["good", "neutral", "pending", "bad"]


def test_only_the_largest_groups_are_bars_and_the_rest_is_counted():
    rows = [sent(**{"from": f"+1415555{number:04}"}) for number in range(11)]

    spec = chart(overview(*rows), "Your numbers")
    assert len(spec.keys) == 8
    assert spec.note == "3 more with fewer messages."


@pytest.mark.parametrize("rows", [[], [sent()], [sent(date_sent=None, date_created=None)]])
def test_every_chart_is_drawn_of_any_log(rows):
    everything = Overview(prepare(log(*rows)), None, None) if rows else None
    if everything is None:
        everything = Overview(prepare(log(sent()).iloc[:0]), None, None)

    assert len(everything.charts({})) == len(GROUPINGS)
    assert everything.figures({})[0].sent == len(rows)


def test_the_newest_rows_are_first_and_all_are_counted():
    of = overview(*(sent(date_sent=NOON - timedelta(hours=n)) for n in (3, 1, 2)))
    rows, total = of.newest({}, 2)

    assert total == 3
    assert rows["date_sent"].tolist() == [NOON - timedelta(hours=n) for n in (1, 2)]


def test_a_conversation_has_every_message_with_the_contact_oldest_first():
    of = overview(
        sent(date_sent=NOON - 30 * DAY),
        sent(to=BEN),
        received(from_=ADA, date_sent=NOON - DAY),
        sent(**{"from": GB}),
    )
    rows, total = of.conversation(f"SM{3:032x}", 2)

    assert total == 3
    assert rows["sid"].tolist() == [f"SM{2:032x}", f"SM{3:032x}"]
    assert of.conversation("SM0", 2)[1] == 0


def test_the_end_of_a_log_is_just_after_its_newest_message():
    assert end_of(prepare(log(sent()))) == NOON + timedelta(microseconds=1)
    assert end_of(prepare(log(sent()).iloc[:0])) is None
