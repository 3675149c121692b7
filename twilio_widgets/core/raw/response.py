"""The values of a raw request: its response, and how each attempt ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ResponseType = Literal["json", "text", "binary"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt at a raw request ended."""

    number: int
    """1 for the first attempt; the pages of a list are numbered consecutively."""
    status: int | None
    """The HTTP status; None if there was no response."""
    problem: str | None
    """A sentence about what went wrong; None if the attempt succeeded."""
    wait: float | None
    """Seconds until the next attempt; None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RawResponse:
    """Twilio's response to a raw request."""

    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The headers, by lower-case name."""
    data: Any
    """The body: decoded JSON, text or bytes, by the response type; a DataFrame with ``frame=True``;
    None if JSON was asked for and the body was empty. A credential in JSON (``auth_token``, a new
    key's ``secret``) is a `Secret`, with ``reveal()`` to read it; in a DataFrame it is bullets."""
    elapsed: float
    """Seconds for all attempts and the pauses between them."""
    attempts: int
    """The number of requests that were sent; for a list, for all its pages."""
    request_id: str | None
    """``Twilio-Request-Id``, which Twilio's support asks for."""
    content_type: str | None
    """The media type of the body, such as ``image/png``; its parameters are in `headers`."""

    def __repr__(self) -> str:
        # No times: a saved output must not change. No contents: they may include phone numbers.
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
