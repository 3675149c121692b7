"""Read an Excel workbook of any program as rows of cells: displayed values, and hidden rows."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twilio_widgets.core.formulas import NOT_CALCULATED, bare
from twilio_widgets.errors import ConfigurationError

ABOUT: Final = "about"
"""The sheet of a frame's ``attrs``, the second one of our own exports."""

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one sheet, the first of which names the columns."""

    rows: Sequence[Sequence[Any]]
    hidden: frozenset[int]
    """Positions in `rows` that are hidden in the sheet, by the user or by a filter."""

    others: tuple[str, ...]
    """The names of the sheets that were not read."""

    formats: Mapping[tuple[int, int], str]
    """How the sheet shows cells that it does not show as their value, by row and column."""


def sheet_of(content: bytes, name: str) -> Sheet:
    """Read the first visible sheet of a workbook; rows without any value are left out.

    Args:
        content: The file.
        name: The file's name, for errors.

    Raises:
        ConfigurationError: openpyxl is missing, or the workbook cannot be read.
    """
    load_workbook = load_openpyxl().load_workbook
    try:
        # Not read-only: that mode believes the declared size, which can be too small.
        book = load_workbook(io.BytesIO(content), data_only=True)
        sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
        sheet = sheet or book.worksheets[0]
        formulas = _formulas(content, sheet.title)
        lines = [
            (
                sheet.row_dimensions[line[0].row].hidden,
                [_value(cell, formulas) for cell in line],
                [_format(cell) for cell in line],
            )
            for line in sheet.iter_rows()
        ]
    except Exception:  # noqa: BLE001  # openpyxl raises many types of errors for a damaged file
        problem = (
            f"{name} cannot be read as an Excel workbook (.xlsx). Save it as CSV UTF-8 instead."
        )
    else:
        filled = [line for line in lines if any(value is not None for value in line[1])]
        return Sheet(
            rows=[values for _, values, _ in filled],
            hidden=frozenset(place for place, (hidden, _, _) in enumerate(filled) if hidden),
            others=tuple(
                one.title for one in book.worksheets if one is not sheet and one.title != ABOUT
            ),
            formats={
                (row, column): shown
                for row, (_, _, formats) in enumerate(filled)
                for column, shown in enumerate(formats)
                if shown
            },
        )
    raise ConfigurationError(problem)


def load_openpyxl() -> Any:
    """Import openpyxl.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        import openpyxl
        import openpyxl.utils.exceptions
    except ImportError as error:
        raise ConfigurationError(
            'Excel files need openpyxl: pip install "twilio-widgets[excel]". '
            "CSV files work without it."
        ) from error
    return openpyxl


def _formulas(content: bytes, title: str) -> frozenset[str]:
    """Return the coordinates of the sheet's formulas; the file is only parsed again if it has any.

    A workbook that was written by a program and never opened in Excel has formulas without results.
    Their cells seem empty, and a message could be sent without its picture, or too early.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = [name for name in parts.namelist() if "/worksheets/" in name]
        if not any(b"<f" in parts.read(name) for name in names):
            return frozenset()
    book = load_openpyxl().load_workbook(io.BytesIO(content))
    cells = (cell for row in book[title].iter_rows() for cell in row)
    return frozenset(cell.coordinate for cell in cells if cell.data_type == "f")


def _value(cell: Any, formulas: frozenset[str]) -> Any:
    value = cell.value
    if value is None and cell.coordinate in formulas:
        return NOT_CALCULATED
    if isinstance(value, float):
        return float(f"{value:.15g}")  # Excel shows no more digits, and 0.1 + 0.2 as 0.3
    return text_of_cell(value)


def _format(cell: Any) -> str | None:
    """Return how the sheet shows a percentage or a date; None if it shows the value itself."""
    if cell.is_date:
        iso = cell.number_format.lower().startswith("yyyy-mm-dd")
        return None if iso else "a date in another format"
    is_percentage = isinstance(cell.value, int | float) and "%" in cell.number_format
    return "a percentage" if is_percentage else None


def text_of_cell(value: Any) -> Any:
    """Unescape the text of a cell; return other values unchanged.

    Excel escapes characters that XML cannot contain: ``_x000D_`` is a carriage return.
    """
    if not isinstance(value, str):
        return value
    return bare(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), value))
