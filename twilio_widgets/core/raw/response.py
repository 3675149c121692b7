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
