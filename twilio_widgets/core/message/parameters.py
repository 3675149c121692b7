"""The parameters of a new message: our keywords, Twilio's names, and checks of their values.

Source: Twilio's OpenAPI document (2026-04), the Message resource page, and the error pages of the
codes named below. Only values that Twilio is certain to refuse are refused here; anything that
depends on the account is left to Twilio.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from numbers import Integral, Real
from typing import Literal
from urllib.parse import urlsplit

from twilio_widgets.core.bodies import encodable
from twilio_widgets.core.guardrails.recipients import plain_address
from twilio_widgets.core.numbers.address import check_recipient, check_sender, is_service
from twilio_widgets.core.templates.variables import (
    parse_variables,
    problem_with_any,
    texts_of,
)
from twilio_widgets.errors import InvalidMessage

LONGEST_BODY = 1600
MOST_MEDIA = 10
FLAGS = frozenset(
    {"smart_encoded", "shorten_urls", "send_as_mms", "provide_feedback", "force_delivery"}
)
"""The parameters that are True or False."""
LATEST_SCHEDULE = timedelta(days=35)

MessageIntent = Literal[
    "otp", "notifications", "marketing", "fraud", "security", "customercare", "delivery",
    "education", "polling", "announcements", "events",
]  # fmt: skip


@lru_cache(maxsize=256)
def twilio_name(keyword: str) -> str:
    """Return Twilio's parameter name for one of our keywords: ``media_url`` → ``MediaUrl``."""
    return "".join(word.capitalize() for word in keyword.rstrip("_").split("_"))


