"""Poll a message until its status is final or the panel stops.

``messages.wait`` does the same for a cell. A panel also has to stop soon when it is closed, so the
pauses here are taken in slices, on the connection's own clock.
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
"""Seconds after which a request to stop is noticed."""
FOLLOW_SECONDS = 300.0
"""Seconds of polling. A message stays ``sent`` forever if its carrier returns no receipt."""


def follow(
    twilio: Twilio,
    message: Message,
    *,
    seen: Callable[[Message], object],
    stopped: Callable[[], bool],
) -> Message:
    """Poll a message until its status is final, and call ``seen`` with each reading.

    A scheduled message is not polled: it may take days.

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
