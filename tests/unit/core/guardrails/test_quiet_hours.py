"""Quiet hours are in local time at the destination, with summer time and unknown zones."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from twilio_widgets.core.guardrails.message_request import MessageRequest
from twilio_widgets.core.guardrails.quiet_hours import QuietHours, moments_of, possible_zones
from twilio_widgets.errors import ConfigurationError

NIGHT = QuietHours.of(("21:00", "08:00"))
NEW_YORK, LONDON, TOLL_FREE = "+12125550123", "+442079460123", "+18005550199"


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def test_the_start_is_quiet_and_the_end_is_not():
    assert [hour in NIGHT for hour in (time(20, 59), time(21), time(0), time(7, 59), time(8))] == [
        False, True, True, True, False,
    ]  # fmt: skip
    nap = QuietHours.of((time(13), "14.30"))
    assert [hour in nap for hour in (time(12, 59), time(13), time(14, 29), time(14, 30))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert str(nap) == "13:00 to 14:30"
    assert QuietHours.of(("22:00", "24:00")) == QuietHours(time(22), time(0))


@pytest.mark.parametrize(
    "given",
    ["21:00", ("21:00",), ("9pm", "8am"), ("21:00", "25:00"), ("24:30", "08:00"),
     ("08:00", "08:00"), ("00:00", "24:00"), (21, 8), (time(21, tzinfo=UTC), "08:00"), None],
)  # fmt: skip
def test_invalid_quiet_hours_are_refused(given):
    with pytest.raises(ConfigurationError) as caught:
        QuietHours.of(given)
    assert caught.value.field == "quiet_hours"


def test_quiet_hours_use_the_destinations_time_zone():
    noon_in_london = at("2026-01-15T12:00:00")  # and seven in the morning in New York
    assert NIGHT.quiet_zones(LONDON, noon_in_london) == ()
    assert NIGHT.quiet_zones(NEW_YORK, noon_in_london) == ("America/New_York",)
    assert NIGHT.quiet_zones(f"whatsapp:{NEW_YORK}", noon_in_london) == ("America/New_York",)


def test_the_destinations_summer_time_applies():
    """Noon UTC is 7:00 in New York in winter, and 8:00 in summer."""
    assert NIGHT.quiet_zones(NEW_YORK, at("2026-01-15T12:00:00")) == ("America/New_York",)
    assert NIGHT.quiet_zones(NEW_YORK, at("2026-07-15T12:00:00")) == ()
    # The clocks of New York go forward on 2026-03-08 at 2:00, those of London on 2026-03-29.
    assert NIGHT.quiet_zones(NEW_YORK, at("2026-03-07T12:30:00")) == ("America/New_York",)
    assert NIGHT.quiet_zones(NEW_YORK, at("2026-03-08T12:30:00")) == ()
    # An hour that is there twice is quiet both times: 1:30, on 2026-11-01.
    for moment in ("2026-11-01T05:30:00", "2026-11-01T06:30:00"):
        assert NIGHT.quiet_zones(NEW_YORK, at(moment)) == ("America/New_York",)


def test_one_quiet_zone_of_many_is_enough():
    assert len(possible_zones(TOLL_FREE)) > 5
    late_in_the_east = at("2026-01-15T21:30", "America/New_York")
    zones = NIGHT.quiet_zones(TOLL_FREE, late_in_the_east)
    assert zones is not None
    assert "America/New_York" in zones
    assert "America/Los_Angeles" not in zones


@pytest.mark.parametrize(
    "to",
    ["12345", "messenger:1234567890", "+80012345678", "+8612345678901", "", "nobody", "+999123"],
)
def test_a_number_without_a_known_zone_has_no_zones(to):
    assert possible_zones(to) == ()
    assert NIGHT.quiet_zones(to, at("2026-01-15T12:00:00")) is None


def test_a_zone_missing_on_this_system_is_unknown(monkeypatch):
    import zoneinfo

    from twilio_widgets.core.guardrails import quiet_hours as quiet

    def missing(key: str) -> ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(quiet, "ZoneInfo", missing)
    assert possible_zones.__wrapped__(NEW_YORK) == ()


def test_a_schedule_counts_at_its_time_and_an_unreliable_one_also_now():
    now, later = at("2026-01-15T12:00:00"), "2026-01-16T03:00:00+01:00"
    then = at("2026-01-16T02:00:00")
    assert moments_of(MessageRequest(to=LONDON), now) == (now,)
    assert moments_of(MessageRequest(to=LONDON, send_at=later, scheduled=True), now) == (then,)
    assert moments_of(MessageRequest(to=LONDON, send_at=later), now) == (now, then)
    for odd in ("tomorrow", "2026-01-16T03:00:00", "1768532400"):
        assert moments_of(MessageRequest(to=LONDON, send_at=odd, scheduled=True), now) is None
