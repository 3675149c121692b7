"""Requests and responses in the formats of Twilio's API: forms in, JSON, XML or CSV out.

Twilio reads ``application/x-www-form-urlencoded`` and ``multipart/form-data``. Any other body is
"unsupported and behaves unpredictably"; the sandbox reads it as a form without parameters.
"""

from __future__ import annotations

import base64
import binascii
import csv
import json
import re
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

import multipart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENVELOPE = ("end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri",
             "start", "uri")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """Form parameters, in order and with repeated names."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the first value of a parameter, or None when it was not given."""
        return next((value for key, value in self.pairs if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a repeated parameter."""
        return tuple(value for key, value in self.pairs if key == name)


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    """One HTTP request, independent of the transport."""

    method: str
    host: str
    path: str
    """Percent-decoded, without the query."""
    query: Form
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name. Not in `repr`, because they contain the credentials."""
    body: bytes = field(default=b"", repr=False)

    def with_body(self, body: bytes) -> SandboxRequest:
        """Return a copy of this request with its body."""
        return replace(self, body=body)

    @property
    def base_url(self) -> str:
        """The scheme and host of the request, for links in its response."""
        is_local = self.host.partition(":")[0] in {"127.0.0.1", "localhost"}
        return f"{'http' if is_local else 'https'}://{self.host}"

    def credentials(self) -> tuple[str, str] | None:
        """Return the user name and password of HTTP Basic authentication; None if unreadable."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (name, password) if colon else None

    def form(self) -> Form:
        """Return the parameters in the body; an empty form when it cannot be parsed."""
        declared = self.headers.get("content-type", "")
        kind, options = multipart.parse_options_header(declared)  # type: ignore[no-untyped-call]
        if kind == "application/x-www-form-urlencoded":
            return parse_query(self.body.decode("utf-8", "replace"))
        if kind == "multipart/form-data" and options.get("boundary"):
            return _multipart(self.body, options["boundary"])
        return Form()


def parse_query(text: str) -> Form:
    """Return the parameters of a query string or of a url-encoded body."""
    return Form(tuple(parse_qsl(text, keep_blank_values=True)))


def _multipart(body: bytes, boundary: str) -> Form:
    try:
        parser = multipart.MultipartParser(BytesIO(body), boundary, len(body))  # type: ignore[no-untyped-call]
        parts = parser.parts()  # type: ignore[no-untyped-call]
        # This API has no file parameters, so parts with a file name are ignored.
        pairs = tuple((part.name, part.value) for part in parts if not part.filename)
    except (multipart.MultipartError, UnicodeDecodeError):
        return Form()
    return Form(pairs)


class SandboxReply(NamedTuple):
    """The reply of a route, before it is rendered as JSON or XML."""

    payload: dict[str, object] | None = None
    status: int = 200
    element: str = ""
    """The name of the resource in XML, such as ``Message``."""
    raw: bytes | None = None
    """A body that is neither JSON nor XML, such as a picture."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, ready to be sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


def render(reply: SandboxReply, form: Literal["json", "xml", "csv"]) -> tuple[str | None, bytes]:
    """Return the content type and the body of a reply."""
    if reply.raw is not None:
        return None, reply.raw
    if reply.payload is None:
        return None, b""
    if form == "csv" and "page_size" in reply.payload:
        return "text/csv", _table(reply.payload)
    if form != "json":
        return "application/xml", _document(reply.element, reply.payload)
    # UTF-8 instead of escapes, so that a client that assumes ASCII fails its tests.
    text = json.dumps(reply.payload, ensure_ascii=False, separators=(",", ":"))
    return "application/json", text.encode("utf-8", "surrogatepass")


def _table(payload: Mapping[str, object]) -> bytes:
    """Return a list as CSV, with a column for each field; its names at Twilio are UNCONFIRMED."""
    rows = payload[next(name for name in payload if name not in _ENVELOPE)]
    assert isinstance(rows, list)  # noqa: S101  # `paging.envelope` made the payload
    written = StringIO()
    names = [name for name, value in (rows[0] if rows else {}).items() if type(value) is not dict]
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(map(_camel, names))
    table.writerows([_text(row.get(name)) for name in names] for row in rows)
    return written.getvalue().encode("utf-8", "surrogatepass")


def _document(element: str, payload: Mapping[str, object]) -> bytes:
    if "page_size" in payload:
        inside = _list_element(element, payload)
    else:
        inside = _element(element, _without_extension(payload))
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse>{inside}</TwilioResponse>\n'
    return text.encode()


def _list_element(element: str, payload: Mapping[str, object]) -> str:
    key = next(name for name in payload if name not in _ENVELOPE)
    rows = payload[key]
    assert isinstance(rows, list)  # noqa: S101  # `paging.envelope` made the payload
    attributes = "".join(
        f" {name.replace('_', '')}={quoteattr(_text(_without_json(payload[name])))}"
        for name in _ENVELOPE
    )
    inside = "".join(_element(element, _without_extension(row)) for row in rows)
    outer = _camel(key)
    return f"<{outer}{attributes}>{inside}</{outer}>"


def _element(name: str, value: object) -> str:
    if isinstance(value, dict):
        inside = "".join(_element(_camel(str(key)), inner) for key, inner in value.items())
    else:
        inside = escape(_NOT_XML.sub("\ufffd", _text(value)))
    return f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _without_extension(row: object) -> object:
    """Return the resource for XML, where links have no ``.json``."""
    if not isinstance(row, dict):
        return row
    return {
        name: _without_extension(value)
        if isinstance(value, dict)
        else _without_json(value)
        if name == "uri" or str(value).startswith("/2010-04-01/")
        else value
        for name, value in row.items()
    }


def _without_json(value: object) -> object:
    if not isinstance(value, str) or not value.startswith("/2010-04-01/"):
        return value
    path, mark, query = value.partition("?")
    return path.removesuffix(".json") + mark + query


def header_pairs(headers: Iterable[tuple[str, str]], body: bytes) -> tuple[tuple[str, str], ...]:
    """Return the headers plus the Content-Length of the body."""
    return (*headers, ("Content-Length", str(len(body))))
