"""Genuine arrivals for the tests of the event store, as the gate would hand them over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twilio_widgets.listener.events.event import Arrival

ACCOUNT = "AC" + "a" * 32
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def sid(n: int) -> str:
    return f"SM{n:032x}"


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def a_status(
    n: int, status: str, *, seconds: float = 0, token: str = "once", url: str = "", **more: str
) -> Arrival:
    """A status callback about message `n`."""
    said = {
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
        parameters=tuple(said.items()),
        headers=(("User-Agent", "TwilioProxy/1.1"), ("I-Twilio-Idempotency-Token", token)),
        received_at=at(seconds),
        scheme="auth token",
    )


def an_inbound(n: int, body: str = "hello", *, seconds: float = 0, **more: str) -> Arrival:
    """An inbound message."""
    said = {
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
        parameters=tuple(said.items()),
        headers=(("I-Twilio-Idempotency-Token", "once"),),
        received_at=at(seconds),
        scheme="auth token",
    )


def a_look(n: int, status: str, *, seconds: float = 0, **more: object) -> Arrival:
    """What Twilio's log shows of message `n`."""
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
