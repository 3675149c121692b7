"""What can become of a row, and what each outcome of an attempt means for it.

::

    pending ── attempted ── accepted
       │           ├─────── rejected
       │           ├─────── pending     Twilio cannot have accepted it: it may be tried again
       │           └─────── unknown ─── accepted, rejected   by evidence
       │                       └─────── abandoned            by a person, or by on_unknown
       └── skipped                      by a person

accepted, rejected, skipped and abandoned are the ends. A row leaves one of them, or unknown, for
pending only when a person asks for exactly that row: `decision` in the journal records it.

Sources: Twilio errors 20429 (a 429 was never processed) and 20500 (a repeat after a 500 can act
twice), 21611 (the sender's queue is full).
"""

from __future__ import annotations

from dataclasses import dataclass

from twilio_widgets.core.flows.answers import DAY_LIMIT
from twilio_widgets.errors import (
    ApiError,
    NotConnected,
    OutcomeUnknown,
    PolicyRefused,
    RateLimited,
    Refused,
)

PENDING, ATTEMPTED, ACCEPTED, REJECTED, UNKNOWN, SKIPPED, ABANDONED = STATUSES = (
    "pending", "attempted", "accepted", "rejected", "unknown", "skipped", "abandoned",
)  # fmt: skip
"""Every status of a row."""

ENDS = (ACCEPTED, REJECTED, SKIPPED, ABANDONED)
"""The statuses a row does not leave by itself."""

STEPS = {
    PENDING: (ATTEMPTED, SKIPPED),
    ATTEMPTED: (ACCEPTED, REJECTED, PENDING, UNKNOWN),
    UNKNOWN: (ACCEPTED, REJECTED, ABANDONED),
}
"""What a row can become without a person's decision."""

ENDINGS = (
    "accepted", "rejected", "not_sent", "throttled", "queue_full", "policy", "account", "unknown",
)  # fmt: skip
"""How an attempt can end: the first two and the last as the row's status says; with the others the
row is pending again. ``account`` is a refusal that has nothing to do with the row."""

ACCOUNT_CODES = frozenset({10001, 20003, 20005, 20006, 20008, 20403, 90010, DAY_LIMIT})
"""Errors about the account or the credentials: no other row would fare better."""

QUEUE_FULL = 21611

OPTED_OUT = 21610


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How one attempt ended, in the journal's words."""

    word: str
    """One of `ENDINGS`."""
    sid: str | None = None
    http_status: int | None = None
    error_code: int | None = None
    problem: str | None = None
    """A sentence without anybody's number."""
    request_id: str | None = None
    for_all: bool = False
    """Whether no other row would fare better now, so that the job waits for a person."""

    @property
    def status(self) -> str:
        """The row's status after it."""
        return self.word if self.word in STATUSES else PENDING


def ending_of(error: BaseException) -> AttemptResult:
    """Say what an attempt came to that ended with an error.

    What is not certain is ``unknown``: an error that is none of ours as well.
    """
    if isinstance(error, NotConnected):
        return AttemptResult("not_sent", problem=str(error))
    if isinstance(error, ApiError):
        return AttemptResult(
            _word_of(error),
            http_status=error.status,
            error_code=error.code,
            problem=error.message,
            request_id=error.request_id,
        )
    if isinstance(error, PolicyRefused):
        return AttemptResult("policy", problem=str(error), for_all=error.for_all)
    if isinstance(error, Refused):
        return AttemptResult("rejected", problem=str(error))
    if isinstance(error, OutcomeUnknown):
        return AttemptResult("unknown", problem=error.why, for_all=error.intercepted)
    return AttemptResult("unknown", problem=str(error) or type(error).__name__)


def _word_of(error: ApiError) -> str:
    if error.code == QUEUE_FULL:
        return "queue_full"
    if error.status in {401, 403} or error.code in ACCOUNT_CODES:
        return "account"
    if isinstance(error, RateLimited):
        return "throttled"
    return "rejected"
