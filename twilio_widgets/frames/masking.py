"""Message frames that can be shown to others: phone numbers masked wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twilio_widgets.core.address import mask
from twilio_widgets.frames.csv_file import each_text
from twilio_widgets.frames.schema import SCHEMA, with_known_words

if TYPE_CHECKING:
    from twilio_widgets.frames.message_frame import MessageFrame

_ACCOUNT = "account_sid"


def masked(frame: MessageFrame) -> MessageFrame:
    """Return a copy with every phone number masked, in texts, names and attrs alike."""
    safe = each_text(frame, mask)
    for column in SCHEMA:
        if column.words and column.name in safe.columns:
            safe[column.name] = with_known_words(safe[column.name], column.words)
    if _ACCOUNT in safe.columns:
        shortened = safe[_ACCOUNT].str.replace(r"^(.{4}).+(.{4})$", r"\1…\2", regex=True)
        safe[_ACCOUNT] = shortened
    made = type(frame)(safe)
    made.attrs = {name: _masked_value(value) for name, value in frame.attrs.items()}
    return made


def _masked_value(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {name: _masked_value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked_value(part) for part in value]
    return value
