"""Count messages, segments and cost per message, job and day, and check them against the limits."""

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
    """The usage of one connection, checked against the limits of one policy.

    Args:
        rules: The policy's rules.
        connection: The sending connection. Days are counted for the account of its credentials, so
            a limit cannot be bypassed by sending from a subaccount.
    """

    def __init__(self, rules: Rules, connection: Connection) -> None:
        self.per_job, self.per_day = rules.per_job, rules.per_day
        self._connection = connection
        self._opened: DailyUsage | None = None

    def today(self, now: datetime) -> Amount:
        """Return the amount counted so far on the day of `now`."""
        return self._daily.on(now)

    def check_message(self, message: MessageRequest, amount: Amount) -> None:
        """Check a message outside a job against the limits of a job: it is a job of one message.

        Raises:
            PolicyRefused: It is above a limit.
        """
        if excess := self.per_job.excess(amount):
            raise refusals.message_too_large(message, excess)

    def check(self, message: MessageRequest, amount: Amount, now: datetime) -> None:
        """Check a message against the limits of a message and of the day, without counting it.

        Raises:
            PolicyRefused: It is above a limit.
        """
        self.check_message(message, amount)
        if self.per_day:
            self._check_day(self.today(now) + amount)

    def check_job(self, quota: JobQuota, amount: Amount, now: datetime) -> None:
        """Check a job against the limits of a job and of the day, without counting it.

        Raises:
            PolicyRefused: It is above a limit.
        """
        if excess := self.per_job.excess(amount):
            raise refusals.job_too_large(quota, excess)
        if self.per_day:
            self._check_day(self.today(now) + amount, f"This {quota.noun}")

    def claim(
        self, message: MessageRequest, amount: Amount, now: datetime, job: JobQuota | None
    ) -> Callable[[], None]:
        """Count a message that is about to be sent, in its job and in its day.

        Returns:
            A function that subtracts it again, for a message that was certainly not sent.

        Raises:
            PolicyRefused: It would exceed a limit; it was not counted.
        """
        if job is None:
            self.check_message(message, amount)
        else:
            job.add(amount, lambda total: self._check_running(message, job, total))
        if self.per_day:
            try:
                what = "This message" if amount.recipients else "This request"
                self._daily.add(amount, now, lambda total: self._check_day(total, what))
            except BaseException:
                if job is not None:
                    job.subtract(amount)
                raise

        def give_back() -> None:
            if job is not None:
                job.subtract(amount)
            if self.per_day:
                self._daily.subtract(amount, now)

        return give_back

    def close(self) -> None:
        """Close the file of daily usage; the next count opens it again."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _daily(self) -> DailyUsage:
        if self._opened is None:
            # Imported here: Pyodide may have no sqlite3, and only daily limits need it.
            try:
                from twilio_widgets.core.guardrails.daily_usage import DailyUsage
            except ImportError:
                raise refusals.uncountable("this Python has no sqlite3 module") from None
            name = f"{self._connection.account_sid}.sqlite"
            self._opened = DailyUsage(self._connection.data_folder / "tally" / name)
        return self._opened

    def _check_running(self, message: MessageRequest, job: JobQuota, total: Amount) -> None:
        if excess := self.per_job.excess(total):
            raise refusals.beyond_the_job(message, job, excess)

    def _check_day(self, total: Amount, what: str = "This message") -> None:
        if excess := self.per_day.excess(total):
            raise refusals.day_too_large(what, excess)
