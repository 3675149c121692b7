"""The columns of a table, and the conversion of values to cell texts."""

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
"""Characters of one cell sent to the page. Twilio's longest body has 1,600."""

TONES: dict[str, tuple[str, ...]] = {
    "good": ("delivered", "read", "valid", "ok", "complete"),
    "moving": ("accepted", "scheduled", "queued", "sending", "sent", "receiving", "pending"),
    "warning": ("warning", "unknown", "attempted", "partially_delivered", "abandoned"),
    "problem": ("failed", "undelivered", "rejected", "invalid", "forged", "error"),
}
"""The first word of a status → the colour of its pill; any other word is shown without colour."""

_MISSING_TYPES = ("NAType", "NaTType")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table.

    Args:
        name: The field of a row that it shows.
        title: The text of its header; "(UTC)" is added for times.
        width: Characters; None fits the content, and lets a text column take the remaining width.
        kind: How it is shown, sorted and filtered.
        choice: Whether rows can be filtered by its words. A status column always can, also by the
            error code after a status.
        shown: Whether it is shown until the user chooses the columns.
        late: Whether it comes last in a table too narrow for all its columns.
    """

    name: str
    title: str
    width: int | None = None
    kind: Kind = "text"
    choice: bool = False
    shown: bool = True
    late: bool = False

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
        """The title, with the time zone for times."""
        if self.kind == "time" and "UTC" not in self.title:
            return f"{self.title} (UTC)"
        return self.title


def check_columns(columns: Iterable[TableColumn]) -> tuple[TableColumn, ...]:
    """Return the columns of a table.

    Raises:
        ConfigurationError: There are none, or two have the same name.
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
    """Return the text of a cell: empty for a missing value, times in UTC.

    Raises:
        ConfigurationError: A time has no time zone.
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
    return isinstance(value, float) and value != value  # noqa: PLR0124  # NaN, pandas' missing float


def _utc(moment: datetime, column: TableColumn) -> str:
    if moment.tzinfo is None:
        raise ConfigurationError(
            f"{moment:%Y-%m-%d %H:%M:%S} in column {column.name!r} has no time zone. "
            "Use an aware datetime, such as datetime.now(UTC).",
            field=column.name,
        )
    return moment.astimezone(UTC).isoformat(" ", "seconds")[:19]  # twice as fast as strftime


def _sendable(text: str) -> str:
    """Replace unpaired surrogates, which cannot be encoded as UTF-8."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
