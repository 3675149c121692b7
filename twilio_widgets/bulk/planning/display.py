"""A plan in a terminal: a few lines of text, with masked recipients, and how much is not shown.

`panels.kit.displays` shows the same in a notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.numbers.money import money_text
from twilio_widgets.core.printable import visible

if TYPE_CHECKING:
    from twilio_widgets.bulk.planning.planned import PlannedRow
    from twilio_widgets.bulk.planning.problems import Problem
    from twilio_widgets.bulk.planning.summary import Summary

MOST_SHOWN: Final = 5
_LONGEST_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class Preview:
    """The first messages of a plan, as they would be sent."""

    rows: Sequence[PlannedRow] = field(repr=False)
    total: int
    """The number of messages in the plan."""

    def __repr__(self) -> str:
        lines = [f"row {row.n:,} → {mask(row.to)} ({_counted(row)})\n{cut(row.body)}"
                 for row in self.rows]  # fmt: skip
        return "\n\n".join([*lines, showing(len(self.rows), self.total, "messages")])


def text_of(summary: Summary, problems: Sequence[Problem]) -> str:
    """Return a plan's summary and its first problems as text."""
    lines = summary.lines()
    lines.extend(f"  {visible(str(each))}" for each in problems[:MOST_SHOWN])
    if len(problems) > MOST_SHOWN:
        lines.append("  " + showing(MOST_SHOWN, len(problems), "problems"))
    return "\n".join(lines)


def cut(text: str) -> str:
    """Return a text that can be displayed, cut where it is long."""
    return visible(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")


def _counted(row: PlannedRow) -> str:
    words = [f"{row.segments} segment{'s' if row.segments != 1 else ''}", row.encoding]
    cost = "" if row.cost is None else money_text(row.cost)
    return ", ".join(filter(None, (*words, cost)))


def showing(shown: int, total: int, what: str) -> str:
    """Return how many of something are shown."""
    if shown == total:
        return f"showing all {total:,} {what}"
    return f"showing {shown:,} of {total:,} {what}"
