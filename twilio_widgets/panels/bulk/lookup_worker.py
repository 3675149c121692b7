"""The background work of the bulk panel about numbers: what a lookup costs, and the lookup."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from twilio_widgets.core.guardrails.limits import dollars
from twilio_widgets.core.system import loop
from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.panels.bulk import lookup_row as lookups
from twilio_widgets.panels.bulk.state import BulkState
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twilio_widgets.bulk.planning.plan import Plan
    from twilio_widgets.client import AsyncTwilio, Twilio
    from twilio_widgets.core.lookups.cost import LookupCost
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.progress import ReadProgress


def cost_of(lookups: Sequence[SafeFrame]) -> Decimal | None:
    """Return what these lookups cost together; None without any."""
    if not lookups:
        return None
    return sum((Decimal(str(one.attrs.get("cost", 0))) for one in lookups), Decimal(0))


class LookupWorker(Panel[BulkState]):
    """Looks up the recipients of the plan for `BulkPanel`."""

    _twilio: Twilio | None = None
    _plan: Plan | None = None
    _lookups: tuple[SafeFrame, ...] = ()
    """The results of all lookups, for the next check: a number that was rejected because of one is
    not part of the next."""
    _lookup_prices: Mapping[str, object] | None = None
    """The user's own prices of a lookup."""
    _lookup_note: str = ""
    """A sentence about it."""

    def _client(self) -> AsyncTwilio:
        raise NotImplementedError

    def _press_check(self) -> str:
        raise NotImplementedError

    def _ask_lookup(self) -> str:
        with self._lock:
            if not lookups.can_ask(self._state) or self._twilio is None or self._plan is None:
                return NOT_NOW
            self._start(self._price_lookup, self._twilio, self._plan, self._state.turn)
            return ""

    def _price_lookup(self, twilio: Twilio, plan: Plan, turn: int) -> None:
        prices: Any = self._lookup_prices
        cost = twilio.lookup_cost([row.to for row in plan.rows], prices=prices)
        self._apply(lookups.asked, turn, cost)
        if not cost.cost:  # all answers are in the cache
            self._look_numbers_up(plan, cost)

    def _confirm_lookup(self) -> str:
        with self._lock:
            prompt = lookups.shown(self._state)
            if prompt is None or prompt.phase != "asking" or self._plan is None:
                return NOT_NOW
            if not prompt.is_confirmed:
                return lookups.not_confirmed(prompt)
            self._apply(lookups.confirmed)
            self._start(self._look_numbers_up, self._plan, prompt.cost)
            return ""

    def _look_numbers_up(self, plan: Plan, cost: LookupCost) -> None:
        """Look up the recipients, at most for the cost that was confirmed, and check again."""
        numbers = [row.to for row in plan.rows]

        def seen(reading: ReadProgress) -> None:
            self._apply(lookups.progressed, reading.rows)

        async def asking() -> SafeFrame:
            client: Any = self._client()  # its methods return awaitables
            async with client:
                found = await client.lookup(
                    numbers, max_cost=cost.cost, prices=self._lookup_prices, progress=seen
                )
                return cast("SafeFrame", found)

        try:
            found = loop.start(asking()).result()
        except TwilioWidgetsError as error:
            self._apply(lookups.ended, " ".join([str(error), *getattr(error, "__notes__", ())]))
            return
        count = f"{len(found):,} {'number' if len(found) == 1 else 'numbers'}"
        paid = f" for about {dollars(cost.cost)}" if cost.cost else " (all were in the cache)"
        with self._lock:
            self._lookups = (*self._lookups, found)
            self._lookup_note = f"Looked up {count}{paid}."
            self._apply(lookups.ended)
            self._press_check()
