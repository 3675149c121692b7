"""What lookups cost, and the limit that the user sets.

The prices are list prices that could not be checked against a current page of Twilio (UNCONFIRMED),
so they are estimates that users can replace, and texts with such an estimate say so. Validation is
free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from types import MappingProxyType
from typing import Final

from twilio_widgets.core.guardrails.limits import dollars
from twilio_widgets.core.guardrails.pricing import estimate_cost
from twilio_widgets.core.lookups.number_lookup import PACKAGES
from twilio_widgets.errors import ConfigurationError, PolicyRefused

LIST_PRICES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "validation": Decimal(0),
        "line_type": Decimal("0.008"),
        "caller_name": Decimal("0.01"),
        "sms_pumping_risk": Decimal("0.025"),
    }
)
"""Estimated US dollars for one number, by field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupCost:
    """What a lookup would cost."""

    numbers: int
    """The numbers that Twilio would be asked about."""
    cached: int
    """The numbers whose answers are in the cache, which cost nothing."""
    invalid: int
    """The entries that are not phone numbers, which are not looked up."""
    cost: Decimal
    """The estimate, in US dollars."""
    unconfirmed: tuple[str, ...] = field(default=(), repr=False)
    """The fields whose price is a built-in estimate, not one that the user gave."""

    @property
    def summary(self) -> str:
        """The numbers and their cost, as a sentence."""
        asked = f"{self.numbers:,} {'number' if self.numbers == 1 else 'numbers'}"
        cached = f" ({self.cached:,} more are in the cache)" if self.cached else ""
        return f"Looking up {asked}{cached} costs about {dollars(self.cost)}."

    @property
    def own_prices(self) -> str:
        """The argument that replaces the estimates, such as ``{"line_type": "…"}``."""
        return "{" + ", ".join(f'"{name}": "…"' for name in self.unconfirmed) + "}"

    def __str__(self) -> str:
        if not self.unconfirmed:
            return self.summary
        return (
            f"{self.summary} That is an estimate from list prices that may have changed: see your "
            f"prices in Twilio's console and pass them with prices={self.own_prices}."
        )

    def check(self, limit: Decimal | None) -> None:
        """Refuse a lookup that costs money without a limit, or more than the limit.

        Raises:
            PolicyRefused: The error names the cost; nothing was asked.
        """
        if not self.cost or (limit is not None and self.cost <= limit):
            return
        enough = self.cost.quantize(Decimal("0.01"), ROUND_UP)
        allowed = "" if limit is None else f" Your max_cost allows {dollars(limit)}."
        raise PolicyRefused(
            f'{self}{allowed} Nothing was asked. To go on: lookup(…, max_cost="{enough}").',
            rule="max_cost",
            for_all=True,
        )


@dataclass(frozen=True, slots=True)
class LookupPrices:
    """The price of each field in US dollars: the user's own, or the built-in estimate."""

    own: Mapping[str, Decimal]

    @classmethod
    def checked(cls, own: Mapping[str, object] | None) -> LookupPrices:
        """Return the prices with the user's own.

        Raises:
            ConfigurationError: A key is not a field, or a price is not an amount.
        """
        if own is not None and not isinstance(own, Mapping):
            raise ConfigurationError(
                'prices must be a mapping, such as {"line_type": "0.005"}.', field="prices"
            )
        for name in own or {}:
            if name not in PACKAGES:
                raise ConfigurationError(
                    f"prices has the key {name!r}, which is not a field of a lookup.",
                    field="prices",
                )
        return cls(
            {
                name: estimate_cost(price, f"The price of {name}", "prices")
                for name, price in (own or {}).items()
            }
        )

    def of(self, names: Iterable[str]) -> Decimal:
        """Return the price of these fields together; a name may be repeated."""
        return sum((self.own.get(name, LIST_PRICES[name]) for name in names), Decimal(0))

    def unconfirmed(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of these fields that are billed by the built-in estimate."""
        known = {name for name in names if name not in self.own and LIST_PRICES[name]}
        return tuple(name for name in LIST_PRICES if name in known)


def checked_limit(max_cost: object) -> Decimal | None:
    """Return the limit as an amount; None without one.

    Raises:
        ConfigurationError: It is not an amount.
    """
    return None if max_cost is None else estimate_cost(max_cost, "max_cost", "max_cost")
