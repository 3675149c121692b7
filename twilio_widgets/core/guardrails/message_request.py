"""`MessageRequest`: the parameters of a request that creates a message, for a policy to check.

They are parsed from what is sent: a raw body from its bytes, a form from its fields. A body that
cannot be parsed reliably is refused: one that is compressed, not URL-encoded, or in a character set
other than UTF-8.
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
    "to", "from", "body", "contentsid", "messagingservicesid", "scheduletype", "sendasmms",
    "sendat", "smartencoded",
)  # fmt: skip
_PLAIN_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """The properties of a message that a policy checks."""

    to: str = field(repr=False)
    """The recipient as given; empty if there is none."""

    body: str = field(default="", repr=False)
    media: bool = False
    """Whether it is sent as an MMS, because it has media or ``SendAsMms=true``."""

    template: bool = False
    """Whether its text comes from a content template, and so is not known."""

    smart_encoded: bool = False
    """Whether Twilio replaces look-alike characters in the text."""

    send_at: str | None = None
    """The scheduled time as given; None means now."""

    scheduled: bool = False
    """Whether Twilio uses `send_at`: only with a messaging service and ``ScheduleType=fixed``."""

    ambiguous: str = ""
    """A parameter given twice with different values, so that it is unclear which one Twilio uses.
    """


NOBODY = MessageRequest(to="")
"""A request without a message, or whose recipient matters to no rule."""


def parse_message_request(request: Request) -> MessageRequest:
    """Parse the message that a request would create.

    Raises:
        PolicyRefused: The request's body cannot be parsed reliably.
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
        smart_encoded=one("smartencoded").lower() == "true",
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
    """Return the parameters in the body, as a server would parse them."""
    encodings = [value for name, value in request.headers if name.lower() == "content-encoding"]
    if any(value.strip().lower() != "identity" for value in encodings):
        raise _unreadable("its body is compressed")
    if request.body is None:
        return ()
    return _raw_pairs(request.body) if isinstance(request.body, RawBody) else request.body.pairs


def _raw_pairs(body: RawBody) -> Parameters:
    from multipart import parse_options_header  # imported here: only raw bodies need it

    if not body.content:
        return ()
    kind, options = parse_options_header(body.content_type)  # type: ignore[no-untyped-call]
    if kind != URL_ENCODED:
        raise _unreadable(f"its Content-Type is {kind[:40] or 'missing'}")
    if options.get("charset", "").lower() not in _PLAIN_CHARSETS:
        raise _unreadable("its body is not in UTF-8")
    with suppress(ValueError):  # not UTF-8, before or after percent-decoding
        text = body.content.decode("utf-8")
        return tuple(parse_qsl(text, keep_blank_values=True, errors="strict"))
    raise _unreadable("its body is not a form in UTF-8")


def _unreadable(why: str) -> PolicyRefused:
    return PolicyRefused(
        f"This request can send something, but {why}, so your policy cannot check it. Give data as "
        "a mapping instead. Nothing was sent.",
        rule="readable",
    )
