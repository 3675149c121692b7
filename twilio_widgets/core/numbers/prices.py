"""Estimate the cost of a message from a small, dated table of list prices.

Twilio's prices depend on the destination's carrier, the sender, the volume and the account, and
carriers add fees of their own. The actual cost is in a message's `price` once it is billed, and an
account's prices are in Twilio's Pricing API. So the table contains only prices that were checked, a
destination without an entry has no estimate, and users can give their own prices.

Source: Twilio, "SMS pricing, United States" ("current as of October 2026"), as transcribed on
2026-11-09: $0.0083 a segment and $0.022 an MMS from a long code, a toll-free number or a short
code, before carrier fees and discounts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

from twilio_widgets.core.numbers.numbering import describe_number
from twilio_widgets.errors import ConfigurationError

READ_ON: Final = date(2026, 11, 9)
"""When the prices here were read."""

PER_SEGMENT: Final[Mapping[str, Decimal]] = MappingProxyType({"US": Decimal("0.0083")})
"""Estimated US dollars for one SMS segment, by the destination's country (two letters)."""

PER_MMS: Final[Mapping[str, Decimal]] = MappingProxyType({"US": Decimal("0.022")})
"""Estimated US dollars for one message with media, by the destination's country."""


def estimate(
    to: str,
    segments: int,
    *,
    media: bool = False,
    prices: Mapping[str, Decimal] = PER_SEGMENT,
) -> Decimal | None:
    """Estimate in US dollars what one message costs.

    Args:
        to: The recipient; it may be half typed.
        segments: How many segments its body takes.
        media: Whether it has media, and so is an MMS, which is paid for as one.
        prices: Dollars for a segment, by country.

    Returns:
        The estimate, or None for a destination whose price is not known here: another country,
        a channel such as WhatsApp, or a number that no numbering plan knows.
    """
    if not to.startswith("+"):
        return None
    region = describe_number(to).region
    return estimate_in(region, segments, media=media, prices=prices)


def estimate_in(
    region: str | None,
    segments: int,
    *,
    media: bool = False,
    prices: Mapping[str, Decimal] = PER_SEGMENT,
) -> Decimal | None:
    """Estimate what one message to a country costs; see `estimate`.

    Args:
        region: The destination's two letters; None if it is not known.
        segments: How many segments its body takes.
        media: Whether it has media.
        prices: Dollars for a segment, by country.
    """
    country = region or ""
    if media:
        return PER_MMS.get(country)
    each = prices.get(country)
    return None if each is None else each * segments


def with_own_prices(own: Mapping[str, object]) -> Mapping[str, Decimal]:
    """Return the table, overridden by the user's own prices.

    Args:
        own: US dollars for a segment by country, such as ``{"GB": "0.05"}``.

    Raises:
        ConfigurationError: A key is not a country, or a price is not an amount.
    """
    if not isinstance(own, Mapping):
        raise ConfigurationError(
            "prices must map countries to US dollars for a segment, such as {'GB': '0.05'}.",
            field="prices",
        )
    return MappingProxyType(
        dict(PER_SEGMENT) | {_country(key): _amount(key, price) for key, price in own.items()}
    )


def _country(key: object) -> str:
    if not isinstance(key, str) or not re.fullmatch(r"[A-Z]{2}", key):
        raise ConfigurationError(
            f"prices: {key!r} is not a country. Give two capital letters, such as 'GB'.",
            field="prices",
        )
    return key


def _amount(key: object, price: object) -> Decimal:
    try:
        amount = Decimal(str(price))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ConfigurationError(
            f"The price for {key} must be US dollars for one segment, such as '0.05'.",
            field="prices",
        )
    return amount
