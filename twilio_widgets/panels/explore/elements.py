"""The elements of the explore panel: tiles, filter chips and a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.unsaved import Unsaved
from twilio_widgets.panels.table.cells import TONES
from twilio_widgets.panels.table.message_text import body_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from twilio_widgets.core.message.message import Message
    from twilio_widgets.panels.explore.text import Tile

_TONES = {word: tone for tone, words in TONES.items() for word in words}


class Tiles(Unsaved):
    """Figures, each with its change against the period before."""

    _esm = asset(__file__, "tiles.js")
    _css = asset(__file__, "explore.css")

    def show(self, tiles: Sequence[Tile]) -> None:
        """Show tiles."""
        self._put(list(tiles))


class Chips(Unsaved):
    """The filters in force, each a button that removes it.

    Args:
        remove: Called with the dimension and the key of a filter. It must not raise.
        clear: Called to remove all filters. It must not raise.
    """

    _esm = asset(__file__, "chips.js")

    def __init__(self, remove: Callable[[str, str], object], clear: Callable[[], object]) -> None:
        super().__init__()
        self._remove, self._clear = remove, clear

    def show(self, chips: Sequence[dict[str, str]]) -> None:
        """Show filters."""
        self._put(list(chips))

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Handle a message of a page; anything unexpected is ignored as untrusted input."""
        match content:
            case {"t": "remove", "name": str(name), "key": str(key)}:
                self._remove(name, key)
            case {"t": "clear"}:
                self._clear()
            case _:
                super()._receive(_widget, content, _buffers)


class Conversation(Unsaved):
    """The messages with one contact as a chat."""

    _esm = asset(__file__, "chat.js")

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
