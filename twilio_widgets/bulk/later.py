"""What became of the messages after Twilio accepted them: their later statuses, and the bill."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio_widgets.core import messages
from twilio_widgets.core.flow import NewPatience
from twilio_widgets.core.listing import Filters
from twilio_widgets.core.message import Message, message_path
from twilio_widgets.core.paging import Walk
from twilio_widgets.core.request import Flow
from twilio_widgets.errors import NotFound

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection

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
        walk = Walk(request, messages.message_page)
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
