"""Each answer, on logs small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.analysis.logs import ADA, BEN, CHLOE, GB, NOON, US, log, received, sent, values
from twilio_widgets import analysis
from twilio_widgets.errors import ConfigurationError

DAY = timedelta(days=1)


# Delivery


def test_delivery_counts_results_by_day():
    frame = log(
        sent(),
        sent(status="read"),
        sent(status="sent"),
        sent(status="undelivered"),
        sent(status="failed", date_sent=NOON + 2 * DAY),
        sent(status="queued", date_sent=NOON + 2 * DAY),
        sent(status="canceled", date_sent=NOON + 2 * DAY),
        received(),
    )

    answer = analysis.delivery(frame)

    assert answer["day"].dt.strftime("%d").tolist() == ["15", "16", "17"]
    assert values(answer, *answer.columns[1:]) == [
        (4, 0, 1, 2, 1, 0, 0.5),
        (0, 0, 0, 0, 0, 0, None),
        (3, 1, 0, 0, 1, 1, 0.0),
    ]


def test_the_funnel_is_stacked_by_result():
    frame = log(sent(), sent(status="failed"), sent(to=CHLOE, status="canceled"))

    spec = analysis.delivery(frame, by="country").chart_spec()

    assert (spec.kind, spec.categories, spec.keys) == ("stacked_bars", ("US", "GB"), ("US", "GB"))
    assert [(one.name, one.values, one.tone) for one in spec.series] == [
        ("delivered", (1.0, 0.0), "good"),
        ("failed", (1.0, 0.0), "bad"),
        ("canceled", (0.0, 1.0), "neutral"),
    ]


def test_days_are_those_of_the_named_time_zone():
    frame = log(sent(date_sent=datetime(2026, 1, 15, 23, 30, tzinfo=UTC)))

    answer = analysis.delivery(frame, tz="Europe/Berlin")

    assert answer["day"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-16"]
    assert answer.attrs["time_zone"] == answer.chart_spec().time_zone == "Europe/Berlin"
    assert "Europe/Berlin" in answer.counted


def test_messages_without_a_time_have_a_row_of_their_own():
    answer = analysis.delivery(log(sent(), sent(date_sent=None)))

    assert values(answer, "messages", "delivered") == [(1, 1), (1, 1)]
    assert answer["day"].isna().tolist() == [False, True]
    assert answer.chart_spec().categories == ("2026-01-15", "none")


# Failures


def test_failures_are_explained_by_code():
    frame = log(
        sent(status="undelivered", error_code=30003),
        sent(status="undelivered", error_code=30003),
        sent(status="failed", error_code=30034, to=BEN),
        sent(status="failed"),
        sent(),
        received(error_code=30003),
    )

    answer = analysis.failures(frame)

    columns = ("error_code", "messages", "share", "recipients", "who", "resend")
    assert values(answer, *columns) == [
        (30003, 2, 0.5, 1, "recipient", True),
        (30034, 1, 0.25, 1, "account admin", False),
        (None, 1, 0.25, 1, None, None),
    ]
    assert answer["meaning"].tolist()[-1] == "no error code was recorded"
    assert answer.counted == "4 of 5 outbound messages failed or could not be delivered."
    assert answer.chart_spec().keys == ("30003", "30034", "")


# Latency


def test_latency_is_measured_until_delivery():
    frame = log(
        sent(),
        sent(date_updated=NOON + timedelta(seconds=70)),
        sent(date_updated=NOON - timedelta(seconds=1)),
        sent(status="failed", date_updated=NOON + timedelta(hours=1)),
    )

    answer = analysis.latency(frame)

    shown = answer[answer["messages"] > 0]
    assert values(shown) == [(2, 3, 1, 0.5, 0.5), (60, 120, 1, 0.5, 1.0)]
    assert answer["from_seconds"].tolist() == [0, 1, 2, 3, 5, 10, 20, 30, 60]
    assert (
        "Half took at most 2 s, 95 % at most 70 s. Left out, with times missing or out of order: 1."
        in answer.counted
    )


def test_latency_is_measured_until_sending():
    late = {"date_created": NOON - timedelta(days=3)}

    answer = analysis.latency(log(sent(), sent(status="failed", **late)), until="sent")

    assert values(answer[answer["messages"] > 0], "from_seconds", "to_seconds", "messages") == [
        (0, 1, 1),
        (86_400, None, 1),
    ]
    assert answer.chart_spec().categories[-1] == "1 d or more"
    with pytest.raises(ConfigurationError, match="until must be"):
        analysis.latency(log(), until="read")  # type: ignore[arg-type]


# Cost


def test_costs_are_exact_and_currencies_apart():
    frame = log(
        *[sent(price="-0.000001") for _ in range(3)],
        received(price="-0.0083"),
        sent(to=CHLOE, price="-0.04", price_unit="EUR"),
        sent(to=CHLOE, price="-0.05", price_unit="eur"),
        sent(to=CHLOE, price=None),
    )

    answer = analysis.cost(frame)

    assert values(answer) == [
        ("US", "USD", 4, 0, Decimal("0.008303")),
        ("GB", "USD", 1, 1, None),
        ("GB", "EUR", 2, 0, Decimal("0.090000")),
    ]
    assert "Not billed yet: 1. The chart shows USD; the frame has EUR as well." in answer.counted
    spec = answer.chart_spec()
    assert (spec.unit, spec.currency, spec.categories) == ("money", "USD", ("US", "GB"))


@pytest.mark.parametrize(
    ("by", "keys"),
    [("month", ["2026-01", "2026-02"]), ("sender", [GB, US]), ("direction", ["outbound-api"])],
)
def test_costs_can_be_added_up_by(by, keys):
    later = sent(date_sent=NOON + 20 * DAY, price="-1", **{"from": GB})

    answer = analysis.cost(log(sent(), later), by=by)

    assert answer[by].tolist() == keys
    assert sum(answer["cost"]) == Decimal("1.0083")


def test_an_amount_of_18_digits_stays_exact():
    frame = log(*[sent(price="-99999999999.999999") for _ in range(7)])

    assert analysis.cost(frame)["cost"].tolist() == [Decimal("699999999999.999993")]


# Segments


def test_unicode_is_blamed_for_its_segments():
    quotes = "It’s " + "x" * 75
    flag = "x" * 70 + "🌱"
    frame = log(
        sent(body="plain"),
        sent(body=quotes, num_segments=2, price="-0.0166"),
        sent(body=quotes, num_segments=2, price="-0.0166"),
        sent(body=flag, num_segments=2, price="-0.0166"),
        sent(body="", num_segments=1),
        sent(body="picture 🌱", num_media=1),
        received(body=quotes),
    )

    answer = analysis.segments(frame)

    assert values(answer) == [
        ("UCS-2", "’", True, 2, 4, 2, "USD", Decimal("0.016600")),
        ("UCS-2", "🌱", False, 1, 2, 1, "USD", Decimal("0.008300")),
        ("GSM-7", None, None, 1, 1, 0, "USD", Decimal("0.000000")),
    ]
    assert answer.counted == (
        "4 outbound messages with 3 different texts. Left out, with media or without a text: 2."
    )
    assert answer.chart_spec().categories == ("’", "🌱")


@pytest.mark.parametrize(
    ("body", "characters", "fixable"),
    [
        ("“Hi”", "“ ”", True),
        ("“Hi” 🌱", "🌱", False),
        ("Привіт", "Cyrillic", False),
        ("こんにちは世界", "CJK Hiragana", False),
        ("नमस्ते", "Devanagari", False),
        ("Zażółć gęślą jaźń", "ó ą ć ę ł …", False),
        ("👨\u200d👩\u200d👧", "👧 👨 👩", False),
        ("a\u00a0b", "No-break space", True),
        ("½ price", "½", False),
    ],
)
def test_a_reader_recognizes_the_characters_to_blame(body, characters, fixable):
    answer = analysis.segments(log(sent(body=body)))

    assert values(answer, "encoding", "characters", "fixable") == [("UCS-2", characters, fixable)]


def test_unknown_segments_are_computed_and_smart_encoding_costs_nothing():
    text = "It’s " + "x" * 75
    frame = log(sent(body=text, num_segments=0), sent(body=text, num_segments=1))

    answer = analysis.segments(frame)

    assert values(answer, "messages", "segments", "extra_segments") == [(2, 3, 1)]


def test_a_text_that_was_billed_as_shorter_costs_nothing_extra():
    frame = log(sent(body="It’s " + "x" * 300, num_segments=1))

    assert analysis.segments(frame)["extra_segments"].tolist() == [0]


# Volume and senders


def test_volume_is_counted_by_weekday_and_hour():
    answer = analysis.volume(log(sent(), received(), sent(date_sent=None)))

    assert len(answer) == 168
    assert values(answer[answer["messages"] > 0]) == [("Thursday", 12, 2, 1, 1)]
    assert answer.counted.endswith("Left out, without a time: 1.")
    spec = answer.chart_spec()
    assert (spec.kind, len(spec.series), len(spec.categories)) == ("heat_map", 7, 24)
    assert spec.series[3].values[12] == 2.0


def test_volume_is_counted_by_day():
    answer = analysis.volume(log(sent(), received(date_sent=NOON + 2 * DAY)), by="day")

    assert values(answer, "messages", "sent", "received") == [(1, 1, 0), (0, 0, 0), (1, 0, 1)]


def test_senders_are_compared():
    frame = log(
        sent(), sent(status="failed"), received(), sent(**{"from": GB}), sent(**{"from": None})
    )

    answer = analysis.senders(frame)

    columns = ("sender", "messages", "delivered", "failed", "delivered_rate", "received")
    assert values(answer, *columns) == [
        (US, 2, 1, 1, 0.5, 1),
        (GB, 1, 1, 0, 1.0, 0),
        (None, 1, 1, 0, 1.0, 0),
    ]
    assert answer["delivered_rate_low"].round(4).tolist() == [0.0945, 0.2065, 0.2065]


# Replies


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_a_reply_answers_the_last_message_before_it():
    frame = log(
        sent(date_sent=at(0)),
        sent(date_sent=at(10), **{"from": GB}),
        received(date_sent=at(12)),
        received(date_sent=at(13)),
        sent(date_sent=at(20), to=BEN),
        received(date_sent=at(20 + 4 * 1440), from_=BEN),
        sent(date_sent=at(30), to=CHLOE, status="failed"),
        received(date_sent=at(31), from_=CHLOE),
    )

    answer = analysis.replies(frame, by="sender")

    columns = ("sender", "messages", "answered", "response_rate", "stopped", "median_seconds")
    assert values(answer, *columns) == [(US, 2, 0, 0.0, 0, None), (GB, 1, 1, 1.0, 0, 120.0)]
    assert answer.counted.startswith("Answered within 72 hours: 1 of 3 outbound messages")
    assert (answer.chart_spec().unit, answer.chart_spec().series[0].values) == (
        "percent", (0.0, 100.0)
    )  # fmt: skip


def test_a_reply_may_take_as_long_as_you_say():
    frame = log(sent(), received(date_sent=NOON + 4 * DAY, body=" stop "))

    answer = analysis.replies(frame, within="5 days")

    assert values(answer[:1], "messages", "answered", "stopped") == [(1, 1, 1)]
    assert analysis.replies(frame, within=4 * DAY)["answered"].sum() == 1
    assert analysis.replies(frame, within=timedelta(hours=95))["answered"].sum() == 0
    for wrong in ("soon", timedelta(0), None):
        with pytest.raises(ConfigurationError, match="within must be a positive duration"):
            analysis.replies(frame, within=wrong)  # type: ignore[arg-type]


def test_a_reply_within_the_same_second_counts():
    assert analysis.replies(log(received(), sent()))["answered"].tolist() == [1]


def test_only_a_later_message_of_the_recipient_is_a_reply():
    frame = log(
        received(date_sent=at(0)),
        sent(date_sent=at(1)),
        sent(date_sent=at(1), to=BEN),
        received(date_sent=at(2), from_=CHLOE),
    )

    assert analysis.replies(frame, by="contact")["answered"].tolist() == [0, 0]
    assert analysis.replies(frame.head(2))["answered"].tolist() == [0]


# Opt-outs


def test_the_state_of_opt_outs_is_followed_over_time():
    frame = log(
        sent(date_sent=at(-5)),
        received(date_sent=at(0), body="Stop"),
        received(date_sent=at(1), body="STOP"),
        sent(date_sent=at(1)),
        sent(date_sent=at(2), status="failed", error_code=21610),
        sent(date_sent=at(3), **{"from": GB}),
        received(date_sent=at(1440), from_=BEN, body="please STOP"),
        sent(date_sent=at(1500), to=BEN),
        received(date_sent=at(2880), body="start"),
        sent(date_sent=at(2890)),
    )

    answer = analysis.opt_outs(frame)

    columns = ("opt_outs", "opt_ins", "opted_out", "sent_after", "refused")
    assert values(answer, *columns) == [(1, 0, 1, 2, 1), (0, 0, 1, 0, 0), (0, 1, 0, 0, 0)]


def test_of_two_keywords_in_the_same_second_the_stop_counts():
    frame = log(received(body="STOP"), received(body="START"), sent(), sent(date_sent=at(1)))

    answer = analysis.opt_outs(frame)

    # A message of that second may have been sent before the keyword.
    assert values(answer, "opt_outs", "opt_ins", "opted_out", "sent_after") == [(1, 0, 1, 1)]


def test_a_recipient_is_opted_out_until_every_number_may_write_again():
    other = {"to": GB}
    frame = log(
        received(body="STOP"),
        received(date_sent=at(1), body="STOP", **other),
        received(date_sent=at(2), body="START"),
        sent(date_sent=at(3)),
        received(date_sent=at(4), body="START", **other),
        sent(date_sent=at(5)),
    )

    answer = analysis.opt_outs(frame)

    assert values(answer, "opt_outs", "opt_ins", "sent_after") == [(1, 1, 1)]


def test_an_opt_out_counts_for_every_channel():
    frame = log(received(from_=f"whatsapp:{ADA}", body="STOP"), sent(date_sent=at(1)))

    assert analysis.opt_outs(frame)["sent_after"].tolist() == [1]


def test_opt_outs_are_counted_by_the_last_text_before():
    frame = log(
        sent(body="Sale!"),
        sent(body="Sale!", to=BEN),
        sent(body="Hello", date_sent=at(1), to=BEN),
        received(date_sent=at(2), body="STOP"),
        received(date_sent=at(2), body="STOP", from_=BEN),
        received(date_sent=at(3), body="STOP", from_=CHLOE),
    )

    answer = analysis.opt_outs(frame, by="text")

    assert values(answer, "body", "messages", "opt_outs", "opt_out_rate") == [
        ("Hello", 1, 1, 1.0),
        ("Sale!", 2, 1, 0.5),
    ]
    assert answer.counted.endswith("Without a text before: 1.")
    with pytest.raises(ConfigurationError, match="by must be 'day' or 'text'"):
        analysis.opt_outs(frame, by="hour")  # type: ignore[arg-type]


# Threads


def test_a_thread_is_one_contact_across_a_number_pool():
    frame = log(
        sent(), sent(date_sent=at(1), **{"from": GB}), received(date_sent=at(2)), sent(to=BEN)
    )

    answer = analysis.threads(frame, tz="Europe/Berlin")

    columns = ("contact", "messages", "sent", "received", "senders", "unanswered")
    assert values(answer, *columns) == [(ADA, 3, 2, 1, 2, True), (BEN, 1, 1, 0, 1, False)]
    assert answer["first"].tolist() == [NOON, NOON]
    assert answer["last"].tolist() == [at(2), NOON]
    assert str(answer["last"].dt.tz) == "Europe/Berlin"
    spec = answer.chart_spec()
    assert (spec.kind, spec.categories, spec.series[0].values) == (
        "histogram", ("1", "2", "3"), (1.0, 0.0, 1.0)
    )  # fmt: skip


def test_of_two_messages_in_the_same_second_the_inbound_one_is_last():
    assert analysis.threads(log(received(), sent()))["unanswered"].tolist() == [True]


# Comparison


def test_two_logs_are_compared():
    a = log(*[sent()] * 90, *[sent(status="failed", price=None)] * 10, received())
    b = log(*[sent()] * 60, *[sent(status="failed", price=None)] * 40, sent(price_unit="EUR"))

    answer = analysis.compare(a, b).set_index("figure")

    assert answer.loc["outbound messages", ["a", "b", "difference"]].tolist() == [100, 101, 1]
    assert answer.loc["delivered rate", "a"] == 0.9
    assert answer.loc["failed rate", "difference"] == pytest.approx(40 / 101 - 0.1)
    assert answer.loc["failed rate", "low"] > 0.15
    assert answer.loc["failed rate", "more_than_noise"]
    assert not answer.loc["opt-out rate", "more_than_noise"]
    assert answer.loc["cost in USD", ["a", "b", "difference"]].tolist() == [
        Decimal("0.755300"), Decimal("0.498000"), Decimal("-0.257300")
    ]  # fmt: skip
    assert answer.loc["cost in EUR", "a"] == 0
    assert answer["more_than_noise"].isna().sum() == 5


def test_the_same_log_twice_differs_in_nothing():
    frame = log(*[sent()] * 20, sent(status="failed"))

    answer = analysis.compare(frame, frame)

    assert set(answer["difference"].dropna()) == {0}
    assert not answer["more_than_noise"].any()
