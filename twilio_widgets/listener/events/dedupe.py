"""When two arrivals are the same event.

A redelivery repeats the signed parameters, so those decide. The idempotency token does not: it is
not signed, and anybody who caught a request could send it again with another one. A message SID
alone does not either: a later status of the same message would be lost.
"""

from __future__ import annotations

import hashlib

import msgspec

from twilio_widgets.listener.events.event import Arrival, Event


def key_of(arrival: Arrival, event: Event) -> bytes:
    """Return what is equal for two arrivals that are the same event.

    Args:
        arrival: What came.
        event: The same, as it was read.

    Raises:
        UnicodeEncodeError: A parameter holds half of a character.
    """
    if arrival.kind == "inbound" or arrival.source == "poll":
        return poll_key_of(event)
    return _hash(arrival.kind, *sorted(set(arrival.parameters)))


def poll_key_of(event: Event) -> bytes:
    """Return the key this event has when it was seen in Twilio's log: the message and its status.

    An inbound message has that key always: it comes once.
    """
    status = event.status if event.kind == "status" else None
    return _hash(event.kind, "poll", event.message_sid, status)


def _hash(*parts: str | tuple[str, str] | None) -> bytes:
    # A JSON list, because it has delimiters: ("a", "bc") and ("ab", "c") are different.
    return hashlib.sha256(msgspec.json.encode(parts)).digest()
