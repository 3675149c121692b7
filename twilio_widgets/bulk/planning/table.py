"""Read the input of a plan, from any source, and build the frames of a plan.

DataFrames, CSV files, `csv.DictReader`, workbooks, uploads and lists of mappings become the same
`InputTable`, with the same checks:

- Two columns with the same name are an error. A row with more cells than columns is damaged and is
  not sent.
- A missing value (None, NaN, NaT, NA) is None; ``3.0`` is 3 (`values.python_value`).
- Text that an export escaped in a file is restored. Values in memory are not changed; the row gets
  a note if they look escaped.
- Hidden rows of a workbook are read and get a note. A warning names its other sheets.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from twilio_widgets.bulk.planning.csv_table import (
    InputTable,
    check_names,
    content_of,
    of_cells,
    of_csv,
    of_lines,
)
from twilio_widgets.bulk.planning.problems import KINDS
from twilio_widgets.bulk.planning.values import python_value
from twilio_widgets.core.printable import readable
from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

    from twilio_widgets.bulk.planning.planned import PlannedRow
    from twilio_widgets.bulk.planning.problems import Problem
    from twilio_widgets.frames.safe_frame import SafeFrame

_WRONG: Final = (
    "Give a DataFrame, a list of mappings, or a CSV file or workbook (its path, bytes or text)."
)
_ZIP: Final = b"PK\x03\x04"


def read_table(source: object, name: str = "The CSV given") -> InputTable:
    """Read a table from any supported source.

    Args:
        source: A DataFrame; a list of mappings; a `csv.DictReader`; or a CSV file or an Excel
            workbook (.xlsx, the first sheet that is not hidden): its path, its bytes, its text with
            line breaks in it, or an open file.
        name: The name in errors of a source that has no name of its own.

    Raises:
        ConfigurationError: The source is not supported, or cannot be read.
    """
    if isinstance(source, InputTable):
        return source
    if isinstance(source, Mapping) or source is None:
        raise ConfigurationError(f"{type(source).__name__} is not a table. {_WRONG}")
    if is_frame(source):
        return _of_frame(source)
    if isinstance(source, os.PathLike) or (
        isinstance(source, str) and not set("\r\n") & set(source)
    ):
        return _of_content(content_of(source), os.fspath(source))
    if isinstance(source, str | bytes | bytearray | memoryview):
        return _of_content(source if isinstance(source, str) else bytes(source), name)
    if isinstance(source, csv.DictReader):
        return _of_reader(source, name)
    if callable(getattr(source, "read", None)):
        name = str(getattr(source, "name", name))
        return _of_content(_read(source, name), name)
    if isinstance(source, Iterable):
        return _of_mappings(list(source))
    raise ConfigurationError(f"{type(source).__name__} is not a table. {_WRONG}")


def _of_content(content: str | bytes, name: str) -> InputTable:
    """Read the content of a file; its content, not its name, decides the format."""
    if isinstance(content, bytes) and content.startswith(_ZIP):
        return of_workbook(content, name)
    return of_csv(content, name)


def of_workbook(content: bytes, name: str, title: str | None = None) -> InputTable:
    """Read a sheet of a workbook.

    Args:
        content: The file.
        name: The file's name, for errors.
        title: The name of the sheet; None reads the first visible one and warns about the others.

    Raises:
        ConfigurationError: openpyxl is missing, or the sheet cannot be read as a table.
    """
    from twilio_widgets.frames.workbook import sheet_of

    sheet = sheet_of(content, name, title)
    table = of_cells([[python_value(cell) for cell in row] for row in sheet.rows], name)
    hidden: dict[int, Mapping[str | None, str]] = {
        place - 1: {None: "This row is hidden in the workbook."}
        for place in sheet.hidden
        if place > 0
    }
    others = " and ".join(map(repr, sheet.others))
    warning = f"{name} has other sheets, which were not read: {others}."
    formats = {
        (row - 1, str(sheet.rows[0][column]).strip()): shown
        for (row, column), shown in sheet.formats.items()
    }
    warnings = (warning,) if others and title is None else ()
    return replace(table, notes=hidden, formats=formats, warnings=warnings)


def _of_reader(reader: csv.DictReader[Any], name: str) -> InputTable:
    """Read the rows of a `csv.DictReader` itself: its mappings hide surplus cells."""
    table = of_lines([list(reader.fieldnames or ()), *reader.reader], name)
    if reader.reader.dialect.strict:
        return table
    notes = {n: dict(own) for n, own in table.notes.items()}
    for column, cells in table.columns.items():
        for n, cell in enumerate(cells):
            if isinstance(cell, str) and set("\r\n") & set(cell):
                notes.setdefault(n, {})[column] = (
                    f"{column} contains a line break: an unclosed quote may have joined rows."
                )
    return replace(table, notes=notes)


def _read(file: Any, name: str) -> str | bytes:
    try:
        content = file.read()
    except (OSError, ValueError) as error:  # closed, or not in the encoding it was opened with
        problem = str(error)
    else:
        if isinstance(content, str | bytes):
            return content
        problem = f"read() returned {type(content).__name__}, not text or bytes"
    raise ConfigurationError(f"{name} cannot be read: {problem}.")


def is_frame(source: object) -> TypeGuard[pd.DataFrame]:
    """Return whether this is a DataFrame."""
    return hasattr(source, "columns") and hasattr(source, "iloc")


def ready_frame(rows: Sequence[PlannedRow]) -> SafeFrame:
    """Build the frame of the ready messages, one row each."""
    others = dict.fromkeys(name for row in rows for name in row.parameters if name != "body")
    columns: dict[str, Sequence[object]] = {
        "row": [row.n for row in rows],
        "to": [row.to for row in rows],
        "original": [row.original for row in rows],
        "body": [row.parameters.get("body") for row in rows],
        "segments": [row.segments for row in rows],
        "encoding": [row.encoding for row in rows],
        "blame": [_blamed(row.blame) for row in rows],
        "cost": [row.cost for row in rows],
        "notes": [" ".join(row.notes) or None for row in rows],
    }
    for name in others:
        columns[name] = [_written(row.parameters.get(name)) for row in rows]
    return _frame_of(columns)


def rejected_frame(problems: Sequence[Problem]) -> SafeFrame:
    """Build the frame of the problems, one row each."""
    return _frame_of(
        {
            "row": [each.n for each in problems],
            "column": [each.column for each in problems],
            "value": [each.value for each in problems],
            "kind": [each.kind for each in problems],
            "reason": [each.reason for each in problems],
        }
    )


def _frame_of(columns: Mapping[str, Sequence[object]]) -> SafeFrame:
    """Build a `SafeFrame` with the same dtypes for any number of rows."""
    import pandas as pd

    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.frames.schema import MONEY, TEXT, WHOLE, money

    def typed(name: str, values: Sequence[object]) -> Any:
        match name:
            case "row" | "segments":
                return pd.array(list(values), dtype=WHOLE)
            case "cost":
                return pd.Series(pd.arrays.ArrowExtensionArray(money(values)), dtype=MONEY)
            case "encoding":
                return pd.Categorical(list(values), categories=["GSM-7", "UCS-2"])
            case "kind":
                return pd.Categorical(list(values), categories=list(KINDS))
            case _:
                return pd.array([_storable(value) for value in values], dtype=TEXT)

    frame = SafeFrame({name: typed(name, values) for name, values in columns.items()})
    frame.attrs.update({"rows": len(frame), "complete": True})
    return frame


def _storable(value: object) -> object:
    """Return a text with each half surrogate, which no column can store, as U+FFFD."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _blamed(blame: Sequence[tuple[int, str]]) -> str | None:
    """Return the characters that force UCS-2, each with its position in the body."""
    return ", ".join(f"{readable(char)} at {place}" for place, char in blame) or None


