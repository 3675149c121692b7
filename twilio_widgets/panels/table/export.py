"""The rows that a page shows, as an Excel or Parquet file."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twilio_widgets.panels.table.cells import cell_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from twilio_widgets.panels.table.cells import TableColumn
    from twilio_widgets.panels.table.rows import RowEntry

FORMATS: Final = ("xlsx", "parquet")


def exported(
    entries: Sequence[RowEntry], columns: Iterable[TableColumn], file_format: str, zone: str
) -> bytes:
    """Return a file of these rows and columns, in this order, with typed numbers and times.

    Args:
        entries: The rows.
        columns: The columns.
        file_format: One of `FORMATS`.
        zone: The time zone of times, which their headings name; UTC if it is not known here.

    Raises:
        ConfigurationError: A package that writes such files is not installed.
    """
    from twilio_widgets.frames.safe_frame import SafeFrame

    where, name = _zone(zone)
    # Excel has no time zones: it gets the local time as it is shown.
    bare = file_format == "xlsx"
    cells = {
        _heading(column, name): [_value(entry, column, where, bare=bare) for entry in entries]
        for column in columns
    }
    file = io.BytesIO()
    frame = SafeFrame(cells)
    if bare:
        frame.to_excel(file, sheet_name="rows")
    else:
        frame.to_parquet(file)
    return file.getvalue()


def _heading(column: TableColumn, zone: str) -> str:
    return column.heading.replace("(UTC)", f"({zone})") if column.kind == "time" else column.heading


def _value(entry: RowEntry, column: TableColumn, zone: tzinfo, *, bare: bool) -> object:
    value = entry.row.get(column.name)
    if column.kind == "time" and isinstance(value, datetime) and value.tzinfo is not None:
        local = value.astimezone(zone).replace(microsecond=0)
        return local.replace(tzinfo=None) if bare else local
    if isinstance(value, int | float | Decimal) and column.kind == "number":
        return float(value) if isinstance(value, Decimal) else value
    return cell_text(value, column) or None


def _zone(name: str) -> tuple[tzinfo, str]:
    if name == "UTC":
        return UTC, name
    try:
        return ZoneInfo(name), name
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the name comes from a page
        return UTC, "UTC"
