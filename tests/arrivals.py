"""Arrivals for the tests of the event store, as the gate would return them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from twilio_widgets.listener.events.event import Arrival

ACCOUNT = "AC" + "a" * 32
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def sid(n: int) -> str:
    return f"SM{n:032x}"


def at(seconds: float) -> datetime:
    """Return the moment some seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def a_status(
    n: int, status: str, *, seconds: float = 0, token: str = "once", url: str = "", **more: str
) -> Arrival:
    """Return the arrival of a status callback for message `n`."""
    parameters = {
        "MessageSid": sid(n),
        "MessageStatus": status,
        "SmsSid": sid(n),
        "SmsStatus": status,
        "AccountSid": ACCOUNT,
        "From": "+14155550100",
        "To": "+14155550199",
        **more,
    }
    return Arrival.of_request(
        kind="status",
        method="POST",
        url=url or "https://hooks.example/status",
        parameters=tuple(parameters.items()),
        headers=(("User-Agent", "TwilioProxy/1.1"), ("I-Twilio-Idempotency-Token", token)),
        received_at=at(seconds),
        scheme="auth token",
    )


def an_inbound(n: int, body: str = "hello", *, seconds: float = 0, **more: str) -> Arrival:
    """Return the arrival of an inbound message."""
    parameters = {
        "MessageSid": sid(n),
        "AccountSid": ACCOUNT,
        "From": "+14155550177",
        "To": "+14155550100",
        "Body": body,
        "NumMedia": "0",
        **more,
    }
    return Arrival.of_request(
        kind="inbound",
        method="POST",
        url="https://hooks.example/inbound",
        parameters=tuple(parameters.items()),
        headers=(("I-Twilio-Idempotency-Token", "once"),),
        received_at=at(seconds),
        scheme="auth token",
    )


def a_look(n: int, status: str, *, seconds: float = 0, **more: object) -> Arrival:
    """Return the arrival for message `n` as found in Twilio's log."""
    payload = {
        "sid": sid(n),
        "status": status,
        "direction": "outbound-api",
        "account_sid": ACCOUNT,
        "from": "+14155550100",
        "to": "+14155550199",
        "num_media": "0",
        **more,
    }
    return Arrival.of_api(payload, at(seconds))


def shuffled(messages: int, callbacks: int) -> tuple[list[tuple[int, str]], dict[str, str]]:
    """Return callbacks out of order and repeated, and the expected final status of each message.

    The expected status is a plain maximum over a table written by hand.

    Returns:
        Pairs of message number and status in the order of arrival; the final status by SID.
    """
    life = ["accepted", "queued", "sending", "sent", "delivered", "read"]
    ends = {"delivered": "undelivered", "read": "undelivered"}
    steps = ["accepted", "queued", "sending", "sent", "delivered", "undelivered", "read"]
    draw = random.Random(20260401)
    heard_of = {
        n: [ends.get(word, word) if n % 5 == 0 else word for word in draw.sample(life, 3)]
        for n in range(messages)
    }
    come = [(n, word) for n, words in heard_of.items() for word in words]
    come += draw.choices(come, k=callbacks - len(come))
    draw.shuffle(come)
    return come, {sid(n): max(words, key=steps.index) for n, words in heard_of.items()}
