"""Cancel the scheduled messages of a job at Twilio, one by one, and report on each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from twilio_widgets.core.flows import messages
from twilio_widgets.core.flows.flow import RetryPolicyFactory
from twilio_widgets.core.request import Flow
from twilio_widgets.errors import ApiError, NotFound, OutcomeUnknown, TwilioWidgetsError
from twilio_widgets.journal import states

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.journal.row import JournalRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledRow:
    """The result of cancelling a job: each row number is in exactly one of these."""

    never_sent: tuple[int, ...] = ()
    """Rows that were not sent, and never will be."""
    cancelled: tuple[int, ...] = ()
    """Scheduled messages that Twilio has cancelled, now or before."""
    already_sent: tuple[int, ...] = ()
    """Messages that were sent before they could be cancelled."""
    unknown: tuple[int, ...] = ()
    """Rows whose state is not known: cancel again, or look at their outcomes."""
    not_accepted: tuple[int, ...] = ()
    """Rows that did not become messages: rejected, or given up."""

    def __str__(self) -> str:
        counts = [(name, len(getattr(self, name))) for name in (one.name for one in fields(self))]
        parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts if count]
        return ", ".join(parts) or "nothing to cancel"

    __repr__ = __str__


def cancel_scheduled(
    connection: Connection, new_retry_policy: RetryPolicyFactory, rows: Sequence[JournalRow]
) -> Flow[tuple[dict[str, list[int]], list[Message]]]:
    """Cancel the scheduled messages of these rows.

    Args:
        connection: Their account.
        new_retry_policy: Makes the retry policy of each request.
        rows: Accepted rows.

    Returns:
        The row numbers by result, and the messages as last read.
    """
    found: dict[str, list[int]] = {"cancelled": [], "already_sent": [], "unknown": []}
    seen: list[Message] = []
    for row in rows:
        word = "already_sent"
        if row.is_scheduled and row.message_status not in _OVER:
            message = yield from _cancelled(connection, new_retry_policy, str(row.sid))
            word = _word(message)
            seen += [] if message is None else [message]
        elif row.message_status == "canceled":
            word = "cancelled"
        found[word].append(row.n)
    return found, seen


_OVER = frozenset({"canceled", "sent", "delivered", "undelivered", "failed", "read", "sending"})


def _cancelled(
    connection: Connection, new_retry_policy: RetryPolicyFactory, sid: str
) -> Flow[Message | None]:
    """Cancel one message, or read why it could not be cancelled; None if neither is possible."""
    try:
        return (yield from messages.cancel(connection, new_retry_policy(), sid))
    except (ApiError, OutcomeUnknown):
        pass  # already sent, already cancelled, or a lost response: its status shows which
    except TwilioWidgetsError:
        return None
    try:
        return (yield from messages.get(connection, new_retry_policy(), sid))
    except (NotFound, TwilioWidgetsError):
        return None


def _word(message: Message | None) -> str:
    if message is None or message.status == "scheduled":
        return "unknown"
    return "cancelled" if message.status == "canceled" else "already_sent"


def ledger_of(rows: Sequence[JournalRow], found: dict[str, list[int]]) -> CancelledRow:
    """Group the rows of a job by result, given the results of its scheduled messages."""
    told = {n for positions in found.values() for n in positions}
    left = [row for row in rows if row.n not in told]

    def of(word: str, *statuses: str) -> tuple[int, ...]:
        return tuple(sorted([*found.get(word, ()), *(r.n for r in left if r.status in statuses)]))

    return CancelledRow(
        never_sent=of("never_sent", states.SKIPPED, states.PENDING),
        cancelled=of("cancelled"),
        already_sent=of("already_sent", states.ACCEPTED),
        unknown=of("unknown", states.UNKNOWN, states.ATTEMPTED),
        not_accepted=of("not_accepted", states.REJECTED, states.ABANDONED),
    )
