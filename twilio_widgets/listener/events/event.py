"""The values of the event store: arrivals, events, message states and rejections.

An `Arrival` is a verified request. Stored, it is an `Event`; a repeated arrival is counted as a
duplicate of it. A `MessageState` is the state of a message derived from all its events. A
`Rejection` is a rejected request, whose content is never trusted.

They are msgspec structs instead of dataclasses for speed, since thousands are created per second:
a frozen dataclass of twenty fields makes twenty calls to initialise.
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
from twilio_widgets.signature.location import public, veiled

Kind = Literal["inbound", "status"]
"""An inbound message, or a status callback."""

Source = Literal["webhook", "poll"]
"""Whether it arrived as a webhook, or was found in Twilio's message log."""

_LONGEST_HINT = 64
_LONGEST_PATH = 200


class Arrival(Struct, frozen=True, kw_only=True, array_like=True):
    """One verified request of Twilio's, or one message from its log, to be stored."""

    kind: Kind
    received_at: datetime
    parameters: Pairs
    """The signed parameters in the order received; a login in the URL of a GET is masked."""
    method: str = "POST"
    url: str = ""
    """The public URL without user name and password; a login or ingress key in it is masked."""
    headers: Pairs = ()
    """The headers as received, with credentials masked."""
    source: Source = "webhook"
    scheme: str | None = None
    """The kind of key that signed it, ``auth token`` or ``shared key``; None for a poll."""
    row_token: str | None = None
    """The token in the URL by which a job identifies its row."""

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
        """Return the arrival of a request whose signature has been verified.

        Args:
            kind: The kind of event.
            method: GET or POST.
            url: The public URL that was signed.
            parameters: The signed parameters, in the order received.
            headers: The request's headers; credentials among them are not kept.
            received_at: When it was received; aware.
            scheme: The kind of key that signed it: ``auth token`` or ``shared key``.
        """
        return cls(
            kind=kind,
            received_at=received_at,
            parameters=signed.without_login(parameters) if method == "GET" else parameters,
            method=method,
            url=public(url),
            headers=signed.without_credentials(headers),
            scheme=scheme,
            row_token=signed.row_token_of(url),
        )

    @classmethod
    def of_api(cls, payload: Mapping[str, Any], received_at: datetime) -> Arrival:
        """Return the arrival for a message from Twilio's log, with the parameters of a webhook.

        Args:
            payload: The Message resource from Twilio's JSON.
            received_at: When it was requested; aware.

        Raises:
            BadResponse: The payload is not a message.
        """
        message = Message.from_api(payload)
        inbound = message.direction == "inbound"
        values = {
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
                (name, str(value)) for name, value in values.items() if value not in _NO
            ),
            method="GET",
            url=path,
            source="poll",
        )


_NO = (None, "")


