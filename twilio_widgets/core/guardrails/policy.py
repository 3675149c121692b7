"""`Policy`: the rules that are checked before a request is sent.

A policy is a value, independent of accounts and usage. `PolicyEnforcer` applies it to a connection:
the transport passes it every request, whether from `raw`, an async client, a panel or a job.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.credentials.secret import concealed
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

# The number may be typed with the thousands separator of the user's language.
_CONFIRMATION = re.compile(r"send\s+(?P<number>\d+|\d{1,3}(?:[,.'’_\s]\d{3})+)", re.IGNORECASE)


@dataclass(frozen=True, init=False, repr=False)
class Policy(Rules):
    """Rules for what a client may send, checked before each request.

    ``Twilio(connection, policy=tw.Policy(…))`` applies a policy to every request of that client,
    including raw requests, panels and jobs. A client of a real account has ``Policy()`` by default,
    which refuses jobs with more than 100 recipients; a client of a sandbox has no limits.

    Other requests that reach a person (a call, a verification, a message in a conversation, a
    Studio flow) count as one message of unknown cost. ``twilio.lookup`` counts with its estimated
    cost, like a job; other requests that are billed (a phone number) have an unknown cost.

    Costs are estimates in US dollars. A message outside a job must meet the limits of a job too.
    Daily usage is counted only if the policy has a daily limit: per account with its subaccounts,
    from midnight to midnight UTC, over all processes of this user.

    Args:
        dry_run: Refuse every request that would change something or is billed, and describe it in
            the error.
        allow: Allow only these recipients: numbers (``"+15005550006"``) and prefixes
            (``"+1500555*"``).
        max_recipients: The maximum number of recipients of one job; None means no limit.
        max_segments: The most segments of one job.
        max_cost: The most US dollars for one job, such as ``"12.50"``. A message, or another
            request that is billed, whose price is not known is refused.
        max_cost_per_day: The most US dollars for one day.
        quiet_hours: Local times at the destination, such as ``("21:00", "08:00")``. A message is
            refused if it is quiet in any time zone the number can be in.
        allow_unknown_zone: Ignore quiet hours if the recipient's time zone is not known.
        max_recipients_per_day: The most messages of one day.
        max_segments_per_day: The most segments of one day.
        prices: US dollars for a segment by country, such as ``{"GB": "0.05"}``; ``"MMS"`` for a
            message with media, ``"whatsapp"`` for one on that channel; or the account's prices,
            from ``tw.prices(twilio)``. They take precedence over the built-in estimates.

    Raises:
        ConfigurationError: A rule is invalid; ``field`` names the argument.
    """

    def on(self, connection: Connection) -> PolicyEnforcer:
        """Return an enforcer of this policy for a connection."""
        connection = concealed(connection)
        return PolicyEnforcer(self, connection)

    def check_job(
        self,
        connection: Connection,
        *,
        recipients: int,
        segments: int | None = None,
        cost: Decimal | None = None,
        name: str = "",
    ) -> JobQuota:
        """Check a job before its first request.

        Args:
            connection: The sending connection.
            recipients: The number of messages still to be sent.
            segments: Their segments; None if not known.
            cost: Their estimated cost in US dollars; None if not known.
            name: The job's name, for refusals.

        Returns:
            The job's running count. Every request of the job carries it as ``Request.job``.

        Raises:
            PolicyRefused: The job exceeds a limit, a limited value is not known, or this is a dry
                run.
        """
        connection = concealed(connection)
        quota = JobQuota(
            name,
            segments_each=None if segments is None else max(1, segments // max(1, recipients)),
            cost_each=None if cost is None else share_of(cost, recipients),
        )
        limits = (self.per_job, self.per_day)
        if segments is None and any(limit.segments is not None for limit in limits):
            raise refusals.unknown_of_a_job(quota, "segments")
        if cost is None and any(limit.cost is not None for limit in limits):
            raise refusals.unknown_of_a_job(quota, "cost")
        self._check_job(connection, quota, Amount(recipients, segments or 0, cost or NOTHING))
        return quota

    def check_lookup(self, connection: Connection, cost: Decimal) -> JobQuota:
        """Check the estimated cost of a lookup of many numbers before its first request.

        Args:
            connection: The connection that would ask.
            cost: The estimate for all numbers, in US dollars.

        Returns:
            The running count that every request of the lookup carries as ``Request.job``.

        Raises:
            PolicyRefused: It exceeds a limit of the cost, or this is a dry run.
        """
        quota = JobQuota(noun="lookup")
        self._check_job(connection, quota, Amount(cost=cost))
        return quota

    def _check_job(self, connection: Connection, quota: JobQuota, amount: Amount) -> None:
        enforcer = self.on(connection)
        try:
            enforcer.check_job(quota, amount)
        finally:
            enforcer.close()

    def refusal_of(
        self, connection: Connection, parameters: Mapping[str, object]
    ) -> PolicyRefused | None:
        """Return the error with which a message would be refused now, or None.

        Nothing is sent or counted. The message is checked by itself, ignoring `dry_run` and usage
        so far, so that a plan can check each row; `check_job` and `today` are about totals.

        Args:
            connection: The connection that would send it.
            parameters: Keywords of ``messages.send``.

        Raises:
            InvalidMessage: A parameter is invalid.
        """
        connection = concealed(connection)
        return self.refusal_of_form(connection, form_of(parameters, now=connection.now()))

    def refusal_of_form(
        self, connection: Connection, form: tuple[tuple[str, str], ...]
    ) -> PolicyRefused | None:
        """Return the error with which a message would be refused now, or None; see `refusal_of`.

        Args:
            connection: The connection that would send it.
            form: The message as pairs of Twilio's parameter names and texts.
        """
        connection = concealed(connection)
        request = Request(
            method="POST", path=message_path(connection.acting_sid), body=FormBody(form)
        )
        try:
            self.on(connection).check_message(request)
        except PolicyRefused as refused:
            return refused.with_traceback(None)
        return None

    def today(self, connection: Connection) -> Amount:
        """Return the account's usage today (UTC), as counted by clients with daily limits."""
        connection = concealed(connection)
        enforcer = self.on(connection)
        try:
            return enforcer.today()
        finally:
            enforcer.close()

    def confirmed(self, *, recipients: int | None = None, unknown_zone: bool = False) -> Policy:
        """Return a copy of this policy that permits what the user has just confirmed.

        Args:
            recipients: Raise the limit of recipients per job to this number, if it is lower.
            unknown_zone: Ignore quiet hours if the recipient's time zone is not known.
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
        """Return the text that the user types to confirm a job: ``send 1,243``."""
        return f"send {recipients:,}"

    @staticmethod
    def confirms(text: str, recipients: int) -> bool:
        """Return whether the text is that confirmation, with or without thousands separators."""
        found = _CONFIRMATION.fullmatch(unicodedata.normalize("NFKC", text).strip())
        return found is not None and re.sub(r"\D", "", found["number"]) == str(recipients)


FREE = Policy(max_recipients=None)
"""No limits; the default policy of a sandbox."""


def default_policy(connection: Connection) -> Policy:
    """Return the policy of a connection for which the user gave none."""
    # A sandbox's API-key connection has the kind "API key", so check its transport as well.
    # (Checking `root_url` would open a socket.)
    sandbox = connection.kind == "sandbox" or connection.wire is not None
    return FREE if sandbox else Policy()
