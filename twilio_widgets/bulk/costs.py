"""Compare the predicted cost of a job with what Twilio billed, and explain the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from twilio_widgets.core.numbers.numbering import describe_number, main_region
from twilio_widgets.journal import states
from twilio_widgets.journal.row import JournalRow

if TYPE_CHECKING:
    from twilio_widgets.frames.safe_frame import SafeFrame

_UNDELIVERED = frozenset({"failed", "canceled"})
"""Final statuses of messages that are usually not billed."""


def costs_of(rows: Iterable[JournalRow], *, job: str) -> SafeFrame:
    """Return the predicted and the billed cost of accepted messages, a row for each country.

    Args:
        rows: The rows of a job, with the prices that were read so far.
        job: The job's name.
    """
    from twilio_widgets.frames.resource_schema import COSTS
    from twilio_widgets.frames.resources import frame_of

    groups: dict[tuple[str, str], list[JournalRow]] = {}
    for row in rows:
        if row.status == states.ACCEPTED:
            key = country_of(row.to) or "", (row.price_unit or "").upper()
            groups.setdefault(key, []).append(row)
    merged = _without_unbilled(groups)
    lines = [_line(country, unit, those) for (country, unit), those in sorted(merged.items())]
    return frame_of(lines, COSTS, {"job": job})


def country_of(to: str) -> str | None:
    """Return the country of a recipient, or the main one with its calling code."""
    note = describe_number(to)
    if note.country_code is None:
        return None
    return note.region or main_region(note.country_code)


def _without_unbilled(
    groups: Mapping[tuple[str, str], Sequence[JournalRow]],
) -> dict[tuple[str, str], list[JournalRow]]:
    """Put rows without a currency into their country's group with one."""
    merged: dict[tuple[str, str], list[JournalRow]] = {}
    for country, unit in sorted(groups, reverse=True):  # a currency sorts after none
        known = next((key for key in merged if key[0] == country), None)
        key = known if not unit and known is not None else (country, unit)
        merged.setdefault(key, []).extend(groups[country, unit])
    return merged


def _line(country: str, unit: str, rows: Sequence[JournalRow]) -> dict[str, object]:
    billed = [row for row in rows if row.price is not None]
    both = [row for row in billed if row.cost is not None]
    is_comparable = unit in {"", "USD"}
    return {
        "country": country or None,
        "messages": len(rows),
        "billed_messages": len(billed),
        "predicted": _sum(row.cost for row in rows),
        "billed": _charged(billed) if billed else None,
        "difference": _charged(both) - _cost(both) if both and is_comparable else None,
        "price_unit": unit or None,
        "predicted_segments": sum(row.segments for row in billed),
        "billed_segments": sum(row.billed_segments or 0 for row in billed),
        "reasons": " ".join(_reasons(rows, both, is_comparable=is_comparable)) or None,
    }


def _reasons(
    rows: Sequence[JournalRow], both: Sequence[JournalRow], *, is_comparable: bool
) -> Iterable[str]:
    """Yield why billed and predicted differ, as sentences."""
    unbilled = [row for row in rows if row.price is None]
    never = sum(row.message_status in _UNDELIVERED for row in unbilled)
    if never:
        yield f"{_messages(never)} failed or were cancelled, which Twilio usually does not bill."
    if len(unbilled) > never:
        yield f"{_messages(len(unbilled) - never)} without a price yet: job.refresh() reads it."
    unpriced = sum(row.cost is None for row in rows)
    if unpriced:
        yield f"{_messages(unpriced)} had no estimate: no price was known."
    if not is_comparable:
        yield "The account is billed in another currency than the estimate's US dollars."
        return
    recounted = [row for row in both if row.billed_segments not in {None, 0, row.segments}]
    if recounted:
        was = sum(row.segments for row in recounted)
        now = sum(row.billed_segments or 0 for row in recounted)
        yield f"{_messages(len(recounted))} took {now:,} segments instead of {was:,}."
    yield from _price_reasons(both)


def _price_reasons(both: Sequence[JournalRow]) -> Iterable[str]:
    """Yield a sentence for messages whose price of a segment differs from the estimate's."""
    differing = [row for row in both if _each_billed(row) != _each_predicted(row)]
    if not differing:
        return
    predicted = sorted({_each_predicted(row) for row in differing})
    billed = sorted({_each_billed(row) for row in differing})
    yield (
        f"{_messages(len(differing))} cost {_range(billed)} a segment instead of "
        f"{_range(predicted)}: the price depends on the carrier and the sender, and carriers add "
        "fees."
    )


def _each_predicted(row: JournalRow) -> Decimal:
    return (Decimal(row.cost or 0) / max(1, row.segments)).quantize(Decimal("0.00001"))


def _each_billed(row: JournalRow) -> Decimal:
    count = row.billed_segments or row.segments
    return (-Decimal(row.price or 0) / max(1, count)).quantize(Decimal("0.00001"))


def _range(amounts: Sequence[Decimal]) -> str:
    first, last = f"${amounts[0]:f}", f"${amounts[-1]:f}"
    return first if first == last else f"{first} to {last}"


def _charged(rows: Iterable[JournalRow]) -> Decimal:
    return -sum((Decimal(row.price or 0) for row in rows), Decimal(0))


def _cost(rows: Iterable[JournalRow]) -> Decimal:
    return sum((Decimal(row.cost or 0) for row in rows), Decimal(0))


def _sum(costs: Iterable[str | None]) -> Decimal | None:
    known = [Decimal(cost) for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known else None


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"