class Event(Struct, frozen=True, kw_only=True):
    """One stored event: a status callback or an inbound message, however often it was delivered."""

    id: int
    """The order of arrival. An id is never reused, not even after `forget`."""
    kind: Kind
    received_at: datetime
    """When it was first received; UTC."""
    message_sid: str
    status: str | None
    """Twilio's status; ``received`` for an inbound message without one."""
    error_code: int | None
    from_: str | None
    to: str | None
    body: str | None
    account_sid: str | None
    messaging_service_sid: str | None
    num_media: int | None
    method: str
    url: str
    """The public URL without user name and password; a login or ingress key in it is masked. For a
    poll, the path in Twilio's API."""
    source: Source
    scheme: str | None
    """The kind of key that signed it, ``auth token`` or ``shared key``; None for a poll."""
    row_token: str | None
    """The token by which a job identifies its row."""
    idempotency_token: str | None
    """Twilio's header ``I-Twilio-Idempotency-Token``. It is not signed, so no logic uses it."""
    duplicates: int
    """The number of repeated deliveries."""
    last_duplicate_at: datetime | None
    parameters_text: str
    """`parameters` as JSON: parsed on access, since few events of a table are ever opened."""
    headers_text: str
    """`headers` as JSON."""

    @classmethod
    def of_arrival(cls, arrival: Arrival, *, id: int = 0) -> Event:  # noqa: A002 — its name
        """Return the event of an arrival; `id` is 0 until it is stored."""
        values = signed.first_values(arrival.parameters)
        status = values.get("MessageStatus") or values.get("SmsStatus")
        if status is None and arrival.kind == "inbound":
            status = "received"
        sids = (values.get(name) for name in ("MessageSid", "SmsSid", "SmsMessageSid"))
        return cls(
            id=id,
            kind=arrival.kind,
            received_at=arrival.received_at,
            message_sid=next(filter(None, sids), ""),
            status=status,
            error_code=signed.whole(values.get("ErrorCode")),
            from_=values.get("From"),
            to=values.get("To"),
            body=values.get("Body"),
            account_sid=values.get("AccountSid"),
            messaging_service_sid=values.get("MessagingServiceSid"),
            num_media=signed.whole(values.get("NumMedia")),
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
        """The signed parameters in the order received; a login in the URL of a GET is masked."""
        return signed.pairs_of(self.parameters_text)

    @property
    def headers(self) -> Pairs:
        """The headers as received, with credentials masked; empty for a poll."""
        return signed.pairs_of(self.headers_text)

    def __repr__(self) -> str:
        code = f", error {self.error_code}" if self.error_code else ""
        return (
            f"Event({self.id}, {self.kind}, {self.message_sid}, {self.status}{code}, "
            f"from {mask(self.from_ or '-')}, to {mask(self.to or '-')}, {self.source}, "
            f"{self.duplicates} duplicates)"
        )


class MessageState(Struct, frozen=True, kw_only=True):
    """The state of one message, derived from all its events, in whatever order they arrived."""

    sid: str
    kind: Kind
    status: str | None
    """The most advanced status; of two contradicting final ones, the more serious."""
    rank: int
    """How advanced the status is: see `twilio_widgets.listener.events.message_state`."""
    conflict: bool
    """Whether two different final statuses were received; reading Twilio's log resolves it."""
    words: tuple[tuple[str, int | None], ...]
    """Every received status of that rank, with its error code."""
    asked: bool
    """Whether that status comes from Twilio's log, which outranks a callback of the same rank."""
    from_: str | None
    to: str | None
    body: str | None
    account_sid: str | None
    messaging_service_sid: str | None
    row_token: str | None
    """The token by which a job identifies its row."""
    first_event: int
    last_event: int
    first_at: datetime
    last_at: datetime
    """When the first and the last event were received; UTC."""

    @property
    def error_code(self) -> int | None:
        """The error code of the status."""
        return dict(self.words).get(self.status or "")

    @property
    def is_final(self) -> bool:
        """Whether the status is final and not contradicted."""
        return self.rank >= FINAL_RANK and not self.conflict

    def __repr__(self) -> str:
        code = f", error {self.error_code}" if self.error_code else ""
        conflict = ", in conflict" if self.conflict else ""
        return (
            f"MessageState({self.sid}, {self.kind}, {self.status}{code}{conflict}, "
            f"from {mask(self.from_ or '-')}, to {mask(self.to or '-')})"
        )


FINAL_RANK = 4
"""The lowest rank of a final status."""


class Rejection(Struct, frozen=True, kw_only=True, array_like=True):
    """One rejected request. `from_`, `to` and `message_sid` are its unverified, masked claims."""

    at: datetime
    status: int
    """The HTTP status of our response."""
    reason: str
    """Why, as a sentence."""
    cause: str
    """Why, as a machine-readable key; `counts` are kept by it."""
    mend: str | None = None
    """How to fix it, as a sentence."""
    method: str = ""
    path: str = ""
    """The path of the URL; the query is not kept because it may contain private data."""
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
        """Return the rejection of a request, without its body and with phone numbers masked."""
        values = signed.first_values(parameters)
        sid = values.get("MessageSid")
        return cls(
            at=at,
            status=status,
            reason=reason,
            cause=cause,
            mend=mend,
            method=_hint(method, 16) or "",
            path=recorded_path(url),
            from_=_hint(values.get("From")),
            to=_hint(values.get("To")),
            message_sid=sid if is_message_sid(sid) else None,
        )


def _hint(text: str | None, longest: int = _LONGEST_HINT) -> str | None:
    """Truncate and mask untrusted text; an unpaired surrogate becomes a question mark."""
    return mask(text[:longest].encode("utf-8", "replace").decode()) if text else None


def recorded_path(url: str) -> str:
    """Return the path of a URL as rejections record it: without secrets and phone numbers."""
    try:
        return _hint(veiled(urlsplit(url).path), _LONGEST_PATH) or ""
    except ValueError:  # invalid IPv6 brackets
        return ""
