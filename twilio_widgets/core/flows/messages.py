"""The operations on messages, as flows.

Source: Twilio's OpenAPI document (2026-04) and the Message, Media and Feedback resource pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.flows.answers import is_web_page, mapping_of
from twilio_widgets.core.flows.flow import (
    RetryPolicy,
    RetryPolicyFactory,
    change,
    read,
    stopped,
    unknown,
)
from twilio_widgets.core.flows.outbox import Outbox
from twilio_widgets.core.flows.paging import json_page
from twilio_widgets.core.message.message import Message, is_message_sid, message_path
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.request import Flow, Pause, Reply, Request
from twilio_widgets.errors import (
    BadResponse,
    ConfigurationError,
    InvalidMessage,
    OutcomeUnknown,
)

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.guardrails.job_quota import JobQuota
    from twilio_widgets.core.system.clock import ClockReading

T = TypeVar("T")

FIRST_LOOK = 1.0
SLOWEST_LOOK = 5.0


def send(
    connection: Connection,
    retry_policy: RetryPolicy,
    parameters: Mapping[str, object],
    outbox: Outbox,
) -> Flow[Message]:
    """Create one message.

    Args:
        connection: The sending connection.
        retry_policy: The retry policy.
        parameters: Keywords of ``messages.send``.
        outbox: Records the message's SID, or the outcome if the send is interrupted.

    Raises:
        InvalidMessage: A parameter is invalid; nothing was sent.
        RejectedMessage: Twilio refused it; nothing was sent.
        OutcomeUnknown: It may have been sent; ``messages.find(error)`` looks for it.
    """
    form = form_of(parameters, now=connection.now())
    return (yield from create(connection, retry_policy, form, outbox))


def create(
    connection: Connection,
    retry_policy: RetryPolicy,
    form: tuple[tuple[str, str], ...],
    outbox: Outbox,
    *,
    job: JobQuota | None = None,
) -> Flow[Message]:
    """Create one message from form parameters that were checked before.

    Args:
        connection: The sending connection.
        retry_policy: The retry policy.
        form: Twilio's names and texts, from `form_of`.
        outbox: Records the message's SID, or the outcome if the send is interrupted.
        job: The quota of the job it belongs to.

    Raises:
        RejectedMessage: Twilio refused it; nothing was sent.
        OutcomeUnknown: It may have been sent; ``messages.find(error)`` looks for it.
    """
    started = connection.moment()
    request = Request(
        method="POST",
        path=message_path(connection.acting_sid),
        body=FormBody(form),
        creates_message=True,
        job=job,
    )

    def dated(outcome: OutcomeUnknown) -> OutcomeUnknown:
        return timed(outcome, started, connection.moment())

    def left_open(outcome: OutcomeUnknown) -> None:
        outbox.left_open(dated(outcome))

    to = next((value for name, value in form if name == "To"), "")
    reply: Reply | None = None
    try:
        reply = yield from change(request, retry_policy, about=to, left_open=left_open)
        message = understood(request, reply, partial(_own, connection.acting_sid))
        outbox.sent.append(message.sid)
    except OutcomeUnknown as error:
        dated(error)
        raise
    except BaseException as stop:
        if reply is not None and not isinstance(stop, Exception):
            left_open(stopped(request, stop))
        raise
    return message


def timed(outcome: OutcomeUnknown, started: ClockReading, latest: ClockReading) -> OutcomeUnknown:
    """Note when a request may have left, and until when it may have been received."""
    outcome.moments = started, latest
    outcome.started_at, outcome.latest_arrival = started.wall, latest.wall
    return outcome


def _own(account_sid: str, payload: Mapping[str, Any]) -> Message:
    message = Message.from_api(payload)
    if message.account_sid not in {account_sid, None}:
        raise BadResponse("It belongs to another account.")
    return message


def understood(request: Request, reply: Reply, read_as: Callable[[Mapping[str, Any]], T]) -> T:
    """Parse the reply to a change that Twilio accepted.

    Raises:
        OutcomeUnknown: The reply cannot be parsed, although its status is a success.
    """
    try:
        return read_as(mapping_of(reply.content))
    except BadResponse as error:
        outcome = unknown(request, f"The response (HTTP {reply.status}) cannot be used: {error}")
        outcome.intercepted = is_web_page(reply.content)
        raise outcome from error


def get(connection: Connection, retry_policy: RetryPolicy, sid: str) -> Flow[Message]:
    """Read the current state of one message."""
    request = Request(method="GET", path=message_path(connection.acting_sid, checked(sid)))
    reply = yield from read(request, retry_policy, about=f"Message {sid}")
    return Message.from_api(mapping_of(reply.content))


def wait(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    sid: str,
    *,
    timeout: float,
    seen: Callable[[Message], None] | None = None,
) -> Flow[Message]:
    """Poll one message until its status is final, or `timeout` seconds have passed.

    Raises:
        ConfigurationError: `timeout` is not a number of seconds, or `seen` is not a function.
    """
    if not (isinstance(timeout, int | float) and timeout >= 0):
        raise ConfigurationError("timeout must be a number of seconds, 0 or more.", field="timeout")
    if seen is not None and not callable(seen):
        raise ConfigurationError("seen must be a function, or None.", field="seen")
    until = connection.monotonic() + timeout
    look = FIRST_LOOK
    while True:
        message = yield from get(connection, new_retry_policy(), sid)
        if seen is not None:
            seen(message)
        left = until - connection.monotonic()
        if message.is_final or left <= 0:
            return message
        yield Pause(min(look, left))
        look = min(look * 1.5, SLOWEST_LOOK)


def cancel(connection: Connection, retry_policy: RetryPolicy, sid: str) -> Flow[Message]:
    """Cancel a scheduled message."""
    return (yield from _update(connection, retry_policy, sid, (("Status", "canceled"),)))


def redact(connection: Connection, retry_policy: RetryPolicy, sid: str) -> Flow[Message]:
    """Remove a message's body from Twilio's log, but not the message."""
    return (yield from _update(connection, retry_policy, sid, (("Body", ""),)))


def _update(
    connection: Connection, retry_policy: RetryPolicy, sid: str, form: tuple[tuple[str, str], ...]
) -> Flow[Message]:
    path = message_path(connection.acting_sid, checked(sid))
    request = Request(method="POST", path=path, body=FormBody(form))
    reply = yield from change(request, retry_policy, about=f"Message {sid}")
    return understood(request, reply, Message.from_api)


def delete(connection: Connection, retry_policy: RetryPolicy, sid: str) -> Flow[None]:
    """Delete a message and its media from Twilio's log.

    DELETE is idempotent, so it is retried like a read.
    """
    request = Request(method="DELETE", path=message_path(connection.acting_sid, checked(sid)))
    yield from read(request, retry_policy, about=f"Message {sid}")


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of the message log."""

    rows: Sequence[Message]
    next_page_uri: str | None


def message_page(content: bytes) -> MessagePage:
    """Decode one page of the message list."""
    page = json_page(content, "messages")
    return MessagePage([Message.from_api(row) for row in page.rows], page.next_page_uri)


def checked(sid: str) -> str:
    """Return a message SID after checking its format.

    Raises:
        InvalidMessage: It is not ``SM`` or ``MM`` and 32 hex digits.
    """
    if not is_message_sid(sid):
        raise InvalidMessage(
            "sid must be a message SID: SM or MM followed by 32 characters 0-9 or a-f.",
            field="sid",
        )
    return sid
