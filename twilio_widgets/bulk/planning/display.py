"""Show a plan: as a few lines of text, or as a small HTML table in the page's own colours.

Texts are escaped (HTML and TeX), recipients are masked, and a line says what is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.printable import inert, visible

if TYPE_CHECKING:
    from twilio_widgets.bulk.planning.planned import PlannedRow
    from twilio_widgets.bulk.planning.problems import Problem
    from twilio_widgets.bulk.planning.summary import Summary

_SHOWN: Final = 5
_LONGEST_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class Preview:
    """The first messages of a plan, as they would be sent."""

    rows: Sequence[PlannedRow] = field(repr=False)
    total: int
    """The number of messages in the plan."""

    def __repr__(self) -> str:
        lines = [f"row {row.n:,} → {mask(row.to)} ({_counted(row)})\n{_cut(row.body)}"
                 for row in self.rows]  # fmt: skip
        return "\n\n".join([*lines, _showing(len(self.rows), self.total, "messages")])

    def _repr_html_(self) -> str:
        return _framed(self.table())

    def table(self) -> str:
        """Return the messages as an HTML table, and a line with their number."""
        rows = [
            (f"{row.n:,}", mask(row.to), _cut(row.body), f"{row.segments}", _money(row.cost))
            for row in self.rows
        ]
        heads = ("row", "to", "body", "segments", "cost")
        shown = _line(_showing(len(self.rows), self.total, "messages"))
        return _table(heads, rows) + shown


def text_of(summary: Summary, problems: Sequence[Problem]) -> str:
    """Return a plan's summary and its first problems as text."""
    lines = summary.lines()
    lines.extend(f"  {visible(str(each))}" for each in problems[:_SHOWN])
    if len(problems) > _SHOWN:
        lines.append("  " + _showing(_SHOWN, len(problems), "problems"))
    return "\n".join(lines)


def html_of(summary: Summary, preview: Preview, problems: Sequence[Problem]) -> str:
    """Return a plan's summary, its first messages and its first problems as HTML."""
    parts = [_line(line) for line in summary.lines()]
    if preview.rows:
        parts.append(preview.table())
    if problems:
        shown = problems[:_SHOWN]
        rows = [(f"{each.n:,}", each.column or "", each.reason) for each in shown]
        parts.append(_table(("row", "column", "reason"), rows))
        parts.append(_line(_showing(len(shown), len(problems), "problems")))
    return _framed(*parts)


def _framed(*parts: str) -> str:
    return f'<div class="tw-plan tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col" style="text-align: left">{inert(name)}</th>' for name in heads)
    style = "text-align: left; white-space: pre-wrap; vertical-align: top"
    body = "".join(
        "<tr>" + "".join(f'<td style="{style}">{inert(cell)}</td>' for cell in cells) + "</tr>"
        for cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _line(text: str) -> str:
    return f"<p>{inert(text)}</p>"


def _cut(text: str) -> str:
    return visible(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")


def _counted(row: PlannedRow) -> str:
    words = [f"{row.segments} segment{'s' if row.segments != 1 else ''}", row.encoding]
    return ", ".join(filter(None, (*words, _money(row.cost))))


def _money(cost: Decimal | None) -> str:
    return "" if cost is None else f"${cost:f}"


def _showing(shown: int, total: int, what: str) -> str:
    if shown == total:
        return f"showing all {total:,} {what}"
    return f"showing {shown:,} of {total:,} {what}"
