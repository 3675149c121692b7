"""What a cell must be to stand in a text, and how it is written there.

A number has as many digits as tell it from every other, and no exponent; a time has no more than it
says: ``2026-01-31`` at midnight without a zone, else ``2026-01-31 09:30``, with its seconds and its
zone where it has them. A format says it otherwise: ``{amount:.2f}``, ``{when:%d %B}``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, time
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


def several(value: object) -> str | None:
    """Say why a cell is more than one value, or bytes, and so no text; None when it is one."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return None
    return f"is a {type(value).__name__}, not a text or a number."


def plain(value: object) -> str:
    """Write a value as a person would."""
    if isinstance(value, float) and math.isfinite(value):
        text = repr(float(value))  # the shortest that is read as the same number again
        return format(of_a_readable_size(Decimal(text)), "f") if "e" in text else text
    if isinstance(value, Decimal):
        return format(of_a_readable_size(value), "f")
    return _moment(value) if isinstance(value, datetime) else str(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is None and value.time() == time():
        return value.date().isoformat()
    whole = not (value.second or value.microsecond)
    return value.isoformat(sep=" ", timespec="minutes" if whole else "auto")


def of_a_readable_size(number: Decimal) -> Decimal:
    """Return an amount that can be written out.

    Raises:
        ValueError: It has too many digits: 1E+999999999 would fill the memory.
    """
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("too many digits")
    return number
