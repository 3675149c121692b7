"""The messages with one contact as a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twilio_widgets.core.message.message import Message
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.unsaved import Unsaved
from twilio_widgets.panels.table.cells import TONES
from twilio_widgets.panels.table.message_text import body_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

_TONES = {word: tone for tone, words in TONES.items() for word in words}
_MISSING = ("NAType", "NaTType")
_FIELDS = (
    "sid", "status", "direction", "account_sid", "messaging_service_sid", "to", "body",
    "num_segments", "num_media", "price", "price_unit", "error_code", "error_message",
    "date_created", "date_updated", "date_sent",
)  # fmt: skip


class Conversation(Unsaved):
    """The messages with one contact as a chat."""

    _esm = asset(__file__, "chat.js")
    _css = asset(__file__, "chat.css")

    def show(
        self, messages: Sequence[Message], *, total: int, current: str, zone: tzinfo, tz: str
    ) -> None:
        """Show a conversation.

        Args:
            messages: The newest messages, oldest first.
            total: All messages of the conversation.
            current: The SID of the opened message, which is marked.
            zone: The time zone of the times.
            tz: Its IANA name.
        """
        lines = [_line(message, current, zone) for message in messages]
        missing = total - len(lines)
        self._put(
            {
                "tz": tz,
                "earlier": f"{missing:,} earlier messages are not shown." if missing else "",
                "lines": lines,
            }
        )


def _line(message: Message, current: str, zone: tzinfo) -> dict[str, object]:
    moment = message.date_sent or message.date_created
    inbound = message.direction == "inbound"
    local = None if moment is None else moment.astimezone(zone)
    error = f" {message.error_code}" if message.error_code else ""
    return {
        "sid": message.sid,
        "inbound": inbound,
        "current": message.sid == current,
        "body": body_of(message),
        "day": "" if local is None else f"{local.day} {local:%b %Y}",
        "time": "" if local is None else f"{local:%H:%M}",
        "status": "" if inbound else f"{message.status}{error}",
        "tone": _TONES.get(message.status, "none"),
        "number": (message.to if inbound else message.from_) or "",
    }


def messages_of(frame: Any) -> tuple[Message, ...]:
    """Return the rows of a message frame as messages; columns that are missing stay empty."""
    return tuple(map(_message, frame.to_dict("records")))


def _message(row: Mapping[str, Any]) -> Message:
    given: dict[str, Any] = {name: _present(row.get(name)) for name in _FIELDS}
    for name in ("sid", "status", "direction"):
        given[name] = str(given[name] or "")
    return Message(**given, from_=_present(row.get("from")))


def _present(value: Any) -> Any:
    is_nan = isinstance(value, float) and value != value  # noqa: PLR0124  # pandas' missing float
    return None if is_nan or type(value).__name__ in _MISSING else value
