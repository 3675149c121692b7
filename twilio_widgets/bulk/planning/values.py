"""What a cell must be to stand in a text, and how it is written there.

A whole number has no decimals (``3``, also where a frame made ``3.0`` of it), any other number has
as many digits as tell it from every other of its width (``19.99``, also as a 32-bit float), and no
number has an exponent. A time has no more than it says: ``2026-01-31`` at midnight without a zone,
else ``2026-01-31 09:30``, with its seconds and its zone where it has them. A format says it
otherwise: ``{amount:.2f}``, ``{when:%d %B}``.
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
"""What Python makes of a missing value when a column is turned into text."""
_SPREADSHEET_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#NAME?", "#DIV/0!", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)
_BLANKS: Final = " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_EXACT: Final = 2**53
"""Up to here a float contains every whole number."""


def python_value(value: Any) -> Any:
    """Return a cell of numpy or pandas as Python's own value; None for a missing one.

    The value of a cell is what a person sees there, so ``3.0`` becomes 3: a frame turns whole
    numbers into floats when one of them is missing.
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
        case "f":  # the shortest text that is this number in its own width: 19.99
            return float(str(value))
        case "m" | "M":  # nanoseconds become a bare int otherwise
            return value.astype(f"{value.dtype.kind}8[us]").item()
        case _:
            return value.item()


def nothing_in(value: object) -> bool:
    """Say whether a cell is empty: nothing, only spaces, or what Python writes for nothing."""
    if isinstance(value, str):
        return not value.strip() or value.strip() in _LEFTOVERS
    return value is None or (isinstance(value, float | Decimal) and math.isnan(value))


def edged(text: str) -> str:
    """Return the text without the blanks around it: spaces of any width, tabs and line breaks."""
    return text.strip(_BLANKS)


def unusable(value: object) -> str | None:
    """Say why a cell cannot stand in a text, or None."""
    if nothing_in(value):
        return "is empty in this row, and the text needs it. Fill the column first."
    if isinstance(value, str) and value == NOT_CALCULATED:
        return "is a formula without its result: open the workbook in Excel and save it."
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
    value = python_value(value)
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
