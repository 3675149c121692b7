"""The reasons why a row is rejected: where the problem is, and how to correct it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Kind = Literal["recipient", "duplicate", "opted out", "template", "parameter", "row"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_LONGEST_VALUE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why a row is not in the plan."""

    n: int
    """The row's position in the input, from 0: ``df.iloc[n]``."""

    column: str | None
    """The column of the input, or the parameter, with the problem."""

    value: str | None = field(repr=False)
    """The value there, shortened; None if there is none."""

    kind: Kind
    """The kind of problem, to count and to filter by."""

    reason: str
    """What is wrong, and what to do. Phone numbers in it are masked."""

    def __str__(self) -> str:
        where = f"row {self.n:,}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.reason}"


def problem(n: int, column: str | None, value: object, kind: Kind, reason: str) -> Problem:
    """Return a problem of one row; the value is shortened to a readable length."""
    return Problem(n=n, column=column, value=shown(value), kind=kind, reason=reason)


def shown(value: object) -> str | None:
    """Return a cell as written in the input, so that the user can find it."""
    if value is None:
        return None
    try:
        text = str(value)
    except ValueError:  # Python refuses to write numbers of thousands of digits
        text = "…"
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
