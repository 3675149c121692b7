"""The table of messages: its columns, and a row for each message, identified by its SID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.table.cells import TableColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.message.message import Message
    from twilio_widgets.frames.message_frame import MessageFrame

    Row = dict[str, object]

COLUMNS = (
    TableColumn("sent", "Sent", kind="time"),
    TableColumn("direction", "Direction", width=10, choice=True),
    TableColumn("from", "From", kind="phone"),
    TableColumn("to", "To", kind="phone"),
    TableColumn("status", "Status", kind="status"),
    TableColumn("body", "Body"),
)

KEY = "sid"
"""The field that identifies a row."""

_WAYS = {
    "inbound": "in",
    "outbound-api": "out",
    "outbound-reply": "out reply",
    "outbound-call": "out call",
}
"""Twilio's directions, shortened for the column; the detail shows the full word."""


def rows_of(frame: MessageFrame) -> Iterator[Row]:
    """Return a row for each message of a frame, in its order."""
    fields = ("sid", "date_sent", "direction", "from", "to", "status", "error_code", "body")
    # Of the array: that of `Series.dt` warns in pandas 2.2.
    moments = {"date_sent": frame["date_sent"].array.to_pydatetime()}
    columns = [moments.get(name, frame[name]).tolist() for name in fields]
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
        )
    )


def _row(fields: tuple[object, ...]) -> Row:
    sid, sent, direction, from_, to, status, error_code, body = fields
    # A missing code is None in a message but NA in a frame; a code is an int in both.
    failed = isinstance(error_code, int)
    return {
        KEY: sid,
        "sent": sent,
        "direction": _WAYS.get(str(direction), direction),
        "from": from_,
        "to": to,
        "status": f"{status} {error_code}" if failed else status,
        "body": body,
    }
