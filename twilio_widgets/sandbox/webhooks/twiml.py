"""Parse the response to an inbound webhook: replies in TwiML or as plain text.

Sources: Twilio, "TwiML for messaging" (`<Message>`, `<Body>`, at most ten replies and 64 kB).
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree

MOST_REPLIES, MOST_BYTES = 10, 64_000
TWIML = frozenset({"text/xml", "application/xml", "text/html"})


class TwimlReply(NamedTuple):
    """A message to send back."""

    body: str
    status_callback: str | None = None


def replies_in(content_type: str, body: bytes) -> list[TwimlReply]:
    """Return the replies in a webhook response; an empty list when it cannot be parsed."""
    kind = media_type_of(content_type)
    text = body.decode("utf-8", "replace")
    if len(body) > MOST_BYTES or not text.strip():
        return []
    if kind == "text/plain":
        return [TwimlReply(text)]
    if kind not in TWIML or "<!DOCTYPE" in text:  # a DOCTYPE could define an entity bomb
        return []
    try:
        response = ElementTree.fromstring(text)  # noqa: S314  # no DOCTYPE, 64 kB at most
    except ElementTree.ParseError:
        return []
    replies = [_reply(element) for element in response.iter("Message")]
    return [reply for reply in replies if reply.body][:MOST_REPLIES]


def media_type_of(content_type: str) -> str:
    """Return a Content-Type in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _reply(element: ElementTree.Element) -> TwimlReply:
    body = element.findtext("Body")
    callback = element.get("action") or element.get("statusCallback")
    return TwimlReply((body if body is not None else element.text or "").strip(), callback)
