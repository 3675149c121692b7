"""What a job is let to begin with: it counts what really leaves, whatever was said before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

from twilio_widgets.core.guardrails.limits import Amount


class JobQuota:
    """The running count of one job, shared by its threads and tasks.

    `Policy.judge_job` gives one; every request of the job carries it as ``Request.job``. A job that
    goes on after a restart, and one that sends rows again, asks for a new one.

    Args:
        name: The job, for people.
        segments_each: How many segments a message of it has, where its own text does not tell.
        cost_each: What a message of it costs, where the policy knows no price: the plan did.
    """

    def __init__(
        self,
        name: str = "",
        *,
        segments_each: int | None = None,
        cost_each: Decimal | None = None,
    ) -> None:
        self.name = name
        self.segments_each = segments_each
        self.cost_each = cost_each
        self._lock = threading.Lock()
        self._sent = Amount()

    @property
    def sent(self) -> Amount:
        """What has left, or may have left, so far."""
        return self._sent

    def raise_by(self, amount: Amount, check: Callable[[Amount], None]) -> None:
        """Add what is about to leave; when `check` of the new sum raises, nothing is added."""
        with self._lock:
            total = self._sent + amount
            check(total)
            self._sent = total

    def lower_by(self, amount: Amount) -> None:
        """Take back what certainly was not sent."""
        with self._lock:
            self._sent = self._sent - amount

    def __repr__(self) -> str:
        return f"Permit({self.name!r}, {self._sent.recipients:,} sent)"
