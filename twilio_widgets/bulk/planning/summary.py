"""Summarize a plan: ready and rejected rows, cost and duration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from twilio_widgets.bulk.planning.estimate import (
    LONGEST_VALIDITY,
    Cost,
    Load,
    PaceEstimate,
    Per,
    cost_of,
    counted,
    pace_of,
)
from twilio_widgets.core.numbers.prices import READ_ON
from twilio_widgets.core.printable import readable, visible

if TYPE_CHECKING:
    from twilio_widgets.bulk.planning.planned import PlannedRow
    from twilio_widgets.bulk.planning.problems import Problem

_MOST_BLAMED = 5
_MOST_UNUSED = 8
_NAMED = {
    "recipient": "invalid recipient",
    "duplicate": "duplicate",
    "opted out": "opted-out recipient",
    "template": "template problem",
    "parameter": "invalid value",
    "row": "damaged row",
}
"""The noun of each kind of problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Counts, cost and duration of a plan; ``print(plan.summary)`` shows them in a few lines."""

    rows: int
    """The number of rows in the input; each is either ready or rejected."""

    ready: int
    rejected: int

    problems: Mapping[str, int]
    """The number of problems of each kind. A row may have several."""

    noted: int
    """The number of ready rows with a note to review."""

    segments: int
    """The number of segments of all ready rows."""

    encodings: Mapping[str, int]
    """Ready rows by encoding; ``"unknown"`` if only Twilio has the text, or there is none."""

    blame: Mapping[str, int]
    """The characters that force UCS-2, with the number of rows in which each is the first one."""

    cost: Cost

    priced_on: date
    """The date of the package's own price table."""

    prices: str
    """What the estimate is based on, such as ``"your account's prices of 2026-01-15"``."""

    pace: PaceEstimate

    unused: tuple[str, ...]
    """The columns of the input that the plan does not use."""

    warnings: tuple[str, ...] = ()
    """Problems of the whole plan to correct before sending it, a sentence each."""

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the summary, one line for each subject that applies."""
        each = [
            f"{self.ready:,} of {self.rows:,} rows {'is' if self.ready == 1 else 'are'} ready"
            + (f": {counted(self.segments, 'segment')}, {self._money()}." if self.ready else "."),
            *self.warnings,
            self._rejected(),
            self._ucs2(),
            f"Notes on {counted(self.noted, 'ready row')}." if self.noted else "",
            f"At {self.pace}." if self.ready and self.pace.rate else "",
            self.pace.queue or "",
            self._unused(),
        ]
        return [visible(line) for line in each if line]

    def _money(self) -> str:
        cost = self.cost
        if cost.on_channels == self.ready:
            return "cost not included (Twilio's Pricing API has no prices of WhatsApp or channels)"
        if cost.unpriced == self.ready:
            return "no price known (give prices=)"
        about = f"about ${cost.amount:,.2f} (an estimate; {self.prices})"
        more = f", {cost.unpriced:,} more without a known price" if cost.unpriced else ""
        channels = f" ({cost.on_channels:,} on WhatsApp or a channel)" if cost.on_channels else ""
        return f"{about}{more}{channels}"

    def _rejected(self) -> str:
        if not self.rejected:
            return ""
        kinds = ", ".join(counted(count, _NAMED[kind]) for kind, count in self.problems.items())
        return f"{counted(self.rejected, 'row')} cannot be sent: {kinds}. See plan.rejected."

    def _unused(self) -> str:
        more = len(self.unused) - _MOST_UNUSED
        named = ", ".join(self.unused[:_MOST_UNUSED]) + (f" and {more:,} more" if more > 0 else "")
        return f"Unused columns: {named}." if self.unused else ""

    def _ucs2(self) -> str:
        if not (wide := self.encodings.get("UCS-2", 0)):
            return ""
        named = [f"{readable(char)} ({count:,})"
                 for char, count in list(self.blame.items())[:_MOST_BLAMED]]  # fmt: skip
        return f"UCS-2 in {counted(wide, 'text')}, because of {', '.join(named)}."


def summary_of(
    *,
    total: int,
    rows: Sequence[PlannedRow],
    problems: Collection[Problem],
    unused: tuple[str, ...],
    rate: float | None,
    per: Per,
    prices: str,
    warnings: tuple[str, ...] = (),
) -> Summary:
    """Summarize the rows and the problems of a plan."""
    segments = sum(row.segments for row in rows)
    blame = Counter(row.blame[0][1] for row in rows if row.blame)
    validity = [row.parameters.get("validity_period") for row in rows]
    return Summary(
        rows=total,
        ready=len(rows),
        rejected=total - len(rows),
        problems=dict(Counter(problem.kind for problem in problems).most_common()),
        noted=sum(bool(row.notes) for row in rows),
        segments=segments,
        encodings=dict(Counter(row.encoding or "unknown" for row in rows).most_common()),
        blame=dict(blame.most_common()),
        cost=cost_of(
            (row.cost for row in rows),
            on_channels=sum(row.cost is None and ":" in row.to for row in rows),
        ),
        priced_on=READ_ON,
        prices=prices,
        pace=pace_of(
            _loads(rows),
            rate=rate,
            per=per,
            validity=min((v for v in validity if isinstance(v, int)), default=LONGEST_VALIDITY),
        ),
        unused=unused,
        warnings=warnings,
    )


def _loads(rows: Sequence[PlannedRow]) -> dict[str, Load]:
    loads: dict[str, Load] = {}
    for row in rows:
        load = loads.setdefault(row.sender, Load())
        load.messages += 1
        load.segments += row.segments
        load.abroad = load.abroad or not row.to.startswith("+1")
    return loads
