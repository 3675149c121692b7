"""One request as it came, for those who ask whether Twilio signed it."""

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
    """One request, as the signature covers it."""

    method: str
    """``"POST"`` or ``"GET"``."""

    url: str = field(repr=False)
    """The full public URL as Twilio has it: scheme, host, port where stated, raw target."""

    body: bytes = field(default=b"", repr=False)
    """The body, byte for byte: parsed and written again it is no longer what was signed."""

    content_type: str = ""
    """The Content-Type header, whole."""

    headers: Pairs = field(default=(), repr=False)
    """All headers in order, repeated ones included."""

    _parameters: Pairs | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def signature(self) -> str | None:
        """``X-Twilio-Signature``, when there is exactly one."""
        found = self.values_of(SIGNATURE)
        return found[0] if len(found) == 1 else None

    @property
    def is_form(self) -> bool:
        """Whether the body is declared to be a form, as Twilio's are."""
        return media_type_of(self.content_type) == FORM

    @property
    def parameters(self) -> Pairs:
        """The parameters in the order they came: those of the form, or of the query for GET.

        Raises:
            UnicodeDecodeError: A form that is not UTF-8; no verified request is one.
        """
        if self._parameters is None:
            object.__setattr__(self, "_parameters", self._parse())
        return self._parameters or ()

    def _parse(self) -> Pairs:
        if self.method.upper() == "GET":
            location = split(self.url)
            query = location.query[1:] if location else ""
            # The query is signed as it stands, so reading it may be lenient.
            return pairs_of(query.encode(), errors="replace")
        return pairs_of(self.body) if self.is_form else ()

    def values_of(self, header: str) -> list[str]:
        """Return every value of a header, by its lower-case name."""
        return [value for name, value in self.headers if name.lower() == header]


@lru_cache(maxsize=64)  # Twilio sends two or three
def media_type_of(content_type: str) -> str:
    """Return what a Content-Type header says without its parameters, in lower case."""
    return content_type.partition(";")[0].strip(" \t").lower()


def pairs_of(form: bytes, *, charset: str = "utf-8", errors: str = "strict") -> Pairs:
    """Parse a form or a query as it was written: nothing is trimmed, empty values count.

    Args:
        form: The raw bytes.
        charset: What the bytes are, escaped ones included.
        errors: What to do about bytes that are not, as for ``bytes.decode``.

    Raises:
        UnicodeDecodeError: They are not in `charset`, and `errors` is ``"strict"``.
    """

    def read(text: str) -> str:
        if "%" not in text:
            return text
        return unquote_to_bytes(text.encode(charset, errors)).decode(charset, errors)

    found = []
    for piece in form.decode(charset, errors).replace("+", " ").split("&"):
        name, _, value = piece.partition("=")
        if "%" in piece:
            found.append((read(name), read(value)))
        elif piece:
            found.append((name, value))
    return tuple(found)
