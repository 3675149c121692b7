"""What hangs on a message: its files, and whether it reached its purpose.

Source: Twilio's OpenAPI document (2026-04), Media and Feedback resource pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from twilio_widgets.core.answers import mapping_of
from twilio_widgets.core.flow import Patience, change
from twilio_widgets.core.message import date_of_api, message_path
from twilio_widgets.core.messages import checked
from twilio_widgets.core.paging import all_rows
from twilio_widgets.core.request import Flow, Request

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One file of a message."""

    sid: str
    """``ME`` and 32 hex digits."""
    content_type: str
    parent_sid: str
    """The message it belongs to."""
    date_created: datetime | None
    uri: str
    """The path of its description; without ``.json`` it is the path of the file itself."""


def media(
    connection: Connection, new_patience: Callable[[], Patience], sid: str
) -> Flow[tuple[Media, ...]]:
    """Read which files a message has."""
    path = message_path(connection.acting_sid, checked(sid), ending="/Media.json")
    request = Request(method="GET", path=path, query=(("PageSize", "50"),))
    rows = yield from all_rows(request, "media_list", new_patience)
    return tuple(
        Media(
            sid=str(row.get("sid")),
            content_type=str(row.get("content_type")),
            parent_sid=str(row.get("parent_sid")),
            date_created=date_of_api(row.get("date_created")),
            uri=str(row.get("uri")),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Whether a recipient did what a message asked for, as told to Twilio."""

    message_sid: str
    outcome: str
    """``confirmed`` or ``unconfirmed``."""
    date_created: datetime | None


def feedback(
    connection: Connection,
    patience: Patience,
    sid: str,
    *,
    outcome: Literal["confirmed", "unconfirmed"],
) -> Flow[Feedback]:
    """Tell Twilio whether a message reached its purpose; create it with ``provide_feedback``."""
    path = message_path(connection.acting_sid, checked(sid), ending="/Feedback.json")
    request = Request(method="POST", path=path, form=(("Outcome", outcome),))
    reply = yield from change(request, patience, about=f"Message {sid}")
    answer = mapping_of(reply.content)
    return Feedback(
        message_sid=str(answer.get("message_sid")),
        outcome=str(answer.get("outcome")),
        date_created=date_of_api(answer.get("date_created")),
    )
