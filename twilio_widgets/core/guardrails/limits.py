"""Amounts and their limits: messages, segments and estimated US dollars."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import NamedTuple

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """The usage of one message, job or day."""

    recipients: int = 0
    """Messages: a recipient of two messages counts twice."""

    segments: int = 0
    cost: Decimal = NOTHING
    """Estimated US dollars."""

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.recipients + other.recipients,
            self.segments + other.segments,
            self.cost + other.cost,
        )

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            max(0, self.recipients - other.recipients),
            max(0, self.segments - other.segments),
            max(NOTHING, self.cost - other.cost),
        )


class Excess(NamedTuple):
    """A limit that an amount exceeds."""

    name: str
    """``"recipients"``, ``"segments"`` or ``"cost"``."""

    found: int | Decimal
    limit: int | Decimal


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """The largest permitted amounts; None means no limit."""

    recipients: int | None = None
    segments: int | None = None
    cost: Decimal | None = None

    def __bool__(self) -> bool:
        return any(limit is not None for limit in (self.recipients, self.segments, self.cost))

    def excess(self, amount: Amount) -> Excess | None:
        """Return the first limit that an amount exceeds, or None."""
        pairs: tuple[tuple[str, int | Decimal, int | Decimal | None], ...] = (
            ("recipients", amount.recipients, self.recipients),
            ("segments", amount.segments, self.segments),
            ("cost", amount.cost, self.cost),
        )
        for name, found, limit in pairs:
            if limit is not None and found > limit:
                return Excess(name, found, limit)
        return None


def share_of(cost: Decimal, parts: int) -> Decimal:
    """Return an equal share of a cost, rounded down so that the shares never exceed it."""
    return (cost / max(1, parts)).quantize(Decimal("0.000001"), ROUND_DOWN)


def counted(name: str, number: int | Decimal) -> str:
    """Format a number with its unit: ``1,243 recipients``, ``1 segment``, ``$12.45``."""
    if name == "cost":
        return dollars(Decimal(number))
    return f"{number:,} {name[:-1] if number == 1 else name}"


def dollars(amount: Decimal) -> str:
    """Format an estimate: whole cents, or four decimals below a dollar, rounded up."""
    places = "0.01" if amount >= 1 or not amount else "0.0001"
    return f"${amount.quantize(Decimal(places), ROUND_UP):,}"
