"""Twilio's magic numbers: what a test may send to and from, and what comes of it.

Source: Twilio, "Test credentials". Here they work beside the account's own numbers, with any
credentials; Twilio knows them with test credentials only.
"""

from __future__ import annotations

GOOD_SENDER = "+15005550006"
"""May send to anyone, although no account owns it."""

_AS_SENDER = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
_AS_RECIPIENT = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}


def as_sender(number: str) -> int | None:
    """Return the error a magic ``From`` gives; None when it gives none."""
    if number in _AS_SENDER:
        return _AS_SENDER[number]
    # Every other number of the magic block is one that no account may send from.
    return 21606 if number.startswith("+1500555000") and number != GOOD_SENDER else None


def as_recipient(number: str) -> int | None:
    """Return the error a magic ``To`` gives; None when it is an ordinary recipient."""
    return _AS_RECIPIENT.get(number)
