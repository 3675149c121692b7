"""A policy in force on one connection: the verdict over each request before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from twilio_widgets.core.guardrails import refusals
from twilio_widgets.core.guardrails.classify import changes, makes_message
from twilio_widgets.core.guardrails.job_quota import JobQuota
from twilio_widgets.core.guardrails.limits import NOTHING, Amount
from twilio_widgets.core.guardrails.message_request import MessageRequest, read_creation
from twilio_widgets.core.guardrails.pricing import segments_of
from twilio_widgets.core.guardrails.quiet_hours import moments_of
from twilio_widgets.core.guardrails.usage_counter import UsageCounter
from twilio_widgets.core.request import Request

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.guardrails.rules import Rules


@dataclass(frozen=True, slots=True)
class SendPermission:
    """Leave to send one message. It was counted; what certainly was not sent is given back."""

    creation: MessageRequest = field(repr=False)
    amount: Amount
    give_back: Callable[[], None] = field(repr=False, compare=False)
    """Take the message out of the counts again: it certainly was not sent."""


class PolicyEnforcer:
    """A policy on one connection: with its clock, its account and its counts.

    Args:
        rules: What may be sent.
        connection: Who sends.
    """

    def __init__(self, rules: Rules, connection: Connection) -> None:
        self.rules = rules
        self._now = connection.now
        self._counting = UsageCounter(rules, connection)
        limits = (rules.per_job, rules.per_day)
        self._asks_cost = any(limit.cost is not None for limit in limits)
        self._asks_segments = any(limit.segments is not None for limit in limits)
        self._weighs = any((self._asks_cost, self._asks_segments, rules.per_day, rules.dry_run))

    def judge(self, request: Request) -> SendPermission | None:
        """Let a request leave, or refuse it.

        Returns:
            The verdict over a message; None for a request that makes none.

        Raises:
            PolicyRefused: A rule forbids it, or it makes a message and cannot be read.
        """
        if not makes_message(request):
            if self.rules.dry_run and changes(request):
                raise refusals.dry_change(request)
            return None
        now = self._now()
        creation, amount = self._examined(request, now)
        if self.rules.dry_run:
            self._counting.check(creation, amount, now)
            raise refusals.dry_message(creation, amount)
        give_back = self._counting.claim(creation, amount, now, request.job)
        return SendPermission(creation, amount, give_back)

    def look(self, request: Request) -> None:
        """Look at a message by itself: no count is looked at, and a dry run does not matter.

        Raises:
            PolicyRefused: It would be refused now, whatever was sent before.
        """
        self._counting.check_message(*self._examined(request, self._now()))

    def judge_job(self, permit: JobQuota, amount: Amount) -> None:
        """Judge a job before its first request, by what it is going to come to.

        Raises:
            PolicyRefused: A limit of a job or of a day forbids it, or this is a dry run.
        """
        self._counting.check_job(permit, amount, self._now())
        if self.rules.dry_run:
            raise refusals.dry_job(permit, amount)

    def today(self) -> Amount:
        """Return what has been counted today (UTC) under limits of a day."""
        return self._counting.today(self._now())

    def close(self) -> None:
        """Close what it counts in; the next message opens it again."""
        self._counting.close()

    def _examined(self, request: Request, now: datetime) -> tuple[MessageRequest, Amount]:
        """Read a message, hold it to the rules that need no count, and weigh it."""
        creation = read_creation(request)
        if creation.ambiguous and self.rules.looks_inside:
            raise refusals.ambiguous(creation)
        if self.rules.allow is not None and creation.to not in self.rules.allow:
            raise refusals.not_allowed(creation)
        self._check_hours(creation, now)
        return creation, self._weighed(creation, request.job)

    def _check_hours(self, creation: MessageRequest, now: datetime) -> None:
        hours = self.rules.quiet_hours
        if hours is None:
            return
        moments = moments_of(creation, now)
        if moments is None:
            raise refusals.unreadable_time(creation)
        for moment in moments:
            zones = hours.quiet_zones(creation.to, moment)
            if zones is None and not self.rules.allow_unknown_zone:
                raise refusals.unknown_zone(creation)
            if zones:
                raise refusals.quiet(creation, hours, zones[0], moment)

    def _weighed(self, creation: MessageRequest, job: JobQuota | None) -> Amount:
        """Return what a message comes to; what no rule asks for is not worked out.

        What is not known of a job's message is its share of what the job was judged by.
        """
        if not self._weighs:
            return Amount(1)
        count = segments_of(creation)
        cost = self.rules.prices.cost(creation, count)
        if job is not None:
            count = job.segments_each if count is None else count
            cost = job.cost_each if cost is None else cost
        if count is None and self._asks_segments:
            raise refusals.unknown_segments(creation)
        if cost is None and self._asks_cost:
            raise refusals.unknown_price(creation)
        # What nobody asks for and nobody knows is counted as little.
        return Amount(1, count or 1, NOTHING if cost is None else cost)
