"""A CSV file as columns of text: nothing turns ``0791…`` into a number here.

What parts the cells is what the first line holds most of, or what it names alone, as Excel does
(``sep=;``). A row with too many cells is damaged, and
says so; one with too few has empty ones. Bytes are UTF-8, or UTF-16 with its mark, and never
guessed: a wrong guess would send wrong letters.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twilio_widgets.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class InputTable:
    """Rows as columns of Python values; None is an empty cell."""

    columns: Mapping[str, Sequence[Any]]
    rows: int
    damaged: Mapping[int, str] = field(default_factory=dict)
    """Rows whose cells cannot be told apart, and why."""


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
    delimiter, text = _parted(text.removeprefix("\ufeff"))
    # Strict: a quote without its partner would put the next people's rows into one person's text.
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [cells for cells in lines if cells]
    except csv.Error as error:
        problem = str(error)
    else:
        return _of_cells(rows, name)
    raise ConfigurationError(f"{name} is not a CSV file that can be read: {problem}.")


def _decoded(content: bytes, name: str) -> str:
    if content[:4] == b"PK\x03\x04":
        raise ConfigurationError(
            f"{name} is a workbook, not a CSV file. Save it as CSV UTF-8, or give "
            "pandas.read_excel(path, dtype=str)."
        )
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


def _parted(text: str) -> tuple[str, str]:
    """Return how the cells are parted, and the text without a first line that only says so."""
    said = re.match(r'"?sep=([,;\t|])"?\r?\n', text, re.IGNORECASE)
    return (said[1], text[said.end() :]) if said else (_delimiter(text), text)


def _delimiter(text: str) -> str:
    """Return how the cells are parted: by what the first line holds most of, outside quotes."""
    outside = "".join(text.split("\n", 1)[0].split('"')[::2])
    return max(",;\t|", key=outside.count)


def _of_cells(rows: list[list[str]], name: str) -> InputTable:
    if not rows:
        raise ConfigurationError(f"{name} is empty: its first line should name the columns.")
    names, given = [cell.strip() for cell in rows[0]], rows[1:]
    check_names([cell for cell in names if cell])
    wide = len(names)
    damaged = {
        n: f"It has {len(cells)} cells and the first line {wide}: a comma in a text needs quotes."
        for n, cells in enumerate(given)
        if len(cells) > wide
    }
    columns = {
        column: [cells[place] or None if place < len(cells) else None for cells in given]
        for place, column in enumerate(names)
        if column
    }
    return InputTable(columns, len(given), damaged)
