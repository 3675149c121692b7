"""What the listener knows: arrivals, the events they become, messages, and what was turned away.

An `Arrival` is a request that was found genuine. Stored, it is an `Event`; the same arrival twice
is one event. A `MessageState` is where a message stands by all that was heard of it. A
`Rejection` is a request that was turned away; nothing of what it claimed is believed.

All four are msgspec's structs and not dataclasses, since thousands a second are made: a frozen
dataclass of twenty fields is set up by twenty calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from twilio_widgets.core.message.message import Message, is_message_sid, message_path
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.listener.events import payload as signed
from twilio_widgets.listener.events.payload import Pairs
from twilio_widgets.signature.location import veiled

Kind = Literal["inbound", "status"]
"""An inbound message, or a status callback."""

Source = Literal["webhook", "poll"]
"""Whether Twilio called us, or we asked its message log."""

_LONGEST_HINT = 64
_LONGEST_PATH = 200


class Arrival(Struct, frozen=True, kw_only=True, array_like=True):
    """One genuine request of Twilio's, or one message of its log, that is to be stored."""

    kind: Kind
    received_at: datetime
    parameters: Pairs
    """What was signed, in the order it came; bullets for a login in the URL of a GET."""
    method: str = "POST"
    url: str = ""
    """The public URL without user name and password, with bullets for a login or a way in's key."""
    headers: Pairs = ()
    """As they came, but for credentials."""
    source: Source = "webhook"
    scheme: str | None = None
    """What proved it genuine: ``auth token`` or ``shared key``; None for a poll."""
    row_token: str | None = None
    """The token by which a job knows its row again, from the URL."""

    def __repr__(self) -> str:
        return f"Arrival({self.kind}, {self.received_at:%Y-%m-%d %H:%M:%S}, {self.source})"

    @classmethod
    def of_request(
        cls,
        *,
        kind: Kind,
        method: str,
        url: str,
        parameters: Pairs,
        headers: Pairs,
        received_at: datetime,
        scheme: str,
    ) -> Arrival:
        """Take over a request whose signature has been verified.

        Args:
            kind: What the request announces.
            method: GET or POST.
            url: The public URL that was signed.
            parameters: The signed parameters, in the order they came.
            headers: The request's headers; credentials among them are not kept.
            received_at: When it came; aware.
            scheme: What proved it genuine: ``auth token`` or ``shared key``.
        """
        return cls(
            kind=kind,
            received_at=received_at,
            parameters=signed.without_login(parameters) if method == "GET" else parameters,
            method=method,
            url=signed.public(url),
            headers=signed.without_credentials(headers),
            scheme=scheme,
            row_token=signed.row_token_of(url),
        )

    @classmethod
    def of_api(cls, payload: Mapping[str, Any], received_at: datetime) -> Arrival:
        """Read one from a message of Twilio's log, in the words a webhook would have used.

        Args:
            payload: The Message resource as Twilio's JSON gives it.
            received_at: When we asked; aware.

        Raises:
            BadResponse: It is no message.
        """
        message = Message.from_api(payload)
        inbound = message.direction == "inbound"
        said = {
            "MessageSid": message.sid,
            "AccountSid": message.account_sid,
            "MessagingServiceSid": message.messaging_service_sid,
            "From": message.from_,
            "To": message.to,
            "Body": message.body,
            "NumMedia": message.num_media,
            "NumSegments": message.num_segments,
            "SmsStatus" if inbound else "MessageStatus": message.status,
            "ErrorCode": message.error_code or None,
            "ErrorMessage": message.error_message,
        }
        path = message_path(message.account_sid, message.sid) if message.account_sid else ""
        return cls(
            kind="inbound" if inbound else "status",
            received_at=received_at,
            parameters=tuple(
                (name, str(value)) for name, value in said.items() if value not in _NO
            ),
            method="GET",
            url=path,
            source="poll",
        )


_NO = (None, "")


