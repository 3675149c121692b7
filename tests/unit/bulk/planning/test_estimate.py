"""How long a plan takes and what it costs: figures that say they are estimates."""

from __future__ import annotations

from decimal import Decimal

import pytest

import twilio_widgets as tw
from twilio_widgets.bulk.planning.estimate import (
    LONGEST_VALIDITY,
    Cost,
    Load,
    cost_of,
    counted,
    duration,
    pace_of,
    usual_speed,
)
from twilio_widgets.errors import ConfigurationError

LONG_CODE, SHORT_CODE, SERVICE = "+14155550123", "12345", "MG" + "0" * 32


def test_costs_add_up_exactly_and_what_has_no_price_is_counted():
    assert cost_of([Decimal("0.1")] * 3 + [None]) == Cost(amount=Decimal("0.3"), unpriced=1)
    assert cost_of([]) == Cost(amount=Decimal(0), unpriced=0)


@pytest.mark.parametrize(
    ("phones", "text"),
    [
        (["whatsapp:+14155550123"], "1 segment, cost not included (Twilio's Pricing API has "),
        (
            ["whatsapp:+14155550123", "+14155550123"],
            "1 more without a known price (1 on WhatsApp or a channel).",
        ),
    ],
)
def test_a_plan_says_that_messages_on_whatsapp_have_no_estimate(phones, text):
    rows = [{"phone": phone} for phone in phones]
    plan = tw.plan(rows, to="phone", messaging_service_sid="MG" + "0" * 32, body="Hi")
    assert text in str(plan.summary)


@pytest.mark.parametrize(
    ("load", "rate", "per", "seconds", "text"),
    [
        (Load(1, 1), 1.0, "message", 0.0, "1 message a second: 0 s"),
        (Load(1243, 1300), 1.0, "message", 1242.0, "1 message a second: 20 min 42 s"),
        (Load(1243, 1300), 10, "message", 124.2, "10 messages a second: 2 min 04 s"),
        (Load(1000, 2001), 1, "segment", 2000.0, "1 segment a second: 33 min 20 s"),
        (Load(101, 101), 0.5, "message", 200.0, "0.5 messages a second: 3 min 20 s"),
        (Load(101, 101), None, "message", None, "as fast as Twilio accepts them"),
    ],
)
def test_sending_takes_as_long_as_its_rate_says(load, rate, per, seconds, text):
    pace = pace_of({SERVICE: load}, rate=rate, per=per)

    assert (pace.seconds, str(pace)) == (seconds, text)


def test_senders_send_side_by_side():
    pace = pace_of({"+15005550006": Load(11, 11), SERVICE: Load(61, 61)}, rate=1.0)

    assert (pace.seconds, str(pace)) == (60.0, "1 message a second for each sender: 1 min 00 s")


@pytest.mark.parametrize(
    ("sender", "abroad", "speed"),
    [
        (LONG_CODE, False, 1.0),
        (LONG_CODE, True, 10.0),
        ("+18005550123", False, 3.0),
        ("+18335550123", True, 10.0),
        ("+447911123123", True, 10.0),
        (SHORT_CODE, False, 100.0),
        ("ACME", False, None),
        (SERVICE, False, None),
        ("whatsapp:+14155550123", False, None),
    ],
)
def test_how_fast_a_sender_is_shows_only_by_its_type(sender, abroad, speed):
    assert usual_speed(sender, abroad=abroad) == speed


SUCH = "A sender such as +1 4••• ••• 123 usually sends about 1 segment a second"

QUEUES = [
    (LONG_CODE, Load(36_000, 36_000), None, LONGEST_VALIDITY, None),
    (
        LONG_CODE,
        Load(36_001, 36_001),
        None,
        LONGEST_VALIDITY,
        f"{SUCH}. About 36,001 segments would wait in its queue, which is limited to about 36,000 "
        "(Twilio 21611). Lower the rate, or send through a messaging service.",
    ),
    (LONG_CODE, Load(100_000, 100_000), 1.0, LONGEST_VALIDITY, None),
    (
        LONG_CODE,
        Load(1_000, 1_000),
        10.0,
        600,
        f"{SUCH}. The last messages would wait about 15 min 00 s in its queue, but Twilio "
        "drops them after 10 min 00 s (validity_period). Lower the rate.",
    ),
    (SHORT_CODE, Load(100_000, 100_000), None, LONGEST_VALIDITY, None),
    (SERVICE, Load(10**6, 10**6), None, LONGEST_VALIDITY, None),
]


@pytest.mark.parametrize(("sender", "load", "rate", "validity", "text"), QUEUES)
def test_a_queue_that_would_overflow_is_reported_in_advance(sender, load, rate, validity, text):
    assert pace_of({sender: load}, rate=rate, validity=validity).queue == text


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), True, "1"])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ConfigurationError, match="rate must be a number above 0, or None"):
        pace_of({}, rate=rate)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"), (3600, "1 h 00 min"),
     (86_399, "23 h 59 min"), (100_000, "1 d 3 h")],
)  # fmt: skip
def test_a_time_span_is_written_in_words(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 rows"), (1, "1 row"), (0.5, "0.5 rows"), (123_456, "123,456 rows"),
     (12_345_678, "12,345,678 rows")],
)  # fmt: skip
def test_a_count_is_written_with_its_noun(number, text):
    assert counted(number, "row") == text
