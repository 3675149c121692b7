"""The source of an estimate: the built-in list prices, the user's own, or the account's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from twilio_widgets.core.numbers.account_prices import Carrier, PriceTable
from twilio_widgets.core.numbers.prices import (
    PER_SEGMENT,
    READ_ON,
    estimate_in,
    with_own_prices,
)
from twilio_widgets.errors import ConfigurationError


class PriceSource(Protocol):
    """Estimates the cost of a message in US dollars."""

    @property
    def described(self) -> str:
        """What the prices are and of which date, such as ``"prices of 2026-11-09"``."""

    @property
    def per_segment(self) -> Mapping[str, Decimal]:
        """The price of a segment by country, whatever the sender and the carrier."""

    def cost(
        self,
        region: str | None,
        segments: int,
        *,
        media: bool = False,
        sender: str = "",
        carrier: Carrier | None = None,
    ) -> Decimal | None:
        """Return the estimated cost of one message, or None if its price is not known.

        Args:
            region: The destination's two letters; None if it is not known.
            segments: The number of segments of its body.
            media: Whether it is an MMS.
            sender: Its sender, if it is known.
            carrier: The recipient's carrier, if it is known.
        """


@dataclass(frozen=True, slots=True)
class ListPrices:
    """The built-in list prices, overridden by the user's own."""

    per_segment: Mapping[str, Decimal]
    has_own: bool = False

    @property
    def described(self) -> str:
        """What the prices are and of which date."""
        own = "your own prices, and list " if self.has_own else ""
        return f"{own}prices of {READ_ON}"

    def cost(
        self,
        region: str | None,
        segments: int,
        *,
        media: bool = False,
        sender: str = "",  # noqa: ARG002  list prices do not depend on it
        carrier: Carrier | None = None,  # noqa: ARG002  the same
    ) -> Decimal | None:
        """Return the estimated cost of one message; see `PriceSource.cost`."""
        return estimate_in(region, segments, media=media, prices=self.per_segment)


@dataclass(frozen=True, slots=True)
class OwnAccountPrices:
    """The account's own prices; a message with media has the built-in estimate."""

    table: PriceTable

    @property
    def described(self) -> str:
        """What the prices are and of which date."""
        at = self.table.read_at
        return f"your account's prices of {at:%Y-%m-%d}" if at else "your account's prices"

    @property
    def per_segment(self) -> Mapping[str, Decimal]:
        """The highest price of a segment by country."""
        found = {name: country.segment() for name, country in self.table.countries.items()}
        return {name: price for name, price in found.items() if price is not None}

    def cost(
        self,
        region: str | None,
        segments: int,
        *,
        media: bool = False,
        sender: str = "",
        carrier: Carrier | None = None,
    ) -> Decimal | None:
        """Return the estimated cost of one message; see `PriceSource.cost`."""
        if media:
            return estimate_in(region, segments, media=True)
        country = self.table.countries.get(region or "")
        each = country.segment(sender=sender, carrier=carrier) if country else None
        return None if each is None else each * segments


def price_source(prices: object) -> PriceSource:
    """Return the source for a ``prices=`` argument.

    Args:
        prices: The result of ``tw.prices``; the user's own prices by country; or None.

    Raises:
        ConfigurationError: It is neither, or the account is billed in another currency.
    """
    if isinstance(prices, PriceTable):
        if prices.currency != "USD":
            raise ConfigurationError(
                f"The account's prices are in {prices.currency}, but estimates and limits are in "
                "US dollars. Give your own prices, such as {'GB': '0.05'}.",
                field="prices",
            )
        return OwnAccountPrices(prices)
    if prices is None or prices == {}:
        return ListPrices(PER_SEGMENT)
    return ListPrices(with_own_prices(prices), has_own=True)  # type: ignore[arg-type]  # it checks
