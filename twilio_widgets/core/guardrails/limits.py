"""How much is sent, and how much may be: messages, segments and estimated US dollars."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import NamedTuple

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """What one message, one job or one day comes to."""

    recipients: int = 0
    """Messages: a recipient who gets two counts twice."""

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
    """Which limit an amount is above."""

    name: str
    """``"recipients"``, ``"segments"`` or ``"cost"``."""

    found: int | Decimal
    limit: int | Decimal


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """The most there may be of each; None is no limit."""

    recipients: int | None = None
    segments: int | None = None
    cost: Decimal | None = None

    def __bool__(self) -> bool:
        return any(limit is not None for limit in (self.recipients, self.segments, self.cost))

    def excess(self, amount: Amount) -> Excess | None:
        """Return the first limit that an amount is above, or None."""
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
    """Return one of equal parts of a cost; together they are never more than it."""
    return (cost / max(1, parts)).quantize(Decimal("0.000001"), ROUND_DOWN)


def counted(name: str, number: int | Decimal) -> str:
    """Write a count with its unit: ``1,243 recipients``, ``1 segment``, ``$12.45``."""
    if name == "cost":
        return dollars(Decimal(number))
    return f"{number:,} {name[:-1] if number == 1 else name}"


def dollars(amount: Decimal) -> str:
    """Write an estimate: whole cents, but never nothing for something."""
    places = "0.01" if amount >= 1 or not amount else "0.0001"
    return f"${amount.quantize(Decimal(places), ROUND_UP):,}"
