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

from twilio_widgets.core.flows.evidence import Sent, clocks_apart, likeness, was_refused, window
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.core.flows.listing import Filters
from twilio_widgets.core.flows.messages import message_page
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.message.message import Message, message_path
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Flow
from twilio_widgets.core.system.clock import ClockReading
from twilio_widgets.errors import ConfigurationError, OutcomeUnknown

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

MOST_PAGES = 5
"""Of 1,000 entries each: how much of the log of one recipient is read."""


@dataclass(frozen=True, slots=True)
class NotSureYet:
    """Neither found nor proved absent. It is neither true nor false: look at `reason`."""

    reason: str
    """The reason, as a sentence."""
    again_after: datetime | None = None
    """When to ask again (aware, UTC); None if only you can decide."""

    def __bool__(self) -> Never:
        raise TypeError(
            f"The outcome is not known yet, so this has no truth value: {self.reason} "
            "Compare with None, and read .reason and .again_after."
        )

    def __str__(self) -> str:
        return f"not sure yet: {self.reason}"


def find(
    connection: Connection,
    new_retry_policy: Callable[[], RetryPolicy],
    error: OutcomeUnknown,
    *,
    known: Collection[str] = (),
) -> Flow[Message | NotSureYet | None]:
    """Look for the message of an `OutcomeUnknown`.

    Args:
        connection: The connection it was sent with.
        new_retry_policy: Makes the retry_policy for each page.
        error: What ``send`` raised.
        known: SIDs of messages that other sends are known to have made.

    Returns:
        The message; None if there is certainly none; or `NotSureYet`.
    """
    if error.started_at is None or error.latest_arrival is None or "To" not in error.parameters:
        raise ConfigurationError("This error is not about sending a message.")
    started, latest = error.moments or (
        ClockReading(error.started_at),
        ClockReading(error.latest_arrival),
    )
    sent = Sent.of(error.parameters, started, latest, connection.moment())
    to, settled = sent.to, sent.latest + timedelta(seconds=connection.settle_seconds)
    asked_at = connection.now()
    request = Filters(to=to).request(message_path(connection.acting_sid), limit=None)
    paginator = Paginator(request, message_page)
    rows: list[Message] = []
    # All pages: Twilio does not document where the log lists messages that are not sent yet.
    while paginator.next_request is not None and paginator.pages < MOST_PAGES:
        rows.extend((yield from paginator.next_page(new_retry_policy())))
    span = window(sent, settled, clocks_apart(asked_at, connection.now(), paginator.server_time))
    candidates = [m for m in rows if m.sid not in known and _may_be(m, sent, span)]
    if len(candidates) == 1:
        return candidates[0]
    if doubt := _doubt(
        mask(to), candidates, len(rows) if paginator.next_request is not None else None
    ):
        return NotSureYet(f"{doubt}; please check them yourself.")
    if not sent.sure:
        return NotSureYet(
            "it is not in the message log, but this computer was restarted or its clock was "
            "changed after the send, so that proves nothing; try again later, or look in "
            "Twilio's console."
        )
    if asked_at < settled:
        return NotSureYet(
            f"it is not in the message log, but it may still appear until {settled:%H:%M:%S} UTC.",
            settled,
        )
    return None


def _doubt(to: str, candidates: list[Message], cut_after: int | None) -> str | None:
    """Return why the log cannot decide, now or later."""
    if candidates:
        sids = ", ".join(m.sid for m in candidates[:5])
        return f"{len(candidates)} messages to {to} could be this one ({sids})"
    if cut_after is not None:
        return f"the log of messages to {to} is longer than the {cut_after:,} entries read"
    return None


def _may_be(message: Message, sent: Sent, span: tuple[datetime, datetime]) -> bool:
    return likeness(message, sent, span) != "other" and not was_refused(message)
