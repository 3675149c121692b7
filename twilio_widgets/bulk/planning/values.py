"""Check whether a cell can be inserted into a text, and write it as text.

A whole number has no decimals (``3``, also if a frame turned it into ``3.0``); any other number has
the fewest digits that identify it at its width (``19.99``, also as a 32-bit float), at most 15, as
in a spreadsheet (``0.3`` for ``0.1 + 0.2``); no number has an exponent. A time without zone at
midnight is written as ``2026-01-31``, any other as ``2026-01-31 09:30``, with seconds and zone if
it has them. A format overrides this: ``{amount:.2f}``, ``{when:%d %B}``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from twilio_widgets.core.formulas import NOT_CALCULATED

_MOST_DIGITS: Final = 40
_LEFTOVERS: Final = frozenset({"nan", "NaN", "NaT", "<NA>", "None"})
"""The texts of missing values after a column was converted to text."""
_SPREADSHEET_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#NAME?", "#DIV/0!", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)
_BLANKS: Final = " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_EXACT_DIGITS: Final = 15
"""Floats represent every decimal of so many digits; the next ones come from the calculation."""
_EXACT: Final = 2**53
"""Floats represent every whole number up to here exactly."""


def python_value(value: Any) -> Any:
    """Convert a value of numpy or pandas to a plain Python value; None if it is missing.

    ``3.0`` becomes 3, because a frame turns whole numbers into floats if one of them is missing.
    """
    kind = type(value)
    if kind.__name__ in {"NAType", "NaTType"} or value is None:
        return None
    if kind.__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = _of_numpy(value)
    if isinstance(value, float | Decimal) and math.isnan(value):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def _of_numpy(value: Any) -> Any:
    match value.dtype.kind:
        case "f":  # str is the shortest text that identifies the number at its width: 19.99
            return float(str(value))
        case "m" | "M":  # .item() returns nanoseconds as an int
            return value.astype(f"{value.dtype.kind}8[us]").item()
        case _:
            return value.item()


def nothing_in(value: object) -> bool:
    """Return whether a cell is empty: None, NaN, only spaces, or the text of a missing value."""
    if isinstance(value, str):
        return not value.strip() or value.strip() in _LEFTOVERS
    return value is None or (isinstance(value, float | Decimal) and math.isnan(value))


def edged(text: str) -> str:
    """Strip whitespace: spaces of any width, tabs and line breaks."""
    return text.strip(_BLANKS)


def unusable(value: object) -> str | None:
    """Return why a cell cannot be inserted into a text, or None."""
    if nothing_in(value):
        return "is empty in this row, but the text needs it. Fill the column first."
    if isinstance(value, str) and value == NOT_CALCULATED:
        return "is a formula without a stored result: open the workbook in Excel and save it."
    if isinstance(value, str) and value.strip() in _SPREADSHEET_ERRORS:
        return f"is {value.strip()}, a spreadsheet error."
    if isinstance(value, float) and math.isinf(value):
        return "is infinite."
    return None


def several(value: object) -> str | None:
    """Return why a cell is not a single text or number (a list, bytes), or None."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return None
    return f"is a {type(value).__name__}, not a text or a number."


def plain(value: object) -> str:
    """Return a value as text, as the module's docstring describes."""
    value = python_value(value)
    if isinstance(value, float) and math.isfinite(value):
        text = repr(float(value))  # the shortest text that parses to the same number
        if not value.is_integer() and len(Decimal(text).as_tuple().digits) > _EXACT_DIGITS:
            text = f"{value:.{_EXACT_DIGITS}g}"
        written = format(of_a_readable_size(Decimal(text)), "f") if "e" in text else text
        return written.removesuffix(".0")
    if isinstance(value, Decimal):
        return format(of_a_readable_size(value), "f")
    return _moment(value) if isinstance(value, datetime) else str(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is None and value.time() == time():
        return value.date().isoformat()
    whole = not (value.second or value.microsecond)
    return value.isoformat(sep=" ", timespec="minutes" if whole else "auto")


def of_a_readable_size(number: Decimal) -> Decimal:
    """Return the number if writing it without an exponent is safe.

    Raises:
        ValueError: It has too many digits: 1E+999999999 would fill the memory.
    """
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("too many digits")
    return number
