"""Parse Twilio's replies: strict JSON, and error responses as our exceptions.

Sources: Twilio, "Twilio's response" (error body ``{code, message, more_info, status}``), errors
20429 and 63038 (a rolling window of 24 hours; twilio-php issue 661 shows its 429), and the error
pages of the codes in `core.explain`.
"""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Never

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    Forbidden,
    NotFound,
    RateLimited,
    RejectedMessage,
    Unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twilio_widgets.core.request import Reply

SMALLEST_CODE, LONGEST_CODE = 10**4, 10**6
"""Twilio's error codes have five digits, its newest six."""

_HEAD_OF_XML = 500
"""Bytes within which an error in XML has its element."""

DEEPEST_JSON = 100
"""Levels of nesting. Twilio's JSON has fewer than ten; code that walks it may be recursive."""

IN_BETWEEN = "Is a proxy, or a network that asks for a login, between you and Twilio?"
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

DAY_LIMIT = 63038
"""The account's limit of messages in 24 hours is reached; Twilio reports it with a 429."""

TEST_CREDENTIALS = 20008
"""Test credentials are valid, but not permitted to do this."""

_BY_STATUS: dict[int, type[ApiError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound}


def json_of(content: bytes) -> Any:
    """Decode one JSON document, strictly.

    ``NaN``, invalid UTF-8 and nesting of more than 100 levels are refused; half surrogates, which
    no file or database can store, become U+FFFD.

    Raises:
        BadResponse: The bytes are not a JSON document.
    """
    try:
        text = content.decode("utf-8")
        document = _document(text)
        _check_depth(document)
        return _mended(document) if _SURROGATE.search(text) else document
    except (ValueError, RecursionError) as error:
        problem = type(error).__name__
    raise web_page(content) or BadResponse(f"Twilio's response is not valid JSON ({problem}).")


def web_page(content: bytes) -> BadResponse | None:
    """Return the error for a response that is a web page; None if it is not one."""
    if not is_web_page(content):
        return None
    return BadResponse(f"The response is a web page instead of Twilio's JSON. {IN_BETWEEN}")


def is_web_page(content: bytes) -> bool:
    """Return whether a response is an HTML page, which Twilio's API never returns."""
    return _PAGE.match(content[:2000].removeprefix(b"\xef\xbb\xbf")) is not None


def _check_depth(document: object) -> None:
    level = [document]
    for _ in range(DEEPEST_JSON):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise RecursionError


def mapping_of(content: bytes) -> Mapping[str, Any]:
    """Decode one JSON object.

    Raises:
        BadResponse: The bytes are not a JSON object.
    """
    document = json_of(content)
    if not isinstance(document, dict):
        raise BadResponse("Twilio's response is JSON, but not an object.")
    return document


def _no_constant(name: str) -> Never:
    raise ValueError(name)


_document = json.JSONDecoder(parse_constant=_no_constant).decode


def _mended(value: Any) -> Any:
    """Replace half surrogates, in keys and values alike."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def error_of(reply: Reply, *, about: str | None = None, creates_message: bool = False) -> ApiError:
    """Return the exception for an error response.

    Args:
        reply: A reply with a status of 400 or more.
        about: The subject of the request; it is masked.
        creates_message: Whether the request was to create a message.
    """
    body = _error_body(reply)
    code, kind = _code_of(body), _BY_STATUS.get(reply.status, ApiError)
    field = None
    if code is not None:
        # The catalogue of error codes loads with the first error.
        from twilio_widgets.core.error_codes.explain import field_of

        field = field_of(code)
    if reply.status == 429:
        kind = RateLimited
    elif creates_message and (reply.status == 400 or field is not None):
        kind = RejectedMessage
    message = str(body.get("message") or body.get("title") or "")
    if not message and is_web_page(reply.content):
        message = f"The response is a web page, not Twilio's. {IN_BETWEEN}"
    error = kind(
        mask(_one_line(message))[:500],
        status=reply.status,
        code=code,
        more_info=_text_or_none(body.get("more_info")),
        request_id=reply.request_id,
        about=mask(about) if about else None,
    )
    if isinstance(error, RateLimited):
        error.retry_after = retry_after_of(reply)
    if isinstance(error, RejectedMessage):
        error.field = field
    return error


def leaves_open(reply: Reply, *, creates_message: bool) -> bool:
    """Return whether a change may have been made in spite of this answer.

    A 408 or 5xx comes from a server that may have acted on the request. A redirect comes from a
    server that may have acted on it (303), or from something in between that may have passed it on.
    For a message, neither does a refusal that is not in Twilio's form prove that it was not sent.

    Args:
        reply: The answer to a change.
        creates_message: Whether the change was to create a message.
    """
    if 300 <= reply.status < 400 or reply.status == 408 or reply.status >= 500:
        return True
    return creates_message and reply.status >= 400 and not is_from_twilio(reply)


def is_from_twilio(reply: Reply) -> bool:
    """Return whether an error answer is Twilio's: a login page or a gateway's error is not.

    A 408 and a 429 need no proof: servers may send them before they write JSON.
    """
    if reply.status in {408, 429} or b"<RestException>" in reply.content[:_HEAD_OF_XML]:
        return True
    body = _error_body(reply)
    has_message = body.get("status") == reply.status and isinstance(body.get("message"), str)
    return has_message or (_code_of(body) or 0) >= SMALLEST_CODE


def passes_soon(error: ApiError) -> bool:
    """Return whether it is a 429 that a short wait resolves; the daily limit (63038) is not."""
    return error.status == 429 and error.code != DAY_LIMIT


def _error_body(reply: Reply) -> Mapping[str, Any]:
    try:
        return mapping_of(reply.content)
    except BadResponse:
        return _xml_error(reply.content[:_HEAD_OF_XML])


def _xml_error(head: bytes) -> Mapping[str, Any]:
    """Return the error in the XML that answers a path without ``.json``, as the JSON has it."""
    if b"<RestException>" not in head:
        return {}
    found = dict(re.findall(r"<(Code|Message|MoreInfo)>([^<]*)<", head.decode("utf-8", "replace")))
    code = found.get("Code", "")
    return {
        "code": int(code) if re.fullmatch(r"[0-9]{1,6}", code) else None,
        "message": html.unescape(found.get("Message", "")),
        "more_info": html.unescape(found.get("MoreInfo", "")) or None,
    }


def _code_of(body: Mapping[str, Any]) -> int | None:
    code = body.get("code")
    is_code = isinstance(code, int) and not isinstance(code, bool) and 0 < code < LONGEST_CODE
    return code if is_code else None


def _one_line(text: str) -> str:
    """Return the text on one line, without control characters that a terminal would interpret."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def date_of(reply: Reply) -> datetime | None:
    """Return the server's own time from the ``Date`` header (aware, UTC), or None."""
    return _http_date(reply.headers.get("date", ""))


def retry_after_of(reply: Reply) -> float | None:
    """Return the seconds of ``Retry-After``, given as a number or as a date, or None.

    A date counts from the reply's own ``Date``, or from this computer's clock if it has none.
    """
    value = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", value):
        return float(value)
    then, now = _http_date(value), date_of(reply) or datetime.now(UTC)
    return max(0.0, (then - now).total_seconds()) if then else None


def _http_date(value: str) -> datetime | None:
    try:
        from email.utils import parsedate_to_datetime  # loads slowly, and only a reply has dates

        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
