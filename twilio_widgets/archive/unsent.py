"""The walk for messages without a date sent: scheduled, queued or cancelled ones.

Their place in the list is UNCONFIRMED, and so is whether a date filter selects them. So they are
taken from both: from every slice that returns one, and from the start of the unfiltered list.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.archive.forget import ForgottenNumbers
from twilio_widgets.archive.manifest import start_of
from twilio_widgets.archive.merge import distinct
from twilio_widgets.archive.report import UnsentReport
from twilio_widgets.archive.requests import SyncClient
from twilio_widgets.archive.rows import ROW_SCHEMA, table_of_page
from twilio_widgets.core.flows.paging import MAX_PAGE_SIZE, Paginator
from twilio_widgets.core.request import Request
from twilio_widgets.frames.decode import page_of

MOST_PAGES = 10
"""The walk ends here at the latest, or at the first page on which every message has a date."""


class UnsentMessages:
    """Collects the messages without a date sent.

    Args:
        since: The first day of the sync; messages created before it are left out.
        forgotten: The numbers whose messages are left out.
    """

    def __init__(self, since: date, forgotten: ForgottenNumbers) -> None:
        self._forgotten = forgotten
        self._since = start_of(since)
        self._found: list[Any] = [ROW_SCHEMA.empty_table()]
        self.report = UnsentReport(reason="The messages that are not sent yet were not read.")

    def add(self, rows: Any) -> None:
        """Add rows without a date sent."""
        if len(rows):
            created = rows["date_created"]
            recent = pc.greater_equal(created, pa.scalar(self._since, created.type))
            recent = rows.filter(pc.fill_null(recent, True))
            self._found.append(self._forgotten.without(recent))

    @property
    def rows(self) -> Any:
        """The distinct rows so far."""
        return distinct(pa.concat_tables(self._found).combine_chunks())

    async def walk(self, client: SyncClient, path: str) -> None:
        """Read the start of the unfiltered list."""
        query = (("PageSize", str(MAX_PAGE_SIZE)),)
        pages = Paginator(Request(method="GET", path=path, query=query), page_of)
        more = True
        while more and pages.pages < MOST_PAGES:
            rows = table_of_page(await client.page(pages))
            undated = rows.filter(pc.is_null(rows["date_sent"]))
            self.add(undated)
            more = len(undated) > 0 and pages.next_request is not None
        reason = (
            f"Not all messages that are not sent yet were read: there are more than "
            f"{MOST_PAGES} pages of them."
        )
        self.report = UnsentReport(
            pages=pages.pages, complete=not more, reason=reason if more else ""
        )

    def give_up(self, problem: str) -> None:
        """Report that the walk failed."""
        reason = f"The messages that are not sent yet were not read: {problem}"
        self.report = replace(self.report, reason=reason)
