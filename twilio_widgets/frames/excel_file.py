"""Message frames as Excel workbooks with texts that stay texts, and back again unchanged.

Every text is written as a text cell in text format: nothing is a formula, nothing is a link, and
``+447911123123`` keeps its plus. Numbers and times are real ones; times are in UTC, to the
millisecond. A second sheet, *about*, tells of the reading: ``frame.attrs``.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import pandas as pd

from twilio_widgets.core.formulas import guarded, never_bare
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.csv_file import (
    Written,
    each_text,
    index_means_something,
    make_private,
    typed,
    written,
)
from twilio_widgets.frames.safe_series import in_floats, is_decimal
from twilio_widgets.frames.workbook import text_of_cell

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from twilio_widgets.frames.message_frame import MessageFrame

MAX_ROWS = 1_048_575
"""Rows of a sheet, less the one of the names."""

MAX_TEXT = 32_767
"""Characters of a cell."""

_ABOUT = "about"
_OF_WRITERS = frozenset({"engine", "engine_kwargs", "storage_options"})

# What XML cannot hold is written as Excel writes it, _x000D_ for a carriage return (ECMA-376,
# ST_Xstring), and so is an underscore that would look like the beginning of that.
_UNWRITABLE = r"[\x00-\x08\x0b-\x1f\ufffe\uffff]"
_TO_ESCAPE = re.compile(rf"{_UNWRITABLE}|_(?=x[0-9A-Fa-f]{{4}}(?:_|{_UNWRITABLE}))")


def write_excel(
    frame: pd.DataFrame, target: Any, sheet_name: str, **options: Any
) -> Written | None:
    """Write a frame as an Excel workbook; the sheet *about* contains its ``attrs``.

    pandas writes the cells. Its texts are escaped before, and marked as texts after.

    Args:
        frame: Any frame.
        target: A path ending in ``.xlsx``, an open file, or a `pandas.ExcelWriter`.
        sheet_name: The name of the sheet with the rows.
        options: Those of `pandas.DataFrame.to_excel`. ``index`` is written by default when it means
            something: when it has a name, or is not of whole numbers.

    Raises:
        ConfigurationError: openpyxl is missing, or the frame does not fit into a sheet.
    """
    _openpyxl()
    if len(frame) > MAX_ROWS:
        raise ConfigurationError(
            f"An Excel sheet holds {MAX_ROWS:,} rows; this frame has {len(frame):,}. "
            "Write it with to_csv or to_parquet."
        )
    defaults: dict[str, Any] = {"index": index_means_something(frame)}
    chosen = {**defaults, **options}
    if isinstance(target, pd.ExcelWriter):
        _into(target, frame, sheet_name, chosen)
        return None
    opened = {name: chosen.pop(name) for name in _OF_WRITERS & chosen.keys()}
    file = io.BytesIO()  # so that a frame that does not fit leaves no broken file
    writer = pd.ExcelWriter(file, **{"engine": "openpyxl", **opened})
    _into(writer, frame, sheet_name, chosen)
    about = pd.DataFrame([[str(n), json.dumps(v)] for n, v in frame.attrs.items()])
    _into(writer, about, _ABOUT, {"index": False, "header": False})
    writer.close()
    if hasattr(target, "write"):
        target.write(file.getvalue())
    else:
        make_private(target)
        Path(target).write_bytes(file.getvalue())
    return written(frame, target)


def _into(writer: Any, frame: pd.DataFrame, sheet_name: str, options: dict[str, Any]) -> None:
    """Write one sheet."""
    ours = writer.engine == "openpyxl"
    safe = _for_excel(each_text(frame, _written if ours else guarded))
    safe.to_excel(writer, sheet_name=sheet_name, **options)
    if not ours:  # another engine takes a text that begins with = for a formula
        return
    for row in writer.sheets[sheet_name].iter_rows():
        for cell in row:
            if cell.value == "":
                cell.value = None
            elif isinstance(cell.value, str):
                # openpyxl takes "=1+1" for a formula and "#N/A" for an error. The text format keeps
                # Excel from doing the same when somebody edits the cell.
                cell.data_type, cell.number_format = "s", "@"


def _for_excel(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with amounts as floats and times in UTC, without the zone."""
    for place in range(len(frame.columns)):
        column = frame.iloc[:, place]
        if is_decimal(column.dtype):
            frame.isetitem(place, in_floats(column).array)
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            frame.isetitem(place, column.dt.tz_convert("UTC").dt.tz_localize(None).array)
        elif column.dtype == object:
            frame.isetitem(place, column.map(_plain).astype(object).array)
    if isinstance(frame.index, pd.DatetimeIndex) and frame.index.tz is not None:
        frame.index = frame.index.tz_convert("UTC").tz_localize(None)
    return frame


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value is not pd.NaT:
        return _in_utc(value)
    return float(value) if isinstance(value, Decimal) else value


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
