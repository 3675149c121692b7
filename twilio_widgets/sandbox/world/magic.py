"""Twilio's magic numbers: senders and recipients that produce a documented result.

Source: Twilio, "Test credentials". In the sandbox they work with any credentials, alongside the
account's own numbers; Twilio accepts them with test credentials only.
"""

from __future__ import annotations

GOOD_SENDER = "+15005550006"
"""A sender that every account may use."""

_AS_SENDER = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
_AS_RECIPIENT = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}


def as_sender(number: str) -> int | None:
    """Return the error code of a magic ``From`` number; None when it is accepted."""
    if number in _AS_SENDER:
        return _AS_SENDER[number]
    # No account may send from the other numbers of the magic block.
    return 21606 if number.startswith("+1500555000") and number != GOOD_SENDER else None


def as_recipient(number: str) -> int | None:
    """Return the error code of a magic ``To`` number; None for an ordinary recipient."""
    return _AS_RECIPIENT.get(number)
