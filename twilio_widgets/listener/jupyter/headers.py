"""The headers that are forwarded to the listener, and those that we add and callers cannot fake.

Sources: RFC 9110 (hop-by-hop headers); the proxies of JupyterHub append to
``X-Forwarded-Proto``, so its first item is what the browser, or Twilio, used.
"""

from __future__ import annotations

from collections.abc import Iterable

FORWARD = "X-Twilio-Widgets-Forward"

_OF_THE_CONNECTION = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade", "accept-encoding",
    }
)  # fmt: skip
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-xsrftoken"})
_OURS_TO_SAY = ("x-twilio-widgets-", "x-original-")

Pairs = list[tuple[str, str]]


def forwarded(headers: Iterable[tuple[str, str]], ours: Pairs) -> Pairs:
    """Return the caller's headers without hop-by-hop headers and credentials, followed by ours."""
    kept = list(headers)
    named = {
        name.strip().lower()
        for header, value in kept
        if header.lower() == "connection"
        for name in value.split(",")
    }
    dropped = _OF_THE_CONNECTION | _CREDENTIALS | named
    return [
        (name, value)
        for name, value in kept
        if name.lower() not in dropped and not name.lower().startswith(_OURS_TO_SAY)
    ] + ours


def original_proto(forwarded_proto: str, seen: str) -> str:
    """Return the scheme the caller used.

    Args:
        forwarded_proto: The value of ``X-Forwarded-Proto``, or an empty string.
        seen: The scheme of the request to the server itself.
    """
    first = forwarded_proto.partition(",")[0].strip().lower()
    return first if first in {"http", "https"} else seen
