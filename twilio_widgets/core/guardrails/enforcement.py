"""`PolicyEnforcer`: applies a policy to each request of a connection before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from twilio_widgets.core.guardrails import refusals
from twilio_widgets.core.guardrails.classify import changes, makes_message
from twilio_widgets.core.guardrails.effects import Effect, effect_of
from twilio_widgets.core.guardrails.job_quota import JobQuota
from twilio_widgets.core.guardrails.limits import NOTHING, Amount
from twilio_widgets.core.guardrails.message_request import (
    NOBODY,
    MessageRequest,
    parse_message_request,
)
from twilio_widgets.core.guardrails.pricing import segments_of
from twilio_widgets.core.guardrails.quiet_hours import moments_of
from twilio_widgets.core.guardrails.usage_counter import UsageCounter
from twilio_widgets.core.request import Request

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.guardrails.rules import Rules


@dataclass(frozen=True, slots=True)
class SendPermission:
    """Permission to send one message, which is already counted."""

    message: MessageRequest = field(repr=False)
    amount: Amount
    give_back: Callable[[], None] = field(repr=False, compare=False)
    """Subtract the message from the counts; only if it was certainly not sent."""


class PolicyEnforcer:
    """Checks the requests of one connection against a policy, with its account's usage.

    Args:
        rules: The policy.
        connection: The sending connection.
    """

    def __init__(self, rules: Rules, connection: Connection) -> None:
        self.rules = rules
        self._now = connection.now
        self._usage = UsageCounter(rules, connection)
        limits = (rules.per_job, rules.per_day)
        self._limits_cost = any(limit.cost is not None for limit in limits)
        self._limits_segments = any(limit.segments is not None for limit in limits)
        self._needs_estimate = any(
            (self._limits_cost, self._limits_segments, rules.per_day, rules.dry_run)
        )

    def check(self, request: Request) -> SendPermission | None:
        """Check a request that is about to be sent, and count it if it creates a message.

        Returns:
            The permission to send a message, or a request with another effect (`effects`); None
            for any other request.

        Raises:
            PolicyRefused: A rule forbids the request, or depends on parameters that cannot be
                parsed.
        """
        if not makes_message(request):
            return self._check_other(request)
        now = self._now()
        message, amount = self._examined(request, now)
        if self.rules.dry_run:
            self._usage.check(message, amount, now)
            raise refusals.dry_message(message, amount)
        give_back = self._usage.claim(message, amount, now, request.job)
        return SendPermission(message, amount, give_back)

    def _check_other(self, request: Request) -> SendPermission | None:
        """Check a request that creates no message; count it if it has an effect (`effects`)."""
        effect = effect_of(request)
        if self.rules.dry_run and (effect is not None or changes(request)):
            raise refusals.dry_change(request, effect)
        if effect is None:
            return None
        if self._limits_cost and request.cost is None:
            raise refusals.unknown_cost(effect)
        message = self._checked_recipient(request, effect) if effect.reaches else NOBODY
        amount = Amount(recipients=int(effect.reaches), cost=request.cost or NOTHING)
        give_back = self._usage.claim(message, amount, self._now(), request.job)
        return SendPermission(message, amount, give_back)

    def _checked_recipient(self, request: Request, effect: Effect) -> MessageRequest:
        """Check the recipient of a request that reaches a person."""
        # Only these rules depend on the body, which may be JSON: some products take no form.
        looks = self.rules.allow is not None or self.rules.quiet_hours is not None
        message = parse_message_request(request) if looks else NOBODY
        if self.rules.allow is not None and not message.to:
            raise refusals.unknown_recipient(effect)
        self._check_recipient(message, self._now())
        return message

    def check_message(self, request: Request) -> None:
        """Check one message by itself, ignoring usage so far and `dry_run`.

        Raises:
            PolicyRefused: The message would be refused now, whatever was sent before.
        """
        self._usage.check_message(*self._examined(request, self._now()))

    def check_job(self, quota: JobQuota, amount: Amount) -> None:
        """Check the expected amount of a job before its first request.

        Raises:
            PolicyRefused: It exceeds a limit of the job or of the day, or this is a dry run.
        """
        self._usage.check_job(quota, amount, self._now())
        if self.rules.dry_run:
            raise refusals.dry_job(quota, amount)

    def today(self) -> Amount:
        """Return the amount counted today (UTC); usage is counted only under a daily limit."""
        return self._usage.today(self._now())

    def close(self) -> None:
        """Close the file of daily usage; the next message opens it again."""
        self._usage.close()

    def _examined(self, request: Request, now: datetime) -> tuple[MessageRequest, Amount]:
        """Parse a message, check it against the rules that need no count, and estimate it."""
        message = parse_message_request(request)
        self._check_recipient(message, now)
        return message, self._estimated(message, request.job)

    def _check_recipient(self, message: MessageRequest, now: datetime) -> None:
        if message.ambiguous and self.rules.looks_inside:
            raise refusals.ambiguous(message)
        if self.rules.allow is not None and message.to not in self.rules.allow:
            raise refusals.not_allowed(message)
        self._check_hours(message, now)

    def _check_hours(self, message: MessageRequest, now: datetime) -> None:
        hours = self.rules.quiet_hours
        if hours is None:
            return
        moments = moments_of(message, now)
        if moments is None:
            raise refusals.unreadable_time(message)
        for moment in moments:
            zones = hours.quiet_zones(message.to, moment)
            if zones is None and not self.rules.allow_unknown_zone:
                raise refusals.unknown_zone(message)
            if zones:
                raise refusals.quiet(message, hours, zones[0], moment)

    def _estimated(self, message: MessageRequest, job: JobQuota | None) -> Amount:
        """Return the message's segments and cost, as far as any rule needs them.

        If one of them is not known, a message of a job counts as its share of the job's estimate.
        """
        if not self._needs_estimate:
            return Amount(1)
        count = segments_of(message)
        cost = self.rules.prices.cost(message, count)
        if job is not None:
            count = job.segments_each if count is None else count
            cost = job.cost_each if cost is None else cost
        if count is None and self._limits_segments:
            raise refusals.unknown_segments(message)
        if cost is None and self._limits_cost:
            raise refusals.unknown_price(message)
        # An unknown value gets here only if no rule limits it, so the default does no harm.
        return Amount(1, count or 1, NOTHING if cost is None else cost)
