"""`Message`: one message as Twilio's API last returned it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.printable import visible
from twilio_widgets.errors import BadResponse

STATUSES = (
    "accepted", "scheduled", "queued", "sending", "sent", "delivered", "undelivered", "failed",
    "canceled", "read", "partially_delivered", "receiving", "received",
)  # fmt: skip
"""Every status Twilio documents, in the order of a message's life (OpenAPI, 2026-04)."""

DIRECTIONS = ("inbound", "outbound-api", "outbound-call", "outbound-reply")

_LONGEST_WHOLE, _LONGEST_AMOUNT = 18, 40
"""The most characters of a number. Parsing a much longer one could take very long."""

_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")

_FINAL = frozenset(
    {"delivered", "undelivered", "failed", "canceled", "read", "partially_delivered", "received"}
)


def status_is_final(status: str) -> bool:
    """Return whether a message with this status is finished.

    A delivered message may still become ``read``; a message may stay ``sent`` forever if no
    delivery receipt arrives.
    """
    return status in _FINAL


def message_path(account_sid: str, sid: str | None = None, *, ending: str = ".json") -> str:
    """Return the path of an account's message list, or of one message."""
    tail = "" if sid is None else f"/{sid}"
    return f"/2010-04-01/Accounts/{account_sid}/Messages{tail}{ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One Message resource as the API last returned it; the fields have Twilio's names."""

    sid: str
    """``SM`` or ``MM`` and 32 hex digits."""
    status: str
    """Twilio's status. Twilio may add new ones; see `status_is_final`."""
    direction: str
    account_sid: str | None = None
    messaging_service_sid: str | None = None
    to: str | None = None
    from_: str | None = None
    """None until a messaging service has picked a sender."""
    body: str | None = None
    """Empty after redaction."""
    num_segments: int | None = None
    """0 until a messaging service has picked a sender."""
    num_media: int | None = None
    price: Decimal | None = None
    """Negative for a charge; None until billed."""
    price_unit: str | None = None
    error_code: int | None = None
    error_message: str | None = None
    date_created: datetime | None = None
    date_updated: datetime | None = None
    date_sent: datetime | None = None
    """None until it was sent."""
    api_version: str | None = None
    uri: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The JSON object as received."""

    @classmethod
    def from_api(cls, payload: Mapping[str, Any]) -> Message:
        """Parse a Message resource from Twilio's JSON.

        Raises:
            BadResponse: It has no SID or no status, or a field has an undocumented format.
        """
        sid, status = payload.get("sid"), payload.get("status")
        if not is_message_sid(sid) or not isinstance(status, str):
            raise BadResponse("Twilio's response has no message SID or no status.")
        given = payload.get
        try:
            return cls(
                sid=str(sid),
                status=status,
                direction=str(given("direction") or ""),
                num_segments=whole_of_api(given("num_segments")),
                num_media=whole_of_api(given("num_media")),
                price=_money(given("price")),
                error_code=whole_of_api(given("error_code")),
                date_created=date_of_api(given("date_created")),
                date_updated=date_of_api(given("date_updated")),
                date_sent=date_of_api(given("date_sent")),
                from_=_text(given("from")),
                account_sid=_text(given("account_sid")),
                messaging_service_sid=_text(given("messaging_service_sid")),
                to=_text(given("to")),
                body=_text(given("body")),
                price_unit=_text(given("price_unit")),
                error_message=_text(given("error_message")),
                api_version=_text(given("api_version")),
                uri=_text(given("uri")),
                raw=payload,
            )
        except (ValueError, InvalidOperation) as error:
            problem = type(error).__name__
        raise BadResponse(f"A field of message {sid} has an undocumented format ({problem}).")

    @property
    def is_final(self) -> bool:
        """Whether the message is finished; see `status_is_final`."""
        return status_is_final(self.status)

    def __str__(self) -> str:
        error = f", error {self.error_code}" if self.error_code else ""
        return visible(f"{self.status}{error}: {mask(self.to or 'no recipient')} ({self.sid})")

    def __repr__(self) -> str:
        return visible(
            f"Message({self.sid}, {self.status}, {self.direction}, to {mask(self.to or '-')}, "
            f"from {mask(self.from_ or '-')}, body {len(self.body or '')} characters"
            + (f", error {self.error_code}" if self.error_code else "")
            + ")"
        )


def is_message_sid(value: object) -> bool:
    """Return whether a value is a message SID: ``SM`` or ``MM`` and 32 hex digits."""
    return isinstance(value, str) and _SID.fullmatch(value) is not None


def date_of_api(value: object) -> datetime | None:
    """Parse an RFC 2822 date of the API to an aware datetime in UTC; None gives None.

    Raises:
        ValueError: It is not a date.
    """
    return None if value is None or value == "" else _parsed(str(value))


@lru_cache(maxsize=256)
def _parsed(text: str) -> datetime:
    """Parse a date; cached, because dates have whole seconds and many messages share one."""
    try:
        from email.utils import parsedate_to_datetime  # loads slowly, and only a reply has dates

        parsed = parsedate_to_datetime(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("not a date") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def whole_of_api(value: object) -> int | None:
    """Parse a whole number; Twilio sends counts as strings and error codes as numbers.

    Raises:
        ValueError: It is not a whole number.
    """
    if isinstance(value, float) and value.is_integer():
        value = f"{value:.0f}"
    return None if value is None or value == "" else int(_short(value, _LONGEST_WHOLE))


def _money(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    amount = Decimal(_short(value, _LONGEST_AMOUNT))
    if not amount.is_finite() or abs(amount.adjusted()) > _LONGEST_AMOUNT:
        raise ValueError("not an amount")
    return amount


def _short(value: object, longest: int) -> str:
    text = str(value)
    if len(text) > longest:
        raise ValueError("too long for a number")
    return text
