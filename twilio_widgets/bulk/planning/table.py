"""What a plan is made from, as plain columns of Python values; and its frames, on the way out.

A CSV file is read as text. A frame's missing values become None, and a column of whole numbers that
pandas had to keep as floats, because one was missing, becomes whole numbers again: ``3``, not
``3.0``. A column with one true fraction stays as it is.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast

from twilio_widgets.bulk.planning.csv_table import InputTable, check_names, content_of, of_csv
from twilio_widgets.bulk.planning.problems import KINDS
from twilio_widgets.core.printable import readable
from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

    from twilio_widgets.bulk.planning.planned import PlannedRow
    from twilio_widgets.bulk.planning.problems import Problem
    from twilio_widgets.frames.safe_frame import SafeFrame

_EXACT: Final = 2**53
_WRONG: Final = "Give a DataFrame, a list of mappings, or a CSV file: its path, bytes or text."


def read_table(source: object) -> InputTable:
    """Read whatever a person has their rows in.

    Args:
        source: A DataFrame; a list of mappings; or a CSV file: its path, bytes, text with line
            breaks in it, or an open file.

    Raises:
        ConfigurationError: It is none of these, or cannot be read.
    """
    if isinstance(source, Mapping) or source is None:
        raise ConfigurationError(f"{type(source).__name__} is no table. {_WRONG}")
    if is_frame(source):
        return _of_frame(source)
    if isinstance(source, os.PathLike) or (
        isinstance(source, str) and not set("\r\n") & set(source)
    ):
        return of_csv(content_of(source), os.fspath(source))
    if isinstance(source, str | bytes | bytearray | memoryview):
        return of_csv(source if isinstance(source, str) else bytes(source), "The CSV given")
    if callable(getattr(source, "read", None)):
        name = str(getattr(source, "name", "The CSV given"))
        return of_csv(_read(source, name), name)
    if isinstance(source, Iterable):
        return _of_mappings(list(source))
    raise ConfigurationError(f"{type(source).__name__} is no table. {_WRONG}")


def _read(file: Any, name: str) -> str | bytes:
    try:
        content = file.read()
    except (OSError, ValueError) as error:  # closed, or not in the encoding it was opened with
        problem = str(error)
    else:
        if isinstance(content, str | bytes):
            return content
        problem = f"it holds {type(content).__name__}, neither text nor bytes"
    raise ConfigurationError(f"{name} cannot be read: {problem}.")


def is_frame(source: object) -> TypeGuard[pd.DataFrame]:
    """Say whether this is a DataFrame."""
    return hasattr(source, "columns") and hasattr(source, "iloc")


def ready_frame(rows: Sequence[PlannedRow]) -> SafeFrame:
    """Build the frame of what is ready: one line a message."""
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
    """Build the frame of what is not: one line a problem."""
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
    """Build a typed frame, the same for no row and for many, that is safe to look at."""
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
                return pd.array(list(values), dtype=TEXT)

    frame = SafeFrame({name: typed(name, values) for name, values in columns.items()})
    frame.attrs.update({"rows": len(frame), "complete": True})
    return frame


def _blamed(blame: Sequence[tuple[int, str]]) -> str | None:
    """Name the characters that force UCS-2, each with its place in the body."""
    return ", ".join(f"{readable(char)} at {place}" for place, char in blame) or None


def _written(value: object) -> str | None:
    """Write a parameter as it will be sent, several values a line each."""
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
    missing = column.isna()
    if column.dtype.kind == "f" and not missing.all():
        given = column[~missing]
        if ((given % 1 == 0) & (given.abs() < _EXACT)).all():
            column = column.astype(object)
            column[~missing] = [int(value) for value in given.tolist()]
    values = column.astype(object).where(~missing, None).tolist()
    return [_python(value) for value in values] if column.dtype == object else values


def _of_mappings(rows: list[object]) -> InputTable:
    for n, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise ConfigurationError(f"Row {n:,} is a {type(row).__name__}. {_WRONG}")
    given = cast("list[Mapping[object, object]]", rows)
    keys = list(dict.fromkeys(key for row in given for key in row))
    check_names([str(key) for key in keys])
    return InputTable(
        {str(key): [_python(row.get(key)) for row in given] for key in keys}, len(given)
    )


def _python(value: object) -> object:
    """Return a scalar of numpy or pandas as Python's own; None for a missing one."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()  # type: ignore[attr-defined]
    if isinstance(value, float | Decimal) and math.isnan(value):
        return None
    return None if type(value).__name__ in {"NAType", "NaTType"} else value
