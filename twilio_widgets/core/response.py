"""The answer to a raw request, and what one attempt at it met."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twilio_widgets.core.answers import json_of
from twilio_widgets.core.request import Reply
from twilio_widgets.core.secret import sealed
from twilio_widgets.errors import BadResponse

ResponseType = Literal["json", "text", "binary"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt at a raw request ended."""

    number: int
    """1 for the first; pages of a list count on."""
    status: int | None
    """The HTTP status; None when no answer came."""
    problem: str | None
    """What went wrong, in a sentence; None when nothing did."""
    wait: float | None
    """Seconds until the next attempt; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RawResponse:
    """What Twilio answered to a raw request."""

    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """By lower-case name."""
    data: Any
    """The body: decoded JSON, text or bytes, as asked; a DataFrame with ``frame=True``. None for
    JSON when the body was empty. A credential in JSON (``auth_token``, a new key's ``secret``) is a
    `Secret`, whose ``reveal()`` gives it out; in a DataFrame it is bullets."""
    elapsed: float
    """Seconds, over all attempts and the pauses between them."""
    attempts: int
    """How many requests were sent; for a list, over all its pages."""
    request_id: str | None
    """``Twilio-Request-Id``, which Twilio's support asks for."""
    content_type: str | None
    """What the body is, such as ``image/png``; its parameters are in `headers`."""

    def __repr__(self) -> str:
        # The same tomorrow, and without people's numbers: neither times nor contents.
        what = _described(self.data, self.content_type)
        tries = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"RawResponse(HTTP {self.status}, {what}, {tries})"


def _described(content: object, kind: str | None) -> str:
    if content is None:
        return "no body"
    if isinstance(content, bytes):
        return f"{len(content):,} bytes of {kind or 'unknown type'}"
    if isinstance(content, str):
        return f"text of {len(content):,} characters"
    if isinstance(content, Mapping):
        return f"JSON object of {len(content)} field{'s' if len(content) != 1 else ''}"
    shape = getattr(content, "shape", None)
    if shape is not None:
        return f"DataFrame of {shape[0]:,} rows"
    return "JSON"


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
