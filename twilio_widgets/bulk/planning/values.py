"""What a cell must be to stand in a text, and how it is written there."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

_MOST_DIGITS: Final = 40
_LEFTOVERS: Final = frozenset({"nan", "NaN", "NaT", "<NA>", "None"})
"""What Python makes of a missing value when a column is turned into text."""
_SPREADSHEET_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#NAME?", "#DIV/0!", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)


def nothing_in(value: object) -> bool:
    """Say whether a cell is empty: nothing, only spaces, or what Python writes for nothing."""
    if isinstance(value, str):
        return not value.strip() or value.strip() in _LEFTOVERS
    return value is None or (isinstance(value, float | Decimal) and math.isnan(value))


def unusable(value: object) -> str | None:
    """Say why a cell cannot stand in a text, or None."""
    if nothing_in(value):
        return "is empty in this row, and the text needs it. Fill the column first."
    if isinstance(value, str) and value.strip() in _SPREADSHEET_ERRORS:
        return f"holds {value.strip()}, a spreadsheet's error."
    if isinstance(value, float) and math.isinf(value):
        return "is infinite."
    return None


def plain(value: object) -> str:
    """Write a value as a person would: amounts without an exponent."""
    if isinstance(value, Decimal):
        return format(of_a_readable_size(value), "f")
    return str(value)


def of_a_readable_size(number: Decimal) -> Decimal:
    """Return an amount that can be written out.

    Raises:
        ValueError: It has too many digits: 1E+999999999 would fill the memory.
    """
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("too many digits")
    return number
