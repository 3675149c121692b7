"""One wire page of the message list → typed rows, without building a dict per message."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from twilio_widgets.core.flows.answers import json_of
from twilio_widgets.errors import BadResponse

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class MessageRecord(msgspec.Struct, gc=False, rename={"from_": "from"}):
    """One message exactly as it stood on the wire.

    Numbers that Twilio writes as text are still text here, and so are dates: whole columns are
    converted at once in `build`.
    """

    # gc=False: a row holds only text and numbers, so the cycle collector need not visit it.
    sid: str
    date_sent: str | None = None
    date_created: str | None = None
    date_updated: str | None = None
    direction: str | None = None
    status: str | None = None
    from_: str | None = None
    to: str | None = None
    body: str | None = None
    num_segments: str | None = None
    num_media: str | None = None
    price: str | None = None
    price_unit: str | None = None
    error_code: _Int64 | None = None
    error_message: str | None = None
    messaging_service_sid: str | None = None
    account_sid: str | None = None


class DecodedPage(msgspec.Struct):
    """One page of the message list."""

    rows: list[MessageRecord] = msgspec.field(name="messages")
    next_page_uri: str | None = None
    """Where the next page is, relative to the host; None at the end. Opaque."""


_decoder = msgspec.json.Decoder(DecodedPage)


def page_of(content: bytes) -> DecodedPage:
    """Read one page of the message list from the bytes of an answer.

    Args:
        content: The whole body of an answer to ``GET …/Messages.json``.

    Returns:
        The rows in Twilio's order, newest first, and where the next page is.

    Raises:
        BadResponse: The bytes are not JSON, or not a page of messages: text that is not UTF-8, NaN,
            a missing list, a field of another type, or endless nesting.
    """
    try:
        return _decoded(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Neither text repeats a value: it would be somebody's number or message.
        reason = str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__
        raise BadResponse(
            f"Twilio's page of messages cannot be read ({reason}). Nothing was changed; try again, "
            "and check base_url if it was given."
        ) from None


def _decoded(content: bytes) -> DecodedPage:
    try:
        return _decoder.decode(content)
    except msgspec.DecodeError:
        if not re.search(rb"\\u[dD][89a-fA-F]", content):
            raise
    # Half a character, perhaps. Anybody can text one to us, so it must not take the page away.
    return msgspec.convert(json_of(content), DecodedPage)
