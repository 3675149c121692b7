"""What a raw request carries: query, headers and body, from what a person gives in Python.

Each body is built once, as bytes, so that every attempt sends the same. Sources: the WHATWG
standards for URL-encoded and multipart forms; Twilio, "Requests to Twilio" (both are read there).
"""

from __future__ import annotations

import mimetypes
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from twilio_widgets.core.guard import encodable
from twilio_widgets.errors import InvalidRequest

Value = str | int | float | Decimal | bool | datetime | None
Pairs = Mapping[str, "Value | Sequence[Value]"] | Sequence[tuple[str, "Value | Sequence[Value]"]]
"""Names and values. A list repeats its name; ``None`` leaves it out; booleans become ``true`` and
``false``; datetimes become UTC, as Twilio writes them."""

FileContent = bytes | bytearray | memoryview | str | os.PathLike[str]
"""A file's content: bytes, text (as UTF-8), or the path of a file to read."""
Files = Mapping[str, FileContent] | Sequence[tuple[str, FileContent]]
FileNames = Mapping[str, str] | Sequence[tuple[str, str]]

URL_ENCODED = "application/x-www-form-urlencoded"
NOT_BOTH = "Cannot specify both Data and File/Form Data."

_LONGEST_PARAMETER = 10_000
"""Bytes; no parameter of Twilio's is nearly as long."""

_KINDS = mimetypes.MimeTypes()
"""Python's own table: what a file's ending means does not depend on the machine."""

Text = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent below the head."""

    content: bytes | None = None
    content_type: str | None = None
    """None: nothing is sent, or the person's own header says it."""
    form: Text | None = None
    """The parameters in it, where it is a form; short files count, since a server may read them as
    parameters."""


@dataclass(frozen=True, slots=True)
class _File:
    key: str
    name: str
    content: bytes


def text_pairs(given: Pairs | None, field: str) -> Text:
    """Return names and values as text, in order, repeats kept.

    Raises:
        InvalidRequest: They are not names and values.
    """
    if not given:
        return ()
    return tuple(
        (name, text)
        for name, value in _items(given, field)
        for text in _texts_of(value, field, name)
    )


def body_of(
    data: Pairs | str | bytes | None,
    form_data: Pairs | None,
    file_data: Files | None,
    file_data_file_names: FileNames | None,
    content_type: str | None,
) -> Body:
    """Build the body of a request.

    Args:
        data: Names and values, sent url-encoded; or text or bytes, sent as they are.
        form_data: Fields of a multipart form.
        file_data: Its files.
        file_data_file_names: Names of the files, by the keys of `file_data`.
        content_type: The ``Content-Type`` among the headers given, if any.

    Raises:
        InvalidRequest: They do not go together.
    """
    if data and (form_data or file_data):
        raise InvalidRequest(NOT_BOTH, field="data")
    files = _files_of(file_data, file_data_file_names)
    if form_data or files:
        return _multipart(text_pairs(form_data, "form_data"), files, content_type)
    if not data:
        return Body()
    if isinstance(data, str | bytes | bytearray | memoryview):
        return _as_it_is(data, content_type)
    if content_type is not None and _kind(content_type) != URL_ENCODED:
        raise InvalidRequest(
            f"data as a mapping is sent as {URL_ENCODED}, which is what Twilio reads. To send "
            "something else, give data as text or bytes: json.dumps(…), say.",
            field="data",
        )
    pairs = text_pairs(data, "data")
    return Body(urlencode(pairs).encode(), None if content_type else URL_ENCODED, pairs)


