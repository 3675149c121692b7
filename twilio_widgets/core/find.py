"""Looking in the message log for a message whose outcome is unknown.

Twilio has no idempotency key, so the log is the evidence. An empty answer right after a lost reply
proves nothing: the request may still be on its way, and a new entry may take a moment to be listed.
So absence is only claimed after a settle window, and never when the evidence could mean two things.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Never

from twilio_widgets.core.address import mask
from twilio_widgets.core.flow import Patience
from twilio_widgets.core.listing import Filters
from twilio_widgets.core.message import Message, message_path
from twilio_widgets.core.messages import message_page
from twilio_widgets.core.paging import Walk
from twilio_widgets.core.request import Flow
from twilio_widgets.core.smart import smart
from twilio_widgets.errors import ConfigurationError, OutcomeUnknown

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection

CLOCKS_MAY_DIFFER = timedelta(seconds=5)
"""Twilio's times have whole seconds, and clocks are set while a message is on its way."""

MOST_PAGES = 5
"""Of 1,000 entries each: how much of the log of one recipient is read."""

NO_CHANNEL_FOR_SENDER = 63007


@dataclass(frozen=True, slots=True)
class NotSureYet:
    """Neither found nor proved absent. It is neither true nor false: look at `reason`."""

    reason: str
    """Why, in a sentence."""
    again_after: datetime | None = None
    """When asking again can tell more (aware, UTC); None when only a person can tell."""

    def __bool__(self) -> Never:
        raise TypeError(
            f"Not sure yet is neither yes nor no: {self.reason} "
            "Compare with None, and read .reason and .again_after."
        )

    def __str__(self) -> str:
        return f"not sure yet: {self.reason}"


def find(
    connection: Connection,
    new_patience: Callable[[], Patience],
    error: OutcomeUnknown,
    *,
    known: Collection[str] = (),
) -> Flow[Message | NotSureYet | None]:
    """Look for the message of an `OutcomeUnknown`.

    Args:
        connection: The connection it was sent with.
        new_patience: Makes the patience for each page.
        error: What ``send`` raised.
        known: SIDs of messages that other sends are known to have made.

    Returns:
        The message; None when it is certain enough that there is none; or `NotSureYet`.
    """
    to = error.parameters.get("To", ("",))[0]
    if error.started_at is None or error.latest_arrival is None or not to:
        raise ConfigurationError("This error is not about a message that was being sent.")
    settled = error.latest_arrival + timedelta(seconds=connection.settle_seconds)
    asked_at = connection.now()
    request = Filters(to=to).request(message_path(connection.acting_sid), limit=None)
    walk = Walk(request, message_page)
    rows: list[Message] = []
    # To the end: where the log lists what is not sent yet is not documented.
    while walk.next is not None and walk.pages < MOST_PAGES:
        rows.extend((yield from walk.step(new_patience())))
    slow, fast = _clocks_apart(asked_at, connection.now(), walk.server_time)
    span = (error.started_at + slow - CLOCKS_MAY_DIFFER, settled + fast + CLOCKS_MAY_DIFFER)
    candidates = [m for m in rows if m.sid not in known and _may_be(m, error, span)]
    if len(candidates) == 1:
        return candidates[0]
    if doubt := _doubt(mask(to), candidates, len(rows) if walk.next is not None else None):
        return NotSureYet(f"{doubt}; only a person can tell.")
    if asked_at < settled:
        return NotSureYet(
            f"the log does not show it, but until {settled:%H:%M:%S} UTC it may still arrive.",
            settled,
        )
    return None


def _doubt(to: str, candidates: list[Message], cut_after: int | None) -> str | None:
    """Say why the log cannot settle it, now or later."""
    if candidates:
        sids = ", ".join(m.sid for m in candidates[:5])
        return f"{len(candidates)} messages to {to} could be this one ({sids})"
    if cut_after is not None:
        return f"the log of messages to {to} is longer than the {cut_after:,} entries read"
    return None


def _clocks_apart(
    before: datetime, after: datetime, server_time: datetime | None
) -> tuple[timedelta, timedelta]:
    """Return by how much, at least and at most, Twilio's clock is ahead of ours.

    The log's times are Twilio's. Its clock was read at some moment between our two readings.
    """
    if server_time is None:
        return timedelta(0), timedelta(0)
    return server_time - after, server_time - before


def _may_be(message: Message, error: OutcomeUnknown, span: tuple[datetime, datetime]) -> bool:
    """Whether a log entry can be the message that was being sent."""
    if message.direction != "outbound-api" or message.date_created is None:
        return False
    if not span[0] <= message.date_created <= span[1]:
        return False
    return not _was_refused(message) and _same_sender(message, error) and _same_text(message, error)


def _was_refused(message: Message) -> bool:
    """Whether an entry only records a creation that was refused, so that nothing was sent.

    Twilio has listed those since April 2024, as failed; which other fields they have is not
    documented. Codes of 30,000 and 63,000 and more are failures after creation, but for 63007.
    """
    code = message.error_code
    if message.status != "failed" or not code:
        return False
    return code // 1000 not in {30, 63} or code == NO_CHANNEL_FOR_SENDER


def _same_sender(message: Message, error: OutcomeUnknown) -> bool:
    sender = error.parameters.get("From", ("",))[0]
    service = error.parameters.get("MessagingServiceSid", ("",))[0]
    if sender.startswith("MG"):
        sender, service = "", sender
    if service and message.messaging_service_sid not in {service, None}:
        return False
    # A messaging service picks the sender later, so an entry may not name one yet.
    return not sender or message.from_ in {sender, None}


def _same_text(message: Message, error: OutcomeUnknown) -> bool:
    body = error.parameters.get("Body", ("",))[0]
    if not body or not message.body:
        return True  # a template, a picture alone, or a redacted entry: the text cannot tell
    if "true" in error.parameters.get("SmartEncoded", ()) + error.parameters.get("ShortenUrls", ()):
        return True  # Twilio rewrites the text
    sent, listed = _comparable(body), _comparable(message.body)
    return listed == sent or listed.endswith(" - " + sent)  # the trial account's prefix


def _comparable(text: str) -> str:
    """Leave out what Twilio may have changed: blanks, and look-alikes (a service's own setting)."""
    return " ".join(smart(text).split())
