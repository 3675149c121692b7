"""When something was, whatever the wall clock was set to since."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from twilio_widgets.core.system import clock
from twilio_widgets.core.system.clock import ClockReading, Placed, placed

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
THEN = ClockReading(NOON, 100.0, "this")


def later(wall: float, boot: float, boot_id: str = "this") -> ClockReading:
    return ClockReading(NOON + timedelta(seconds=wall), 100.0 + boot, boot_id)


def test_an_unchanged_clock_gives_the_time_of_an_earlier_moment():
    assert placed(THEN, later(60, 60)) == Placed(NOON, NOON, sure=True)


@pytest.mark.parametrize("step", [-3600, -40 * 86_400])
def test_a_clock_that_was_set_back_counts_as_it_is_now(step):
    when = NOON + timedelta(seconds=step)
    assert placed(THEN, later(60 + step, 60)) == Placed(when, when, sure=False)


@pytest.mark.parametrize(("step", "earlier"), [(3600, 3600), (40 * 86_400, 86_400)])
def test_a_clock_that_was_set_ahead_may_have_counted_a_pause(step, earlier):
    """As after a virtual machine was paused: then the other clock counted too little."""
    when = NOON + timedelta(seconds=step)
    expected = Placed(when - timedelta(seconds=earlier), when, sure=False)
    assert placed(THEN, later(60 + step, 60)) == expected


def test_in_another_boot_it_is_uncertain_by_a_day_and_not_after_now():
    day = timedelta(days=1)
    assert placed(THEN, later(3600, -90, "next")) == Placed(
        NOON - day, NOON + timedelta(hours=1), sure=False
    )
    assert placed(ClockReading(NOON), later(1e6, 1e6)) == Placed(NOON - day, NOON + day, sure=False)


def test_the_seconds_of_this_boot_only_grow_and_setting_the_clock_does_not_move_them(monkeypatch):
    before = clock.seconds()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 <= clock.seconds() - before < 60
    assert clock.boot_id() == clock.boot_id() != ""
