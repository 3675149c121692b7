"""Why a request is turned away: a status for the sender, and the reason for our user alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.signature.location import veiled

if TYPE_CHECKING:
    from twilio_widgets.signature.presented import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionCause:
    """One request turned away."""

    status: int
    cause: str
    """A machine's word; what is counted is counted by it."""
    reason: str
    mend: str | None = None
    allow: str = ""
    presented: SignedRequest | None = None
    """The request, where its signature is to be looked into."""


SIGNATURE = "signature"
"""The cause of those that the doctor is asked about."""

ORIGIN = RejectionCause(
    status=403,
    cause="origin",
    reason="A web page sent the request: it has an Origin header, and Twilio sends none.",
)
REPEATED = RejectionCause(
    status=400,
    cause="headers",
    reason="A header that decides something came twice.",
    mend="If it did come from Twilio, see what on the way adds the header again.",
)
TARGET = RejectionCause(
    status=400, cause="path", reason="What was asked for is no path: it must begin with a slash."
)
EXPECTATION = RejectionCause(
    status=417, cause="headers", reason="It expects something else than 100-continue."
)
TOO_LONG = RejectionCause(status=413, cause="size", reason="The body is larger than 1 MB.")
TOO_MANY = RejectionCause(status=413, cause="size", reason="It has more than 1,000 parameters.")
TYPE = RejectionCause(
    status=415,
    cause="type",
    reason="The body is declared to be neither a form nor JSON.",
    mend="Pass on the Content-Type header as it came.",
)
BODY = RejectionCause(
    status=400, cause="body", reason="The signed body cannot be read as it is declared."
)
NOT_MESSAGING = RejectionCause(
    status=400,
    cause="kind",
    reason="Twilio signed it, but it is neither a status callback nor an inbound message.",
    mend="Point only messaging webhooks here: voice, or another product's, has its own forms.",
)
UNREADABLE = {
    400: "What came is not a request in HTTP/1.1.",
    405: "The method is none that a webhook uses.",
    413: "The body is larger than 1 MB.",
    431: "The headers are larger than 32 kB, or more than 100.",
}
"""What to say when there is not even a request."""


def other_host(host: str | None) -> RejectionCause:
    """Refuse a request that was meant for another host: a page may have brought it here."""
    plain = host if host and re.fullmatch(r"[A-Za-z0-9.:\[\]_-]{1,100}", host) else None
    if plain is None:
        return RejectionCause(
            status=403, cause="host", reason="The Host header is none of this listener."
        )
    return RejectionCause(
        status=403,
        cause="host",
        reason=f"The request was for {plain}, which is not this listener.",
        mend=f'If Twilio is to call you there, state it: public_url="https://{plain}".',
    )


def method(allow: str) -> RejectionCause:
    """Refuse a method."""
    return RejectionCause(
        status=405, cause="method", reason="The method is none that this path takes.", allow=allow
    )


def path(shown: str) -> RejectionCause:
    """Refuse a path."""
    plain = shown if re.fullmatch(r"[A-Za-z0-9/._~-]{1,60}", veiled(shown)) else "that path"
    return RejectionCause(
        status=404,
        cause="path",
        reason=f"There is nothing at {plain}.",
        mend="Point Twilio at listener.inbound_url or listener.status_url.",
    )


def field(name: str) -> RejectionCause:
    """Refuse a signed request that lacks a field every such request has, or has it twice."""
    return RejectionCause(
        status=400,
        cause="fields",
        reason=f"Twilio's signature is right, but {name} is missing, twice there or misshapen.",
        mend="Somebody may have cut a signed request up anew: its signature has no delimiters.",
    )


def account(shown: str) -> RejectionCause:
    """Refuse a request about another account."""
    return RejectionCause(
        status=403,
        cause="account",
        reason=f"It is about the account {shown}, which is not this listener's.",
        mend="Give each account a listener with its own connection.",
    )
