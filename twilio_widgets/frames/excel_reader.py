"""Read Excel workbooks that a message frame wrote. `workbook` reads those of other programs."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import pandas as pd

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.readers import typed
from twilio_widgets.frames.workbook import ABOUT, load_openpyxl, text_of_cell

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from twilio_widgets.frames.message_frame import MessageFrame


def read_excel(path: str | os.PathLike[str], sheet_name: str | None = None) -> MessageFrame:
    """Read an Excel workbook that a message frame wrote: the same columns, texts, types and attrs.

    Args:
        path: The workbook.
        sheet_name: The sheet of the rows; by default the first.

    Raises:
        ConfigurationError: openpyxl is missing, there is no such sheet, or a value does not fit.
    """
    book = _opened(path)
    try:
        names = book.sheetnames
        if sheet_name is not None and sheet_name not in names:
            raise ConfigurationError(f"{path} has no sheet {sheet_name!r}, only {names}.")
        header, *rows = _table(book[sheet_name or names[0]]) or [()]
        about = _table(book[ABOUT]) if ABOUT in names else []
    finally:
        book.close()
    # A file leaves out empty cells at the end of a row.
    table = [[value for _, value in zip_longest(header, row[: len(header)])] for row in rows]
    frame = typed(pd.DataFrame(table, columns=list(header), dtype=object))
    frame.attrs.update(_attrs(about))
    return frame


def _opened(path: Any) -> Any:
    openpyxl = load_openpyxl()
    try:
        return openpyxl.load_workbook(path, read_only=True)
    except (BadZipFile, KeyError, ValueError, openpyxl.utils.exceptions.InvalidFileException):
        raise ConfigurationError(f"{path} is not an Excel workbook (.xlsx).") from None


def _table(sheet: Any) -> list[tuple[Any, ...]]:
    sheet.reset_dimensions()  # a file may declare fewer rows than it has
    return [tuple(map(text_of_cell, row)) for row in sheet.iter_rows(values_only=True)]


def _attrs(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Read the sheet *about*; lines that are not ours are ignored, since anyone may edit it."""
    attrs = {}
    for row in rows:
        with suppress(ValueError, TypeError, RecursionError):
            name, text = row
            attrs[str(name)] = json.loads(text)
    return attrs
