"""Write frames as CSV files without spreadsheet formulas; `readers` reads them back unchanged."""

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
    """A written file: its path, its rows, and whether it is the complete log."""

    path: str
    rows: int
    complete: bool | None
    """Whether the file contains everything the log had for the filters; None if not known."""

    note: str = ""
    """A sentence, if the log has more messages than were read."""

    def __repr__(self) -> str:
        whole = {True: "complete", False: "not the complete log", None: ""}[self.complete]
        notes = "; ".join(part for part in (whole, self.note) if part)
        return f"{self.rows:,} rows written to {self.path}" + (f" ({notes})" if notes else "")


def written(frame: pd.DataFrame, path: object) -> Written:
    """Describe a file that contains all rows of `frame`."""
    complete = frame.attrs.get("complete")
    has_all = getattr(frame, "_has_every_row", lambda: frame.attrs.get("rows") == len(frame))
    if complete and not has_all():
        complete = False  # rows were dropped in place, which pandas does without __finalize__
    return Written(str(path), len(frame), complete, str(frame.attrs.get("cut_off", "")))


def make_private(path: object) -> None:
    """Create a file that only its owner may read, if `path` is the name of a new local file."""
    if isinstance(path, str | PathLike) and "://" not in (name := fspath(path)):
        with suppress(FileExistsError):
            Path(name).touch(mode=0o600, exist_ok=False)


def write_csv(frame: pd.DataFrame, path: Any = None, **options: Any) -> str | Written:
    """Write a frame as CSV, with every text guarded: see `twilio_widgets.core.formulas`.

    Args:
        frame: Any frame; all its texts are guarded, in cells, column names and index.
        path: The file; None returns the CSV as text.
        options: Those of `pandas.DataFrame.to_csv`. By default the index is written if it has a
            name or is not of whole numbers. ``encoding="utf-8-sig"`` lets Excel recognize UTF-8.

    Returns:
        A description of the file, or the text.
    """
    index = index_means_something(frame)
    make_private(path)
    # With CRLF, Python's writer also quotes a text that contains a lone CR.
    defaults: dict[str, Any] = {"index": index, "lineterminator": "\r\n"}
    text: Any = each_text(frame, guarded).to_csv(path, **defaults | options)
    return written(frame, path) if path is not None else str(text)


def index_means_something(frame: pd.DataFrame) -> bool:
    """Return whether an index is more than row numbers: it has a name, or is not of integers."""
    return any(frame.index.names) or not is_integer_dtype(frame.index)


def each_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Return a copy with a function applied to every text: cells, column names and index."""

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