def _as_it_is(data: str | bytes | bytearray | memoryview, content_type: str | None) -> Body:
    if content_type is None:
        raise InvalidRequest(
            "data as text or bytes needs a Content-Type among the headers, such as "
            f"headers={{'Content-Type': '{URL_ENCODED}'}}. Or give data as a mapping.",
            field="data",
        )
    if isinstance(data, str) and not encodable(data):
        raise InvalidRequest("data holds half of a character (a lone surrogate).", field="data")
    content = data.encode() if isinstance(data, str) else bytes(data)
    form = None
    if _kind(content_type) == URL_ENCODED:
        form = tuple(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
    return Body(content, None, form)


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _items(given: object, field: str) -> list[tuple[str, object]]:
    pairs: list[object] | None = None
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
        pairs = list(given)
    if pairs is None or not all(_is_pair(pair) for pair in pairs):
        raise InvalidRequest(
            f"{field} is a mapping, or a list of (name, value) pairs, with names of text.",
            field=field,
        )
    return [(pair[0], pair[1]) for pair in pairs]  # type: ignore[index]  # each is a pair


def _is_pair(pair: object) -> bool:
    return (
        isinstance(pair, Sequence)
        and not isinstance(pair, str | bytes)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and pair[0] != ""
        and encodable(pair[0])
    )


def _texts_of(value: object, field: str, name: str) -> list[str]:
    match value:
        case None:
            return []
        case bool():
            return ["true" if value else "false"]
        case datetime() if value.tzinfo is not None:
            return [value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
        case str() if encodable(value):
            return [value]
        case int() | float() | Decimal():
            return [str(value)]
        case list() | tuple():
            return [text for item in value for text in _texts_of(item, field, name)]
        case _:
            raise InvalidRequest(
                f"{field}: {name[:40]} cannot be sent. Give text (whole characters), a number, "
                "True or False, a datetime with a time zone, or a list of those.",
                field=field,
            )


def _files_of(given: Files | None, names: FileNames | None) -> list[_File]:
    items = _items(given, "file_data") if given else []
    named = text_pairs(names, "file_data_file_names")
    left: dict[str, list[str]] = {}
    for key, text in named:
        left.setdefault(key, []).append(text)
    files = []
    for key, content in items:
        name = left[key].pop(0) if left.get(key) else None
        files.append(_File(key, name or _usual_name(key, content), _content_of(key, content)))
    unused = [key for key, rest in left.items() if rest]
    if unused:
        raise InvalidRequest(
            f"file_data_file_names names {unused[0][:40]!r}, for which file_data has no file: "
            "its keys must match the keys of file_data.",
            field="file_data_file_names",
        )
    return files


def _usual_name(key: str, content: object) -> str:
    return Path(content).name if isinstance(content, os.PathLike) else key


def _content_of(key: str, content: object) -> bytes:
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    if isinstance(content, str) and encodable(content):
        return content.encode()
    if isinstance(content, os.PathLike):
        try:
            return Path(content).read_bytes()
        except OSError as error:
            problem = error.strerror or type(error).__name__
        raise InvalidRequest(
            f"file_data: the file for {key[:40]} cannot be read ({problem}).", field="file_data"
        )
    raise InvalidRequest(
        f"file_data: {key[:40]} is bytes, text or a pathlib.Path, not {type(content).__name__}.",
        field="file_data",
    )


def _multipart(fields: Text, files: list[_File], content_type: str | None) -> Body:
    if content_type is not None and _kind(content_type) != "multipart/form-data":
        raise InvalidRequest(
            "form_data and file_data are sent as multipart/form-data: leave the Content-Type out.",
            field="headers",
        )
    boundary = f"twilio-widgets-{secrets.token_hex(16)}"
    parts = [_part(name, text.encode()) for name, text in fields]
    for file in files:
        kind = _KINDS.guess_type(file.name)[0] or "application/octet-stream"
        parts.append(_part(file.key, file.content, file.name, kind))
    opening = f"--{boundary}\r\n".encode()
    content = b"".join(opening + part for part in parts) + f"--{boundary}--\r\n".encode()
    short = [file for file in files if len(file.content) <= _LONGEST_PARAMETER]
    as_fields = tuple((file.key, file.content.decode("utf-8", "replace")) for file in short)
    return Body(content, f"multipart/form-data; boundary={boundary}", fields + as_fields)


def _part(name: str, content: bytes, file_name: str | None = None, kind: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if file_name is not None:
        head += f'; filename="{_quoted(file_name)}"\r\nContent-Type: {kind}'
    return f"{head}\r\n\r\n".encode() + content + b"\r\n"


def _quoted(text: str) -> str:
    """Write a name as browsers do: what would end it, or the line, is escaped."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
