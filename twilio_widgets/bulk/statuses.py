"""What became of the messages after Twilio accepted them: their later statuses, and the bill."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio_widgets.core.flows import messages
from twilio_widgets.core.flows.flow import NewPatience
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
"""So many messages are asked for one by one; for more, the log is read from the job's beginning."""


def later_statuses(
    connection: Connection,
    new_patience: NewPatience,
    sids: Collection[str],
    since: float,
    keep: Callable[[list[Message]], None],
) -> Flow[int]:
    """Read how messages stand now.

    Args:
        connection: Whose they are.
        new_patience: Makes the patience for each request.
        sids: Which.
        since: When the first of them was made (seconds since 1970).
        keep: Is given what was read, page by page, so that nothing read is lost.

    Returns:
        How many were seen.
    """
    wanted, seen = set(sids), 0
    if len(wanted) > FEW:
        # A day earlier: Twilio filters by whole days, and clocks differ.
        day = (datetime.fromtimestamp(since, UTC) - timedelta(days=1)).date()
        request = Filters(sent_after=day).request(message_path(connection.acting_sid), limit=None)
        walk = Paginator(request, messages.message_page)
        while walk.next is not None and wanted:
            page = [one for one in (yield from walk.step(new_patience())) if one.sid in wanted]
            wanted -= {one.sid for one in page}
            seen += len(page)
            keep(page)
    for sid in sorted(wanted):  # few, or not listed by their date: not sent yet
        try:
            message = yield from messages.get(connection, new_patience(), sid)
        except NotFound:
            continue  # deleted from the log
        seen += 1
        keep([message])
    return seen


def with_what_was_heard(
    rows: Iterable[JournalRow], callbacks: Callbacks | None
) -> list[JournalRow]:
    """Return rows with the statuses that callbacks told of their messages since.

    What the log showed stands, unless a message has come to its end since; ends that contradict
    each other are left to the log.

    Args:
        rows: As the journal has them.
        callbacks: Who heard.
    """
    if callbacks is None:
        return list(rows)
    return [_as_heard(row, callbacks) if _may_be_news(row) else row for row in rows]


def _may_be_news(row: JournalRow) -> bool:
    return row.sid is not None and not status_is_final(row.message_status or "")


def _as_heard(row: JournalRow, callbacks: Callbacks) -> JournalRow:
    heard = None
    with suppress(TwilioWidgetsError):  # closed, or its store is gone: the log still tells
        heard = callbacks.heard_of(str(row.sid))
    if heard is None or heard.status is None:
        return row
    under_way = row.message_status is None and not status_is_final(heard.status)
    if not (heard.is_final or under_way):
        return row
    return row._replace(message_status=heard.status, message_error=heard.error_code)
