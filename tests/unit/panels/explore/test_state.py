"""Clicks become filters, periods become spans, and results of an older question are ignored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from twilio_widgets.panels.charts.view import Pick
from twilio_widgets.panels.explore import state as steps
from twilio_widgets.panels.explore.state import Answer, Asked, ExploreState, Loaded

NOW = datetime(2026, 1, 15, 12, 4, tzinfo=UTC)
LOADED = ExploreState(loaded=Loaded(origin="live", rows=3, now=NOW))


def hour(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)


# Periods


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("24 h", hour(2026, 1, 14, 13)),
        ("7 days", hour(2026, 1, 8, 13)),
        ("30 days", hour(2025, 12, 16, 13)),
    ],
)
def test_a_rolling_period_ends_with_the_current_hour(period, start):
    assert Asked(period=period).span(NOW) == (start, hour(2026, 1, 15, 13))


def test_all_messages_have_no_bounds():
    assert Asked(period="all").span(NOW) == (None, None)


def test_chosen_days_are_whole_days_of_the_time_zone():
    asked = Asked(
        period="custom", start=date(2026, 1, 10), end=date(2026, 1, 11), tz="Europe/Berlin"
    )
    start, end = asked.span(NOW)

    assert (start, end) == (hour(2026, 1, 9, 23), hour(2026, 1, 11, 23))


def test_days_in_the_wrong_order_are_a_problem_and_nothing_is_read():
    state = steps.asked_for(ExploreState(), "period", "custom")
    state = steps.asked_for(state, "start", date(2026, 1, 11))
    state = steps.asked_for(state, "end", date(2026, 1, 10))

    assert state.problem == "The first day (2026-01-11) is after the last day (2026-01-10)."
    assert steps.began(state, "load") == state


def test_a_new_period_removes_filters_on_times_and_keeps_the_others():
    where = (("day", ("2026-01-15",)), ("status", ("failed",)), ("hour", ("9",)))
    state = steps.asked_for(replace(LOADED, where=where), "period", "30 days")

    assert state.where == (("status", ("failed",)),)


# Filters


def test_a_click_selects_and_a_second_one_deselects():
    one = steps.picked(LOADED, 1, Pick("30003"), True)
    two = steps.picked(one, 1, Pick("30008"), True)

    assert two.where == (("error_code", ("30003", "30008")),)
    assert steps.picked(two, 1, Pick("30003"), False).where == (("error_code", ("30008",)),)
    assert steps.picked(one, 1, Pick("30003"), False).where == ()


def test_the_same_click_from_two_pages_is_one_filter():
    once = steps.picked(LOADED, 1, Pick("30003"), True)

    assert steps.picked(once, 1, Pick("30003"), True) == once


def test_a_legend_selects_a_status_and_a_bar_a_day():
    state = steps.picked(LOADED, 0, Pick(None, "failed"), True)
    state = steps.picked(state, 0, Pick("2026-01-15"), True)

    assert state.where == (("status", ("failed",)), ("day", ("2026-01-15",)))
    assert steps.picks_of(state, 0) == (Pick("2026-01-15"), Pick(None, "failed"))


def test_a_bar_of_24_hours_selects_an_hour():
    day = steps.asked_for(LOADED, "period", "24 h")

    assert steps.picked(day, 0, Pick("9"), True).where == (("hour", ("9",)),)


def test_a_cell_selects_its_hour_and_weekday_and_no_other():
    state = steps.picked(LOADED, 2, Pick("9", "Monday"), True)
    state = steps.picked(state, 2, Pick("10", "Tuesday"), True)

    assert dict(state.where) == {"weekday": ("Tuesday",), "hour": ("10",)}
    assert steps.picks_of(state, 2) == (Pick("10", "Tuesday"),)
    assert steps.picked(state, 2, Pick("10", "Tuesday"), False).where == ()


def test_escape_clears_one_chart_and_clear_all_clears_every_one():
    state = steps.picked(LOADED, 0, Pick(None, "failed"), True)
    state = steps.picked(state, 1, Pick("30003"), True)

    assert steps.chart_cleared(state, 1).where == (("status", ("failed",)),)
    assert steps.all_cleared(state).where == ()


def test_a_chip_removes_its_own_filter():
    state = steps.picked(LOADED, 1, Pick("30003"), True)

    assert steps.removed(state, "error_code", "30003").where == ()
    assert steps.removed(state, "error_code", "30008") == state


# Results


def test_charts_of_older_filters_are_ignored():
    late = Answer(span=(None, None), where=(), charts=())
    state = steps.picked(LOADED, 1, Pick("30003"), True)

    assert steps.charts_counted(state, state.asked, late) == state
    assert steps.charts_counted(LOADED, LOADED.asked, late).answer == late


def test_a_load_that_was_replaced_changes_nothing():
    state = steps.began(ExploreState(), "load")

    assert steps.ended(state, state.turn - 1, Loaded(origin="live", rows=1, now=NOW)) == state
    assert steps.load_failed(state, state.turn - 1, "late") == state


def test_a_failed_load_can_be_tried_again():
    state = steps.began(ExploreState(), "load")
    state = steps.load_failed(state, state.turn, "Twilio asked us to slow down.")

    assert (state.problem, state.running) == ("Twilio asked us to slow down.", None)
    assert steps.began(state, "load").running is not None


def test_a_load_keeps_the_filters():
    state = steps.began(steps.picked(LOADED, 1, Pick("30003"), True), "load")
    state = steps.ended(state, state.turn, Loaded(origin="live", rows=9, now=NOW))

    assert state.where == (("error_code", ("30003",)),)


def test_the_next_message_opens_in_the_view_of_the_last():
    state = steps.switched(steps.opened(LOADED, "SM1"))

    assert steps.opened(state, "SM2").opened == steps.Opened(sid="SM2", seen="chat")


def test_a_late_conversation_is_not_shown():
    state = steps.opened(steps.opened(LOADED, "SM1"), "SM2")

    assert steps.found(state, "SM1", None, (), 4) == state


def test_the_period_before_is_as_long_as_the_period():
    start, end = Asked(period="7 days").span(NOW)

    assert start is not None
    assert end - start == timedelta(days=7)
