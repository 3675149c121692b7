"""Read the message log into a DataFrame, keeping the pages read if an error occurs."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.flow import RetryPolicyFactory
from twilio_widgets.core.flows.listing import Filters, Selection
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.message.message import message_path
from twilio_widgets.core.request import Flow
from twilio_widgets.errors import ConfigurationError, TwilioWidgetsError
from twilio_widgets.progress import Progress, ReadProgress

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.frames.message_frame import MessageFrame


def listing(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    filters: Filters,
    *,
    limit: int | None,
    here: Mapping[str, object],
    tell: Progress,
    keep: Callable[[MessageFrame], None],
) -> Flow[MessageFrame]:
    """Read messages into a frame.

    Args:
        connection: The account.
        new_retry_policy: Makes the retry policy of each page.
        filters: The filters applied by Twilio.
        limit: The maximum number of rows to read.
        here: The filters applied locally to the rows read.
        tell: Called with the progress after each page.
        keep: Called with the rows read if reading fails or is interrupted.

    Raises:
        ConfigurationError: pandas is not installed, or a filter is invalid.
    """
    try:
        from twilio_widgets.frames.build import message_frame
        from twilio_widgets.frames.decode import MessageRecord, page_of
        from twilio_widgets.frames.gather import FrameBuilder
        from twilio_widgets.frames.only import only
    except ImportError as error:
        missing = error.name or str(error)
        raise ConfigurationError(
            f"messages.list returns a DataFrame, which requires {missing}; it is not installed. "
            "messages.iterate reads the same messages, one at a time, without it."
        ) from None

    request = filters.request(message_path(connection.acting_sid), limit=limit)
    only(message_frame(FrameBuilder(), attrs={}), **here)  # type: ignore[arg-type]  # check them
    paginator, selection = Paginator(request, page_of), Selection[MessageRecord](filters, limit)
    rows = FrameBuilder()

    def frame() -> MessageFrame:
        attrs = {
            "account": connection.masked_account,
            "filters": filters.described(),
            "fetched_at": connection.now(),
            "complete": selection.complete(more=paginator.next_request is not None),
        }
        return only(message_frame(rows, attrs=attrs), **here)  # type: ignore[arg-type]

    try:
        while paginator.next_request is not None and not selection.done:
            rows.add(selection.take((yield from paginator.next_page(new_retry_policy()))))
            tell(ReadProgress(rows=len(rows), pages=paginator.pages, limit=limit))
    except (KeyboardInterrupt, CancelledError, TwilioWidgetsError) as stop:
        if paginator.pages:
            keep(frame())
            told = (
                f"{len(rows):,} messages on {paginator.pages} pages were read before that; "
                "they are in twilio.messages.interrupted."
            )
            if isinstance(stop, KeyboardInterrupt):
                stop.args = (f"Interrupted. {told}",)
            else:
                stop.add_note(told)
        raise
    finally:
        tell.close()
    return frame()
