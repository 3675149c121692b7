"""Decode the reply to a raw request into a `RawResponse`."""

from __future__ import annotations

import re
from typing import Any

from twilio_widgets.core.credentials.secret import sealed
from twilio_widgets.core.flows.answers import is_web_page, json_of
from twilio_widgets.core.raw.response import RawResponse, ResponseType
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import BadResponse


def response_of(
    reply: Reply, response_type: ResponseType, *, elapsed: float, attempts: int
) -> tuple[RawResponse, str | None]:
    """Decode a reply as the given type.

    Returns:
        The response and None; or, if the body is not the JSON asked for, the response with the body
        as text, and a sentence about the problem.
    """
    problem = None
    content: Any
    try:
        content = _decoded(reply, response_type)
    except BadResponse as error:
        problem, content = str(error), text_of(reply)
    return made(reply, content, elapsed=elapsed, attempts=attempts), problem


def made(reply: Reply, content: object, *, elapsed: float, attempts: int) -> RawResponse:
    """Return the response for a reply and its decoded body."""
    return RawResponse(
        status=reply.status,
        headers=dict(reply.headers),
        data=content,
        elapsed=elapsed,
        attempts=attempts,
        request_id=reply.request_id,
        content_type=kind_of(reply),
    )


def unreadable(response: RawResponse, problem: str, *, changed: bool) -> BadResponse:
    """Return the error for a response that is not the JSON asked for.

    Args:
        response: The response, with its body as text; the error keeps it.
        problem: A sentence about the problem.
        changed: Whether the request was to change something.
    """
    advice = ' To read it as text, use response_type="text".'
    if "xml" in (response.content_type or ""):
        advice = " It is XML, Twilio's default: end the path with .json to get JSON."
    if changed and is_web_page(str(response.data).encode("utf-8", "replace")):
        advice = " Whether the change was made is unknown: read the resource before you repeat it."
    elif changed:
        advice += f" The change itself was made (HTTP {response.status}): do not repeat it."
    error = BadResponse(problem + advice)
    error.response = response
    error.text = str(response.data)
    return error


def kind_of(reply: Reply) -> str | None:
    """Return the media type of a reply, without its parameters."""
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower() or None


def text_of(reply: Reply) -> str:
    """Return the body as text, decoded with its declared character set, or UTF-8."""
    named = re.search(r"charset=\"?([\w.:-]+)", reply.headers.get("content-type", ""))
    try:
        return reply.content.decode(named[1] if named else "utf-8", "replace")
    except (LookupError, ValueError):
        return reply.content.decode("utf-8", "replace")


def _decoded(reply: Reply, response_type: ResponseType) -> Any:
    if response_type == "binary":
        return reply.content
    if response_type == "text":
        return text_of(reply)
    return sealed(json_of(reply.content)) if reply.content else None
