"""Sources of rows: DataFrames of the notebook, chosen files, or the panel's argument."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.table import is_frame, read_table
from twilio_widgets.panels.bulk.table_file import OpenedFile, opened

GIVEN: Final = "the table given"
MOST_FRAMES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows, and the name that code uses for them."""

    name: str
    """The variable, the file's name, or `GIVEN`."""
    kind: str
    """``"frame"``, ``"csv"``, ``"excel"`` or ``"given"``."""
    rows: Any = field(repr=False, compare=False)
    """A value that ``tw.plan`` accepts; None before a file was read."""
    file: OpenedFile | None = None
    """The chosen file, and how it is read."""

    def table(self) -> InputTable:
        """Read the rows as a plan would.

        Raises:
            ConfigurationError: The table cannot be read.
        """
        if self.file is not None and self.rows is None:
            return self.file.table()
        return read_table(self.rows, self.name)


def frames_here() -> dict[str, Any]:
    """Return the notebook's DataFrames by variable name; empty outside IPython."""
    if "IPython" not in sys.modules:
        return {}
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return {}
    named = dict(getattr(shell, "user_ns", {}))
    found = {
        name: value
        for name, value in named.items()
        if not name.startswith("_") and not isinstance(value, type) and is_frame(value)
    }
    return dict(sorted(found.items())[:MOST_FRAMES])


def frame_source(name: str) -> Source | None:
    """Return the DataFrame that this variable refers to now, or None."""
    frame = frames_here().get(name)
    return None if frame is None else Source(name=name, kind="frame", rows=frame)


def file_source(name: str, content: bytes) -> Source:
    """Return a chosen file: a CSV file, or the first sheet of an Excel workbook.

    Raises:
        ConfigurationError: It is a workbook that cannot be read.
    """
    return source_of_file(opened(name, content))


def source_of_file(file: OpenedFile) -> Source:
    """Return a chosen file as a source; its rows are not read yet."""
    kind = "excel" if file.is_workbook else "csv"
    return Source(name=file.name, kind=kind, rows=None, file=file)


def given_source(rows: Any) -> Source:
    """Return the panel's argument as a source; a DataFrame is named after its variable."""
    if is_frame(rows):
        names = [name for name, frame in frames_here().items() if frame is rows]
        if names:
            return Source(name=names[0], kind="frame", rows=rows)
    return Source(name=GIVEN, kind="given", rows=rows)


def cells_of(table: InputTable, n: int) -> Mapping[str, Any]:
    """Return one row as a mapping from column to cell."""
    return {name: values[n] for name, values in table.columns.items()}
