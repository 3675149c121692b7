"""Reading the message log for a panel: page by page, until its end or until somebody stops it."""

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
    told: Callable[[ReadProgress], object],
    stopped: Callable[[], bool],
) -> tuple[MessageFrame, Read]:
    """Read what is asked for; when stopped, what was read until then.

    Args:
        twilio: The client to read with.
        asked: The filters and the limit.
        told: Called after each page.
        stopped: Whether somebody wants no more; asked after each page.

    Returns:
        What ``messages.list`` returned, or kept for one who interrupts it, and what it is.
    """
    pages = 0

    def tell(reading: ReadProgress) -> None:
        nonlocal pages
        pages = reading.pages
        if stopped():
            raise KeyboardInterrupt  # the client keeps what it has read, as for Ctrl+C in a cell
        told(reading)

    keywords: dict[str, Any] = asked.parameters(twilio.connection.now())
    try:
        frame, whole = twilio.messages.list(**keywords, progress=tell), True
    except KeyboardInterrupt:
        frame, whole = cast("MessageFrame", twilio.messages.interrupted), False
    complete = bool(frame.attrs["complete"])
    return frame, Read(
        asked=asked, rows=len(frame), pages=pages, complete=complete, stopped=not whole
    )
