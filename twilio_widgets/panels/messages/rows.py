"""The table of messages: its columns, and a row for each message, identified by its SID."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from twilio_widgets.panels.table.cells import TableColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.message.message import Message
    from twilio_widgets.frames.message_frame import MessageFrame

    Row = dict[str, object]

COLUMNS = (
    TableColumn("sent", "Sent", kind="time", late=True),
    TableColumn("direction", "Direction", width=10, choice=True, late=True),
    TableColumn("from", "From", kind="phone"),
    TableColumn("to", "To", kind="phone"),
    TableColumn("status", "Status", kind="status"),
    TableColumn("body", "Body"),
    TableColumn("error", "Error code", kind="number", shown=False),
    TableColumn("segments", "Segments", kind="number", shown=False),
    TableColumn("price", "Price", kind="number", shown=False),
    TableColumn("sid", "SID", width=35, shown=False),
)

KEY = "sid"
"""The field that identifies a row."""

_FIELDS = (
    "sid",
    "date_sent",
    "direction",
    "from",
    "to",
    "status",
    "error_code",
    "body",
    "num_segments",
    "price",
)

_WAYS = {
    "inbound": "in",
    "outbound-api": "out",
    "outbound-reply": "out reply",
    "outbound-call": "out call",
}
"""Twilio's directions, shortened for the column; the detail shows the full word."""


def rows_of(frame: MessageFrame) -> Iterator[Row]:
    """Return a row for each message of a frame, in its order."""
    moments = {"date_sent": frame["date_sent"].dt.to_pydatetime()}
    columns = [moments.get(name, frame[name]).tolist() for name in _FIELDS]
    return (_row(cells) for cells in zip(*columns, strict=True))


def row_of(message: Message) -> Row:
    """Return the row of one message."""
    return _row(
        (
            message.sid,
            message.date_sent,
            message.direction,
            message.from_,
            message.to,
            message.status,
            message.error_code,
            message.body,
            message.num_segments,
            message.price,
        )
    )


def _row(fields: tuple[object, ...]) -> Row:
    sid, sent, direction, from_, to, status, error_code, body, segments, price = fields
    # A missing value is None in a message but NA in a frame; a code is an int in both.
    code = error_code if isinstance(error_code, int) else None
    return {
        KEY: sid,
        "sent": sent,
        "direction": _WAYS.get(str(direction), direction),
        "from": from_,
        "to": to,
        "status": status if code is None else f"{status} {code}",
        "body": body,
        "error": code,
        "segments": segments if isinstance(segments, int) else None,
        "price": abs(price) if isinstance(price, Decimal) else None,
    }
