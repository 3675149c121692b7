"""The media of a message, and feedback about its outcome.

Source: Twilio's OpenAPI document (2026-04), Media and Feedback resource pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.flows.flow import RetryPolicy, RetryPolicyFactory, change
from twilio_widgets.core.flows.messages import checked, understood
from twilio_widgets.core.flows.paging import all_rows
from twilio_widgets.core.message.message import date_of_api, message_path
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import BadResponse

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection


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
    connection: Connection, new_retry_policy: RetryPolicyFactory, sid: str
) -> Flow[tuple[Media, ...]]:
    """Read which files a message has."""
    path = message_path(connection.acting_sid, checked(sid), ending="/Media.json")
    request = Request(method="GET", path=path, query=(("PageSize", "50"),))
    rows = yield from all_rows(request, "media_list", new_retry_policy)
    return tuple(
        Media(
            sid=str(row.get("sid")),
            content_type=str(row.get("content_type")),
            parent_sid=str(row.get("parent_sid")),
            date_created=_date_in(row),
            uri=str(row.get("uri")),
        )
        for row in rows
    )


def _date_in(payload: Mapping[str, Any]) -> datetime | None:
    try:
        return date_of_api(payload.get("date_created"))
    except ValueError:
        problem = f"The date of {str(payload.get('sid'))[:34]!r} has an undocumented format."
    raise BadResponse(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Feedback to Twilio: whether a recipient acted on a message."""

    message_sid: str
    outcome: str
    """``confirmed`` or ``unconfirmed``."""
    date_created: datetime | None


def feedback(
    connection: Connection,
    retry_policy: RetryPolicy,
    sid: str,
    *,
    outcome: Literal["confirmed", "unconfirmed"],
) -> Flow[Feedback]:
    """Report whether a message was effective; create it with ``provide_feedback=True``."""
    path = message_path(connection.acting_sid, checked(sid), ending="/Feedback.json")
    request = Request(method="POST", path=path, body=FormBody((("Outcome", outcome),)))
    reply = yield from change(request, retry_policy, about=f"Message {sid}")
    return understood(request, reply, _feedback)


def _feedback(payload: Mapping[str, Any]) -> Feedback:
    return Feedback(
        message_sid=str(payload.get("message_sid")),
        outcome=str(payload.get("outcome")),
        date_created=_date_in(payload),
    )
