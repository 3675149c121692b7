"""Why requests are rejected: a status for the sender, and a reason for our user only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.signature.location import veiled

if TYPE_CHECKING:
    from twilio_widgets.signature.presented import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionCause:
    """Why one request was rejected."""

    status: int
    cause: str
    """A machine-readable key, by which rejections are counted."""
    reason: str
    mend: str | None = None
    allow: str = ""
    presented: SignedRequest | None = None
    """The request, if its signature should be diagnosed."""


SIGNATURE = "signature"
"""The cause of rejections whose signature is diagnosed."""

ORIGIN = RejectionCause(
    status=403,
    cause="origin",
    reason="A web page sent the request: it has an Origin header, which Twilio never sends.",
)
REPEATED = RejectionCause(
    status=400,
    cause="headers",
    reason="A header that may occur only once was sent twice.",
    mend="If the request came from Twilio, find the proxy on its way that repeats the header.",
)
TARGET = RejectionCause(
    status=400, cause="path", reason="The request target is not a path: it must begin with /."
)
EXPECTATION = RejectionCause(
    status=417, cause="headers", reason="The Expect header is not 100-continue."
)
TOO_LONG = RejectionCause(status=413, cause="size", reason="The body is larger than 1 MB.")
TOO_MANY = RejectionCause(
    status=413, cause="size", reason="The request has more than 1,000 parameters."
)
TYPE = RejectionCause(
    status=415,
    cause="type",
    reason="The Content-Type is neither a form nor JSON.",
    mend="Make the proxy forward the Content-Type header unchanged.",
)
BODY = RejectionCause(
    status=400, cause="body", reason="The signed body does not match its Content-Type."
)
NOT_MESSAGING = RejectionCause(
    status=400,
    cause="kind",
    reason="Signed by Twilio, but neither a status callback nor an inbound message.",
    mend="Point only messaging webhooks here, not those of voice or another product.",
)
UNREADABLE = {
    400: "The bytes received are not a valid HTTP/1.1 request.",
    405: "Webhooks do not use this HTTP method.",
    413: "The body is larger than 1 MB.",
    431: "The headers are larger than 32 kB, or there are more than 100.",
}
"""Reasons by status for data that is not a valid request."""


def other_host(host: str | None) -> RejectionCause:
    """Reject a request for another host: a web page may have sent it (DNS rebinding)."""
    plain = host if host and re.fullmatch(r"[A-Za-z0-9.:\[\]_-]{1,100}", host) else None
    if plain is None:
        return RejectionCause(
            status=403, cause="host", reason="The Host header does not name this listener."
        )
    return RejectionCause(
        status=403,
        cause="host",
        reason=f"The request was for the host {plain}, which is not this listener.",
        mend=f'If Twilio should call that host, pass public_url="https://{plain}".',
    )


def method(allow: str) -> RejectionCause:
    """Reject a method."""
    return RejectionCause(
        status=405, cause="method", reason="This path does not accept the method.", allow=allow
    )


def path(shown: str) -> RejectionCause:
    """Reject a path."""
    plain = shown if re.fullmatch(r"[A-Za-z0-9/._~-]{1,60}", veiled(shown)) else "that path"
    return RejectionCause(
        status=404,
        cause="path",
        reason=f"There is nothing at {plain}.",
        mend="Point Twilio at listener.inbound_url or listener.status_url.",
    )


def field(name: str) -> RejectionCause:
    """Reject a signed request whose mandatory parameter is missing, repeated or malformed."""
    return RejectionCause(
        status=400,
        cause="fields",
        reason=f"The signature is valid, but {name} is missing, repeated or malformed.",
        mend="Someone may have rearranged a signed request: signatures do not cover delimiters.",
    )


def account(shown: str) -> RejectionCause:
    """Reject a request about another account."""
    return RejectionCause(
        status=403,
        cause="account",
        reason=f"The request is about the account {shown}, which is not this listener's.",
        mend="Use a separate listener, with its own connection, for each account.",
    )
