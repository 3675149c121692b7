"""`Chat`: the newest messages with one contact, of the loaded log or of Twilio's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.viewers.conversation import messages_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.frames.message_frame import MessageFrame

MOST: Final = 50
"""Messages of a conversation that are shown, and that are read from Twilio in each direction."""

_EPOCH: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """The newest messages with one contact, in both directions."""

    contact: str
    messages: tuple[Message, ...] = ()
    """Oldest first."""
    total: int = 0
    """All messages of the loaded log with this contact; not known after Twilio was asked."""
    asked: bool = False
    """Whether Twilio was asked for them; otherwise they are of the loaded log."""
    more: bool = False
    """Whether Twilio's log has earlier ones."""
    reading: bool = False
    """Whether Twilio is being asked."""
    problem: str = ""


def contact_of(message: Message) -> str:
    """Return the number or address of the other side; empty if the message has none."""
    return (message.from_ if message.direction == "inbound" else message.to) or ""


def loaded_chat(contact: str, frame: MessageFrame | None, others: Iterable[Message]) -> Chat:
    """Return the conversation of the loaded log.

    Args:
        contact: The number or address of the other side.
        frame: The messages that were loaded; None if there are none.
        others: Messages that were shown since, which replace the loaded ones.
    """
    loaded = () if frame is None else messages_of(_rows(frame, contact))
    found = {one.sid: one for one in reversed(loaded)}
    found |= {one.sid: one for one in others if contact_of(one) == contact}
    return Chat(contact=contact, messages=_newest(found.values()), total=len(found))


def read_chat(twilio: Twilio, contact: str) -> Chat:
    """Ask Twilio for the newest messages to and from a contact: two reads of the log."""
    limit = MOST + 1  # one more shows whether there are earlier ones
    ours = list(twilio.messages.iterate(to=contact, limit=limit))
    theirs = list(twilio.messages.iterate(from_=contact, limit=limit))
    found = {one.sid: one for one in (*reversed(ours), *reversed(theirs))}
    newest = _newest(found.values())
    return Chat(contact=contact, messages=newest, asked=True, more=len(found) > len(newest))


def received(chat: Chat, message: Message) -> Chat:
    """Return the conversation with a message that was sent or has changed."""
    if contact_of(message) != chat.contact:
        return chat
    known = {one.sid: one for one in chat.messages}
    before = known.get(message.sid)
    if before is not None and before.is_final and not message.is_final:
        return chat
    total = chat.total + (before is None and not chat.asked)
    newest = _newest((known | {message.sid: message}).values())
    more = chat.more or (chat.asked and before is None and len(chat.messages) == MOST)
    return replace(chat, messages=newest, total=total, more=more)


def title_of(chat: Chat) -> str:
    """Return the heading, with the number masked."""
    return f"Conversation with {one_line(mask(chat.contact))}"


def note_of(chat: Chat) -> str:
    """Return which messages are shown."""
    if chat.reading:
        return "Asking Twilio for the messages to and from this number…"
    shown = len(chat.messages)
    if chat.asked:
        last = f"Showing the last {shown:,} in Twilio's log. There are earlier ones."
        return last if chat.more else f"Showing {shown:,} of {shown:,} in Twilio's log."
    last = "the last " if chat.total > shown else ""
    counts = f"Showing {last}{shown:,} of {chat.total:,} in the loaded rows."
    return f"{counts} Twilio's log may have more."


def _rows(frame: MessageFrame, contact: str) -> MessageFrame:
    inbound = frame["direction"] == "inbound"
    theirs = (inbound & (frame["from"] == contact)) | (~inbound & (frame["to"] == contact))
    return frame[theirs.fillna(value=False).astype(bool)]


def _newest(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Return the newest messages; those of the same second keep their order."""
    return tuple(sorted(messages, key=_moment)[-MOST:])


def _moment(message: Message) -> datetime:
    return message.date_sent or message.date_created or _EPOCH
