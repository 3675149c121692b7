"""Read the message log page by page until its end, or until the user cancels."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from twilio_widgets.panels.messages.rows import row_of, rows_of
from twilio_widgets.panels.messages.state import Read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.client import Twilio
    from twilio_widgets.frames.message_frame import MessageFrame
    from twilio_widgets.panels.messages.state import MessagesQuery
    from twilio_widgets.progress import ReadProgress


FRAMES_EXIST = all(find_spec(name) for name in ("pandas", "pyarrow", "msgspec"))
"""Whether the log can be read into a frame; in JupyterLite it is read one message at a time."""


class LogRead(NamedTuple):
    """The messages that were read."""

    frame: MessageFrame | None
    """The frame of ``messages.list``, or its rows so far; None without pandas."""
    rows: Iterable[dict[str, object]]
    """A row of the table for each message, newest first."""
    summary: Read


def read_log(
    twilio: Twilio,
    asked: MessagesQuery,
    *,
    on_page: Callable[[ReadProgress], object],
    stopped: Callable[[], bool],
) -> LogRead:
    """Read the messages of a query; when cancelled, return those read so far.

    Args:
        twilio: The client to read with.
        asked: The filters and the limit.
        on_page: Called after each page.
        stopped: Returns whether the user cancelled; called after each page.
    """
    keywords: dict[str, Any] = asked.parameters(twilio.connection.now())
    if not FRAMES_EXIST:
        return _read_messages(twilio, asked, keywords, stopped)
    pages = 0

    def report(reading: ReadProgress) -> None:
        nonlocal pages
        pages = reading.pages
        if stopped():
            raise KeyboardInterrupt  # keeps the rows read so far, as Ctrl+C in a cell does
        on_page(reading)

    try:
        frame, whole = twilio.messages.list(**keywords, progress=report), True
    except KeyboardInterrupt:
        frame, whole = cast("MessageFrame", twilio.messages.interrupted), False
    complete = bool(frame.attrs["complete"])
    summary = Read(asked=asked, rows=len(frame), pages=pages, complete=complete, stopped=not whole)
    return LogRead(frame, rows_of(frame), summary)


def _read_messages(
    twilio: Twilio, asked: MessagesQuery, keywords: dict[str, Any], stopped: Callable[[], bool]
) -> LogRead:
    rows = []
    # One more than the limit shows whether there are more.
    limit = None if asked.limit is None else asked.limit + 1
    for message in twilio.messages.iterate(**keywords | {"limit": limit}):
        rows.append(row_of(message))
        if stopped():
            break
    complete = len(rows) != limit and not stopped()
    rows = rows[: asked.limit]
    summary = Read(asked=asked, rows=len(rows), pages=0, complete=complete, stopped=stopped())
    return LogRead(None, rows, summary)
