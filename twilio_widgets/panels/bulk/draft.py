"""A job as it stands in the fields: what it means for `tw.plan`, and which field an error is of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.journal.location import LONGEST_NAME
from twilio_widgets.panels.bulk.table_sources import GIVEN, Source
from twilio_widgets.panels.send.draft import sender_of

FIELDS: Final = ("to", "from_", "body", "region", "media", "rate", "name")
UNDER_MORE: Final = ("region", "media", "rate", "name")

NO_MEDIA: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDraft:
    """A job as it stands in the fields."""

    to: str = ""
    """The column with the recipients."""
    from_: str = ""
    body: str = ""
    region: str = ""
    media: str = NO_MEDIA
    """The column with an address of media; empty for none."""
    rate: str = "1"
    name: str = ""


def arguments_of(draft: BulkDraft) -> dict[str, Any]:
    """Return a draft as arguments of `tw.plan` beside the rows.

    Raises:
        ConfigurationError: The rate is none.
    """
    sender = sender_of(draft.from_)
    service = re.fullmatch(r"MG[0-9a-fA-F]{32}", sender) is not None
    given: dict[str, Any] = {
        "to": draft.to,
        "body": draft.body or None,
        "messaging_service_sid" if service else "from_": sender or None,
        "columns": {"media_url": draft.media} if draft.media else None,
        "region": draft.region.strip().upper() or None,
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return kept | {"rate": rate_of(draft)}


def rate_of(draft: BulkDraft) -> float | None:
    """Return how many messages leave in a second; None for as many as Twilio takes.

    Raises:
        ConfigurationError: It is no number above 0.
    """
    text = draft.rate.strip().replace(",", ".")
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 10_000:
        problem = "rate is a number of messages a second above 0, or empty: as fast as Twilio can."
        raise ConfigurationError(problem, field="rate")
    return int(rate) if rate == int(rate) else rate


def missing_in(draft: BulkDraft) -> dict[str, str]:
    """Return what has to be filled in before anything can be checked, by field."""
    wanted = {
        "to": "Choose the column with the recipients.",
        "from_": "Choose or type a sender.",
        "name": "Give the job a name: it is how you find it again.",
    }
    found = {name: text for name, text in wanted.items() if not getattr(draft, name).strip()}
    if not draft.body and not draft.media:
        found["body"] = "Type a message: {column} stands for a cell of the row."
    return found


def field_of(error: Exception) -> str:
    """Return the field an error is about; empty when it is about none of them."""
    name = getattr(error, "field", None) or ""
    name = {"messaging_service_sid": "from_", "media_url": "media", "columns": "media"}.get(
        name, name
    )
    return name if name in FIELDS else ""


def name_for(source: Source) -> str:
    """Return a name for a job with these rows, of letters that a file's name may have."""
    stem = "job" if source.name == GIVEN else source.name.rsplit(".", 1)[0]
    clean = re.sub(r"[^\w .@+-]+", "-", stem).strip(" .-_@+")
    return clean[:LONGEST_NAME].strip(" .") or "job"


def next_name(name: str) -> str:
    """Return the name with the next number behind it: ``"guests 2"`` for ``"guests"``."""
    found = re.fullmatch(r"(.*) (\d{1,6})", name)
    stem, number = (found[1], int(found[2])) if found else (name, 1)
    ending = f" {number + 1}"
    return stem[: LONGEST_NAME - len(ending)] + ending
