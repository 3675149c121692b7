"""Requests that reach a person or are billed, besides the creation of a message.

The table names them by product and by the last segment of their path, in lower case. A message on
any other product is one of them, whether the table has it or not.

Sources: the paths of Twilio's OpenAPI documents (2026-04) and of the official client 9.13; Twilio,
"Lookup" (``Fields`` of v2, ``Type`` and ``AddOns`` of v1 are billed; a plain lookup is free).
"""

from __future__ import annotations

from dataclasses import dataclass

from twilio_widgets.core.guardrails.classify import last_name, methods_of
from twilio_widgets.core.request import SAFE_METHODS, Request


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a request outside Twilio's data."""

    text: str
    """Completes "This request can …"."""
    reaches: bool = True
    """Whether it reaches a person; otherwise it is only billed."""


_CALL = Effect("make a call")
MESSAGE = Effect("send a message")
_NUMBER = Effect("buy a phone number", reaches=False)
_DEVICE = Effect("send a command to a SIM, which is billed", reaches=False)
_LOOKUP = Effect("look up details of a number, which is billed", reaches=False)
_ADD_ON = Effect("install an add-on, which is billed", reaches=False)
_RECORDING = Effect("record a call, which is billed", reaches=False)
_TRANSCRIPT = Effect("transcribe a recording, which is billed", reaches=False)
_HOSTING = Effect("call or text a number to verify its owner")
_AGENT = Effect("invite someone to an interaction")
_REGISTRATION = Effect("register for A2P messaging, which is billed", reaches=False)

_CREATIONS = {
    "api": {
        "calls": _CALL,
        "participants": Effect("call someone into a conference"),
        "outgoingcallerids": Effect("call a number to verify it"),
        "incomingphonenumbers": _NUMBER,
        "local": _NUMBER,
        "mobile": _NUMBER,
        "tollfree": _NUMBER,
        "payments": Effect("take a payment from someone in a call"),
        "recordings": _RECORDING,
        "siprec": _RECORDING,
        "streams": _RECORDING,
        "transcriptions": _TRANSCRIPT,
    },
    "conversations": {"actions": MESSAGE, "communications": MESSAGE},
    "flex-api": {
        "interactions": Effect("start an interaction with a customer"),
        "invites": _AGENT,
        "participants": _AGENT,
        "transfers": _AGENT,
    },
    "intelligence": {"transcripts": _TRANSCRIPT},
    "lookups": {"query": _LOOKUP},
    "marketplace": {"installedaddons": _ADD_ON},
    "messaging": {
        "brandregistrations": _REGISTRATION,
        "preregisteredusa2p": _REGISTRATION,
        "typing": Effect("show someone that you are typing"),
        "smsotp": Effect("send a code to the contact of a brand"),
        "usa2p": _REGISTRATION,
        "vettings": _REGISTRATION,
    },
    "notify": {"notifications": Effect("send a notification")},
    "numbers": {
        "applications": Effect("apply for a short code, which is billed", reaches=False),
        "hostednumberorders": _HOSTING,
        "orders": _HOSTING,
    },
    "preview": {
        "commands": _DEVICE,
        "hostednumberorders": _HOSTING,
        "installedaddons": _ADD_ON,
    },
    "proxy": {"messageinteractions": MESSAGE},
    "studio": {
        "engagements": Effect("start a Studio flow, which can call and send messages"),
        "executions": Effect("start a Studio flow, which can call and send messages"),
    },
    "supersim": {"ipcommands": _DEVICE, "smscommands": _DEVICE},
    "verify": {
        "challenges": Effect("send a challenge to a device"),
        "notifications": Effect("send a challenge to a device"),
        "verifications": Effect("send a verification code"),
    },
    "video": {
        "compositions": Effect("compose a recording, which is billed", reaches=False),
        "transcriptions": _TRANSCRIPT,
    },
    "wireless": {"commands": _DEVICE},
}
_PAID_LOOKUPS = frozenset({"fields", "type", "addons"})


def effect_of(request: Request) -> Effect | None:
    """Return the effect of a request; None if it has none, or creates a message by the main API."""
    name = last_name(request.path)
    if methods_of(request) - SAFE_METHODS - {"DELETE"}:
        if name == "messages" and request.service != "api":
            return MESSAGE
        return _CREATIONS.get(request.service, {}).get(name)
    if request.service == "lookups" and any(
        parameter.lower() in _PAID_LOOKUPS and value for parameter, value in request.query
    ):
        return _LOOKUP
    return None
