"""Build a checked table from rows of cells, and rows of cells from a CSV file.

Every table with a header row is built by `of_cells`: CSV files, `csv.DictReader`, workbooks. A row
with more cells than the header is damaged and is not sent; in a shorter row the missing cells are
empty. A column without a name is ignored if a named column follows it; after the last name, any
value is one cell too many.

The cells of a CSV file are text: ``0791…`` keeps its zero. The delimiter is the most frequent one
in the first line, or the one that Excel's ``sep=;`` line declares. If spaces follow the delimiters
of the first line (``phone, name``), they are not part of any cell. The encoding is UTF-8, or UTF-16
with a byte order mark, and is never guessed: a wrong guess would send wrong characters.
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
    """Why the cells of a row cannot be assigned to columns, by row."""

    notes: Mapping[int, Mapping[str | None, str]] = field(default_factory=dict)
    """Notes on each row, by the column they are about; None is the whole row."""

    formats: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """How a workbook shows a cell that it does not show as its value, by row and column."""

    warnings: tuple[str, ...] = ()
    """Warnings about the whole table."""


def check_names(names: Sequence[str]) -> None:
    """Check that no two columns have the same name.

    Raises:
        ConfigurationError: Two have; the error names them.
    """
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ConfigurationError(f"Two columns have the name {twice[0]!r}. Rename one of them.")


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
        ConfigurationError: It is not UTF-8, or not a CSV file.
    """
    text = content if isinstance(content, str) else _decoded(content, name)
    return of_lines(_reader(text.removeprefix("\ufeff").lstrip("\r\n")), name)


def of_lines(lines: Iterable[Sequence[str | None]], name: str) -> InputTable:
    """Read lines of text cells, as Python's ``csv`` gives them.

    Exports, also our own, put an apostrophe before text that a spreadsheet would run as a formula.
    It is removed, and the row gets a note.

    Raises:
        ConfigurationError: It is not a table of text.
    """
    try:
        rows = [cells for cells in lines if cells]
    except csv.Error as error:
        problem = str(error)
    else:
        return of_cells(rows, name, original=unguarded)
    raise ConfigurationError(f"{name} cannot be read as a CSV file: {problem}.")


def _reader(text: str) -> Iterable[list[str]]:
    """Return the rows of a CSV file, split at its own delimiter."""
    if declared := _NAMES_DELIMITER.match(text):
        delimiter, text = declared[1], text[declared.end() :]
    first = _first_line(text)
    if not declared:
        delimiter = max(",;\t|", key=first.count)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=delimiter != "\t" and f"{delimiter} " in first,
        # Strict: otherwise an unclosed quote would join the next rows into one person's message.
        strict=True,
    )


def _first_line(text: str) -> str:
    """Return the first line without its quoted parts, in which a delimiter is plain text."""
    found = _FIRST_LINE.match(text)
    return _QUOTED.sub("", found[0]) if found else ""


def _decoded(content: bytes, name: str) -> str:
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise ConfigurationError(
            f"{name} is an Excel 97-2003 workbook (.xls), which is not supported. Save it as .xlsx "
            "or as CSV UTF-8."
        )
    utf16 = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start
    raise ConfigurationError(
        f"{name} is not valid UTF-8 (byte {place:,}). Save it as CSV UTF-8, or read it with its "
        "encoding: pandas.read_csv(path, dtype=str, encoding='cp1252')."
    )


def of_cells(
    rows: Sequence[Sequence[Any]], name: str, *, original: Callable[[str], str] | None = None
) -> InputTable:
    """Build a table from rows of cells; the first row is the header.

    Args:
        rows: The cells; empty ones are None or "".
        name: The table's name in errors.
        original: Undoes the escaping of an export; None if the source does not escape.

    Raises:
        ConfigurationError: There is no row, or two columns have one name.
    """
    if not rows:
        raise ConfigurationError(f"{name} is empty: its first row must name the columns.")
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
                    f"An apostrophe that an export had added to {column} was removed."
                )
            cells.append(None if cell is None or cell == "" else restored)
    return InputTable(columns, len(given), _damaged(given, len(names), wide), notes)


def _restored(cell: Any, original: Callable[[str], str] | None) -> Any:
    if original is None or not isinstance(cell, str) or "'" not in cell:
        return cell
    return original(cell)


def _damaged(rows: Sequence[Sequence[Any]], names: int, wide: int) -> dict[int, str]:
    """Return the rows with a cell that has no named column: their texts may be shifted."""
    return {
        n: f"It has {len(cells)} cells, but the header has {wide}: quote text with a comma in it."
        for n, cells in enumerate(rows)
        if len(cells) > names or any(cell not in {None, ""} for cell in cells[wide:])
    }