def form_of(parameters: Mapping[str, object], *, now: datetime) -> tuple[tuple[str, str], ...]:
    """Check the keywords of a send and return them as Twilio's form parameters.

    Args:
        parameters: Keywords of ``messages.send``; those that are None are left out.
        now: The current time, to check a schedule against.

    Returns:
        Pairs of Twilio's names and texts; a list becomes a repeated name.

    Raises:
        InvalidMessage: A value is invalid; ``field`` is its keyword.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    for name, value in given.items():
        if _is_missing(value):
            raise InvalidMessage(
                f"{name} is missing in the table it comes from ({value}). Fill it, or give None to "
                "leave it out.",
                field=name,
            )
    for check in _CHECKS:
        check(given, now)
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        pairs.extend((twilio_name(name), text) for text in _texts_of(name, value))
    return tuple(pairs)


def _is_missing(value: object) -> bool:
    """Return whether this is a missing value of pandas or numpy."""
    nan = isinstance(value, float) and value != value  # noqa: PLR0124  NaN differs from itself
    return nan or type(value).__name__ in {"NAType", "NaTType"}


def before(send_at: object) -> datetime:
    """Return a time before this schedule, to check everything about a message but its time."""
    if isinstance(send_at, datetime) and send_at.tzinfo is not None:
        return send_at - timedelta(seconds=1)
    return datetime.now(UTC)  # `_check_schedule` reports the invalid value


def _texts_of(name: str, value: object) -> list[str]:
    match value:
        case str():  # first, because nearly all values are text
            return [_encodable(name, str(value))]
        case bool():
            return ["true" if value else "false"]
        case datetime():
            return [value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
        case Mapping():
            return [_encodable(name, _json(name, value))]
        case Real() | Decimal():
            return [_encodable(name, str(value))]
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [text for item in value for text in _texts_of(name, item)]
        case _:
            raise InvalidMessage(
                f"{name} must be text, a number or a list, not {type(value).__name__}.",
                field=name,
            )


def _json(name: str, value: Mapping[object, object]) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        problem = str(error)
    raise InvalidMessage(f"{name} cannot be encoded as JSON ({problem}).", field=name)


def _encodable(name: str, text: str) -> str:
    if not encodable(text):
        raise InvalidMessage(
            f"{name} contains an unpaired surrogate (invalid Unicode), which cannot be sent.",
            field=name,
        )
    return text


def _check_ends(given: dict[str, object], _now: datetime) -> None:
    if "to" not in given:
        raise InvalidMessage("A message needs a recipient: give to=.", field="to")
    given["to"] = to = check_recipient(_text(given, "to"))
    if "from_" in given:
        given["from_"] = sender = check_sender(_text(given, "from_"))
        # A sender may be written without its plus.
        if plain_address(sender).lstrip("+") == plain_address(to).lstrip("+"):
            raise InvalidMessage("to is the sender, which Twilio refuses (21266).", field="to")
    elif "messaging_service_sid" not in given:
        raise InvalidMessage(
            "A message needs a sender: give from_= or messaging_service_sid=.", field="from_"
        )


def _text(given: Mapping[str, object], name: str) -> str:
    value = given[name]
    if not isinstance(value, str):
        raise InvalidMessage(f"{name} must be text, not {type(value).__name__}.", field=name)
    return value


def _check_content(given: dict[str, object], _now: datetime) -> None:
    media = [given["media_url"]] if isinstance(given.get("media_url"), str) else []
    if not media and isinstance(given.get("media_url"), Sequence):
        media = list(given["media_url"])  # type: ignore[call-overload]
    if not given.get("body") and not media and "content_sid" not in given:
        raise InvalidMessage(
            "A message needs content: give body=, media_url= or content_sid=.",
            field="body",
        )
    if "body" in given and len(_text(given, "body")) > LONGEST_BODY:
        raise InvalidMessage(
            f"body has {len(_text(given, 'body')):,} characters; Twilio allows {LONGEST_BODY:,}.",
            field="body",
        )
    if len(media) > MOST_MEDIA:
        raise InvalidMessage(
            f"media_url has {len(media)} items; Twilio allows {MOST_MEDIA}.", field="media_url"
        )
    for url in media:
        _check_url(url, "media_url")
    if "content_variables" in given and "content_sid" not in given:
        raise InvalidMessage(
            "content_variables are for a content template: give content_sid= as well.",
            field="content_variables",
        )
    if (variables := given.get("content_variables")) is not None:
        given["content_variables"] = _checked_variables(variables)


def _checked_variables(given: object) -> object:
    """Return variables that can fill a content template; a JSON text is checked and kept."""
    variables = given
    if isinstance(given, str):
        try:
            variables = parse_variables(given)
        except ValueError:
            variables = None
    if not isinstance(variables, Mapping):
        raise InvalidMessage(
            'content_variables is a JSON object, such as {"1": "Ada"}, with double quotes (21656).',
            field="content_variables",
        )
    if problem := problem_with_any(variables):
        raise InvalidMessage(problem, field="content_variables")
    return given if isinstance(given, str) else texts_of(variables)


def _check_url(url: object, name: str) -> None:
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # unbalanced brackets, or an invalid port
        usable = False
    if not usable:
        raise InvalidMessage(
            f"{name} must be a URL that begins with https:// or http://.", field=name
        )


def _check_callback(given: dict[str, object], _now: datetime) -> None:
    if "status_callback" not in given:
        return
    _check_url(given["status_callback"], "status_callback")
    if "?" in urlsplit(_text(given, "status_callback")).fragment:
        raise InvalidMessage(
            "status_callback has its query behind the #, which is not sent. Put it before the #, "
            "such as listener.status_url.with_query(row=7).",
            field="status_callback",
        )
    host = urlsplit(_text(given, "status_callback")).hostname or ""
    if "_" in host:
        raise InvalidMessage(
            "status_callback has an underscore in its host name, which Twilio refuses (21609).",
            field="status_callback",
        )


def _check_flags(given: dict[str, object], _now: datetime) -> None:
    for name in FLAGS & given.keys():
        value = given[name]
        if not isinstance(value, bool) and str(value).lower() not in {"true", "false"}:
            raise InvalidMessage(f"{name} must be True or False.", field=name)


def _check_schedule(given: dict[str, object], now: datetime) -> None:
    send_at = given.get("send_at")
    if send_at is None:
        return
    if not isinstance(send_at, datetime):
        raise InvalidMessage("send_at must be a datetime with a time zone.", field="send_at")
    if send_at.tzinfo is None:
        raise InvalidMessage(
            "send_at has no time zone, so it is ambiguous. "
            "Give one, such as datetime(…, tzinfo=ZoneInfo('Europe/Berlin')).",
            field="send_at",
        )
    if "messaging_service_sid" not in given and not is_service(str(given.get("from_", ""))):
        raise InvalidMessage(
            "Scheduling needs a messaging service: give messaging_service_sid= (35118).",
            field="messaging_service_sid",
        )
    if problem := time_problem(send_at, now):
        raise InvalidMessage(problem, field="send_at")
    given.setdefault("schedule_type", "fixed")


def time_problem(send_at: datetime, now: datetime) -> str | None:
    """Return why a message cannot be scheduled for a time, or None if it can."""
    if send_at - now > LATEST_SCHEDULE:
        return "send_at is more than 35 days ahead (35114)."
    return "send_at is in the past." if send_at <= now else None


def _check_validity(given: dict[str, object], _now: datetime) -> None:
    seconds = given.get("validity_period")
    if seconds is None:
        return
    whole = isinstance(seconds, Integral) and not isinstance(seconds, bool)
    if not whole or not 1 <= seconds <= 36_000:  # type: ignore[operator]
        raise InvalidMessage(
            "validity_period must be a whole number of seconds from 1 to 36,000.",
            field="validity_period",
        )


_CHECKS: tuple[Callable[[dict[str, object], datetime], None], ...] = (
    _check_ends,
    _check_content,
    _check_callback,
    _check_flags,
    _check_schedule,
    _check_validity,
)
