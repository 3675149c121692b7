"""Decode the reply to a raw request into a `RawResponse`."""

from __future__ import annotations

import re
from typing import Any

from twilio_widgets.core.credentials.secret import sealed
from twilio_widgets.core.flows.answers import json_of
from twilio_widgets.core.raw.response import RawResponse, ResponseType
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import BadResponse


def response_of(
    reply: Reply, response_type: ResponseType, *, elapsed: float, attempts: int
) -> tuple[RawResponse, str | None]:
    """Decode an answer as it was asked for.

    Returns:
        The response, and why its body is not the JSON asked for, when it is not: it is text then.
    """
    problem = None
    content: Any
    try:
        content = _decoded(reply, response_type)
    except BadResponse as error:
        problem, content = str(error), text_of(reply)
    return made(reply, content, elapsed=elapsed, attempts=attempts), problem


def made(reply: Reply, content: object, *, elapsed: float, attempts: int) -> RawResponse:
    """Put an answer and its decoded body together."""
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
    """Say that an answer is not the JSON asked for, and keep it.

    Args:
        response: The answer; its body is text.
        problem: What is wrong with it.
        changed: Whether the request was to change something.
    """
    advice = ' Ask with response_type="text" to read it as it is.'
    if "xml" in (response.content_type or ""):
        advice = " It is XML, Twilio's usual form: end the path with .json for JSON."
    if changed:
        advice += f" The change itself was made (HTTP {response.status}): do not repeat it."
    error = BadResponse(problem + advice)
    error.response = response
    error.text = str(response.data)
    return error


def kind_of(reply: Reply) -> str | None:
    """Return the media type of an answer, without its parameters."""
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower() or None


def text_of(reply: Reply) -> str:
    """Return the body as text, in the character set it names; UTF-8 otherwise."""
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
