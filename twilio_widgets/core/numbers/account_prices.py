"""An account's own message prices, as read from Twilio's Pricing API.

Source: Twilio's OpenAPI document ``pricing_v1`` (2026-04), ``Messaging/Countries``: outbound prices
by carrier and by the type of the sending number, inbound prices by the type of the receiving one.
It has no prices for MMS and for channels such as WhatsApp.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from twilio_widgets.errors import BadResponse

_TOLL_FREE = re.compile(r"\+18(?:00|33|44|55|66|77|88)[0-9]{7}")
_SHORT_CODE = re.compile(r"[0-9]{3,6}")
_NUMBER = re.compile(r"\+[0-9]+")

Carrier = tuple[str, str]
"""A mobile country code and a mobile network code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPrice:
    """The price of one segment to one carrier, or from any, for one type of number."""

    number_type: str
    """The type of the account's number: ``"local"``, ``"mobile"``, ``"toll free"`` …"""
    base: Decimal
    """Before discounts."""
    current: Decimal
    """What the account pays."""
    carrier: str = ""
    mcc: str = ""
    mnc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryPrices:
    """The prices of one country."""

    iso_country: str
    country: str
    currency: str
    """Such as ``"USD"``."""
    outbound: tuple[SegmentPrice, ...]
    inbound: tuple[SegmentPrice, ...]
    read_at: datetime
    """When they were read from Twilio (aware)."""

    def segment(self, *, sender: str = "", carrier: Carrier | None = None) -> Decimal | None:
        """Return the price of an outbound segment; the highest one that is possible.

        An estimate that is too low would let a message past a limit.

        Args:
            sender: The sender; prices depend on its type. Empty, or a messaging service: any type.
            carrier: The recipient's carrier, if it is known.
        """
        known = [price for price in self.outbound if (price.mcc, price.mnc) == carrier]
        rows = known or list(self.outbound)
        types = _types_of(sender)
        fitting = [price for price in rows if price.number_type in types] or rows
        return max((price.current for price in fitting), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """The account's prices by country, each with the date it was read."""

    account: str
    """The account SID, masked."""
    countries: Mapping[str, CountryPrices] = field(repr=False)
    """By the country's two letters."""

    @property
    def read_at(self) -> datetime | None:
        """When the oldest of them was read; None if there are none."""
        return min((country.read_at for country in self.countries.values()), default=None)

    @property
    def currency(self) -> str:
        """The account's currency."""
        return next((country.currency for country in self.countries.values()), "USD")

    def __len__(self) -> int:
        return len(self.countries)


def country_prices(payload: Mapping[str, Any], read_at: datetime) -> CountryPrices:
    """Read the prices of one country from Twilio's JSON.

    Raises:
        BadResponse: It is not a country's prices.
    """
    try:
        outbound = [
            _price(price, carrier)
            for carrier in payload["outbound_sms_prices"] or ()
            for price in carrier["prices"] or ()
        ]
        inbound = [_price(price, {}) for price in payload["inbound_sms_prices"] or ()]
        return CountryPrices(
            iso_country=str(payload["iso_country"]).upper(),
            country=str(payload["country"]),
            currency=str(payload["price_unit"]).upper(),
            outbound=tuple(outbound),
            inbound=tuple(inbound),
            read_at=read_at,
        )
    except (KeyError, TypeError, AttributeError, InvalidOperation):
        pass
    raise BadResponse("Twilio's response is not a list of message prices.")


def rows_of(table: PriceTable) -> Iterable[dict[str, object]]:
    """Yield the prices as rows for a frame."""
    for country in table.countries.values():
        shared = {
            "country": country.country,
            "iso_country": country.iso_country,
            "price_unit": country.currency,
            "read_at": country.read_at,
        }
        for direction, prices in (("outbound", country.outbound), ("inbound", country.inbound)):
            for price in prices:
                yield shared | {
                    "direction": direction,
                    "number_type": price.number_type or None,
                    "carrier": price.carrier or None,
                    "mcc": price.mcc or None,
                    "mnc": price.mnc or None,
                    "base_price": price.base,
                    "current_price": price.current,
                }


def _price(price: Mapping[str, Any], carrier: Mapping[str, Any]) -> SegmentPrice:
    return SegmentPrice(
        number_type=str(price.get("number_type") or "").lower(),
        base=Decimal(str(price["base_price"])),
        current=Decimal(str(price["current_price"])),
        carrier=str(carrier.get("carrier") or ""),
        mcc=str(carrier.get("mcc") or ""),
        mnc=str(carrier.get("mnc") or ""),
    )


def _types_of(sender: str) -> frozenset[str]:
    """Return the types of number that a sender can be; empty if nothing is known."""
    if _TOLL_FREE.fullmatch(sender):
        return frozenset({"toll free", "tollfree"})
    if _SHORT_CODE.fullmatch(sender):
        return frozenset({"shortcode", "short code"})
    return frozenset({"local", "mobile"}) if _NUMBER.fullmatch(sender) else frozenset()
