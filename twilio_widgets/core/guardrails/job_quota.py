"""`JobQuota`: the running count of the messages that a job sends."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.system.thread_lock import ThreadLock


class JobQuota:
    """The running count of one job, shared by its threads and tasks.

    `Policy.check_job` returns one, and every request of the job carries it as ``Request.job``.
    Resuming a job, or resending rows of it, needs a new one.

    Args:
        name: The job's name, for refusals.
        segments_each: The segments of a message whose own text is not known.
        cost_each: The cost of a message for which the policy has no price, from the plan's
            estimate.
        noun: For refusals: ``"job"``, or ``"lookup"`` for requests that are billed without sending.
    """

    def __init__(
        self,
        name: str = "",
        *,
        segments_each: int | None = None,
        cost_each: Decimal | None = None,
        noun: Literal["job", "lookup"] = "job",
    ) -> None:
        self.name = name
        self.segments_each = segments_each
        self.cost_each = cost_each
        self.noun = noun
        self._lock = ThreadLock()
        self._sent = Amount()

    @property
    def sent(self) -> Amount:
        """The amount that was sent, or may have been sent, so far."""
        return self._sent

    def add(self, amount: Amount, check: Callable[[Amount], None]) -> None:
        """Add a message that is about to be sent, unless `check` of the new total raises."""
        with self._lock:
            total = self._sent + amount
            check(total)
            self._sent = total

    def subtract(self, amount: Amount) -> None:
        """Subtract a message that was certainly not sent."""
        with self._lock:
            self._sent = self._sent - amount

    def __repr__(self) -> str:
        return f"JobQuota({self.name!r}, {self._sent.recipients:,} sent)"
