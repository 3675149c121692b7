"""Message frames as CSV files that no spreadsheet runs; `readers` reads them back unchanged."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_integer_dtype

from twilio_widgets.core.formulas import guarded
from twilio_widgets.frames.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Written:
    """What was written where, and whether it is everything."""

    path: str
    rows: int
    complete: bool | None
    """Whether the file holds all that the log had for the filters. None: the frame does not say."""

    note: str = ""
    """When the log holds more than was read, a sentence that says so."""

    def __repr__(self) -> str:
        whole = {True: "complete", False: "not the whole log", None: ""}[self.complete]
        said = "; ".join(part for part in (whole, self.note) if part)
        return f"{self.rows:,} rows written to {self.path}" + (f" ({said})" if said else "")


def written(frame: pd.DataFrame, path: object) -> Written:
    """Describe a file that holds all of `frame`."""
    complete = frame.attrs.get("complete")
    has_all = getattr(frame, "_has_every_row", lambda: frame.attrs.get("rows") == len(frame))
    if complete and not has_all():
        complete = False  # rows were dropped in place, where pandas asks nobody
    return Written(str(path), len(frame), complete, str(frame.attrs.get("cut_off", "")))


def make_private(path: object) -> None:
    """Create a file that only its owner may read, if `path` names one that is not there yet."""
    if isinstance(path, str | PathLike) and "://" not in (name := fspath(path)):
        with suppress(FileExistsError):
            Path(name).touch(mode=0o600, exist_ok=False)


def write_csv(frame: pd.DataFrame, path: Any = None, **options: Any) -> str | Written:
    """Write a frame as CSV, with every text guarded: see `twilio_widgets.core.formulas`.

    Args:
        frame: Any frame; all its texts are guarded, in cells, column names and index.
        path: Where to; None returns the CSV as text.
        options: Those of `pandas.DataFrame.to_csv`. ``index`` is written by default when it means
            something: when it has a name, or is not of whole numbers. ``encoding="utf-8-sig"``
            helps Excel to see that the file is UTF-8.

    Returns:
        What was written where, or the text.
    """
    index = index_means_something(frame)
    make_private(path)
    # With CRLF, Python's writer also quotes a text that holds a lone CR.
    defaults: dict[str, Any] = {"index": index, "lineterminator": "\r\n"}
    text: Any = each_text(frame, guarded).to_csv(path, **defaults | options)
    return written(frame, path) if path is not None else str(text)


def index_means_something(frame: pd.DataFrame) -> bool:
    """Return whether an index is more than row numbers: it has a name, or labels."""
    return any(frame.index.names) or not is_integer_dtype(frame.index)


def each_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Return the frame with every text in it changed: in cells, and in the names of both axes."""

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, tuple):
            return tuple(changed(part) for part in value)
        return value if pd.api.types.is_scalar(value) else change(str(value))

    made = pd.DataFrame(frame, copy=True)
    made.columns = _named_anew(made.columns, changed)
    if isinstance(made.index, pd.MultiIndex) or _may_hold_text(made.index):
        made.index = _named_anew(made.index, changed)
    else:
        made.index.names = [changed(name) for name in made.index.names]
    for place in range(len(made.columns)):
        column = made.iloc[:, place]
        if _may_hold_text(column):
            values = [changed(value) for value in column.tolist()]
            kind = TEXT if isinstance(column.dtype, pd.StringDtype) else object
            made.isetitem(place, pd.Series(values, dtype=kind).array)
    return made


def _named_anew(axis: pd.Index, changed: Callable[[Any], Any]) -> pd.Index:
    names = [changed(name) for name in axis.names]
    return axis.map(changed).set_names(names)


def _may_hold_text(values: pd.Series | pd.Index) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _may_hold_text(values.dtype.categories)
    return bool(values.dtype == object) or isinstance(values.dtype, pd.StringDtype)
