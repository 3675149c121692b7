"""Parse the response to an inbound webhook: replies in TwiML or as plain text.

Sources: Twilio, "TwiML for messaging" (`<Message>`, `<Body>`, at most ten replies and 64 kB).
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree

_MOST_REPLIES, _MOST_BYTES = 10, 64_000
_TWIML = frozenset({"text/xml", "application/xml", "text/html"})


class TwimlReply(NamedTuple):
    """A message to send back."""

    body: str
    status_callback: str | None = None


def replies_in(content_type: str, body: bytes) -> list[TwimlReply]:
    """Return the replies in a webhook response; an empty list when it cannot be parsed."""
    kind = content_type.partition(";")[0].strip().lower()
    text = body.decode("utf-8", "replace")
    if len(body) > _MOST_BYTES or not text.strip():
        return []
    if kind == "text/plain":
        return [TwimlReply(text)]
    if kind not in _TWIML or "<!DOCTYPE" in text:  # a DOCTYPE could define an entity bomb
        return []
    try:
        response = ElementTree.fromstring(text)  # noqa: S314  # no DOCTYPE, 64 kB at most
    except ElementTree.ParseError:
        return []
    replies = [_reply(element) for element in response.iter("Message")]
    return [reply for reply in replies if reply.body][:_MOST_REPLIES]


def _reply(element: ElementTree.Element) -> TwimlReply:
    body = element.findtext("Body")
    callback = element.get("action") or element.get("statusCallback")
    return TwimlReply((body if body is not None else element.text or "").strip(), callback)
