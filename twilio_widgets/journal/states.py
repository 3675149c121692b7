"""The statuses of a row, and which one follows from the result of an attempt.

::

    pending ── attempted ── accepted
       │           ├─────── rejected
       │           ├─────── pending     Twilio cannot have accepted it: it may be retried
       │           └─────── unknown ─── accepted, rejected   by evidence
       │                       └─────── abandoned            by a person, or by on_unknown
       └── skipped                      by a person

accepted, rejected, skipped and abandoned are final. A row returns from one of them, or from
unknown, to pending only if the user names it: `decision` in the journal records it.

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
"""The final statuses."""

STEPS = {
    PENDING: (ATTEMPTED, SKIPPED),
    ATTEMPTED: (ACCEPTED, REJECTED, PENDING, UNKNOWN),
    UNKNOWN: (ACCEPTED, REJECTED, ABANDONED),
}
"""The status changes that need no decision of the user."""

RESULTS = (
    "accepted", "rejected", "not_sent", "throttled", "queue_full", "policy", "account", "unknown",
)  # fmt: skip
"""The results of an attempt: the first two and the last become the row's status; with the others
the row is pending again. ``account`` is a refusal that does not depend on the row."""

ACCOUNT_CODES = frozenset({10001, 20003, 20005, 20006, 20008, 20403, 90010, DAY_LIMIT})
"""Errors about the account or the credentials, which every other row would have as well."""

QUEUE_FULL = 21611

OPTED_OUT = 21610


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of one attempt."""

    code: str
    """One of `RESULTS`."""
    sid: str | None = None
    http_status: int | None = None
    error_code: int | None = None
    problem: str | None = None
    """A sentence without phone numbers."""
    request_id: str | None = None
    for_all: bool = False
    """Whether every other row would have the same result now, so that the job pauses."""

    @property
    def status(self) -> str:
        """The row's status after this result."""
        return self.code if self.code in STATUSES else PENDING


def result_of(error: BaseException) -> AttemptResult:
    """Return the result of an attempt that raised an error.

    It is ``unknown`` unless the error proves otherwise, so also for unexpected errors.
    """
    if isinstance(error, NotConnected):
        return AttemptResult("not_sent", problem=str(error))
    if isinstance(error, ApiError):
        return AttemptResult(
            _code_of(error),
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


def _code_of(error: ApiError) -> str:
    if error.code == QUEUE_FULL:
        return "queue_full"
    if error.status in {401, 403} or error.code in ACCOUNT_CODES:
        return "account"
    if isinstance(error, RateLimited):
        return "throttled"
    return "rejected"
