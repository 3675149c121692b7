"""A Twilio list as table rows: from a DataFrame, or from one page of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.flows.paging import list_name
from twilio_widgets.panels.table.cells import TableColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.panels.table.cells import Kind

Row = dict[str, object]

MOST_COLUMNS = 40

_PHONES = frozenset({"to", "from", "phone_number", "caller_id"})
_NUMBERS = frozenset(
    {"price", "base_price", "current_price", "count", "usage", "num_segments", "num_media"}
    | {"duration", "size"}
)
"""Columns that Twilio writes as text and that sort by value. Other digits may be identifiers."""
_FIRST = (
    "date_sent", "start_time", "start_date", "end_date", "category", "direction", "from", "to",
    "phone_number", "friendly_name", "status", "body", "count", "usage", "price",
)  # fmt: skip
"""Columns shown first, in this order."""
_LAST = (
    "account_sid", "messaging_service_sid", "api_version", "uri", "url", "subresource_uris",
    "links",
)  # fmt: skip
"""Columns shown last."""


def is_frame(value: object) -> bool:
    """Return whether a value is a DataFrame, without importing pandas."""
    return hasattr(value, "columns") and hasattr(value, "to_dict")


def table_of(value: object) -> list[Mapping[str, Any]] | None:
    """Return the rows of one page of a Twilio list; None for any other value."""
    if not isinstance(value, Mapping):
        return None
    rows = value.get(list_name(value) or "")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return None
    return rows


def columns_of(names: Iterable[str], kinds: Mapping[str, Kind]) -> list[TableColumn]:
    """Return the columns of a table, the most useful first."""
    names = list(dict.fromkeys(names))
    first = [name for name in _FIRST if name in names]
    last = [name for name in _LAST if name in names]
    order = first + [name for name in names if name not in {*first, *last}] + last
    return [TableColumn(name, name, kind=_kind(name, kinds)) for name in order[:MOST_COLUMNS]]


def frame_table(frame: Any, hides: Callable[[str], bool]) -> tuple[list[TableColumn], list[Row]]:
    """Return the columns and rows of a DataFrame."""
    kinds = {str(name): _kind_of_dtype(str(dtype)) for name, dtype in frame.dtypes.items()}
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return columns_of(kinds, kinds), [_shown(row, hides) for row in rows]


def page_table(
    page: Sequence[Mapping[str, Any]], hides: Callable[[str], bool]
) -> tuple[list[TableColumn], list[Row]]:
    """Return the columns and rows of one page of a list, with times and numbers parsed.

    A column is a time or number column when every value in it is one; the others stay text.
    """
    names = list(dict.fromkeys(str(name) for row in page for name in row))
    rows = [{str(name): value for name, value in row.items()} for row in page]
    kinds: dict[str, Kind] = {}
    for name in names:
        values = [row[name] for row in rows if row.get(name) is not None]
        if name.startswith("date_") and (times := _times(values)):
            kinds[name] = "time"
            for row in rows:
                row[name] = times.get(row.get(name))
        elif values and all(map(_is_number if name in _NUMBERS else _is_json_number, values)):
            kinds[name] = "number"
    return columns_of(names, kinds), [_shown(row, hides) for row in rows]


def _times(values: Sequence[object]) -> dict[object, datetime]:
    """Return each text as a time; empty unless all of them are times with a zone.

    API 2010-04-01 writes times as in RFC 2822, the newer APIs as in ISO 8601.
    """
    try:
        times: dict[object, datetime] = {
            text: datetime.fromisoformat(text)
            if text[:1].isdigit()
            else parsedate_to_datetime(text)
            for text in values
            if isinstance(text, str)
        }
    except ValueError:
        return {}
    aware = all(time.tzinfo is not None for time in times.values())
    return times if aware and len(values) == sum(isinstance(one, str) for one in values) else {}


def _is_json_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    is_decimal_text = isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return is_decimal_text or _is_json_number(value)


def _kind(name: str, kinds: Mapping[str, Kind]) -> Kind:
    if name in _PHONES:
        return "phone"
    return "status" if name == "status" else kinds.get(name, "text")


def _kind_of_dtype(dtype: str) -> Kind:
    if "datetime64" in dtype and "UTC" in dtype:
        return "time"
    numbers = ("int", "float", "decimal", "double")
    return "number" if dtype.lower().startswith(numbers) else "text"


def _shown(row: Mapping[str, Any], hides: Callable[[str], bool]) -> Row:
    return {
        str(name): "••••••••" if hides(str(name)) and value is not None else _cell(value)
        for name, value in row.items()
    }


def _cell(value: object) -> object:
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime) and value.tzinfo is None:
        return None if value != value else value.date()  # noqa: PLR0124  # NaT is not equal to itself
    return value