def _written(value: object) -> str | None:
    """Return a parameter as it will be sent, several values on a line each."""
    if isinstance(value, list | tuple):
        return "\n".join(map(str, value))
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _of_frame(frame: pd.DataFrame) -> InputTable:
    names = [str(name) for name in frame.columns]
    check_names(names)
    columns = {name: _values(frame.iloc[:, place]) for place, name in enumerate(names)}
    return InputTable(columns, len(frame))


def _values(column: pd.Series[Any]) -> list[Any]:
    narrow = _narrow_float(column.dtype)
    return [
        None if missing else python_value(narrow(value) if narrow else value)
        for value, missing in zip(
            column.astype(object).tolist(), column.isna().tolist(), strict=True
        )
    ]


def _narrow_float(dtype: Any) -> Any:
    """Return numpy's type of a column of floats with less than 64 bits; None for other columns.

    pandas widens their values to 64 bits, which adds digits: 19.989999771118164 for 19.99.
    """
    own = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
    return own.type if getattr(own, "kind", "") == "f" and own.itemsize < 8 else None


def _of_mappings(rows: list[Any]) -> InputTable:
    for n, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise ConfigurationError(f"Row {n:,} is a {type(row).__name__}. {_WRONG}")
    keys = list(dict.fromkeys(key for row in rows for key in row if key is not None))
    check_names([str(key) for key in keys])
    # csv.DictReader puts surplus cells under the key None.
    damaged = {
        n: (
            f"It has {len(row) - 1 + _count(row[None])} cells, but the header has {len(row) - 1}: "
            "quote text with a comma in it."
        )
        for n, row in enumerate(rows)
        if None in row
    }
    columns = {str(key): [python_value(row.get(key)) for row in rows] for key in keys}
    return InputTable(columns, len(rows), damaged)


def _count(cells: object) -> int:
    return len(cells) if isinstance(cells, list) else 1
