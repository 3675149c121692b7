"""The counts of a policy: what one message, one job and one day come to, against their limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from twilio_widgets.core.guardrails import refusals
from twilio_widgets.core.guardrails.job_quota import JobQuota
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.guardrails.message_request import MessageRequest

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.guardrails.daily_usage import DailyUsage
    from twilio_widgets.core.guardrails.rules import Rules


class UsageCounter:
    """The counts of one policy on one connection.

    Args:
        rules: Its limits.
        connection: Who sends. Days are counted by the account of the credentials, so that no path
            of a subaccount leads round a limit.
    """

    def __init__(self, rules: Rules, connection: Connection) -> None:
        self.per_job, self.per_day = rules.per_job, rules.per_day
        self._connection = connection
        self._opened: DailyUsage | None = None

    def today(self, now: datetime) -> Amount:
        """Return what has been counted on the day of a moment."""
        return self._tally.on(now)

    def check_message(self, creation: MessageRequest, amount: Amount) -> None:
        """Hold a message on its own to the limits of a job: it is a job of one.

        Raises:
            PolicyRefused: It is above one.
        """
        if excess := self.per_job.excess(amount):
            raise refusals.message_too_large(creation, excess)

    def check(self, creation: MessageRequest, amount: Amount, now: datetime) -> None:
        """Look at the limits of a message on its own and of the day, and count nothing.

        Raises:
            PolicyRefused: It is above one.
        """
        self.check_message(creation, amount)
        if self.per_day:
            self._check_day(self.today(now) + amount)

    def check_job(self, permit: JobQuota, amount: Amount, now: datetime) -> None:
        """Look at the limits of a job and of the day, and count nothing.

        Raises:
            PolicyRefused: It is above one.
        """
        if excess := self.per_job.excess(amount):
            raise refusals.job_too_large(permit, excess)
        if self.per_day:
            self._check_day(self.today(now) + amount, "this job")

    def claim(
        self, creation: MessageRequest, amount: Amount, now: datetime, job: JobQuota | None
    ) -> Callable[[], None]:
        """Count a message that is about to leave, in its job and in its day.

        Returns:
            What takes it back.

        Raises:
            PolicyRefused: It would be above a limit; nothing was counted.
        """
        if job is None:
            self.check_message(creation, amount)
        else:
            job.raise_by(amount, lambda total: self._check_running(creation, job, total))
        if self.per_day:
            try:
                self._tally.raise_by(amount, now, self._check_day)
            except BaseException:
                if job is not None:
                    job.lower_by(amount)
                raise

        def give_back() -> None:
            if job is not None:
                job.lower_by(amount)
            if self.per_day:
                self._tally.lower_by(amount, now)

        return give_back

    def close(self) -> None:
        """Close the file of the days; the next count opens it again."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _tally(self) -> DailyUsage:
        if self._opened is None:
            # Loaded here: a Python in the browser may have no SQLite, and only days need it.
            try:
                from twilio_widgets.core.guardrails.daily_usage import DailyUsage
            except ImportError:
                raise refusals.uncountable("there is no SQLite here") from None
            name = f"{self._connection.account_sid}.sqlite"
            self._opened = DailyUsage(self._connection.data_folder / "tally" / name)
        return self._opened

    def _check_running(self, creation: MessageRequest, job: JobQuota, total: Amount) -> None:
        if excess := self.per_job.excess(total):
            raise refusals.beyond_the_job(creation, job, excess)

    def _check_day(self, total: Amount, what: str = "this message") -> None:
        if excess := self.per_day.excess(total):
            raise refusals.day_too_large(what, excess)
