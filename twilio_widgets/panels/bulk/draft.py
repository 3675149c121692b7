"""The contents of the fields: as arguments of `tw.plan`, and which field an error belongs to."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.journal.location import LONGEST_NAME
from twilio_widgets.panels.bulk.table_sources import GIVEN, Source
from twilio_widgets.panels.send.draft import sender_of
from twilio_widgets.panels.send.template_fields import variable

FIELDS: Final = ("to", "from_", "body", "region", "media", "rate", "name")
UNDER_MORE: Final = ("region", "media", "rate", "name")

NO_MEDIA: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDraft:
    """The contents of the fields."""

    to: str = ""
    """The column with the recipients."""
    from_: str = ""
    body: str = ""
    region: str = ""
    media: str = NO_MEDIA
    """The column with media URLs; empty for none."""
    rate: str = "1"
    name: str = ""
    template: str = ""
    """The SID of the content template; empty for a text of one's own."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The column of each of the template's variables, in order."""


def arguments_of(draft: BulkDraft) -> dict[str, Any]:
    """Return a draft as arguments of `tw.plan` beside the rows.

    Raises:
        ConfigurationError: The rate is invalid.
    """
    sender = sender_of(draft.from_)
    service = re.fullmatch(r"MG[0-9a-fA-F]{32}", sender) is not None
    given: dict[str, Any] = {
        "to": draft.to,
        "body": None if draft.template else draft.body or None,
        "messaging_service_sid" if service else "from_": sender or None,
        "columns": {"media_url": draft.media} if draft.media and not draft.template else None,
        "region": draft.region.strip().upper() or None,
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return kept | template_arguments_of(draft) | {"rate": rate_of(draft)}


def rate_of(draft: BulkDraft) -> float | None:
    """Return the rate in messages per second; None for as fast as Twilio accepts them.

    Raises:
        ConfigurationError: The rate is not a number above 0.
    """
    text = draft.rate.strip().replace(",", ".")
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 10_000:
        problem = "Enter a number of messages per second above 0, or leave this empty."
        raise ConfigurationError(problem, field="rate")
    return int(rate) if rate == int(rate) else rate


def missing_in(draft: BulkDraft) -> dict[str, str]:
    """Return the problem of each required field that is empty, by field."""
    wanted = {
        "to": "Choose the column with the phone numbers.",
        "from_": "Choose or enter a sender.",
        "name": "Name the job: you find it again by this name.",
    }
    found = {name: text for name, text in wanted.items() if not getattr(draft, name).strip()}
    if not draft.body and not draft.media and not draft.template:
        found["body"] = "Enter a message; {column} inserts a cell of the row."
    return found | missing_variables_in(draft)


def kept_columns(variables: Mapping[str, str], columns: Collection[str]) -> dict[str, str]:
    """Return the columns of the variables, without those that a new table does not have."""
    return {name: column if column in columns else "" for name, column in variables.items()}


def template_arguments_of(draft: BulkDraft) -> dict[str, Any]:
    """Return the template as arguments of `tw.plan`; empty without one."""
    if not draft.template:
        return {}
    # A field is the exact name of a column, whatever characters it has.
    filled = {name: f"{{{column}}}" for name, column in draft.variables.items() if column}
    return {"content_sid": draft.template} | ({"content_variables": filled} if filled else {})


def missing_variables_in(draft: BulkDraft) -> dict[str, str]:
    """Return the problem of each variable without a column, by field."""
    return {
        variable(name): "Choose the column with its value."
        for name, column in draft.variables.items()
        if draft.template and not column
    }


def field_of(error: Exception) -> str:
    """Return the field that an error belongs to, or an empty string."""
    name = getattr(error, "field", None) or ""
    name = {"messaging_service_sid": "from_", "media_url": "media", "columns": "media"}.get(
        name, name
    )
    return name if name in FIELDS else ""


def name_for(source: Source) -> str:
    """Return a job name for these rows, using only characters allowed in a file name."""
    stem = "job" if source.name == GIVEN else source.name.rsplit(".", 1)[0]
    clean = re.sub(r"[^\w .@+-]+", "-", stem).strip(" .-_@+")
    return clean[:LONGEST_NAME].strip(" .") or "job"


def next_name(name: str) -> str:
    """Return the name with the next number appended: ``"guests 2"`` for ``"guests"``."""
    found = re.fullmatch(r"(.*) (\d{1,6})", name)
    stem, number = (found[1], int(found[2])) if found else (name, 1)
    ending = f" {number + 1}"
    return stem[: LONGEST_NAME - len(ending)] + ending
