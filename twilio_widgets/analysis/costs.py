"""What messages cost: `cost`, exactly, and never across currencies."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import Series
from twilio_widgets.analysis.groups import TIMES, amounts, bars, key_array, many, text, whole
from twilio_widgets.analysis.prepared import prepared_of

if TYPE_CHECKING:
    from twilio_widgets.analysis.prepared import PreparedLog

Bill = dict[tuple[Any, str | None], "Costs"]
"""The costs by group and currency."""


class Costs:
    """The messages of one group in one currency, and the exact sum of their prices."""

    def __init__(self) -> None:
        self.messages = 0
        self.not_billed = 0
        self._micros = 0  # a Decimal would round a sum of more than 28 digits

    def add(self, price: Decimal | None, messages: int) -> None:
        """Add messages of the same price; None means that they are not billed yet."""
        self.messages += messages
        if price is None:
            self.not_billed += messages
        else:
            self._micros -= int(price.scaleb(6)) * messages

    @property
    def cost(self) -> Decimal | None:
        """The cost, positive for a charge; None if no message is billed."""
        return Decimal(self._micros).scaleb(-6) if self.not_billed < self.messages else None


def bill(log: PreparedLog, by: str | None) -> Bill:
    """Add up the prices of all messages by group and currency, on the distinct prices."""
    names = (by, "price") if by else ("price",)
    found: Bill = defaultdict(Costs)
    for keys, messages in zip(*log.combinations(*names), strict=True):
        currency, price = keys[-1]
        found[keys[0] if by else None, currency].add(price, int(messages))
    return found


def cost(source: object, by: str = "country", *, tz: str | None = None) -> AnswerFrame:
    """Add up what messages cost, by the contact's country, by sender, by month or another group.

    Amounts are exact. Currencies are never added together: each has rows of its own.

    Args:
        source: A message frame, an archive or a prepared log.
        by: ``"country"``, ``"sender"``, ``"month"``, ``"day"``, ``"direction"`` or another
            dimension of a prepared log.
        tz: The time zone of days and months, as an IANA name; by default UTC.

    Returns:
        One row for each group and currency: `currency`, `messages`, `not_billed` (messages without
        a price, whose cost is still to come), and `cost`, positive for a charge and NA if nothing
        is billed. Groups in time are in order; of others, the most expensive is first.

    Raises:
        ConfigurationError: A column is missing, or `by` or `tz` is not known.
    """
    log = prepared_of(source, tz, by, "price")
    found = bill(log, by)
    place = {key: number for number, key in enumerate(log.keys(by))}
    by_currency = Counter({unit: 0 for _, unit in found})
    for (_, unit), costs in found.items():
        by_currency[unit] += costs.messages
    units = sorted(by_currency, key=lambda unit: (unit is None, -by_currency[unit], unit or ""))

    def order(row: tuple[Any, str | None]) -> tuple[Any, ...]:
        spent = found[row].cost or 0
        return (
            *(() if by in TIMES else (units.index(row[1]), -spent)),
            place[row[0]],
            row[1] or "",
        )

    rows = sorted(found, key=order)
    columns = {
        by: key_array(by, [key for key, _ in rows]),
        "currency": text(unit for _, unit in rows),
        "messages": whole(found[row].messages for row in rows),
        "not_billed": whole(found[row].not_billed for row in rows),
        "cost": amounts(found[row].cost for row in rows),
    }
    drawn = [row for row in rows if units and row[1] == units[0]]
    spec = bars(
        f"Cost by {by}",
        by,
        [key for key, _ in drawn],
        [Series(name="cost", values=tuple(float(found[row].cost or 0) for row in drawn))],
        time_zone=log.tz,
        unit="money",
        currency=(units[0] if units else None) or "",
        value_title="Cost",
    )
    return answer(
        columns, counted=_counted(log, found, units), spec=spec, source=log.frame, time_zone=log.tz
    )


def _counted(log: PreparedLog, found: Bill, units: list[str | None]) -> str:
    sentence = f"{many(len(log), 'message')}, inbound and outbound, times in {log.tz}."
    if missing := sum(costs.not_billed for costs in found.values()):
        sentence += f" Not billed yet: {missing:,}."
    if len(units) > 1:
        others = " and ".join(unit or "unknown currency" for unit in units[1:])
        sentence += f" The chart shows {units[0]}; the frame has {others} as well."
    return sentence
