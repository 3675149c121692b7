"""The contents of the send panel's fields: as arguments of ``messages.send``, and their problems.

All functions are pure. Fields are validated only when the user presses "Send".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from twilio_widgets.bulk.planning.recipients import recipient_of
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.templates.variables import problem_with
from twilio_widgets.core.text.segments import segments
from twilio_widgets.errors import InvalidMessage
from twilio_widgets.panels.send.template_fields import variable

UNDER_MORE = ("media_url", "send_at", "status_callback", "validity_period")
"""The fields under "More"."""

FIELDS = ("from_", "to", "body", *UNDER_MORE)

_VALID: dict[str, Any] = {
    "to": "+15005550006",
    "from_": "+15005550007",
    "body": "A text.",
    "media_url": ["https://example.com/picture.png"],
}
"""Stand-ins for required fields that are invalid, to find the problems of the others."""

_A_SERVICE_SCHEDULES = "Only a messaging service can schedule: choose one, or clear “Send at”."


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The contents of the fields."""

    to: str = ""
    from_: str = ""
    body: str = ""
    media_url: str = ""
    """One URL per line."""
    send_at: datetime | None = None
    """The chosen time in UTC, without a time zone."""
    status_callback: str = ""
    validity_period: str = ""
    template: str = ""
    """The SID of the content template; empty for a text of one's own."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The template's variables, in order."""


def value_of(name: str, text: str) -> str | datetime | None:
    """Return the value of a field's text in a draft."""
    if name != "send_at":
        return text
    return datetime.fromisoformat(text) if text else None


def text_of(draft: Draft, name: str) -> str:
    """Return the text of a field for a draft's value."""
    value = getattr(draft, name)
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return value or ""


def sender_of(text: str) -> str:
    """Return the sender from a suggestion such as ``"+15005550006 — SMS, MMS"``, or the text."""
    return text.partition(" — ")[0].strip()


def parameters_of(draft: Draft) -> dict[str, Any]:
    """Return a draft as keyword arguments of ``messages.send``, without validating them."""
    sender = sender_of(draft.from_)
    service = re.fullmatch(r"MG[0-9a-fA-F]{32}", sender) is not None
    media = [line.strip() for line in draft.media_url.splitlines() if line.strip()]
    given = {
        "to": recipient_in(draft.to),
        "messaging_service_sid" if service else "from_": sender,
        "body": None if draft.template or (media and not draft.body) else draft.body,
        "media_url": None if draft.template else media or None,
        "content_sid": draft.template or None,
        "content_variables": dict(draft.variables) if draft.template and draft.variables else None,
        "send_at": draft.send_at.replace(tzinfo=UTC) if draft.send_at else None,
        "status_callback": draft.status_callback.strip() or None,
        "validity_period": _number_in(draft.validity_period.strip()),
    }
    return {name: value for name, value in given.items() if value is not None}


def recipient_in(text: str) -> str:
    """Return a recipient as a plan reads it from a cell; a text that is none only stripped."""
    try:
        return recipient_of(text).to
    except InvalidMessage:
        return text.strip()


def problems_of(parameters: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """Return the problem of every invalid field, by field."""
    found: dict[str, str] = {}
    if not parameters.get("from_", "a service"):
        found["from_"] = "Choose or enter a sender."
    if not parameters["to"]:
        found["to"] = "Enter a recipient: + and the country code, then the number."
    if parameters.get("body") == "":
        found["body"] = "Enter a message, or add media under “More”."
    if "send_at" in parameters and "messaging_service_sid" not in parameters:
        found.setdefault("from_", _A_SERVICE_SCHEDULES)
        parameters = {name: value for name, value in parameters.items() if name != "send_at"}
    values = parameters.get("content_variables", {})
    unfilled = {
        variable(name): problem
        for name, value in values.items()
        if (problem := _problem(name, value))
    }
    if unfilled:
        found |= unfilled
        parameters = {
            name: value for name, value in parameters.items() if name != "content_variables"
        }
    # The check stops at the first invalid field: repeat it with a valid text there instead.
    checked = {**parameters, **{name: _VALID[name] for name in found if name in parameters}}
    for _ in FIELDS:
        try:
            form_of(checked, now=now)
        except InvalidMessage as error:
            if error.field in found:
                break
            found[error.field] = str(error)
            valid = _VALID.get(error.field)
            checked = {name: value for name, value in checked.items() if name != error.field}
            checked |= {} if valid is None else {error.field: valid}
        else:
            break
    return found


def _problem(name: str, value: str) -> str | None:
    if not value:
        return "Fill this in: the template needs it."
    problem = problem_with(name, value)
    return problem and problem.replace(f"The value of {name!r} in content_variables", "This value")


def segments_of(parameters: Mapping[str, Any]) -> int:
    """Return the number of segments; a message with media or to a channel counts as one."""
    if "media_url" in parameters or ":" in parameters["to"]:
        return 1
    return segments(parameters.get("body", "")).count


def _number_in(text: str) -> int | str | None:
    """Return a whole number as an int; any other text stays, to be refused by validation."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text or None
