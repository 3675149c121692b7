"""Read Excel workbooks: those that a message frame wrote, and anybody's first sheet."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import pandas as pd

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.excel_file import ABOUT, load_openpyxl
from twilio_widgets.frames.formulas import bare
from twilio_widgets.frames.readers import typed

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from twilio_widgets.frames.message_frame import MessageFrame

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_excel(path: str | os.PathLike[str], sheet_name: str | None = None) -> MessageFrame:
    """Read an Excel workbook that a message frame wrote: the same columns, texts, types and attrs.

    Args:
        path: The workbook.
        sheet_name: The sheet with the rows; None is the first.

    Raises:
        ConfigurationError: openpyxl is missing, there is no such sheet, or a value does not fit.
    """
    book = _opened(path)
    try:
        names = book.sheetnames
        if sheet_name is not None and sheet_name not in names:
            raise ConfigurationError(f"No sheet {sheet_name!r} in {path}: it has {names}.")
        header, *rows = _table(book[sheet_name or names[0]]) or [()]
        about = _table(book[ABOUT]) if ABOUT in names else []
    finally:
        book.close()
    # Cells without a value at the end of a row are not in the file.
    table = [[value for _, value in zip_longest(header, row[: len(header)])] for row in rows]
    frame = typed(pd.DataFrame(table, columns=list(header), dtype=object))
    frame.attrs.update(_attrs(about))
    return frame


def rows_of_workbook(content: bytes, name: str) -> list[dict[str, Any]]:
    """Read the first sheet of anybody's workbook: a mapping a row, by the names in its first row.

    Args:
        content: The file.
        name: What it is called, for errors.

    Raises:
        ConfigurationError: openpyxl is missing, or it is no workbook that can be read.
    """
    openpyxl = load_openpyxl()
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            lines = [tuple(row) for row in book.worksheets[0].iter_rows(values_only=True)]
        finally:
            book.close()
    except Exception:  # noqa: BLE001  # a damaged file breaks openpyxl in as many ways as there are
        problem = (
            f"{name} cannot be read as an Excel workbook (.xlsx). Save it as CSV UTF-8 instead."
        )
    else:
        filled = [line for line in lines if any(value is not None for value in line)]
        header, *rows = filled or [()]
        names = [None if value is None else str(value).strip() for value in header]
        return [
            {column: value for column, value in zip(names, row, strict=False) if column}
            for row in rows
        ]
    raise ConfigurationError(problem)


def _opened(path: Any) -> Any:
    openpyxl = load_openpyxl()
    try:
        return openpyxl.load_workbook(path, read_only=True)
    except (BadZipFile, KeyError, ValueError, openpyxl.utils.exceptions.InvalidFileException):
        raise ConfigurationError(f"{path} is not an Excel workbook (.xlsx).") from None


def _table(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(map(_value, row)) for row in sheet.iter_rows(values_only=True)]


def _attrs(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Read the sheet *about*, as far as it is one of ours: anybody may have made another."""
    attrs = {}
    for row in rows:
        with suppress(ValueError, TypeError, RecursionError):
            name, text = row
            attrs[str(name)] = json.loads(text)
    return attrs


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return bare(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), value))
