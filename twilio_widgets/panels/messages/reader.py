"""Read the message log page by page until its end, or until the user cancels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from twilio_widgets.panels.messages.state import Read

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.client import Twilio
    from twilio_widgets.frames.message_frame import MessageFrame
    from twilio_widgets.panels.messages.state import MessagesQuery
    from twilio_widgets.progress import ReadProgress


def read_log(
    twilio: Twilio,
    asked: MessagesQuery,
    *,
    on_page: Callable[[ReadProgress], object],
    stopped: Callable[[], bool],
) -> tuple[MessageFrame, Read]:
    """Read the messages of a query; when cancelled, return those read so far.

    Args:
        twilio: The client to read with.
        asked: The filters and the limit.
        on_page: Called after each page.
        stopped: Returns whether the user cancelled; called after each page.

    Returns:
        The frame of ``messages.list``, or its rows so far, and a summary.
    """
    pages = 0

    def report(reading: ReadProgress) -> None:
        nonlocal pages
        pages = reading.pages
        if stopped():
            raise KeyboardInterrupt  # keeps the rows read so far, as Ctrl+C in a cell does
        on_page(reading)

    keywords: dict[str, Any] = asked.parameters(twilio.connection.now())
    try:
        frame, whole = twilio.messages.list(**keywords, progress=report), True
    except KeyboardInterrupt:
        frame, whole = cast("MessageFrame", twilio.messages.interrupted), False
    complete = bool(frame.attrs["complete"])
    return frame, Read(
        asked=asked, rows=len(frame), pages=pages, complete=complete, stopped=not whole
    )
