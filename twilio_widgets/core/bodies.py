"""The body of a request: one of three values, encoded when the request is sent.

A value keeps the parameters that were given, so that a policy reads those and not their bytes. It
is made once, so that every attempt sends the same bytes.

Sources: the WHATWG standards for URL-encoded and multipart forms; Twilio, "Requests to Twilio"
(both are read there).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import parse_qsl, quote_plus

Parameters = tuple[tuple[str, str], ...]
"""Names and texts, in order; a name may be repeated."""

URL_ENCODED = "application/x-www-form-urlencoded"

LONGEST_PARAMETER = 100_000
"""Bytes. A longer file cannot be taken for a parameter: none of Twilio's is nearly as long."""

_ENCODED = {byte: quote_plus(bytes([byte])) for byte in range(256)}


@dataclass(frozen=True, slots=True)
class FormBody:
    """Parameters that are sent URL-encoded."""

    pairs: Parameters = field(repr=False)
    content_type: ClassVar[str] = URL_ENCODED

    def encode(self) -> bytes:
        """Return the bytes to send."""
        return form_encoded(self.pairs)


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file of a multipart form."""

    name: str
    """The name of its parameter."""
    file_name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """Parameters and files that are sent as ``multipart/form-data``."""

    fields: Parameters = field(repr=False)
    files: tuple[FilePart, ...] = ()
    boundary: str = field(default_factory=lambda: f"twilio-widgets-{secrets.token_hex(16)}")

    @property
    def content_type(self) -> str:
        """The ``Content-Type``, with the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def pairs(self) -> Parameters:
        """The fields, and each short file, since a server may read it as a parameter."""
        short = [file for file in self.files if len(file.content) <= LONGEST_PARAMETER]
        return (
            *self.fields,
            *((file.name, file.content.decode("utf-8", "replace")) for file in short),
        )

    def encode(self) -> bytes:
        """Return the bytes to send."""
        parts = [_part(name, text.encode()) for name, text in self.fields]
        parts += [
            _part(file.name, file.content, file.file_name, file.content_type) for file in self.files
        ]
        opening = f"--{self.boundary}\r\n".encode()
        return b"".join(opening + part for part in parts) + f"--{self.boundary}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class RawBody:
    """Bytes that are sent as they are."""

    content: bytes = field(repr=False)
    content_type: str

    @property
    def is_form(self) -> bool:
        """Whether it says that it is URL-encoded."""
        return media_type(self.content_type) == URL_ENCODED

    @property
    def pairs(self) -> Parameters:
        """Its parameters as far as they can be read; none when it is not URL-encoded."""
        if not self.is_form:
            return ()
        return tuple(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))

    def encode(self) -> bytes:
        """Return the bytes to send."""
        return self.content


Body = FormBody | MultipartBody | RawBody


def by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return parameters with all values of each name."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


def encodable(text: str) -> bool:
    """Return whether UTF-8 can encode a text; it cannot encode an unpaired surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def media_type(content_type: str) -> str:
    """Return a ``Content-Type`` in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def form_encoded(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return parameters as ``urlencode`` writes them, in two fifths of its time."""
    return "&".join([f"{_escaped(name)}={_escaped(value)}" for name, value in pairs]).encode()


def _escaped(text: str) -> str:
    return text.encode().decode("latin-1").translate(_ENCODED)


def _part(name: str, content: bytes, file_name: str | None = None, kind: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if file_name is not None:
        head += f'; filename="{_quoted(file_name)}"\r\nContent-Type: {kind}'
    return f"{head}\r\n\r\n".encode() + content + b"\r\n"


def _quoted(text: str) -> str:
    """Write a name as browsers do: characters that would end it, or the line, are escaped."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
