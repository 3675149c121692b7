"""The parameters of a request that makes a message, read from what really travels.

A policy judges these. So a body is read from its bytes, not from what the request says beside them,
and what cannot be read for certain is refused: a form that is compressed, in an unknown format or
in another character set, a part that is missing, a recipient that is there twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from twilio_widgets.core.address import is_service
from twilio_widgets.core.request import Request
from twilio_widgets.errors import PolicyRefused

Pairs = tuple[tuple[str, str], ...]

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
_SINGLE = (
    "to", "from", "body", "contentsid", "messagingservicesid", "scheduletype", "sendasmms", "sendat"
)  # fmt: skip
_PLAIN_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
_LONGEST_PARAMETER = 100_000
"""Bytes. A longer part is a file: no parameter of Twilio's is nearly as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """What a policy must know of a message before it leaves."""

    to: str = field(repr=False)
    """The recipient as it was given; empty when there is none."""

    body: str = field(default="", repr=False)
    media: bool = False
    """Whether it is sent as an MMS: it has media, or asks for it."""

    template: bool = False
    """Whether its text comes from a content template, which is not known here."""

    send_at: str | None = None
    """When it is to be sent, as it was given; None is now."""

    scheduled: bool = False
    """Whether `send_at` counts: only with a messaging service and ``ScheduleType=fixed``."""

    ambiguous: str = ""
    """A parameter that is there twice, with different values: nobody knows which one counts."""


def read_creation(request: Request) -> Creation:
    """Read what a request would send.

    Raises:
        PolicyRefused: Its body cannot be read for certain.
    """
    given: dict[str, list[str]] = {}
    for name, value in (*request.query, *_body_pairs(request)):
        given.setdefault(_letters(name), []).append(value)

    def one(name: str) -> str:
        return given[name][0] if name in given else ""

    service = one("messagingservicesid") or is_service(one("from"))
    return Creation(
        to=one("to"),
        body=one("body"),
        media=any(given.get("mediaurl", ())) or one("sendasmms").lower() == "true",
        template=bool(one("contentsid")),
        send_at=one("sendat") or None,
        scheduled=bool(service) and one("scheduletype").lower() == "fixed",
        ambiguous=next((name for name in given if name in _SINGLE and _differ(given[name])), ""),
    )


@lru_cache(maxsize=256)
def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _differ(values: list[str]) -> bool:
    return len(values) > 1 and len(set(values)) > 1


def _body_pairs(request: Request) -> Pairs:
    """Return the parameters in the body, as a server would read them."""
    headers = [(name.lower(), value.strip()) for name, value in request.headers]
    if any(name == "content-encoding" and value.lower() != "identity" for name, value in headers):
        raise _unreadable("its body is compressed")
    header = dict(headers).get("content-type", "")
    if request.body is None and not header:
        return request.form or ()
    kind, options = _content_type(header)
    if request.body is None:
        if request.form and kind != URL_ENCODED:
            raise _unreadable(f"it is a form that calls itself {kind[:40]}")
        return request.form or ()
    if not request.body:
        return ()
    if options.get("charset", "").lower() not in _PLAIN_CHARSETS:
        raise _unreadable("its body is in another character set than UTF-8")
    if kind == URL_ENCODED:
        return _url_encoded(request.body)
    if kind == MULTIPART:
        return _multipart(request.body, options.get("boundary", ""))
    if kind == JSON:
        return _json(request.body)
    raise _unreadable(f"its Content-Type is {kind[:40] or 'missing'}")


def _content_type(header: str) -> tuple[str, dict[str, str]]:
    from multipart import parse_options_header  # only bodies made by hand need it

    kind, options = parse_options_header(header)  # type: ignore[no-untyped-call]
    return kind, options


def _url_encoded(body: bytes) -> Pairs:
    with suppress(ValueError):  # not UTF-8, as it stands or behind its escapes
        return tuple(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict"))
    raise _unreadable("its body is no form in UTF-8")


def _multipart(body: bytes, boundary: str) -> Pairs:
    from multipart import MultipartError

    with suppress(MultipartError, ValueError):  # broken off, misshapen or not UTF-8
        return tuple(_parts(body, boundary))
    raise _unreadable("its multipart body cannot be read")


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, str]]:
    """Yield each part as a parameter; short files too, since a server may take them for one."""
    from multipart import MultipartSegment, PushMultipartParser

    part, content = None, bytearray()
    with PushMultipartParser(boundary, strict=True) as parser:
        for piece in parser.parse(body):
            if isinstance(piece, MultipartSegment):
                part, content = _plain(piece), bytearray()
            elif piece:
                content += piece
            elif part is not None and len(content) <= _LONGEST_PARAMETER:
                yield part.name, content.decode(errors="replace" if part.filename else "strict")


def _plain(part: Any) -> Any:
    """Return a part that is written as it is read; its own headers could say otherwise."""
    written = part.header("Content-Transfer-Encoding", "binary").lower()
    if (
        part.disposition != "form-data"
        or written not in {"binary", "7bit", "8bit"}
        or (part.charset or "").lower() not in _PLAIN_CHARSETS
    ):
        raise ValueError("a part is written in a way of its own")
    return part


def _json(body: bytes) -> Pairs:
    with suppress(ValueError, RecursionError):  # no JSON in UTF-8
        pairs = json.loads(body.decode("utf-8"), object_pairs_hook=tuple)
        if body.lstrip().startswith(b"{"):
            return tuple((name, _text(value)) for name, value in pairs)
    raise _unreadable("its JSON body is no object that can be read")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _unreadable(why: str) -> PolicyRefused:
    return PolicyRefused(
        f"This request makes a message, but {why}, so no rule can be applied to it. Give its "
        "parameters as a form: data as a mapping. Nothing was sent.",
        rule="readable",
    )
