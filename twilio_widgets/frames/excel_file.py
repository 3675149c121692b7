"""Write frames as Excel workbooks without formulas; `excel_reader` reads them back.

Every text is written as a text cell in text format: no cell is a formula or a link, and
``+447911123123`` keeps its plus. Numbers and times are Excel's own; times are in UTC, to the
millisecond. A second sheet, *about*, contains ``frame.attrs``.
"""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from twilio_widgets.core.formulas import guarded, never_bare
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.csv_file import (
    Written,
    each_text,
    index_means_something,
    make_private,
    written,
)
from twilio_widgets.frames.decimal_array import is_decimal
from twilio_widgets.frames.decimal_series import in_floats
from twilio_widgets.frames.workbook import ABOUT, load_openpyxl

if TYPE_CHECKING:
    pass

MAX_ROWS = 1_048_575
"""The rows of a sheet without the header."""

MAX_TEXT = 32_767
"""The maximum number of characters in a cell."""

_OF_WRITERS = frozenset({"engine", "engine_kwargs", "storage_options"})

# Characters that XML cannot contain are escaped as Excel does, _x000D_ for a carriage return
# (ECMA-376, ST_Xstring), and so is an underscore that would be read as the start of an escape.
_UNWRITABLE = r"[\x00-\x08\x0b-\x1f\ufffe\uffff]"
_TO_ESCAPE = re.compile(rf"{_UNWRITABLE}|_(?=x[0-9A-Fa-f]{{4}}(?:_|{_UNWRITABLE}))")


def write_excel(
    frame: pd.DataFrame, target: Any, sheet_name: str, **options: Any
) -> Written | None:
    """Write a frame as an Excel workbook; the sheet *about* contains its ``attrs``.

    pandas writes the cells: texts are escaped before, and marked as text cells afterwards.

    Args:
        frame: Any frame.
        target: A path ending in ``.xlsx``, an open file, or a `pandas.ExcelWriter`.
        sheet_name: The name of the sheet of the rows.
        options: Those of `pandas.DataFrame.to_excel`. By default the index is written if it has a
            name or is not of whole numbers.

    Raises:
        ConfigurationError: openpyxl is missing, or the frame does not fit into a sheet.
    """
    load_openpyxl()
    if len(frame) > MAX_ROWS:
        raise ConfigurationError(
            f"An Excel sheet is limited to {MAX_ROWS:,} rows; this frame has {len(frame):,}. "
            "Write it with to_csv or to_parquet."
        )
    defaults: dict[str, Any] = {"index": index_means_something(frame)}
    chosen = {**defaults, **options}
    if isinstance(target, pd.ExcelWriter):
        _into(target, frame, sheet_name, chosen)
        return None
    opened = {name: chosen.pop(name) for name in _OF_WRITERS & chosen.keys()}
    file = io.BytesIO()  # if the frame does not fit, no incomplete file is left
    writer = pd.ExcelWriter(file, **{"engine": "openpyxl", **opened})
    _into(writer, frame, sheet_name, chosen)
    about = pd.DataFrame([[str(n), json.dumps(v)] for n, v in frame.attrs.items()])
    _into(writer, about, ABOUT, {"index": False, "header": False})
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
    if not ours:  # another engine writes a text that begins with = as a formula: it was guarded
        return
    for row in writer.sheets[sheet_name].iter_rows():
        for cell in row:
            if cell.value == "":
                cell.value = None
            elif isinstance(cell.value, str):
                # openpyxl reads "=1+1" as a formula and "#N/A" as an error. The text format keeps
                # Excel from doing the same when a user edits the cell.
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


def _in_utc(moment: datetime) -> datetime:
    """Return the time in UTC without a zone, because Excel has no zones."""
    if isinstance(moment, pd.Timestamp):
        moment = moment.to_pydatetime(warn=False)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _written(text: str) -> str:
    escaped = _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", never_bare(text))
    if len(escaped) > MAX_TEXT:
        raise ConfigurationError(
            f"An Excel cell is limited to {MAX_TEXT:,} characters; a text here has {len(text):,}. "
            "Write it with to_csv or to_parquet."
        )
    return escaped
