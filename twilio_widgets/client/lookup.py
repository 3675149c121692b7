"""`twilio.lookup`: what kind of line a number is, and whether it is valid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from twilio_widgets.client.base import ClientBase
from twilio_widgets.core.flows.lookup import NumberList, lookup
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.lookups.cost import LookupCost, LookupPrices, checked_limit
from twilio_widgets.core.lookups.number_lookup import checked_fields
from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.progress import ReadProgress, progress_of

if TYPE_CHECKING:
    from twilio_widgets.core.http.transport import AsyncTransport, BlockingTransport
    from twilio_widgets.core.request import Flow
    from twilio_widgets.frames.safe_frame import SafeFrame

MAX_AGE = timedelta(days=90)
"""Answers that are older are asked again: numbers are ported and reassigned."""


class LookupMixin(ClientBase):
    """The methods ``lookup`` and ``lookup_cost``."""

    _transport: BlockingTransport | AsyncTransport

    def lookup(
        self,
        numbers: Iterable[str],
        fields: Iterable[str] = ("line_type",),
        max_cost: Decimal | float | str | None = None,
        *,
        max_age: timedelta = MAX_AGE,
        prices: Mapping[str, Decimal | float | str] | None = None,
        progress: bool | Callable[[ReadProgress], None] = True,
    ) -> SafeFrame:
        """Look up phone numbers with Twilio's Lookup API, which costs money for each number.

        Answers are kept in your data folder, in a file that only you can read. A number is not
        asked again while its answer is recent, and an interrupted lookup continues where it stopped
        when you call it again.

        Args:
            numbers: Numbers in E.164 form; a channel such as ``whatsapp:`` is ignored.
            fields: ``"line_type"`` (with the carrier), ``"caller_name"``, ``"sms_pumping_risk"``;
                ``"validation"`` alone is free.
            max_cost: The most US dollars that this call may cost. Without it, a lookup that costs
                money is refused with an error that names the cost. The limits of the client's
                policy (``max_cost``, ``max_cost_per_day``) apply as well.
            max_age: Answers that are older are asked again.
            prices: US dollars for one number by field, such as ``{"line_type": "0.005"}``, in place
                of the built-in estimates, which are list prices that may have changed.
            progress: Whether to show a progress bar; or a function called after each number.

        Returns:
            A frame with a row for each number, for ``lookup=`` of `plan`; the columns are in
            `twilio_widgets.frames.resource_schema.LOOKUPS`.

        Raises:
            PolicyRefused: The cost is not permitted, or the policy is a dry run; nothing was asked.
            NotConnected: Twilio cannot be reached; the answers so far are kept.
        """
        limit = checked_limit(max_cost)
        wanted = self._wanted(numbers, fields, max_age, prices)
        return self._run(self._looking_up(wanted, limit, progress))

    def lookup_cost(
        self,
        numbers: Iterable[str],
        fields: Iterable[str] = ("line_type",),
        *,
        max_age: timedelta = MAX_AGE,
        prices: Mapping[str, Decimal | float | str] | None = None,
    ) -> LookupCost:
        """Return what ``lookup`` with the same arguments would cost now, without any request."""
        return self._wanted(numbers, fields, max_age, prices).cost

    def _wanted(
        self,
        numbers: Iterable[str],
        fields: Iterable[str],
        max_age: timedelta,
        prices: Mapping[str, Decimal | float | str] | None,
    ) -> NumberList:
        given = [numbers] if isinstance(numbers, str) else list(numbers)
        amounts = LookupPrices.checked(prices)
        return NumberList(self._connection, given, checked_fields(fields), max_age, amounts)

    def _looking_up(
        self,
        wanted: NumberList,
        limit: Decimal | None,
        progress: bool | Callable[[ReadProgress], None],
    ) -> Flow[SafeFrame]:
        from twilio_widgets.frames.resource_schema import LOOKUPS
        from twilio_widgets.frames.resources import frame_of

        cost = wanted.cost
        cost.check(limit)
        policy = self._transport.policy
        if cost.cost and isinstance(policy, Policy):
            wanted.quota = policy.check_lookup(self._connection, cost.cost)
        bar = progress_of(progress, unit="numbers")
        answered = 0

        def tell(done: int, total: int) -> None:
            nonlocal answered
            answered = done
            bar(ReadProgress(rows=done, pages=done, limit=total))

        try:
            found = yield from lookup(wanted, self._new_retry_policy, tell)
        except (KeyboardInterrupt, TwilioWidgetsError) as stop:
            note = f"{answered:,} of {len(wanted.to_ask):,} numbers were answered and are kept."
            stop.add_note(f"{note} Call lookup again to continue.")
            raise
        finally:
            bar.close()
        attrs = {
            "account": self._connection.masked_account,
            "fields": list(wanted.names),
            "asked": cost.numbers,
            "cost": str(cost.cost),
            "complete": True,
        }
        return frame_of((each.as_row() for each in found), LOOKUPS, attrs)
