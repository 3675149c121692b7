"""`Policy`: the rules that every request must pass before it leaves.

A policy is a value, independent of accounts and counts. `PolicyEnforcer` applies it on a
connection: the transport passes every request to it, whether from `raw`, an async client, a panel
or a job.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.guardrails import refusals
from twilio_widgets.core.guardrails.enforcement import PolicyEnforcer
from twilio_widgets.core.guardrails.job_quota import JobQuota
from twilio_widgets.core.guardrails.limits import NOTHING, Amount, share_of
from twilio_widgets.core.guardrails.rules import Rules
from twilio_widgets.core.message.message import message_path
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.request import Request
from twilio_widgets.errors import PolicyRefused

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

# With whatever separates thousands in the language of the person who types.
_CONFIRMATION = re.compile(r"send\s+(?P<number>\d+|\d{1,3}(?:[,.'’_\s]\d{3})+)", re.IGNORECASE)


@dataclass(frozen=True, init=False, repr=False)
class Policy(Rules):
    """What may be sent: the guard rails of a client, checked before anything leaves.

    ``Twilio(connection, policy=tw.Policy(…))`` puts it in force for every request of that client,
    raw ones, panels and jobs included. Without one, a real account has ``Policy()``: single
    messages pass, a job above 100 recipients is refused; the sandbox is free.

    Costs are estimates in US dollars. A message on its own is held to the limits of a job too.
    Counts of a day are kept, under limits of a day, beside the journals: per account with its
    subaccounts, from midnight to midnight UTC, over all processes of this user.

    Args:
        dry_run: Nothing that changes anything leaves; each refusal says what it would have been.
        allow: The only recipients: numbers (``"+15005550006"``) and beginnings (``"+1500555*"``).
        max_recipients: Recipients of one job; None is no limit.
        max_segments: Segments of one job.
        max_cost: Dollars of one job, such as ``"12.50"``. What has no price is refused.
        max_cost_per_day: Dollars of one day.
        quiet_hours: Local times at the destination, such as ``("21:00", "08:00")``: refused when it
            is quiet in any time zone the number can be in.
        allow_unknown_zone: Send in spite of quiet hours where the time zone is not known.
        max_recipients_per_day: Messages of one day.
        max_segments_per_day: Segments of one day.
        prices: Dollars for a segment by country, before the small table's: ``{"GB": "0.05"}``;
            ``"MMS"`` for a message with media, ``"whatsapp"`` for one on that channel.

    Raises:
        ConfigurationError: A rule cannot be right; it names the argument.
    """

    def on(self, connection: Connection) -> PolicyEnforcer:
        """Return this policy in force on a connection: what the transport asks."""
        return PolicyEnforcer(self, connection)

    def judge_job(
        self,
        connection: Connection,
        *,
        recipients: int,
        segments: int | None = None,
        cost: Decimal | None = None,
        name: str = "",
    ) -> JobQuota:
        """Judge a job before its first request.

        Args:
            connection: Who sends.
            recipients: How many messages are still to be sent.
            segments: What they come to; None when it is not known.
            cost: What they cost in US dollars, estimated; None when it is not known.
            name: The job's name, for refusals.

        Returns:
            What every request of the job carries as ``Request.job``; it counts what really leaves.

        Raises:
            PolicyRefused: A limit forbids the job, what a limit asks for is not known, or this is a
                dry run.
        """
        permit = JobQuota(
            name,
            segments_each=None if segments is None else max(1, segments // max(1, recipients)),
            cost_each=None if cost is None else share_of(cost, recipients),
        )
        limits = (self.per_job, self.per_day)
        if segments is None and any(limit.segments is not None for limit in limits):
            raise refusals.unknown_of_a_job(permit, "segments")
        if cost is None and any(limit.cost is not None for limit in limits):
            raise refusals.unknown_of_a_job(permit, "cost")
        in_force = self.on(connection)
        try:
            in_force.judge_job(permit, Amount(recipients, segments or 0, cost or NOTHING))
        finally:
            in_force.close()
        return permit

    def refusal_of(
        self, connection: Connection, parameters: Mapping[str, object]
    ) -> PolicyRefused | None:
        """Say why a message would be refused now, without sending or counting anything.

        It is looked at by itself: a dry run and what was sent before do not matter. So a plan can
        ask about each of its rows; `judge_job` and `today` know of sums.

        Args:
            connection: Who would send.
            parameters: Keywords of ``messages.send``.

        Raises:
            InvalidMessage: A parameter cannot be right.
        """
        return self.refusal_of_form(connection, form_of(parameters, now=connection.now()))

    def refusal_of_form(
        self, connection: Connection, form: tuple[tuple[str, str], ...]
    ) -> PolicyRefused | None:
        """Say why a message would be refused now, as `refusal_of` does, by what Twilio is sent.

        Args:
            connection: Who would send.
            form: Pairs of Twilio's parameter names and texts.
        """
        request = Request(
            method="POST", path=message_path(connection.acting_sid), body=FormBody(form)
        )
        try:
            self.on(connection).look(request)
        except PolicyRefused as refused:
            return refused.with_traceback(None)
        return None

    def today(self, connection: Connection) -> Amount:
        """Return what has been counted for an account today (UTC), under limits of a day."""
        in_force = self.on(connection)
        try:
            return in_force.today()
        finally:
            in_force.close()

    def confirmed(self, *, recipients: int | None = None, unknown_zone: bool = False) -> Policy:
        """Return this policy with what a person has just confirmed.

        Args:
            recipients: Let one job have so many, where the limit is lower.
            unknown_zone: Send where the time zone is not known, in spite of quiet hours.
        """
        most = self.max_recipients
        if recipients is not None and most is not None:
            most = max(most, recipients)
        return replace(
            self,
            max_recipients=most,
            allow_unknown_zone=self.allow_unknown_zone or unknown_zone,
        )

    @staticmethod
    def confirmation(recipients: int) -> str:
        """Return what a person types to send a job: ``send 1,243``."""
        return f"send {recipients:,}"

    @staticmethod
    def confirms(text: str, recipients: int) -> bool:
        """Say whether a typed text is that confirmation; a comma or thin space may be missing."""
        found = _CONFIRMATION.fullmatch(unicodedata.normalize("NFKC", text).strip())
        return found is not None and re.sub(r"\D", "", found["number"]) == str(recipients)


FREE = Policy(max_recipients=None)
"""No limits: what a sandbox has without a policy."""


def default_policy(connection: Connection) -> Policy:
    """Return the policy of a connection for which none is given."""
    # A sandbox's API key calls itself one; its wire tells. (Its `root_url` would open a socket.)
    sandbox = connection.kind == "sandbox" or connection.wire is not None
    return FREE if sandbox else Policy()
