"""A chosen file, and how it is read: the sheet of a workbook, the encoding of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from twilio_widgets.bulk.planning.csv_table import of_csv
from twilio_widgets.bulk.planning.table import of_workbook
from twilio_widgets.core.printable import one_line
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.workbook import sheet_names

if TYPE_CHECKING:
    from twilio_widgets.bulk.planning.csv_table import InputTable

ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "mac_roman": "Mac Roman",
}
"""The encodings to choose from, by the name that Python uses."""

PREVIEWED: Final = 3
"""Rows of the preview."""

_MOST_COLUMNS: Final = 8
_LONGEST_CELL: Final = 60
_LOOKED_AT: Final = 200_000
"""Bytes that the guess looks at."""
_PUNCTUATION: Final = "’–—…"
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ZIP: Final = b"PK\x03\x04"
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A chosen file, and how it is read."""

    name: str
    content: bytes = field(repr=False, compare=False)
    sheets: tuple[str, ...] = ()
    """The sheets of a workbook; the first is read by default."""
    sheet: str = ""
    encoding: str = "utf-8"
    guessed: str = ""
    """The encoding that was guessed for a file that is not UTF-8; empty for other files."""

    @property
    def asks(self) -> bool:
        """Whether there is more than one way to read it."""
        return bool(self.guessed) or len(self.sheets) > 1

    @property
    def is_workbook(self) -> bool:
        """Whether it is an Excel workbook."""
        return bool(self.sheets)

    @property
    def codec(self) -> str:
        """The encoding as Python's name for it; UTF-16 without a mark has a byte order."""
        if self.encoding != "utf-16" or self.content[:2] in _MARKS:
            return self.encoding
        # The first byte of a Latin letter is zero in big-endian order.
        high, low = self.content[:_LOOKED_AT:2], self.content[1:_LOOKED_AT:2]
        return "utf-16-be" if high.count(0) > low.count(0) else "utf-16-le"

    def table(self) -> InputTable:
        """Read the file as chosen.

        Raises:
            ConfigurationError: It cannot be read so.
        """
        if self.is_workbook:
            chosen = None if self.sheet == self.sheets[0] else self.sheet
            return of_workbook(self.content, self.name, chosen)
        if not self.guessed:
            return of_csv(self.content, self.name)
        try:
            return of_csv(self.content.decode(self.codec), self.name)
        except UnicodeError as error:
            place = getattr(error, "start", 0)
        raise ConfigurationError(
            f"{self.name} is not {ENCODINGS[self.encoding]} (byte {place:,}). "
            "Choose another encoding."
        )


def opened(name: str, content: bytes) -> OpenedFile:
    """Return a file with its sheets, or with a guess of its encoding if it is not UTF-8.

    Raises:
        ConfigurationError: It is a workbook that cannot be read.
    """
    if content.startswith(_ZIP):
        sheets = sheet_names(content, name)
        return OpenedFile(name=name, content=content, sheets=sheets, sheet=sheets[0])
    guessed = "" if _is_utf8(content) or content.startswith(_OLD_WORKBOOK) else _guess(content)
    return OpenedFile(name=name, content=content, encoding=guessed or "utf-8", guessed=guessed)


def first_rows(table: InputTable) -> list[list[str]]:
    """Return the number and the cells of the first rows for a preview.

    They are the first rows with a character that depends on the encoding, if there are any.
    """
    telling = (n for n in range(table.rows) if not "".join(_cells(table, n)).isascii())
    chosen = list(islice(telling, PREVIEWED)) or range(min(PREVIEWED, table.rows))
    return [[f"{n:,}", *map(shown_cell, _cells(table, n))] for n in chosen]


def shown_cell(text: str) -> str:
    """Return text from a file as it is previewed."""
    return one_line(text[:_LONGEST_CELL])


def _cells(table: InputTable, n: int) -> list[str]:
    row = (cells[n] for cells in list(table.columns.values())[:_MOST_COLUMNS])
    return ["" if cell is None else str(cell) for cell in row]


def _is_utf8(content: bytes) -> bool:
    """Return whether the bytes are UTF-8: text in another encoding hardly ever is by chance."""
    if _has_many_nulls(content):  # ASCII in UTF-16 is valid UTF-8 too
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_many_nulls(content: bytes) -> bool:
    start = content[:_LOOKED_AT]
    return start.count(0) > len(start) // 5


def _guess(content: bytes) -> str:
    start = content[:_LOOKED_AT]
    if start[:2] in _MARKS or _has_many_nulls(content):
        return "utf-16"
    try:
        windows = start.decode("cp1252")
    except UnicodeDecodeError:  # it has a byte that Windows-1252 does not use
        return "mac_roman"
    return "mac_roman" if _oddities(start.decode("mac_roman")) < _oddities(windows) else "cp1252"


def _oddities(text: str) -> int:
    """Return how many lower-case letters are followed by what seldom follows one, as in CafÈ."""
    return sum(
        before.islower() and after > "\x7f" and (after.isupper() or _is_sign(after))
        for before, after in pairwise(text)
    )


def _is_sign(char: str) -> bool:
    return not char.isalpha() and char not in _PUNCTUATION
