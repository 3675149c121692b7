"""Read the account's message prices, from the cache where they are recent enough.

Source: Twilio's OpenAPI document ``pricing_v1`` (2026-04). The account's prices of a country are
one request, so the countries are read concurrently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.flow import RetryPolicyFactory, read
from twilio_widgets.core.flows.paging import all_rows
from twilio_widgets.core.numbers.account_prices import PriceTable, country_prices
from twilio_widgets.core.numbers.numbering import checked_region
from twilio_widgets.core.request import Flow, Request, Together
from twilio_widgets.core.system.answer_cache import AnswerCache
from twilio_widgets.errors import NotFound

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

AT_ONCE = 6
"""The most countries that are read at the same time."""

_COUNTRIES, _PRICES = "countries with prices", "prices"
_PATH = "/v1/Messaging/Countries"


def prices(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    countries: Iterable[str] | None,
    max_age: timedelta,
    tell: Callable[[int, int], None],
) -> Flow[PriceTable]:
    """Return the account's prices.

    Args:
        connection: The account.
        new_retry_policy: Makes the retry policy of each request.
        countries: Two letters each; None reads all.
        max_age: Prices that were read longer ago are read again.
        tell: Called with the number of countries that were read, and of those to read.

    Raises:
        ConfigurationError: A country is not two letters.
    """
    cache, now = AnswerCache.of(connection), connection.now()
    since = (now - max_age).timestamp()
    if countries is None:
        wanted = yield from _all_countries(cache, new_retry_policy, since, now)
    else:
        given = [countries] if isinstance(countries, str) else countries
        wanted = list(dict.fromkeys(map(checked_region, given)))
    known = cache.get(_PRICES, wanted, since=since)
    missing = [country for country in wanted if country not in known]
    done = 0

    def one(country: str) -> Flow[None]:
        nonlocal done
        request = Request(method="GET", path=f"{_PATH}/{country}", service="pricing")
        try:
            reply = yield from read(request, new_retry_policy(), about=f"prices of {country}")
        except NotFound:
            return  # Twilio does not send messages there
        answer = mapping_of(reply.content)
        country_prices(answer, now)  # an answer that cannot be read is not kept
        cache.put(_PRICES, country, answer, at=now.timestamp())
        done += 1
        tell(done, len(missing))

    if missing:
        yield Together(map(one, missing), most=min(AT_ONCE, len(missing)))
    read_now = cache.get(_PRICES, wanted, since=since)
    return PriceTable(
        account=connection.masked_account,
        countries={
            country: country_prices(kept.answer, datetime.fromtimestamp(kept.at, UTC))
            for country, kept in read_now.items()
        },
    )


def _all_countries(
    cache: AnswerCache, new_retry_policy: RetryPolicyFactory, since: float, now: datetime
) -> Flow[list[str]]:
    kept = cache.get(_COUNTRIES, [""], since=since)
    if kept:
        return [str(country) for country in kept[""].answer]
    request = Request(method="GET", path=_PATH, query=(("PageSize", "1000"),), service="pricing")
    rows = yield from all_rows(request, "countries", new_retry_policy)
    found = [str(row.get("iso_country")) for row in rows]
    cache.put(_COUNTRIES, "", found, at=now.timestamp())
    return found
