"""When two arrivals are the same event.

A redelivery repeats the signed parameters, so those decide. The idempotency token does not: it is
not signed, and anybody who caught a request could send it again with another one. A message SID
alone does not either: a later status of the same message would be lost.
"""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring as quoted

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
        return stand_in_of(event)
    said = sorted(set(arrival.parameters))
    return _hash(
        quoted(arrival.kind), *[f"[{quoted(name)}, {quoted(value)}]" for name, value in said]
    )


def stand_in_of(event: Event) -> bytes:
    """Return the key this event has when it was seen in Twilio's log: the message and its status.

    An inbound message has that key always: it comes once.
    """
    status = event.status if event.kind == "status" else None
    word = "null" if status is None else quoted(status)
    return _hash(quoted(event.kind), '"poll"', quoted(event.message_sid), word)


def _hash(*parts: str) -> bytes:
    # A JSON list, because it has delimiters: ("a", "bc") and ("ab", "c") are different.
    return hashlib.sha256(f"[{', '.join(parts)}]".encode()).digest()
