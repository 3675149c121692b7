"""Decode one page of the message list to typed rows, without a dict per message."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

import msgspec

from twilio_widgets.core.flows.answers import json_of, web_page
from twilio_widgets.core.message.message import whole_of_api
from twilio_widgets.errors import BadResponse

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class MessageRecord(msgspec.Struct, gc=False, rename={"from_": "from"}):
    """One message, exactly as received.

    Numbers and dates that Twilio writes as text are still text here: `build` converts whole columns
    at a time.
    """

    # gc=False: a row contains only text and numbers, so the garbage collector need not visit it.
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
    """The opaque path of the next page; None at the end."""


_decoder = msgspec.json.Decoder(DecodedPage)
_TEXT_FIELDS = frozenset(field.encode_name for field in msgspec.structs.fields(MessageRecord)) - {
    "sid",
    "error_code",
}


def page_of(content: bytes) -> DecodedPage:
    """Decode one page of the message list.

    Args:
        content: The complete body of a response to ``GET …/Messages.json``.

    Returns:
        The rows in Twilio's order, newest first, and the path of the next page.

    Raises:
        BadResponse: The bytes are not JSON, or not a page of messages: text that is not UTF-8, NaN,
            a missing list, a field of another type, or endless nesting.
    """
    try:
        return _decoded(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Neither text contains a value, which would be a phone number or a message.
        reason = str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__
        raise web_page(content) or BadResponse(
            f"Twilio's page of messages cannot be read ({reason}). Try again, and check "
            "base_url if it was given."
        ) from None


def _decoded(content: bytes) -> DecodedPage:
    try:
        return _decoder.decode(content)
    except msgspec.ValidationError:
        pass  # probably a number that is usually text, or text that is usually a number
    except msgspec.DecodeError:
        # Probably an unpaired surrogate: any sender can cause one, so the page must stay readable.
        if not re.search(rb"\\u[dD][89a-fA-F]", content):
            raise
    page = json_of(content)
    for row in _rows_of(page):
        _retype(row)
    return msgspec.convert(page, DecodedPage)


def _rows_of(page: object) -> list[dict[str, object]]:
    rows = page.get("messages") if isinstance(page, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _retype(row: dict[str, object]) -> None:
    """Give the fields of one row the types of `MessageRecord`, as `Message.from_api` does."""
    for name in _TEXT_FIELDS:
        if isinstance(value := row.get(name), int | float):
            row[name] = f"{Decimal(str(value)):f}" if not isinstance(value, bool) else str(value)
    if isinstance(code := row.get("error_code"), str | float):
        try:
            row["error_code"] = whole_of_api(code)
        except ValueError:
            return  # `msgspec.convert` refuses it
