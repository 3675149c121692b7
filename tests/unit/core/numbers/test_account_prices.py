"""The price of a segment depends on sender and carrier; if one is not known, the highest counts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from twilio_widgets.core.numbers.account_prices import PriceTable, country_prices
from twilio_widgets.core.numbers.price_sources import price_source
from twilio_widgets.errors import BadResponse, ConfigurationError

READ_AT = datetime(2026, 1, 15, tzinfo=UTC)
EE, O2 = ("234", "30"), ("234", "10")


def price(current: str, kind: str) -> dict[str, str]:
    return {"base_price": "0.09", "current_price": current, "number_type": kind}


PAYLOAD: dict[str, Any] = {
    "country": "United Kingdom",
    "iso_country": "gb",
    "price_unit": "usd",
    "outbound_sms_prices": [
        {"carrier": "EE", "mcc": "234", "mnc": "30",
         "prices": [price("0.04", "mobile"), price("0.07", "shortcode")]},
        {"carrier": "O2", "mcc": "234", "mnc": "10",
         "prices": [price("0.05", "mobile"), price("0.08", "toll free")]},
    ],
    "inbound_sms_prices": [price("0.01", "mobile")],
}  # fmt: skip

GB = country_prices(PAYLOAD, READ_AT)


@pytest.mark.parametrize(
    ("sender", "carrier", "expected"),
    [
        ("", None, "0.08"),
        ("MG" + "1" * 32, None, "0.08"),
        ("+447700900142", None, "0.05"),
        ("+447700900142", EE, "0.04"),
        ("12345", EE, "0.07"),
        ("+18005550100", O2, "0.08"),
        ("12345", O2, "0.08"),  # no price for a short code: the highest one
        ("+447700900142", ("999", "99"), "0.05"),  # an unlisted carrier: the highest one
    ],
)
def test_the_price_of_a_segment(sender: str, carrier: Any, expected: str) -> None:
    assert GB.segment(sender=sender, carrier=carrier) == Decimal(expected)


def test_a_source_multiplies_segments_and_names_its_date() -> None:
    source = price_source(PriceTable(account="AC…", countries={"GB": GB}))

    assert source.cost("GB", 3, sender="+447700900142", carrier=EE) == Decimal("0.12")
    assert (source.cost("FR", 1), source.cost(None, 1)) == (None, None)
    assert source.cost("US", 1, media=True) == Decimal("0.022")  # the built-in estimate
    assert source.described == "your account's prices of 2026-01-15"
    assert source.per_segment == {"GB": Decimal("0.08")}


def test_own_prices_and_list_prices_say_which_they_are() -> None:
    own, builtin = price_source({"GB": "0.05"}), price_source(None)

    assert own.described == "your own prices, and list prices of 2026-11-09"
    assert builtin.described == "prices of 2026-11-09"
    assert (own.cost("GB", 2), builtin.cost("GB", 2)) == (Decimal("0.10"), None)


def test_an_account_in_another_currency_is_refused_because_limits_are_in_dollars() -> None:
    euros = country_prices(PAYLOAD | {"price_unit": "EUR"}, READ_AT)
    with pytest.raises(ConfigurationError, match="in EUR"):
        price_source(PriceTable(account="AC…", countries={"GB": euros}))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        PAYLOAD | {"outbound_sms_prices": ["x"]},
        PAYLOAD | {"inbound_sms_prices": [{"current_price": "dear", "base_price": "0"}]},
    ],
)
def test_a_response_that_is_not_a_price_list_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(BadResponse):
        country_prices(payload, READ_AT)
