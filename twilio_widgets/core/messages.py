"""What can be done with messages, as flows.

Source: Twilio's OpenAPI document (2026-04) and the Message, Media and Feedback resource pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.answers import mapping_of
from twilio_widgets.core.flow import Patience, change, read, unknown
from twilio_widgets.core.message import Message, is_message_sid, message_path
from twilio_widgets.core.paging import json_page
from twilio_widgets.core.parameters import form_of
from twilio_widgets.core.request import Flow, Pause, Request
from twilio_widgets.errors import BadResponse, InvalidMessage, OutcomeUnknown

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection

NewPatience = Callable[[], Patience]

FIRST_LOOK = 1.0
SLOWEST_LOOK = 5.0


def send(
    connection: Connection,
    patience: Patience,
    parameters: Mapping[str, object],
    left_open: Callable[[OutcomeUnknown], None],
) -> Flow[Message]:
    """Create one message.

    Args:
        connection: Who sends.
        patience: How long it may take.
        parameters: Keywords of ``messages.send``.
        left_open: Is told when a person interrupted while it was on its way.

    Raises:
        InvalidMessage: A parameter cannot be right; nothing was sent.
        RejectedMessage: Twilio refused it; nothing was sent.
        OutcomeUnknown: It may have been sent; ``messages.find(error)`` looks for it.
    """
    started = connection.now()
    request = Request(
        method="POST",
        path=message_path(connection.acting_sid),
        form=form_of(parameters, now=started),
        creates_message=True,
    )

    def dated(outcome: OutcomeUnknown) -> OutcomeUnknown:
        outcome.started_at, outcome.latest_arrival = started, connection.now()
        return outcome

    to = str(parameters.get("to") or "")
    sending = change(request, patience, about=to, left_open=lambda o: left_open(dated(o)))
    try:
        return _created(request, (yield from sending).content)
    except OutcomeUnknown as error:
        dated(error)
        raise


def _created(request: Request, content: bytes) -> Message:
    try:
        return Message.from_api(mapping_of(content))
    except BadResponse as error:
        # It was accepted: only its SID did not arrive whole.
        raise unknown(request, f"Twilio accepted it, but {_lowered(str(error))}") from error


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def get(connection: Connection, patience: Patience, sid: str) -> Flow[Message]:
    """Read one message as it is now."""
    request = Request(method="GET", path=message_path(connection.acting_sid, checked(sid)))
    reply = yield from read(request, patience, about=f"Message {sid}")
    return Message.from_api(mapping_of(reply.content))


def wait(
    connection: Connection,
    new_patience: NewPatience,
    sid: str,
    *,
    timeout: float,
    seen: Callable[[Message], None] | None = None,
) -> Flow[Message]:
    """Read one message until its status is final, or `timeout` seconds have passed."""
    until = connection.now().timestamp() + timeout
    look = FIRST_LOOK
    while True:
        message = yield from get(connection, new_patience(), sid)
        if seen is not None:
            seen(message)
        left = until - connection.now().timestamp()
        if message.is_final or left <= 0:
            return message
        yield Pause(min(look, left))
        look = min(look * 1.5, SLOWEST_LOOK)


def cancel(connection: Connection, patience: Patience, sid: str) -> Flow[Message]:
    """Cancel a scheduled message."""
    return (yield from _update(connection, patience, sid, (("Status", "canceled"),)))


def redact(connection: Connection, patience: Patience, sid: str) -> Flow[Message]:
    """Remove a message's text from Twilio's log; the entry stays."""
    return (yield from _update(connection, patience, sid, (("Body", ""),)))


def _update(
    connection: Connection, patience: Patience, sid: str, form: tuple[tuple[str, str], ...]
) -> Flow[Message]:
    path = message_path(connection.acting_sid, checked(sid))
    request = Request(method="POST", path=path, form=form)
    reply = yield from change(request, patience, about=f"Message {sid}")
    return Message.from_api(mapping_of(reply.content))


def delete(connection: Connection, patience: Patience, sid: str) -> Flow[None]:
    """Remove a message from Twilio's log, with its media.

    It is tried again like a read: a second DELETE changes nothing more.
    """
    request = Request(method="DELETE", path=message_path(connection.acting_sid, checked(sid)))
    yield from read(request, patience, about=f"Message {sid}")


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of the message log."""

    rows: Sequence[Message]
    next_page_uri: str | None


def message_page(content: bytes) -> MessagePage:
    """Decode one page of the message log into values."""
    page = json_page(content, "messages")
    return MessagePage([Message.from_api(row) for row in page.rows], page.next_page_uri)


def checked(sid: str) -> str:
    """Return a message SID that is one.

    Raises:
        InvalidMessage: It is not ``SM`` or ``MM`` and 32 hex digits.
    """
    if not is_message_sid(sid):
        raise InvalidMessage(
            "That is no message SID: it begins with SM or MM and has 32 more characters, "
            "0-9 or a-f.",
            field="sid",
        )
    return sid
