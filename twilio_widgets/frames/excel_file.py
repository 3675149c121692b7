"""Message frames as Excel workbooks with texts that stay texts, and back again unchanged.

Every text is written as a text cell in text format: nothing is a formula, nothing is a link, and
``+447911123123`` keeps its plus. Numbers and times are real ones; times are in UTC, to the
millisecond. A second sheet, *about*, tells of the reading: ``frame.attrs``.
"""

from __future__ import annotations

import io
import json
import math
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import pandas as pd

from twilio_widgets.core.formulas import never_bare
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.csv_file import Written, make_private, typed, written
from twilio_widgets.frames.workbook import text_of_cell

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from twilio_widgets.frames.message_frame import MessageFrame

MAX_ROWS = 1_048_575
"""Rows of a sheet, less the one of the names."""

MAX_TEXT = 32_767
"""Characters of a cell."""

_ABOUT = "about"

# What XML cannot hold is written as Excel writes it, _x000D_ for a carriage return (ECMA-376,
# ST_Xstring), and so is an underscore that would look like the beginning of that.
_UNWRITABLE = r"[\x00-\x08\x0b-\x1f\ufffe\uffff]"
_TO_ESCAPE = re.compile(rf"{_UNWRITABLE}|_(?=x[0-9A-Fa-f]{{4}}(?:_|{_UNWRITABLE}))")


def write_excel(frame: pd.DataFrame, path: str | os.PathLike[str], sheet_name: str) -> Written:
    """Write a frame as an Excel workbook; the sheet *about* holds its ``attrs``.

    Args:
        frame: Any frame with one row of column names. Its index is not written.
        path: Where to, ending in ``.xlsx``.
        sheet_name: The name of the sheet with the rows.

    Raises:
        ConfigurationError: openpyxl is missing, or the frame does not fit into a sheet.
    """
    openpyxl = _openpyxl()
    if len(frame) > MAX_ROWS:
        raise ConfigurationError(
            f"An Excel sheet holds {MAX_ROWS:,} rows; this frame has {len(frame):,}. "
            "Write it with to_csv or to_parquet."
        )
    book = openpyxl.Workbook(write_only=True)
    new = partial(openpyxl.cell.WriteOnlyCell, book.create_sheet(sheet_name))
    try:
        _fill(book[sheet_name], chain([frame.columns], _rows(frame)), new)
        about = ((str(name), json.dumps(value)) for name, value in frame.attrs.items())
        _fill(book.create_sheet(_ABOUT), about, new)
    except BaseException:
        with suppress(Exception):  # the only way to have openpyxl remove its temporary files
            book.save(io.BytesIO())
        raise
    make_private(path)
    book.save(path)
    return written(frame, path)


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
        about = _table(book[_ABOUT]) if _ABOUT in names else []
    finally:
        book.close()
    # Cells without a value at the end of a row are not in the file.
    table = [[value for _, value in zip_longest(header, row[: len(header)])] for row in rows]
    frame = typed(pd.DataFrame(table, columns=list(header), dtype=object))
    frame.attrs.update(_attrs(about))
    return frame


def _fill(sheet: Any, rows: Iterable[Iterable[Any]], new: Callable[..., Any]) -> None:
    for row in rows:
        sheet.append([_cell(value, new) for value in row])


def _rows(frame: pd.DataFrame) -> Iterable[Iterable[Any]]:
    columns = [frame.iloc[:, place].tolist() for place in range(len(frame.columns))]
    return zip(*columns, strict=True)


def _opened(path: Any) -> Any:
    openpyxl = _openpyxl()
    try:
        return openpyxl.load_workbook(path, read_only=True)
    except (BadZipFile, KeyError, ValueError, openpyxl.utils.exceptions.InvalidFileException):
        raise ConfigurationError(f"{path} is not an Excel workbook (.xlsx).") from None


def _table(sheet: Any) -> list[tuple[Any, ...]]:
    sheet.reset_dimensions()  # the size that a file claims to have may be smaller than it is
    return [tuple(map(text_of_cell, row)) for row in sheet.iter_rows(values_only=True)]


def _attrs(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Read the sheet *about*, as far as it is one of ours: anybody may have made another."""
    attrs = {}
    for row in rows:
        with suppress(ValueError, TypeError, RecursionError):
            name, text = row
            attrs[str(name)] = json.loads(text)
    return attrs


def _openpyxl() -> Any:
    try:
        import openpyxl
        import openpyxl.cell
        import openpyxl.utils.exceptions
    except ImportError as error:
        raise ConfigurationError(
            'Excel files need openpyxl: pip install "twilio-widgets[excel]". '
            "to_csv and to_parquet work without it."
        ) from error
    return openpyxl


def _cell(value: Any, new: Callable[..., Any]) -> Any:
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, datetime):
        at = new(_in_utc(value))
        at.number_format = "yyyy-mm-dd hh:mm:ss"
        return at
    if isinstance(value, bool | int | Decimal | date):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    cell = new(_written(str(value)))
    # openpyxl takes "=1+1" for a formula and "#N/A" for an error. The text format keeps Excel from
    # doing the same when somebody edits the cell.
    cell.data_type, cell.number_format = "s", "@"
    return cell


def _in_utc(moment: datetime) -> datetime:
    """Return the moment as Excel can hold it: with no zone."""
    if isinstance(moment, pd.Timestamp):
        moment = moment.to_pydatetime(warn=False)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _written(text: str) -> str:
    escaped = _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", never_bare(text))
    if len(escaped) > MAX_TEXT:
        raise ConfigurationError(
            f"An Excel cell holds {MAX_TEXT:,} characters; a text here has {len(text):,}. "
            "Write it with to_csv or to_parquet."
        )
    return escaped
