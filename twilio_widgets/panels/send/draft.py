"""A message as it stands in the fields of the card that sends: what it means, and what is wrong.

Pure: nothing here is sent, and no field is judged before a person wants to send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.text.segments import segments
from twilio_widgets.errors import InvalidMessage

UNDER_MORE = ("media_url", "send_at", "status_callback", "validity_period")
"""Fields that most messages do without."""

FIELDS = ("from_", "to", "body", *UNDER_MORE)

_A_SERVICE_SCHEDULES = "Only a messaging service can schedule: choose one, or empty “Send at”."


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as it stands in the fields."""

    to: str = ""
    from_: str = ""
    body: str = ""
    media_url: str = ""
    """One address a line."""
    send_at: datetime | None = None
    """As it was picked: a time with no zone, which means UTC here."""
    status_callback: str = ""
    validity_period: str = ""


def value_of(name: str, text: str) -> str | datetime | None:
    """Return what a field's text stands for in a draft."""
    if name != "send_at":
        return text
    return datetime.fromisoformat(text) if text else None


def text_of(draft: Draft, name: str) -> str:
    """Return what stands in a field for a draft's value."""
    value = getattr(draft, name)
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return value or ""


def sender_of(text: str) -> str:
    """Return the sender in a suggestion's text, or in any other."""
    return text.partition(" — ")[0].strip()


def parameters_of(draft: Draft) -> dict[str, Any]:
    """Return a draft as keywords of ``messages.send``, without judging any of them."""
    sender = sender_of(draft.from_)
    service = re.fullmatch(r"MG[0-9a-fA-F]{32}", sender) is not None
    media = [line.strip() for line in draft.media_url.splitlines() if line.strip()]
    given = {
        "to": draft.to.strip(),
        "messaging_service_sid" if service else "from_": sender,
        "body": None if media and not draft.body else draft.body,
        "media_url": media or None,
        "send_at": draft.send_at.replace(tzinfo=UTC) if draft.send_at else None,
        "status_callback": draft.status_callback.strip() or None,
        "validity_period": _number_in(draft.validity_period.strip()),
    }
    return {name: value for name, value in given.items() if value is not None}


def problem_of(parameters: Mapping[str, Any], now: datetime) -> tuple[str, str] | None:
    """Return the field that cannot be right and why, as far as that shows before sending."""
    if not parameters["to"]:
        return "to", "Type a recipient: + and the country code, then the number."
    if not parameters.get("from_", "a service"):
        return "from_", "Choose or type a sender."
    if parameters.get("body") == "":
        return "body", "Type a message, or give media under “More”."
    if "send_at" in parameters and "messaging_service_sid" not in parameters:
        return "from_", _A_SERVICE_SCHEDULES
    try:
        form_of(parameters, now=now)
    except InvalidMessage as error:
        return error.field, str(error)
    return None


def segments_of(parameters: Mapping[str, Any]) -> int:
    """Return how many segments a message takes; media and channels have none."""
    if "media_url" in parameters or ":" in parameters["to"]:
        return 1
    return segments(parameters.get("body", "")).count


def _number_in(text: str) -> int | str | None:
    """Return a whole number as one; what is none stays text, for Twilio's rules to refuse."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text or None
