"""The meter counts what Twilio counts, names who is to blame, and shows any text as text."""

from __future__ import annotations

from decimal import Decimal

import pytest

import twilio_widgets as tw
from twilio_widgets.core.numbers.price_sources import price_source
from twilio_widgets.panels.inputs.segment_meter import (
    MOST_BARS,
    MeterView,
    SegmentMeter,
    basis_of,
    measure,
    named,
)
from twilio_widgets.panels.kit.elements import close_tree
from twilio_widgets.sandbox import Sandbox

TABLE = (
    "Your table for “Chloé” is ready at the Harbour Grill. Come before 8 pm. Reply STOP to opt out."
)
ABOUT = measure("x", "+14155550123").about


def test_a_text_with_curly_quotes_is_shown_as_it_should_be_read() -> None:
    assert measure(TABLE, "+14155550123") == MeterView(
        fills=(100, 40),
        count="2 segments",
        details="UCS-2 · 94 characters · 27 of 67 in the second · about $0.0166 (estimate)",
        about=ABOUT,
        blame='“ (character 16) is not in GSM-7; with " it is 1 segment.',
        cure="Replace 2 quotes",
    )


def test_an_empty_message_says_what_fits() -> None:
    assert measure("", "+14155550123") == MeterView(
        fills=(0,),
        details="A segment has 160 characters, or 70 if any of them is outside GSM-7.",
    )


def test_a_plain_message_has_no_blame() -> None:
    assert measure("Hello", "+33612345678") == MeterView(
        fills=(3,), count="1 segment", details="GSM-7 · 5 characters · 5 of 160"
    )


def test_the_price_says_that_it_is_an_estimate_and_of_when() -> None:
    reading = measure("Hello", "+14155550123")

    assert reading.details.endswith("about $0.0083 (estimate)")
    assert reading.about.startswith("An estimate from Twilio's list prices, read in November 2026")


def test_own_prices_and_media_change_the_estimate() -> None:
    own = measure("Hello", "+33612345678", prices={"FR": Decimal("0.08")})

    assert own.details.endswith("about $0.08 (estimate)")
    assert measure("Hello", "+14155550123", media=True) == MeterView(
        count="5 characters",
        details="an MMS is one message · about $0.022 (estimate)",
        about=ABOUT,
    )


def test_an_estimate_names_the_prices_it_is_from(sandbox: Sandbox) -> None:
    table = tw.prices(tw.Twilio(sandbox.connection), ["US"], progress=False)

    assert basis_of(price_source(None)) == "estimate"
    assert basis_of(price_source({"FR": "0.08"})).startswith("estimate; your own prices, and list ")
    account = price_source(table)
    reading = measure("Hello", "+14155550123", prices=account.per_segment, basis=basis_of(account))
    assert reading.details.endswith("(estimate; your account's prices of 2026-01-15)")


@pytest.mark.parametrize(
    ("body", "blame", "cure"),
    [
        (
            "Hi 🙂",
            "🙂 (character 4) is not in GSM-7: a segment has 70 characters instead of 160.",
            "",
        ),
        (
            "🙂🙂",
            "🙂 (character 1) is not in GSM-7 and others are not, either: a segment has 70 "
            "characters instead of 160.",
            "",
        ),
        (
            "Hi “you”",
            '“ (character 4) is not in GSM-7; with " a segment has 160 characters instead of 70.',
            "Replace 2 quotes",
        ),
        (
            "“Hi” – you",
            '“ (character 1) is not in GSM-7; with " a segment has 160 characters instead of 70.',
            "Replace 3 characters",
        ),
        (
            "a\u200bb" * 60,
            "ZERO WIDTH SPACE (character 2) is not in GSM-7; without it, it is 1 segment.",
            "Replace 60 invisible characters",
        ),
        (
            "10\u00a0am" + "x" * 70,
            "NO-BREAK SPACE (character 3) is not in GSM-7; with an ordinary space it is 1 segment.",
            "Replace 1 space",
        ),
        (
            "Cafe\u0301",
            "COMBINING ACUTE ACCENT (character 5) is not in GSM-7; with é a segment has 160 "
            "characters instead of 70.",
            "Replace 1 split accent",
        ),
        (
            "“" + "x" * 400,
            '“ (character 1) is not in GSM-7; with " it is 3 segments.',
            "Replace 1 quote",
        ),
    ],
)
def test_the_character_that_forced_ucs_2_is_named_with_what_it_costs(
    body: str, blame: str, cure: str
) -> None:
    reading = measure(body)

    assert (reading.blame, reading.cure) == (blame, cure)


def test_a_text_direction_mark_is_named_and_not_obeyed() -> None:
    assert named("\u202e") == "RIGHT-TO-LEFT OVERRIDE"
    assert named("\ue000") == "U+E000"


def test_a_text_that_is_too_long_is_reported() -> None:
    reading = measure("x" * 1601)

    assert reading.too_long
    assert "1,601 characters · Twilio accepts 1,600" in reading.details


def test_no_text_draws_more_bars_than_a_page_can_show() -> None:
    assert len(measure("🙂" * 5000).fills) == MOST_BARS


def test_a_channel_message_has_no_segments() -> None:
    assert measure("Hello", "whatsapp:+14155550123") == MeterView(
        count="5 characters", details="messages on channels have no segments"
    )


def test_its_button_is_a_press_and_the_page_changes_nothing_else() -> None:
    meter, pressed = SegmentMeter(), []
    meter.on_press(pressed.append)

    for message in ({"t": "replace"}, "press", None, {"t": "act", "id": "1-1", "turn": 0}):
        meter._handle_custom_msg(message, [])
    nothing = list(pressed)
    meter._handle_custom_msg({"t": "press", "id": "1-2"}, [])
    meter._handle_custom_msg({"t": "act", "id": "1-2", "turn": 0, "fields": []}, [])
    meter.set_state({"view": {"count": "free"}})

    assert (nothing, len(pressed)) == ([], 1)
    assert meter.view["count"] == ""
    close_tree(meter)
