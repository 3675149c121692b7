"""The listener's HTTP responses. A rejection gives no reason; only signed requests get a reply."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from http import HTTPStatus

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow, not even escaped."""

BUSY_SECONDS = 2
"""The value of ``Retry-After`` when an event could not be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One HTTP response."""

    status: int
    body: bytes = b""
    content_type: str = ""
    allow: str = ""

    @property
    def ok(self) -> bool:
        """Whether the request was taken; a connection is kept only after that."""
        return self.status == 200

    def wire(self, *, close: bool) -> bytes:
        """Return the bytes to send."""
        return _wire(self, close)


@lru_cache(maxsize=64)
def _wire(answer: HttpResponse, close: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"Content-Length: {len(answer.body)}",
    ]
    if answer.content_type:
        lines.append(f"Content-Type: {answer.content_type}")
    if answer.allow:
        lines.append(f"Allow: {answer.allow}")
    if answer.status == 503:
        lines.append(f"Retry-After: {BUSY_SECONDS}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join((*lines, "", "")).encode("ascii") + answer.body


BUSY = HttpResponse(status=503)
"""The event was not stored, or we do not know whether it was: Twilio should retry."""


def twiml(reply: str | None) -> HttpResponse:
    """Return the response to an inbound message.

    Args:
        reply: The text to send back, or None. Characters that XML does not allow are left out.
    """
    text = _NOT_XML.sub("", reply or "")
    # Twilio logs an error (14103) for a message of white space only.
    inside = f"<Message>{escape(text, quote=False)}</Message>" if text.strip() else ""
    document = f"<Response>{inside}</Response>" if inside else "<Response/>"
    return HttpResponse(
        status=200, body=document.encode("utf-8"), content_type="text/xml; charset=utf-8"
    )


TAKEN = twiml(None)
"""Response to a status callback. Without a Content-Type, Twilio logs a warning (12300)."""


def refused(status: int, *, allow: str = "") -> HttpResponse:
    """Return the response to a rejected request: only a status, without the reason."""
    return HttpResponse(status=status, allow=allow)
