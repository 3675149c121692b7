"""Build the query, headers and body of a raw request from the user's Python values."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from twilio_widgets.core.bodies import (
    URL_ENCODED,
    Body,
    FilePart,
    FormBody,
    MultipartBody,
    Parameters,
    RawBody,
    encodable,
    media_type,
)
from twilio_widgets.errors import InvalidRequest

Value = str | int | float | Decimal | bool | datetime | None
Pairs = Mapping[str, "Value | Sequence[Value]"] | Sequence[tuple[str, "Value | Sequence[Value]"]]
"""Names and values. A list repeats its name; ``None`` omits it; booleans become ``true`` and
``false``; datetimes become UTC in Twilio's format."""

FileContent = bytes | bytearray | memoryview | str | os.PathLike[str]
"""A file's content: bytes, text (as UTF-8), or the path of a file to read."""
Files = Mapping[str, FileContent] | Sequence[tuple[str, FileContent]]
FileNames = Mapping[str, str] | Sequence[tuple[str, str]]

NOT_BOTH = "Cannot specify both Data and File/Form Data."

_GIVE_TEXT = (
    f"data as a mapping is sent as {URL_ENCODED}, which Twilio expects. To send another content "
    "type, give data as text or bytes, such as json.dumps(…)."
)
_LEAVE_OUT = "form_data and file_data are sent as multipart/form-data: leave out the Content-Type."

_KINDS = mimetypes.MimeTypes()
"""Python's own table, without the machine's: the result must be the same everywhere."""


def text_pairs(given: Pairs | None, field: str) -> Parameters:
    """Return names and values as text, in order, with repeated names kept.

    Raises:
        InvalidRequest: They are not names and values, or a value cannot be sent.
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
) -> Body | None:
    """Build the body of a request; None if there is nothing to send.

    Args:
        data: Names and values, sent URL-encoded; or text or bytes, sent unchanged.
        form_data: The fields of a multipart form.
        file_data: The files of a multipart form.
        file_data_file_names: The files' names, by the keys of `file_data`.
        content_type: The ``Content-Type`` among the given headers, if any.

    Raises:
        InvalidRequest: An input is invalid, or they cannot be combined.
    """
    if data and (form_data or file_data):
        raise InvalidRequest(NOT_BOTH, field="data")
    files = _files_of(file_data, file_data_file_names)
    if form_data or files:
        _check_kind(content_type, "multipart/form-data", "headers", _LEAVE_OUT)
        return MultipartBody(text_pairs(form_data, "form_data"), tuple(files))
    if not data:
        return None
    if isinstance(data, str | bytes | bytearray | memoryview):
        return _as_it_is(data, content_type)
    _check_kind(content_type, URL_ENCODED, "data", _GIVE_TEXT)
    form = FormBody(text_pairs(data, "data"))
    return form if content_type is None else RawBody(form.encode(), content_type)


def _check_kind(content_type: str | None, wanted: str, field: str, problem: str) -> None:
    if content_type is not None and media_type(content_type) != wanted:
        raise InvalidRequest(problem, field=field)


def _as_it_is(data: str | bytes | bytearray | memoryview, content_type: str | None) -> RawBody:
    if content_type is None:
        raise InvalidRequest(
            "data as text or bytes needs a Content-Type header, such as "
            f"headers={{'Content-Type': '{URL_ENCODED}'}}. Or give data as a mapping.",
            field="data",
        )
    if isinstance(data, str) and not encodable(data):
        raise InvalidRequest("data contains an unpaired surrogate (invalid Unicode).", field="data")
    return RawBody(data.encode() if isinstance(data, str) else bytes(data), content_type)


def _items(given: object, field: str) -> list[tuple[str, object]]:
    pairs: list[object] | None = None
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
        pairs = list(given)
    if pairs is None or not all(_is_pair(pair) for pair in pairs):
        raise InvalidRequest(
            f"{field} must be a mapping or a list of (name, value) pairs, with text names.",
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
                f"{field}: the value of {name[:40]} cannot be sent. Give text (valid Unicode), a "
                "number, True or False, a datetime with a time zone, or a list of those.",
                field=field,
            )


def _files_of(given: Files | None, names: FileNames | None) -> list[FilePart]:
    items = _items(given, "file_data") if given else []
    named = text_pairs(names, "file_data_file_names")
    left: dict[str, list[str]] = {}
    for key, text in named:
        left.setdefault(key, []).append(text)
    files = []
    for key, content in items:
        name = (left[key].pop(0) if left.get(key) else None) or _usual_name(key, content)
        kind = _KINDS.guess_type(name)[0] or "application/octet-stream"
        files.append(FilePart(key, name, kind, _content_of(key, content)))
    unused = [key for key, rest in left.items() if rest]
    if unused:
        raise InvalidRequest(
            f"file_data_file_names has the key {unused[0][:40]!r}, but file_data has no file with "
            "that key.",
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
        f"file_data: {key[:40]} must be bytes, text or a pathlib.Path, not "
        f"{type(content).__name__}.",
        field="file_data",
    )
