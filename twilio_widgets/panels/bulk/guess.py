"""Guess which column contains the recipients, from its name and contents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twilio_widgets.bulk.planning.recipients import recipient_of
from twilio_widgets.errors import InvalidMessage

LOOKED_AT: Final = 200
"""Cells of a column that are examined."""

_EXACT: Final = frozenset(
    {
        "to",
        "phone",
        "mobile",
        "cell",
        "number",
        "recipient",
        "tel",
        "telephone",
        "msisdn",
        "whatsapp",
    }
)
_DIGITS: Final = re.compile(r"\d")
_AT_LEAST: Final = 0.5


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """A column that seems to contain recipients."""

    column: str
    why: str
    """A sentence that says why, and asks the user to check."""


def guess_recipients(columns: Mapping[str, Sequence[Any]]) -> ColumnGuess | None:
    """Guess which column contains the recipients; None when no column looks like it."""
    judged = [(*_score(name, values), name) for name, values in columns.items()]
    best = max(judged, key=lambda one: one[0], default=None)
    if best is None or best[0] < _AT_LEAST:
        return None
    _points, numbers, looked, name = best
    bases = ("name" if _is_named_so(name) else "", "contents" if looked else "")
    basis = " and ".join(filter(None, bases))
    cells = f"{numbers} of {looked} cells look like phone numbers" if looked else "it is empty"
    return ColumnGuess(name, f"Guessed from the column's {basis} ({cells}). Please check.")


def _score(name: str, values: Sequence[Any]) -> tuple[float, int, int]:
    cells = [cell for cell in values[:LOOKED_AT] if cell is not None]
    numbers = sum(map(_is_number, cells))
    share = numbers / len(cells) if cells else 0.0
    return share + (0.5 if _is_named_so(name) else 0.0), numbers, len(cells)


def _is_named_so(name: str) -> bool:
    words = re.findall(r"[a-z]+", name.casefold())
    return not _EXACT.isdisjoint(words)


def _is_number(cell: object) -> bool:
    """Return whether a cell is a recipient, or would be one with a country."""
    try:
        return len(_DIGITS.findall(recipient_of(cell).to)) >= 7
    except InvalidMessage:
        text = str(cell)
        digits = len(_DIGITS.findall(text))
        return 7 <= digits <= 15 and re.fullmatch(r"[\d\s().+/-]+", text) is not None
