"""Looking at a message again and again until it has come to its end, or nobody wants to know.

``messages.wait`` does this for a cell. A panel also has to stop soon when it is closed, so here
pauses are taken in slices, on the connection's own clock.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.message.message import Message

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
SLICE = 0.25
"""Seconds until somebody who stops following is heard."""
FOLLOW_SECONDS = 300.0
"""A message may stay ``sent`` for ever, when its carrier gives no receipt."""


def follow(
    twilio: Twilio,
    message: Message,
    *,
    seen: Callable[[Message], object],
    stopped: Callable[[], bool],
) -> Message:
    """Look at a message until its status is final, and say each time what was seen.

    A scheduled message is left alone: it may take days.

    Returns:
        The message as last seen.
    """
    connection = twilio.connection
    until = connection.now() + timedelta(seconds=FOLLOW_SECONDS)
    pause = FIRST_PAUSE
    while not message.is_final and message.status != "scheduled" and connection.now() < until:
        _rest(connection, pause, stopped)
        if stopped():
            break
        message = twilio.messages.get(message.sid)
        seen(message)
        pause = min(pause * 1.4, LONGEST_PAUSE)
    return message


def _rest(connection: Connection, seconds: float, stopped: Callable[[], bool]) -> None:
    while seconds > 0 and not stopped():
        connection.sleep(min(SLICE, seconds))
        seconds -= SLICE
