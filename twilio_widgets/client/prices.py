"""`tw.prices`: the account's own message prices, from Twilio's Pricing API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, overload

from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.core.flows import prices as reading
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.core.numbers.account_prices import PriceTable, rows_of
from twilio_widgets.core.request import Flow
from twilio_widgets.progress import ReadProgress, progress_of

if TYPE_CHECKING:
    from twilio_widgets.client.twilio import AsyncTwilio, Twilio
    from twilio_widgets.frames.safe_frame import SafeFrame

MAX_AGE = timedelta(days=7)
"""Prices that were read longer ago are read again."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccountPrices(PriceTable):
    """The account's prices, for ``prices=`` of plans, panels and policies; ``.frame`` shows them.

    They are list prices with the account's discounts, a segment each. Carriers may add fees, so
    what a message cost is in its ``price``.
    """

    @property
    def frame(self) -> SafeFrame:
        """Every price as a DataFrame: by country, direction, number type and carrier."""
        from twilio_widgets.frames.resource_schema import PRICES
        from twilio_widgets.frames.resources import frame_of

        return frame_of(rows_of(self), PRICES, {"account": self.account, "complete": True})

    def __repr__(self) -> str:
        on = f", read on {self.read_at:%Y-%m-%d}" if self.read_at else ""
        return f"<AccountPrices of {self.account}: {len(self)} countries in {self.currency}{on}>"


@overload
def prices(
    twilio: Twilio,
    countries: Iterable[str] | None = None,
    *,
    max_age: timedelta = MAX_AGE,
    progress: bool | Callable[[ReadProgress], None] = True,
) -> AccountPrices: ...


@overload
def prices(
    twilio: AsyncTwilio,
    countries: Iterable[str] | None = None,
    *,
    max_age: timedelta = MAX_AGE,
    progress: bool | Callable[[ReadProgress], None] = True,
) -> Awaitable[AccountPrices]: ...


def prices(
    twilio: Twilio | AsyncTwilio,
    countries: Iterable[str] | None = None,
    *,
    max_age: timedelta = MAX_AGE,
    progress: bool | Callable[[ReadProgress], None] = True,
) -> AccountPrices | Awaitable[AccountPrices]:
    """Read the account's own message prices, for estimates.

    Prices are kept in your data folder with their date, so that only the first call takes time:
    all countries are some 230 requests. Reading prices is free.

    Args:
        twilio: The client; with an `AsyncTwilio`, await the result.
        countries: The countries to read, such as ``("US", "GB")``; None reads all.
        max_age: Prices that were read longer ago are read again.
        progress: Whether to show a progress bar; or a function called after each country.

    Returns:
        The prices: pass them as ``prices=`` to `plan`, to the panels or to `Policy`.

    Raises:
        ConfigurationError: A country is not two letters.
        Forbidden: These credentials may not read prices.
    """
    twilio = concealed(twilio)
    bar = progress_of(progress, unit="countries")

    def tell(done: int, total: int) -> None:
        bar(ReadProgress(rows=done, pages=done, limit=total))

    def flow() -> Flow[AccountPrices]:
        try:
            table = yield from reading.prices(
                twilio.connection, lambda: RetryPolicy(twilio.timeout), countries, max_age, tell
            )
        finally:
            bar.close()
        return AccountPrices(account=table.account, countries=table.countries)

    return twilio.run(flow())
