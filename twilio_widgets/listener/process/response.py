"""What the listener answers: never a detail about why, and a reply only to who signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from http import HTTPStatus

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold, not even escaped."""

BUSY_SECONDS = 2
"""What ``Retry-After`` says when an event could not be made durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = ""
    allow: str = ""

    @property
    def ok(self) -> bool:
        """Whether the request was taken; a connection is kept only after that."""
        return self.status == 200

    def wire(self, *, close: bool) -> bytes:
        """Return it as it goes out."""
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
"""Nothing was stored, or we cannot say that it was: come again."""


def twiml(reply: str | None) -> HttpResponse:
    """Answer an inbound message, with a reply or without.

    Args:
        reply: The text to send back. Characters that XML cannot hold are left out.
    """
    text = _NOT_XML.sub("", reply or "")
    # Twilio logs a message of white space alone as an error (14103).
    inside = f"<Message>{escape(text, quote=False)}</Message>" if text.strip() else ""
    document = f"<Response>{inside}</Response>" if inside else "<Response/>"
    return HttpResponse(
        status=200, body=document.encode("utf-8"), content_type="text/xml; charset=utf-8"
    )


TAKEN = twiml(None)
"""To a status callback. Twilio logs a warning (12300) about an answer without a Content-Type."""


def refused(status: int, *, allow: str = "") -> HttpResponse:
    """Answer a request that is not taken: a status, and nothing about why."""
    return HttpResponse(status=status, allow=allow)
