"""The errors and warnings that Twilio's debugger would log about the response to a webhook.

Sources: Twilio's pages on 11200, 11205, 11750, 12100, 12200, 12300, 14103 and 14109. A response of
204 needs no Content-Type. Twilio follows redirects, the sandbox does not; it logs them as 11200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from twilio_widgets.sandbox.webhooks.twiml import MOST_BYTES, MOST_REPLIES, TWIML, media_type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.sandbox.webhooks.post import Posted

TEXTS = {
    11200: "The URL could not be retrieved",
    11205: "No connection to the host of the URL could be made",
    11750: "The response has more than 64 kB",
    12100: "The response is not well-formed XML",
    12200: "The response is not TwiML for messaging",
    12300: "The response has no Content-Type, or one that Twilio does not read",
    14103: "A message in the response has neither text nor media",
    14109: "The response has more than 10 messages",
}


def codes_of(posted: Posted, *, inbound: bool) -> tuple[int, ...]:
    """Return the codes of what Twilio would log about a response.

    Args:
        posted: The response, or why there is none.
        inbound: Whether it responds to an inbound message; its body is then read as TwiML.
    """
    if not posted.attempted:
        return ()
    if posted.status is None:
        return (11200 if posted.connected else 11205,)
    if posted.status >= 300:
        return (11200,)
    if posted.status == 204:
        return ()
    kind = media_type_of(posted.content_type)
    if kind not in TWIML | {"text/plain"}:
        return (12300,)
    return tuple(_codes_of_twiml(posted.body)) if inbound and kind in TWIML else ()


def _codes_of_twiml(body: bytes) -> Iterator[int]:
    if len(body) > MOST_BYTES:
        yield 11750
        return
    try:
        # A DOCTYPE could define an entity bomb.
        root = None if b"<!DOCTYPE" in body else ElementTree.fromstring(body)  # noqa: S314
    except (ElementTree.ParseError, ValueError):
        root = None
    if root is None:
        yield 12100
        return
    if root.tag != "Response":
        yield 12200
    messages = list(root.iter("Message"))
    if len(messages) > MOST_REPLIES:
        yield 14109
    if any(not _has_content(message) for message in messages):
        yield 14103


def _has_content(message: ElementTree.Element) -> bool:
    texts = [message.text or "", *(found.text or "" for found in message.iter("Body"))]
    return any(text.strip() for text in texts) or message.find("Media") is not None
