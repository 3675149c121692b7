"""A policy in force on one connection: the verdict over each request before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from twilio_widgets.core import refusals
from twilio_widgets.core.amount import NOTHING, Amount
from twilio_widgets.core.creation import Creation, read_creation
from twilio_widgets.core.permit import Permit
from twilio_widgets.core.quiet import moments_of
from twilio_widgets.core.recognise import changes, makes_message
from twilio_widgets.core.request import Request
from twilio_widgets.core.tally import Tally
from twilio_widgets.core.worth import segments_of

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection
    from twilio_widgets.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Verdict:
    """Leave to send one message. It was counted; what certainly was not sent is given back."""

    creation: Creation = field(repr=False)
    amount: Amount
    give_back: Callable[[], None] = field(repr=False, compare=False)
    """Take the message out of the counts again: it certainly was not sent."""


class InForce:
    """A policy on one connection: its clock, its account, its counters.

    Args:
        policy: The rules.
        connection: Who sends.
    """

    def __init__(self, policy: Policy, connection: Connection) -> None:
        self.policy = policy
        self._now = connection.now
        self._per_job, self._per_day = policy.per_job, policy.per_day
        self._connection = connection
        self._counts: Tally | None = None

    def judge(self, request: Request) -> Verdict | None:
        """Let a request leave, or refuse it.

        Returns:
            The verdict over a message; None for a request that makes none.

        Raises:
            PolicyRefused: A rule forbids it, or it makes a message and cannot be read.
        """
        if not makes_message(request):
            if self.policy.dry_run and changes(request):
                raise refusals.dry_change(request)
            return None
        creation = read_creation(request)
        if creation.ambiguous and self.policy.looks_inside:
            raise refusals.ambiguous(creation)
        self._check_recipient(creation)
        amount = self._weighed(creation)
        now = self._now()
        if self.policy.dry_run:
            self._look_at_limits(creation, amount, now)
            raise refusals.dry_message(creation, amount)
        return Verdict(creation, amount, self._count(creation, amount, now, request.job))

    def judge_job(self, permit: Permit, amount: Amount) -> None:
        """Judge a job before its first request, by what it is going to come to.

        Raises:
            PolicyRefused: A limit of a job or of a day forbids it, or this is a dry run.
        """
        if excess := self._per_job.excess(amount):
            raise refusals.job_too_large(permit, excess)
        if self._per_day:
            self._check_day(self._tally.on(self._now()) + amount, "this job")
        if self.policy.dry_run:
            raise refusals.dry_job(permit, amount)

    def today(self) -> Amount:
        """Return what has been counted today (UTC) under limits of a day."""
        return self._tally.on(self._now())

    def close(self) -> None:
        """Close the counter; the next message opens it again."""
        if self._counts is not None:
            self._counts.close()

    @property
    def _tally(self) -> Tally:
        if self._counts is None:
            # By the account of the credentials: no path of a subaccount leads round a limit.
            name = f"{self._connection.account_sid}.sqlite"
            self._counts = Tally(self._connection.data_folder / "tally" / name)
        return self._counts

    def _check_recipient(self, creation: Creation) -> None:
        policy = self.policy
        if policy.allow is not None and creation.to not in policy.allow:
            raise refusals.not_allowed(creation)
        if policy.quiet_hours is None:
            return
        moments = moments_of(creation, self._now())
        if moments is None:
            raise refusals.unreadable_time(creation)
        for moment in moments:
            zones = policy.quiet_hours.quiet_zones(creation.to, moment)
            if zones is None and not policy.allow_unknown_zone:
                raise refusals.unknown_zone(creation)
            if zones:
                raise refusals.quiet(creation, policy.quiet_hours, zones[0], moment)

    def _weighed(self, creation: Creation) -> Amount:
        """Return what a message comes to; what no rule asks for is not worked out."""
        limits = (self._per_job, self._per_day)
        asks_cost = any(limit.cost is not None for limit in limits)
        asks_segments = any(limit.segments is not None for limit in limits)
        if not (asks_cost or asks_segments or self._per_day or self.policy.dry_run):
            return Amount(1)
        count = segments_of(creation)
        if count is None and asks_segments:
            raise refusals.unknown_segments(creation)
        cost = self.policy.prices.cost(creation, count)
        if cost is None and asks_cost:
            raise refusals.unknown_price(creation)
        # What nobody asks for and nobody knows is counted as little.
        return Amount(1, count or 1, NOTHING if cost is None else cost)

    def _look_at_limits(self, creation: Creation, amount: Amount, now: datetime) -> None:
        self._check_message(creation, amount)
        if self._per_day:
            self._check_day(self._tally.on(now) + amount, "this message")

    def _count(
        self, creation: Creation, amount: Amount, now: datetime, job: Permit | None
    ) -> Callable[[], None]:
        """Count a message in its job and in its day; return what takes it back."""

        def check_job(total: Amount) -> None:
            if job is not None and (excess := self._per_job.excess(total)):
                raise refusals.beyond_the_job(creation, job, excess)

        if job is None:
            self._check_message(creation, amount)
        else:
            job.raise_by(amount, check_job)
        if self._per_day:
            try:
                self._tally.raise_by(
                    amount, now, lambda sum_: self._check_day(sum_, "this message")
                )
            except BaseException:
                if job is not None:
                    job.lower_by(amount)
                raise

        def give_back() -> None:
            if job is not None:
                job.lower_by(amount)
            if self._per_day:
                self._tally.lower_by(amount, now)

        return give_back

    def _check_message(self, creation: Creation, amount: Amount) -> None:
        """A message of its own is a job of one."""
        if excess := self._per_job.excess(amount):
            raise refusals.message_too_large(creation, excess)

    def _check_day(self, total: Amount, what: str) -> None:
        if excess := self._per_day.excess(total):
            raise refusals.day_too_large(what, excess)
