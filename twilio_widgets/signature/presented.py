"""One webhook request as received, with everything that its signature covers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from twilio_widgets.signature.location import split

FORM: Final = "application/x-www-form-urlencoded"
SIGNATURE: Final = "x-twilio-signature"
SETTINGS: Final = "x-twilio-webhooks-signature-settings"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """One webhook request, unparsed."""

    method: str
    """``"POST"`` or ``"GET"``."""

    url: str = field(repr=False)
    """The complete public URL that Twilio called: scheme, host, port if any, raw path and query."""

    body: bytes = field(default=b"", repr=False)
    """The raw body: once parsed and serialised again, it would no longer match the signature."""

    content_type: str = ""
    """The complete Content-Type header."""

    headers: Pairs = field(default=(), repr=False)
    """All headers in order, including repeated ones."""

    _parameters: Pairs | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def signature(self) -> str | None:
        """``X-Twilio-Signature``, when there is exactly one."""
        found = self.values_of(SIGNATURE)
        return found[0] if len(found) == 1 else None

    @property
    def is_form(self) -> bool:
        """Whether the Content-Type is that of a URL-encoded form."""
        return media_type_of(self.content_type) == FORM

    @property
    def parameters(self) -> Pairs:
        """The parameters in their order: those of the form or, for GET, of the query string.

        Raises:
            UnicodeDecodeError: The form is not UTF-8. This never happens for a verified request.
        """
        if self._parameters is None:
            object.__setattr__(self, "_parameters", self._parse())
        return self._parameters or ()

    def _parse(self) -> Pairs:
        if self.method.upper() == "GET":
            location = split(self.url)
            query = location.query[1:] if location else ""
            # The raw query is signed, not its decoded parameters, so decoding may be lenient.
            return pairs_of(query.encode(), errors="replace")
        return pairs_of(self.body) if self.is_form else ()

    def values_of(self, header: str) -> list[str]:
        """Return every value of a header, by its lower-case name."""
        return [value for name, value in self.headers if name.lower() == header]


@lru_cache(maxsize=64)  # Twilio sends two or three different values
def media_type_of(content_type: str) -> str:
    """Return the media type of a Content-Type header, without parameters, in lower case."""
    return content_type.partition(";")[0].strip(" \t").lower()


def pairs_of(form: bytes, *, charset: str = "utf-8", errors: str = "strict") -> Pairs:
    """Parse a form or a query string. Nothing is trimmed, and empty values are kept.

    Args:
        form: The raw bytes.
        charset: The charset of the bytes, percent-encoded ones included.
        errors: How to handle bytes outside that charset, as in ``bytes.decode``.

    Raises:
        UnicodeDecodeError: A byte is not in `charset`, and `errors` is ``"strict"``.
    """

    def decoded(text: str) -> str:
        if "%" not in text:
            return text
        return unquote_to_bytes(text.encode(charset, errors)).decode(charset, errors)

    found = []
    for piece in form.decode(charset, errors).replace("+", " ").split("&"):
        name, _, value = piece.partition("=")
        if "%" in piece:
            found.append((decoded(name), decoded(value)))
        elif piece:
            found.append((name, value))
    return tuple(found)