class Event(Struct, frozen=True, kw_only=True):
    """One stored event: a status callback or an inbound message, however often it was delivered."""

    id: int
    """The order of arrival. It is never given twice, not even after `forget`."""
    kind: Kind
    received_at: datetime
    """When it first came; UTC."""
    message_sid: str
    status: str | None
    """Twilio's own word; ``received`` for an inbound message that names none."""
    error_code: int | None
    from_: str | None
    to: str | None
    body: str | None
    account_sid: str | None
    messaging_service_sid: str | None
    num_media: int | None
    method: str
    url: str
    """The public URL without user name and password, with bullets for a login or a way in's key; a
    path of the API for a poll."""
    source: Source
    scheme: str | None
    """What proved it genuine: ``auth token`` or ``shared key``; None for a poll."""
    row_token: str | None
    """The token by which a job knows its row again."""
    idempotency_token: str | None
    """Twilio's header of that name. It is not signed, so nothing is decided by it."""
    duplicates: int
    """How often it came again."""
    last_duplicate_at: datetime | None
    parameters_text: str
    """`parameters` as JSON: read only when asked for, since a table opens few of its events."""
    headers_text: str
    """`headers` as JSON."""

    @classmethod
    def of_arrival(cls, arrival: Arrival, *, id: int = 0) -> Event:  # noqa: A002 — its name
        """Read what an arrival says; `id` is 0 until it is stored."""
        said = signed.first_values(arrival.parameters)
        status = said.get("MessageStatus") or said.get("SmsStatus")
        if status is None and arrival.kind == "inbound":
            status = "received"
        sids = (said.get(name) for name in ("MessageSid", "SmsSid", "SmsMessageSid"))
        return cls(
            id=id,
            kind=arrival.kind,
            received_at=arrival.received_at,
            message_sid=next(filter(None, sids), ""),
            status=status,
            error_code=signed.whole(said.get("ErrorCode")),
            from_=said.get("From"),
            to=said.get("To"),
            body=said.get("Body"),
            account_sid=said.get("AccountSid"),
            messaging_service_sid=said.get("MessagingServiceSid"),
            num_media=signed.whole(said.get("NumMedia")),
            method=arrival.method,
            url=arrival.url,
            source=arrival.source,
            scheme=arrival.scheme,
            row_token=arrival.row_token,
            idempotency_token=signed.header(arrival.headers, "I-Twilio-Idempotency-Token"),
            duplicates=0,
            last_duplicate_at=None,
            parameters_text=signed.text_of(arrival.parameters),
            headers_text=signed.text_of(arrival.headers),
        )

    @property
    def parameters(self) -> Pairs:
        """The signed parameters, in the order they came; bullets for a login in a GET's URL."""
        return signed.pairs_of(self.parameters_text)

    @property
    def headers(self) -> Pairs:
        """The request's headers as they came, but for credentials; none for a poll."""
        return signed.pairs_of(self.headers_text)

    def __repr__(self) -> str:
        code = f", error {self.error_code}" if self.error_code else ""
        return (
            f"Event({self.id}, {self.kind}, {self.message_sid}, {self.status}{code}, "
            f"from {mask(self.from_ or '-')}, to {mask(self.to or '-')}, {self.source}, "
            f"{self.duplicates} duplicates)"
        )


class MessageState(Struct, frozen=True, kw_only=True):
    """Where one message stands by everything heard of it, in whatever order it was heard."""

    sid: str
    kind: Kind
    status: str | None
    """The most advanced status; of two final ones that contradict, the one to look at."""
    rank: int
    """How far that is: see `twilio_widgets.listener.events.message_state`."""
    conflict: bool
    """Whether two different final statuses were heard; a look into Twilio's log decides."""
    words: tuple[tuple[str, int | None], ...]
    """Every status of that rank that was heard, with its error code."""
    asked: bool
    """Whether that status comes from Twilio's log, which outranks a callback of the same rank."""
    from_: str | None
    to: str | None
    body: str | None
    account_sid: str | None
    messaging_service_sid: str | None
    row_token: str | None
    """The token by which a job knows its row again."""
    first_event: int
    last_event: int
    first_at: datetime
    last_at: datetime
    """When the first and the last news came; UTC."""

    @property
    def error_code(self) -> int | None:
        """The error code that came with the status."""
        return dict(self.words).get(self.status or "")

    @property
    def is_final(self) -> bool:
        """Whether the message has come to its end, without a contradiction."""
        return self.rank >= FINAL_RANK and not self.conflict

    def __repr__(self) -> str:
        code = f", error {self.error_code}" if self.error_code else ""
        conflict = ", in conflict" if self.conflict else ""
        return (
            f"MessageState({self.sid}, {self.kind}, {self.status}{code}{conflict}, "
            f"from {mask(self.from_ or '-')}, to {mask(self.to or '-')})"
        )


FINAL_RANK = 4
"""From here on a status is final."""


class Rejection(Struct, frozen=True, kw_only=True, array_like=True):
    """One request that was turned away. Its hints are what it claimed, unverified and masked."""

    at: datetime
    status: int
    """The HTTP status of our answer."""
    reason: str
    """Why, as a sentence."""
    cause: str
    """Why, as a machine's word; `counts` are kept by it."""
    mend: str | None = None
    """What to do about it, as a sentence."""
    method: str = ""
    path: str = ""
    """The path of the URL; a query may hold more than we want to keep."""
    from_: str | None = None
    to: str | None = None
    message_sid: str | None = None
    id: int = 0

    @classmethod
    def of_request(
        cls,
        *,
        at: datetime,
        status: int,
        reason: str,
        cause: str,
        mend: str | None = None,
        method: str = "",
        url: str = "",
        parameters: Pairs = (),
    ) -> Rejection:
        """Note a request that was turned away, without its body and with its numbers masked."""
        said = signed.first_values(parameters)
        sid = said.get("MessageSid")
        return cls(
            at=at,
            status=status,
            reason=reason,
            cause=cause,
            mend=mend,
            method=_hint(method, 16) or "",
            path=_path(url),
            from_=_hint(said.get("From")),
            to=_hint(said.get("To")),
            message_sid=sid if is_message_sid(sid) else None,
        )


def _hint(text: str | None, longest: int = _LONGEST_HINT) -> str | None:
    """Cut and mask what a stranger wrote; half a character becomes a question mark."""
    return mask(text[:longest].encode("utf-8", "replace").decode()) if text else None


def _path(url: str) -> str:
    try:
        return _hint(veiled(urlsplit(url).path), _LONGEST_PATH) or ""
    except ValueError:  # brackets that do not match
        return ""
