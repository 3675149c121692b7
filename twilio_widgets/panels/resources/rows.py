"""The tables of the account panel: the columns of each section, and a row for each resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from twilio_widgets.panels.table.cells import TableColumn
from twilio_widgets.panels.table.table import HEIGHT
from twilio_widgets.signature.location import public

if TYPE_CHECKING:
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.panels.resources.state import Section

    Row = dict[str, object]

KEY = "key"
"""The field that identifies a row."""

COLUMNS: dict[Section, tuple[TableColumn, ...]] = {
    "numbers": (
        TableColumn("phone_number", "Number", kind="phone"),
        TableColumn("friendly_name", "Name"),
        TableColumn("capabilities", "Can do", width=15),
        TableColumn("sms_url", "Webhook for messages"),
        TableColumn("voice_url", "Webhook for calls", shown=False),
        TableColumn("status_callback", "Webhook for call statuses", shown=False),
        TableColumn("type", "Type", choice=True, shown=False),
        TableColumn("sid", "SID", width=35, shown=False),
    ),
    "services": (
        TableColumn("friendly_name", "Name"),
        TableColumn("senders", "Senders", kind="number"),
        TableColumn("sender_list", "Which"),
        TableColumn("inbound", "Webhook for messages"),
        TableColumn("status_callback", "Webhook for statuses", shown=False),
        TableColumn("usecase", "Use case", shown=False),
        TableColumn("sid", "SID", width=35, shown=False),
    ),
    "usage": (
        TableColumn("start", "From (UTC)", width=11),
        TableColumn("end", "To (UTC)", width=11, late=True),
        TableColumn("category", "Category", choice=True),
        TableColumn("description", "Description", shown=False),
        TableColumn("count", "Count", kind="number"),
        TableColumn("count_unit", "Unit", width=12, late=True),
        TableColumn("usage", "Usage", kind="number", shown=False),
        TableColumn("usage_unit", "Usage unit", shown=False),
        TableColumn("price", "Cost", kind="number"),
        TableColumn("price_unit", "Currency", width=8),
    ),
    "alerts": (
        TableColumn("date_generated", "When", kind="time"),
        TableColumn("log_level", "Level", kind="status"),
        TableColumn("error_code", "Code", kind="number"),
        TableColumn("meaning", "What happened"),
        TableColumn("request_url", "URL"),
        TableColumn("rejection_reason", "Your listener", shown=False),
        TableColumn("alert_text", "Twilio's text", shown=False),
        TableColumn("sid", "SID", width=35, shown=False),
    ),
}

ORDERS: dict[Section, str] = {
    "numbers": "as Twilio lists them",
    "services": "as Twilio lists them",
    "usage": "as Twilio lists them",
    "alerts": "newest first",
}

HEIGHTS: dict[Section, int] = {"numbers": 208, "services": 208, "usage": HEIGHT, "alerts": 208}
"""Height in pixels: the header and seven rows, or eleven."""

_LOGIN = re.compile(r"(?<=://)[^/@\s]*@|(?<=%3A%2F%2F)(?:(?!%2F|%40)[^&\s])*%40", re.IGNORECASE)
"""The user name and password of a URL in a text, also of an encoded one."""

_CAPABILITIES = (("sms", "SMS"), ("mms", "MMS"), ("voice", "voice"), ("fax", "fax"))
_SENDERS = ("phone_numbers", "short_codes", "alpha_senders", "channel_senders")


def rows_of(section: Section, frame: SafeFrame) -> list[Row]:
    """Return a row for each resource of a frame, with every field for the details."""
    records = frame.to_dict("records")
    return [_row(section, index, record) for index, record in enumerate(records)]


def _row(section: Section, index: int, record: Mapping[Any, Any]) -> Row:
    row: Row = {str(name): _plain(str(name), value) for name, value in record.items()}
    row[KEY] = row.get("sid") or str(index)
    if section == "numbers":
        row["capabilities"] = ", ".join(word for name, word in _CAPABILITIES if row[name] is True)
    elif section == "services":
        row["sender_list"] = ", ".join(str(row[name]) for name in _SENDERS if row[name])
        follows = row["use_inbound_webhook_on_number"] is True
        row["inbound"] = "the number's own" if follows else row["inbound_request_url"]
    elif section == "usage":
        row |= {"start": _day(record["start_date"]), "end": _day(record["end_date"])}
        row["price_unit"] = str(row["price_unit"] or "").upper()
    return row


def _plain(name: str, value: Any) -> object:
    """Return a value of a frame: None for a missing one, and URLs without name and password."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(value, str):
        return public(value) if name.endswith(("url", "callback")) else _LOGIN.sub("", value)
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def _day(value: object) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else ""
