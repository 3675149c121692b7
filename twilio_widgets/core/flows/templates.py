"""Read content templates, and when a recipient last wrote on WhatsApp.

Source: Twilio's OpenAPI documents ``content_v1`` and ``content_v2`` (2026-04).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.flow import RetryPolicyFactory, read
from twilio_widgets.core.flows.listing import Filters
from twilio_widgets.core.flows.messages import message_page
from twilio_widgets.core.flows.paging import Paginator, all_rows
from twilio_widgets.core.message.message import message_path
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.core.templates.sendable import WINDOW, Sendable, is_whatsapp, sendable
from twilio_widgets.core.templates.template import ContentTemplate, approval_of
from twilio_widgets.errors import InvalidRequest

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

_SID = re.compile(r"HX[0-9a-fA-F]{32}")


def rows(new_retry_policy: RetryPolicyFactory) -> Flow[list[Mapping[str, Any]]]:
    """Read every template with its approval, as Twilio's JSON."""
    request = Request(
        method="GET",
        path="/v1/ContentAndApprovals",
        query=(("PageSize", "1000"),),
        service="content",
    )
    return (yield from all_rows(request, "contents", new_retry_policy))


def get(sid: str, new_retry_policy: RetryPolicyFactory) -> Flow[ContentTemplate]:
    """Read one template, and its approval.

    Raises:
        InvalidRequest: `sid` is not the SID of a template; nothing was sent.
        NotFound: The account has no such template.
    """
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise InvalidRequest(
            "A content template's SID is HX and 32 hex digits. Nothing was sent.", field="sid"
        )
    path = f"/v1/Content/{sid}"
    reply = yield from read(
        Request(method="GET", path=path, service="content"), new_retry_policy(), about=sid
    )
    template = ContentTemplate.from_api(mapping_of(reply.content))
    request = Request(method="GET", path=f"{path}/ApprovalRequests", service="content")
    reply = yield from read(request, new_retry_policy(), about=sid)
    return replace(template, approval=approval_of(mapping_of(reply.content).get("whatsapp")))


def can_send(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    *,
    to: str,
    from_: str | None,
    template: ContentTemplate | str | None,
) -> Flow[Sendable]:
    """Decide whether a message can be sent now, reading the message log if it matters.

    Args:
        connection: The account.
        new_retry_policy: Makes the retry policy of each request.
        to: The recipient.
        from_: The sender; None if a messaging service picks it.
        template: The template or its SID; None for free text.
    """
    known = (yield from get(template, new_retry_policy)) if isinstance(template, str) else template
    now, last = connection.now(), None
    if is_whatsapp(to):
        last = yield from _last_inbound(connection, new_retry_policy, to, from_, now)
    return sendable(to=to, template=known, last_inbound=last, now=now)


def _last_inbound(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    to: str,
    from_: str | None,
    now: datetime,
) -> Flow[datetime | None]:
    """Return when the recipient last wrote to the sender, if that was within the window."""
    sender = from_ if from_ is not None and is_whatsapp(from_) else None
    filters = Filters(from_=to, to=sender, sent_after=now - WINDOW)
    request = filters.request(message_path(connection.acting_sid), limit=None)
    walk = Paginator(request, message_page)
    while walk.next_request is not None:
        for message in (yield from walk.next_page(new_retry_policy())):
            is_theirs = message.direction == "inbound" and is_whatsapp(message.to or "")
            if is_theirs and message.date_sent is not None:
                return message.date_sent  # the log has the newest first
    return None
