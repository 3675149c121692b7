"""Convert a plan to rows of a journal, and describe how the two differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.core.message.parameters import time_problem
from twilio_widgets.errors import ConfigurationError, InvalidMessage
from twilio_widgets.journal.row import Form, JournalRow

if TYPE_CHECKING:
    from decimal import Decimal

_NAMED = 5
"""How many of the differences are named."""


class PlannedLike(Protocol):
    """One planned message."""

    @property
    def n(self) -> int:
        """Its position in the input, from 0."""

    @property
    def parameters(self) -> Mapping[str, object]:
        """The keywords of ``messages.send``, without the recipient."""

    @property
    def form(self) -> Form:
        """Twilio's parameter names and texts, as they will be sent."""

    @property
    def segments(self) -> int:
        """The number of segments, as far as known."""

    @property
    def cost(self) -> Decimal | None:
        """Estimated US dollars."""


class PlanLike(Protocol):
    """The part of a plan that a job uses."""

    @property
    def rows(self) -> Sequence[PlannedLike]:
        """The messages that are ready."""


def rows_of(plan: PlanLike, *, now: datetime) -> list[JournalRow]:
    """Return the journal row of each planned message, for a new job.

    Args:
        plan: The plan.
        now: The current time, against which schedules are checked.

    Raises:
        InvalidMessage: A row's schedule is invalid; the error names the row.
        ConfigurationError: There is nothing to send.
    """
    if not plan.rows:
        raise ConfigurationError("The plan has no ready row: see plan.rejected.")
    for planned in plan.rows:
        _check_time(planned, now)
    return rows_to_compare(plan)


def rows_to_compare(plan: PlanLike) -> list[JournalRow]:
    """Return the journal row of each planned message; schedules may have passed."""
    return [_row_of(planned) for planned in plan.rows]


def _check_time(planned: PlannedLike, now: datetime) -> None:
    send_at = planned.parameters.get("send_at")
    problem = time_problem(send_at, now) if isinstance(send_at, datetime) else None
    if problem is not None:
        raise InvalidMessage(f"Row {planned.n}: {problem} Nothing was sent.", field="send_at")


def _row_of(planned: PlannedLike) -> JournalRow:
    cost = None if planned.cost is None else str(planned.cost)
    return JournalRow(n=planned.n, form=planned.form, segments=planned.segments, cost=cost)


def asks_for_less(
    planned: Sequence[JournalRow], kept: Sequence[JournalRow], *, forgotten: bool
) -> bool:
    """Return whether a plan is the job's own plan without some of its rows.

    This is so if the plan is made again after recipients opted out, or times passed.

    Args:
        planned: The plan's rows.
        kept: The job's rows.
        forgotten: Whether the job's texts were deleted.
    """
    theirs = {row.n: row for row in kept}
    known = all(
        row.n in theirs and (forgotten or theirs[row.n].form == row.form) for row in planned
    )
    return known and len(planned) < len(kept)


def difference(planned: Sequence[JournalRow], kept: Sequence[JournalRow]) -> str | None:
    """Return a clause on how a plan differs from the job's rows; None if it does not.

    It contains no number and no text of a message.
    """
    ours, theirs = {row.n: row for row in planned}, {row.n: row for row in kept}
    more, fewer = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
    changed = [
        f"row {n} ({', '.join(_names(ours[n], theirs[n]))})"
        for n in sorted(ours.keys() & theirs.keys())
        if ours[n].form != theirs[n].form
    ]
    differences = [
        *([f"{_some(more)} new"] if more else []),
        *([f"{_some(fewer)} no longer there"] if fewer else []),
        *([f"changed: {_first(changed)}"] if changed else []),
    ]
    return "; ".join(differences) or None


def _some(rows: Sequence[int]) -> str:
    named = _first([str(n) for n in rows])
    return f"row {named} is" if len(rows) == 1 else f"rows {named} are"


def _first(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED:,} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more


def _names(ours: JournalRow, theirs: JournalRow) -> list[str]:
    """Return the parameters in which two rows differ, by Twilio's names."""
    names = dict.fromkeys(name for name, _value in (*ours.form, *theirs.form))
    return [
        name
        for name in names
        if [value for key, value in ours.form if key == name]
        != [value for key, value in theirs.form if key == name]
    ]
