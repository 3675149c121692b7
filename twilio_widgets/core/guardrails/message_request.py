"""The parameters of a request that makes a message, read from what really travels.

A policy judges these. A form's parameters are read as they were given, a raw body from its bytes,
and what cannot be read for certain is refused: a body that is compressed, not URL-encoded or in
another character set, a recipient that is there twice.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qsl

from twilio_widgets.core.bodies import URL_ENCODED, Parameters, RawBody
from twilio_widgets.core.numbers.address import is_service
from twilio_widgets.core.request import Request
from twilio_widgets.errors import PolicyRefused

_SINGLE = (
    "to", "from", "body", "contentsid", "messagingservicesid", "scheduletype", "sendasmms", "sendat"
)  # fmt: skip
_PLAIN_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
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


def read_creation(request: Request) -> MessageRequest:
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
    return MessageRequest(
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


def _body_pairs(request: Request) -> Parameters:
    """Return the parameters in the body, as a server would read them."""
    encodings = [value for name, value in request.headers if name.lower() == "content-encoding"]
    if any(value.strip().lower() != "identity" for value in encodings):
        raise _unreadable("its body is compressed")
    if request.body is None:
        return ()
    return _raw_pairs(request.body) if isinstance(request.body, RawBody) else request.body.pairs


def _raw_pairs(body: RawBody) -> Parameters:
    from multipart import parse_options_header  # only bodies made by hand need it

    if not body.content:
        return ()
    kind, options = parse_options_header(body.content_type)  # type: ignore[no-untyped-call]
    if kind != URL_ENCODED:
        raise _unreadable(f"its Content-Type is {kind[:40] or 'missing'}")
    if options.get("charset", "").lower() not in _PLAIN_CHARSETS:
        raise _unreadable("its body is in another character set than UTF-8")
    with suppress(ValueError):  # not UTF-8, as it stands or behind its escapes
        text = body.content.decode("utf-8")
        return tuple(parse_qsl(text, keep_blank_values=True, errors="strict"))
    raise _unreadable("its body is no form in UTF-8")


def _unreadable(why: str) -> PolicyRefused:
    return PolicyRefused(
        f"This request makes a message, but {why}, so no rule can be applied to it. Give its "
        "parameters as a form: data as a mapping. Nothing was sent.",
        rule="readable",
    )
