"""The contents of the send panel's fields: as arguments of ``messages.send``, and their problems.

All functions are pure. Fields are validated only when the user presses "Send".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from twilio_widgets.bulk.planning.recipients import REWRITTEN, recipient_of
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.text.segments import segments
from twilio_widgets.errors import InvalidMessage

UNDER_MORE = ("media_url", "send_at", "status_callback", "validity_period")
"""The fields under "More"."""

FIELDS = ("from_", "to", "body", *UNDER_MORE)

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
        "body": None if media and not draft.body else draft.body,
        "media_url": media or None,
        "send_at": draft.send_at.replace(tzinfo=UTC) if draft.send_at else None,
        "status_callback": draft.status_callback.strip() or None,
        "validity_period": _number_in(draft.validity_period.strip()),
    }
    return {name: value for name, value in given.items() if value is not None}


def recipient_in(text: str) -> str:
    """Return a number without spaces, dashes and brackets; any other text only stripped."""
    try:
        recipient = recipient_of(text)
    except InvalidMessage:
        return text.strip()
    return recipient.to if recipient.mended in {None, REWRITTEN} else text.strip()


def problem_of(parameters: Mapping[str, Any], now: datetime) -> tuple[str, str] | None:
    """Return the first invalid field and its problem, or None."""
    if not parameters["to"]:
        return "to", "Enter a recipient: + and the country code, then the number."
    if not parameters.get("from_", "a service"):
        return "from_", "Choose or enter a sender."
    if parameters.get("body") == "":
        return "body", "Enter a message, or add media under “More”."
    if "send_at" in parameters and "messaging_service_sid" not in parameters:
        return "from_", _A_SERVICE_SCHEDULES
    try:
        form_of(parameters, now=now)
    except InvalidMessage as error:
        return error.field, str(error)
    return None


def segments_of(parameters: Mapping[str, Any]) -> int:
    """Return the number of segments; a message with media or to a channel counts as one."""
    if "media_url" in parameters or ":" in parameters["to"]:
        return 1
    return segments(parameters.get("body", "")).count


def _number_in(text: str) -> int | str | None:
    """Return a whole number as an int; any other text stays, to be refused by validation."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text or None
