"""Keys that identify duplicate arrivals.

A redelivery repeats the signed parameters, so the key is a hash of them. The idempotency token is
not used: it is not signed, so a captured request could be replayed with a new token. The message
SID alone is not enough: a later status of the same message would be lost.
"""

from __future__ import annotations

import hashlib

import msgspec

from twilio_widgets.listener.events.event import Arrival, Event


def key_of(arrival: Arrival, event: Event) -> bytes:
    """Return a key that is equal for two arrivals of the same event.

    Args:
        arrival: The arrival.
        event: The event parsed from it.

    Raises:
        UnicodeEncodeError: A parameter contains an unpaired surrogate.
    """
    if arrival.kind == "inbound" or arrival.source == "poll":
        return poll_key_of(event)
    return _hash(arrival.kind, *sorted(set(arrival.parameters)))


def poll_key_of(event: Event) -> bytes:
    """Return the key of an event seen in Twilio's log: the hash of message SID and status.

    Inbound messages always use this key, because each message arrives only once.
    """
    status = event.status if event.kind == "status" else None
    return _hash(event.kind, "poll", event.message_sid, status)


def _hash(*parts: str | tuple[str, str] | None) -> bytes:
    # A JSON list, because it has delimiters: ("a", "bc") and ("ab", "c") must differ.
    return hashlib.sha256(msgspec.json.encode(parts)).digest()
