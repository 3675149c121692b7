"""Fixed, plausible message prices for the sandbox.

The amounts resemble the list prices of 2026, but do not rely on them. Prices are text with five
decimals, negative for a charge, as in the Message resource.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

_OUTBOUND = (("+1", Decimal("0.00830")), ("+44", Decimal("0.04630")), ("+33", Decimal("0.07980")))
_ELSEWHERE = Decimal("0.06500")
INBOUND = Decimal("0.00830")
COUNTRIES = {
    "US": "United States", "CA": "Canada", "GB": "United Kingdom", "FR": "France", "DE": "Germany"
}  # fmt: skip
"""The countries whose prices the Pricing API returns."""
_CALLING_CODES = {"US": "+1", "CA": "+1", "GB": "+44", "FR": "+33"}
_MMS = Decimal("0.02200")
_CHANNEL = Decimal("0.00500")


def price_of(*, to: str, inbound: bool, segments: int, media: int) -> str:
    """Return the price of a message once it is billed, such as ``"-0.00830"``."""
    return _price(to if ":" in to else to[:3], inbound, segments, media)


@lru_cache(maxsize=1024)
def _price(to: str, inbound: bool, segments: int, media: int) -> str:
    if media:
        amount = _MMS
    elif ":" in to:
        amount = _CHANNEL
    elif inbound:
        amount = INBOUND * max(1, segments)
    else:
        amount = _rate(to) * max(1, segments)
    return f"-{amount:.5f}"


def _rate(to: str) -> Decimal:
    return next((rate for prefix, rate in _OUTBOUND if to.startswith(prefix)), _ELSEWHERE)


def country_price(code: str) -> Decimal:
    """Return the price of an outbound segment to a country."""
    return _rate(_CALLING_CODES.get(code, ""))


def surcharge(carrier: str) -> Decimal:
    """Return what the price list adds for a carrier; O2 has a higher price than is billed."""
    return Decimal("0.00400") if carrier == "O2" else Decimal("0.00000")
