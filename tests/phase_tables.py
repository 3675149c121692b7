"""Tables of the effect of every step of a panel in every phase, for its unit tests.

A table is compared as a whole. A step without a row, or a phase without a column, fails the
comparison, so no pair can be forgotten.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

State = TypeVar("State")

Steps = Mapping[str, Callable[[State], State]]


def steps_in(module: ModuleType, state: type, prefix: str = "") -> set[str]:
    """Return the names of a module's steps: its public functions from a state to a state."""
    return {
        f"{prefix}{name}"
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and function.__annotations__.get("return") == state.__name__
    }


def expected(test: str) -> str:
    """Return the table beside a test file, in ``phase_table.txt``."""
    return Path(test).with_name("phase_table.txt").read_text().rstrip("\n")


def table_of(
    phases: Mapping[str, State],
    steps: Steps[State],
    phase_of: Callable[[State], str],
    says: Callable[[State], Iterable[str]],
) -> str:
    """Return a table with a row for each step and a column for each phase.

    A cell is ``-`` when the step has no effect, else the phase after it. Behind a colon it lists
    what the card then says, such as an error, a note or a result.

    Args:
        phases: A state in each phase, which says everything that a card can say in it.
        steps: Each step with its arguments bound.
        phase_of: Returns the phase of a state.
        says: Returns what the card says in a state.
    """
    rows = [("", *phases)]
    for name, step in sorted(steps.items()):
        cells = [_cell(state, step(state), phase_of, says) for state in phases.values()]
        rows.append((name, *cells))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def _cell(
    before: Any, after: Any, phase_of: Callable[[Any], str], says: Callable[[Any], Iterable[str]]
) -> str:
    if after == before:
        return "-"
    text = "+".join(says(after))
    return f"{phase_of(after)}:{text}" if text else phase_of(after)
