"""Rows of cells as a checked table; and a CSV file as rows of cells.

Every table that has a line of names comes through `of_cells`: CSV files, `csv.DictReader`,
workbooks. A row with more cells than there are names is damaged and is not sent; one with fewer has
empty ones. A column without a name is only passed over in front of the last name: behind it, a cell
without a name is one too many.

The cells of a CSV file are text: nothing turns ``0791…`` into a number. The delimiter is the one
the first line contains most of, or names alone, as Excel does (``sep=;``). When blanks follow the
delimiters of the first line (``phone, name``), they are no part of any cell. Bytes are UTF-8, or
UTF-16 with its mark, and never guessed: a wrong guess would send wrong letters.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twilio_widgets.core.formulas import unguarded
from twilio_widgets.errors import ConfigurationError

_FIRST_LINE: Final = re.compile(r'(?:[^"\r\n]|"[^"]*+")*+')
_QUOTED: Final = re.compile(r'"[^"]*+"')
_NAMES_DELIMITER: Final = re.compile(r'"?sep=([,;\t|])"?(?:\r\n|\r|\n)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InputTable:
    """Rows as columns of Python values; None is an empty cell."""

    columns: Mapping[str, Sequence[Any]]
    rows: int
    damaged: Mapping[int, str] = field(default_factory=dict)
    """Rows whose cells cannot be assigned to columns, and why."""

    notes: Mapping[int, Mapping[str | None, str]] = field(default_factory=dict)
    """Sentences about a row, by the column they are about; None is the whole row."""

    warnings: tuple[str, ...] = ()
    """Sentences about the whole table."""


def check_names(names: Sequence[str]) -> None:
    """Refuse two columns of one name.

    Raises:
        ConfigurationError: Naming it.
    """
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ConfigurationError(f"Two columns are called {twice[0]!r}. Rename one of them.")


def content_of(path: str | os.PathLike[str]) -> bytes:
    """Read a file.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        return Path(path).expanduser().read_bytes()
    except (OSError, ValueError) as error:  # a name with a NUL in it is a ValueError
        problem = getattr(error, "strerror", None) or str(error)
    raise ConfigurationError(f"{os.fspath(path)} cannot be read: {problem}.") from None


def of_csv(content: str | bytes, name: str) -> InputTable:
    """Read the text of a CSV file; `name` is what to call it in an error.

    Raises:
        ConfigurationError: It is not UTF-8, or no CSV file.
    """
    text = content if isinstance(content, str) else _decoded(content, name)
    return of_lines(_reader(text.removeprefix("\ufeff").lstrip("\r\n")), name)


def of_lines(lines: Iterable[Sequence[str | None]], name: str) -> InputTable:
    """Read lines of text cells, as Python's ``csv`` gives them.

    An apostrophe that our own exports, and those of others, put in front of what a spreadsheet
    would run as a formula is removed, and the row says so.

    Raises:
        ConfigurationError: It is not a table of text.
    """
    try:
        rows = [cells for cells in lines if cells]
    except csv.Error as error:
        problem = str(error)
    else:
        return of_cells(rows, name, original=unguarded)
    raise ConfigurationError(f"{name} is not a CSV file that can be read: {problem}.")


def _reader(text: str) -> Iterable[list[str]]:
    """Read rows of text."""
    if said := _NAMES_DELIMITER.match(text):
        delimiter, text = said[1], text[said.end() :]
    first = _first_line(text)
    if not said:
        delimiter = max(",;\t|", key=first.count)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=delimiter != "\t" and f"{delimiter} " in first,
        # Strict: after a quote without its partner, the next rows would become one person's text.
        strict=True,
    )


def _first_line(text: str) -> str:
    """Return the first line without what stands in quotes, where delimiters are only characters."""
    found = _FIRST_LINE.match(text)
    return _QUOTED.sub("", found[0]) if found else ""


def _decoded(content: bytes, name: str) -> str:
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise ConfigurationError(
            f"{name} is a workbook of the old kind (.xls), not a CSV file. Save it as .xlsx or as "
            "CSV UTF-8."
        )
    utf16 = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start
    raise ConfigurationError(
        f"{name} is not UTF-8 (byte {place:,}). Save it as CSV UTF-8, or say what it is: "
        "pandas.read_csv(path, dtype=str, encoding='cp1252')."
    )


def of_cells(
    rows: Sequence[Sequence[Any]], name: str, *, original: Callable[[str], str] | None = None
) -> InputTable:
    """Make a table of rows of cells, the first of which names the columns.

    Args:
        rows: The cells; empty ones are None or "".
        name: What to call the table in an error.
        original: Returns the text that an export escaped; None where nothing was.

    Raises:
        ConfigurationError: There is no row, or two columns have one name.
    """
    if not rows:
        raise ConfigurationError(f"{name} is empty: its first line should name the columns.")
    names = ["" if cell is None else _restored(str(cell), original).strip() for cell in rows[0]]
    check_names([cell for cell in names if cell])
    given, wide = rows[1:], max((n for n, cell in enumerate(names, start=1) if cell), default=0)
    columns: dict[str, list[Any]] = {}
    notes: dict[int, dict[str | None, str]] = {}
    for place, column in enumerate(names):
        if not column:
            continue
        columns[column] = cells = []
        for n, row in enumerate(given):
            cell = row[place] if place < len(row) else None
            restored = _restored(cell, original)
            if restored is not cell and restored != cell:
                notes.setdefault(n, {})[column] = (
                    f"{column} lost an apostrophe that an export had put before a formula's sign."
                )
            cells.append(None if cell is None or cell == "" else restored)
    return InputTable(columns, len(given), _damaged(given, len(names), wide), notes)


def _restored(cell: Any, original: Callable[[str], str] | None) -> Any:
    if original is None or not isinstance(cell, str) or "'" not in cell:
        return cell
    return original(cell)


def _damaged(rows: Sequence[Sequence[Any]], names: int, wide: int) -> dict[int, str]:
    """Find the rows with a cell that no column is named for: their texts may be shifted."""
    return {
        n: (f"It has {len(cells)} cells and the first line {wide}: a comma in a text needs quotes.")
        for n, cells in enumerate(rows)
        if len(cells) > names or any(cell not in {None, ""} for cell in cells[wide:])
    }
