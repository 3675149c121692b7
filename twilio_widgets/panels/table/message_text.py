"""A message as text: its fields as rows, and its error with who can fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.core.numbers.money import money_text
from twilio_widgets.core.printable import one_line

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from twilio_widgets.core.message.message import Message

_WHO = {
    "you": "you",
    "recipient": "the recipient",
    "carrier": "the carrier",
    "Twilio": "Twilio",
    "account admin": "the account's administrator",
}
_AGAIN = {
    True: "yes, later",
    False: "only after you change something",
    None: "check first whether it was sent",
}


def facts_of(message: Message) -> tuple[tuple[str, str], ...]:
    """Return every field but the body, as a label and a text; the account SID is masked."""
    return (
        ("From", message.from_ or "not chosen yet"),
        ("To", message.to or "—"),
        ("Direction", message.direction or "—"),
        ("Sent", moment_of(message.date_sent) or "not yet"),
        ("Created", moment_of(message.date_created) or "—"),
        ("Updated", moment_of(message.date_updated) or "—"),
        ("Segments", _count(message.num_segments)),
        ("Media", _count(message.num_media)),
        ("Price", _price(message.price, message.price_unit)),
        ("Service", message.messaging_service_sid or "none"),
        ("Account", sid_masked(message.account_sid)),
    )


def body_of(message: Message) -> str:
    """Return the body with its lines kept and invisible characters made visible."""
    return lines_of(message.body or "")


def lines_of(text: str) -> str:
    """Return untrusted text with its lines kept and invisible characters made visible."""
    return "\n".join(one_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def error_of(message: Message) -> dict[str, str]:
    """Return why a message failed and how to fix it; empty without an error code."""
    if message.error_code is None:
        return {}
    return explained(message.error_code, message.error_message or "")


def explained(code: int, message: str) -> dict[str, str]:
    """Return the view of an error code.

    Args:
        code: Twilio's error code.
        message: Twilio's own message for it.
    """
    known = explain_error(code)
    return {
        "title": f"{known.code}: {known.meaning}",
        "advice": known.advice,
        "message": message,
        "who": _WHO[known.who],
        "again": _AGAIN[known.retry],
        "url": known.url,
    }


def moment_of(moment: datetime | None) -> str:
    """Return a time in UTC to the second; empty for None."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else ""


def _count(number: int | None) -> str:
    return "not known yet" if number is None else f"{number:,}"


def _price(price: Decimal | None, unit: str | None) -> str:
    if price is None:
        return "not billed yet"
    return f"{money_text(price, unit)} {'charged' if price <= 0 else 'credited'}"


def sid_masked(sid: str | None) -> str:
    """Return the first and last four characters of a SID."""
    return f"{sid[:4]}…{sid[-4:]}" if sid else "—"
