"""The price of a message is an estimate, and nothing is estimated without a source."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from twilio_widgets.core.numbers.prices import PER_SEGMENT, estimate, with_own_prices
from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_segments_to_a_known_country_are_multiplied() -> None:
    assert estimate("+14155550123", 2) == Decimal("0.0166")


def test_media_make_one_mms_whatever_the_text() -> None:
    assert estimate("+14155550123", 3, media=True) == Decimal("0.022")


@pytest.mark.parametrize(
    "to",
    [
        "",
        "+",
        "+1",
        "nobody",
        "whatsapp:+14155550123",
        "+33612345678",  # a country without an entry
        "+18765550123",  # begins like the United States, and is Jamaica
        "+14165550123",  # the same, and is Canada
    ],
)
def test_without_a_known_price_there_is_no_estimate(to: str) -> None:
    assert estimate(to, 1) is None


def test_media_to_a_country_without_an_entry_have_no_estimate() -> None:
    assert estimate("+33612345678", 1, media=True) is None


def test_own_prices_leave_the_built_in_table_unchanged() -> None:
    own = with_own_prices({"FR": "0.08", "US": 0.01})

    assert estimate("+33612345678", 2, prices=own) == Decimal("0.16")
    assert estimate("+14155550123", 2, prices=own) == Decimal("0.02")
    assert dict(PER_SEGMENT) == {"US": Decimal("0.0083")}


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"+44": "0.05"}, "prices: '+44' is not a country."),
        ({44: "0.05"}, "prices: 44 is not a country."),
        ({"GB": "cheap"}, "The price for GB must be US dollars"),
        ({"GB": -1}, "The price for GB must be US dollars"),
        ({"GB": float("inf")}, "The price for GB must be US dollars"),
    ],
)
def test_an_invalid_price_is_refused_with_a_sentence(
    own: Mapping[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        with_own_prices(own)

    assert str(caught.value).startswith(message)
    assert caught.value.field == "prices"
