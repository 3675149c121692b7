"""Later statuses and prices of messages that Twilio accepted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio_widgets.core.flows import messages
from twilio_widgets.core.flows.flow import RetryPolicyFactory
from twilio_widgets.core.flows.listing import Filters
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.message.message import Message, message_path, status_is_final
from twilio_widgets.core.request import Flow
from twilio_widgets.errors import NotFound, TwilioWidgetsError

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.journal.reconcile import Callbacks
    from twilio_widgets.journal.row import JournalRow

FEW = 50
"""Up to this many messages are fetched one by one; more are read from the log since its start."""


def later_statuses(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    sids: Collection[str],
    since: float,
    keep: Callable[[list[Message]], None],
) -> Flow[int]:
    """Fetch the current state of messages.

    Args:
        connection: Their account.
        new_retry_policy: Makes the retry policy of each request.
        sids: The messages.
        since: When the first of them was created (seconds since 1970).
        keep: Called with each page as soon as it was read, so that a later error loses nothing.

    Returns:
        The number of messages fetched.
    """
    wanted, seen = set(sids), 0
    if len(wanted) > FEW:
        # A day earlier: Twilio filters by whole days, and clocks differ.
        day = (datetime.fromtimestamp(since, UTC) - timedelta(days=1)).date()
        request = Filters(sent_after=day).request(message_path(connection.acting_sid), limit=None)
        paginator = Paginator(request, messages.message_page)
        while paginator.next_request is not None and wanted:
            page = [
                one
                for one in (yield from paginator.next_page(new_retry_policy()))
                if one.sid in wanted
            ]
            wanted -= {one.sid for one in page}
            seen += len(page)
            keep(page)
    for sid in sorted(wanted):  # few, or not listed by their date: not sent yet
        try:
            message = yield from messages.get(connection, new_retry_policy(), sid)
        except NotFound:
            continue  # deleted from the log
        seen += 1
        keep([message])
    return seen


def with_what_was_heard(
    rows: Iterable[JournalRow], callbacks: Callbacks | None
) -> list[JournalRow]:
    """Return rows with the statuses that callbacks have reported since.

    A status read from the log is only replaced by a final one; if callbacks report contradicting
    final statuses, the log decides.

    Args:
        rows: The rows as the journal has them.
        callbacks: The listener that received the callbacks.
    """
    if callbacks is None:
        return list(rows)
    return [_as_heard(row, callbacks) if _may_be_news(row) else row for row in rows]


def _may_be_news(row: JournalRow) -> bool:
    return row.sid is not None and not status_is_final(row.message_status or "")


def _as_heard(row: JournalRow, callbacks: Callbacks) -> JournalRow:
    heard = None
    with suppress(TwilioWidgetsError):  # closed, or its store is gone: the log is still there
        heard = callbacks.heard_of(str(row.sid))
    if heard is None or heard.status is None:
        return row
    under_way = row.message_status is None and not status_is_final(heard.status)
    if not (heard.is_final or under_way):
        return row
    return row._replace(message_status=heard.status, message_error=heard.error_code)
