"""Amounts of money as text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from twilio_widgets.core.numbers.money import money_text


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        ("0.0083", "USD", "$0.0083"),
        ("-0.0083", "usd", "$0.0083"),
        ("0.00830", "USD", "$0.0083"),
        ("0.05000", "USD", "$0.05"),
        ("0.5", "USD", "$0.50"),
        ("100", "USD", "$100.00"),
        ("1234.5", "USD", "$1,234.50"),
        ("0", "USD", "$0.00"),
        ("0.05", "EUR", "0.05 EUR"),
        ("0.05", None, "0.05"),
    ],
)
def test_money_is_written_one_way(amount: str, unit: str | None, text: str) -> None:
    assert money_text(Decimal(amount), unit) == text
