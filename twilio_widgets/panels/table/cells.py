"""What stands in a table's columns: their kinds, and any value as the text of a cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal, get_args

from twilio_widgets.errors import ConfigurationError

Kind = Literal["text", "time", "number", "status", "phone"]
"""How a column is shown, sorted and filtered."""

KINDS: tuple[str, ...] = get_args(Kind)

LONGEST_CELL = 4_000
"""Characters of one cell that travel to the page. Twilio's longest body has 1,600."""

TONES: dict[str, tuple[str, ...]] = {
    "good": ("delivered", "read", "valid", "ok", "complete"),
    "moving": ("accepted", "scheduled", "queued", "sending", "sent", "receiving", "pending"),
    "warning": ("unknown", "attempted", "partially_delivered", "abandoned"),
    "problem": ("failed", "undelivered", "rejected", "invalid", "forged", "error"),
}
"""The first word of a status → the colour of its pill; any other word is shown without colour."""

_MISSING_TYPES = ("NAType", "NaTType")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table.

    Args:
        name: The field of a row that stands in it.
        title: What stands at its head. Times are in UTC, and their heads say so.
        width: Characters; None lets the content decide, and a text column take what is left, too.
        kind: How it is shown, sorted and filtered.
        choice: Whether one of its words can be chosen, to see only rows with it. A status column
            always offers its words, and each error code that stands after one.
    """

    name: str
    title: str
    width: int | None = None
    kind: Kind = "text"
    choice: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            known = ", ".join(KINDS)
            raise ConfigurationError(
                f"Column {self.name!r} has the kind {self.kind!r}. It can be: {known}.",
                field="kind",
            )
        if self.width is not None and not 1 <= self.width <= 200:
            raise ConfigurationError(
                f"Column {self.name!r} is {self.width} characters wide. Use 1 to 200, or None.",
                field="width",
            )

    @property
    def heading(self) -> str:
        """The title, with the time zone where there is one to tell."""
        if self.kind == "time" and "UTC" not in self.title:
            return f"{self.title} (UTC)"
        return self.title


def check_columns(columns: Iterable[TableColumn]) -> tuple[TableColumn, ...]:
    """Return the columns of a table.

    Raises:
        ConfigurationError: When there are none, or two share a name.
    """
    columns = tuple(columns)
    names = [column.name for column in columns]
    if not columns:
        raise ConfigurationError("A table needs at least one column.", field="columns")
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"Two columns are named {name!r}. Use different names.", field="columns"
            )
    return columns


def cell_text(value: object, column: TableColumn) -> str:
    """Return what a cell says: text for any value, empty for a missing one, times in UTC.

    Raises:
        ConfigurationError: When a time has no time zone, for then nobody knows when it was.
    """
    text = value if isinstance(value, str) else _text_of(value, column)
    if len(text) > LONGEST_CELL:
        text = f"{text[:LONGEST_CELL]}… ({len(text):,} characters)"
    return text if text.isascii() else _sendable(text)


def _text_of(value: object, column: TableColumn) -> str:
    if _is_missing(value):
        return ""
    if isinstance(value, datetime):
        return _utc(value, column)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _is_missing(value: object) -> bool:
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    return isinstance(value, float) and value != value  # noqa: PLR0124  # NaN, as pandas writes it


def _utc(moment: datetime, column: TableColumn) -> str:
    if moment.tzinfo is None:
        raise ConfigurationError(
            f"{moment:%Y-%m-%d %H:%M:%S} in column {column.name!r} has no time zone. "
            "Use an aware datetime, such as datetime.now(UTC).",
            field=column.name,
        )
    return moment.astimezone(UTC).isoformat(" ", "seconds")[:19]  # twice as fast as strftime


def _sendable(text: str) -> str:
    """Return the text with halves of surrogate pairs replaced: they cannot be sent as UTF-8."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
