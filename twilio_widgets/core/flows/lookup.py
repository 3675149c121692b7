"""Look up phone numbers, each at most once while its answer is recent.

Twilio bills each lookup. A request is therefore repeated only if Twilio certainly did not process
it: after a 429, and if no connection was established. Every answer is kept when it arrives, so an
interrupted lookup continues where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.flow import RetryPolicyFactory, RetryRule, send_with_retries
from twilio_widgets.core.lookups.cost import LookupCost, LookupPrices
from twilio_widgets.core.lookups.number_lookup import E164, PACKAGES, NumberLookup, answers_in
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Flow, Pause, Request, Together
from twilio_widgets.core.system.answer_cache import AnswerCache, CachedAnswer
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    Forbidden,
    NoReply,
    RateLimited,
    Unauthorized,
)

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.guardrails.job_quota import JobQuota

AT_ONCE = 8
"""The most numbers that are looked up at the same time."""

_POLL = 0.1
"""Seconds between two looks at a number that another notebook is asking about."""

_CLAIM_MARGIN = 10.0
"""Seconds by which a claim outlasts the deadline of its request."""

_RULE = RetryRule(changes=False, repeatable=False)
_NOT_A_NUMBER = "Not a phone number in E.164 form, such as +14155550123; it was not looked up."


@dataclass(frozen=True, slots=True)
class _Known:
    """The cached answers of each number, by field."""

    answers: Mapping[str, Mapping[str, CachedAnswer]]

    def missing(self, number: str, names: Iterable[str]) -> tuple[str, ...]:
        """Return the fields without an answer."""
        return tuple(name for name in names if number not in self.answers[name])


class NumberList:
    """The numbers of one lookup, each once, with their cached answers.

    Args:
        connection: The account.
        numbers: The numbers as given; a channel such as ``whatsapp:`` is ignored.
        names: The fields.
        max_age: Answers that are older are asked again.
        prices: What each field costs.
    """

    def __init__(
        self,
        connection: Connection,
        numbers: Iterable[object],
        names: tuple[str, ...],
        max_age: timedelta,
        prices: LookupPrices,
    ) -> None:
        written = (str(number).strip().rpartition(":")[2] for number in numbers)
        self.numbers = tuple(dict.fromkeys(written))
        self.names = names
        self.prices = prices
        self.quota: JobQuota | None = None
        """The running count of the client's policy, if it has one."""
        self.now = connection.now()
        self.cache = AnswerCache.of(connection)
        self._since = (self.now - max_age).timestamp()
        self._known = self._read()
        self.to_ask = {
            number: missing
            for number in self.numbers
            if E164.fullmatch(number) and (missing := self._known.missing(number, names))
        }
        """The fields to ask Twilio for, by number."""
        self.asked: set[str] = set()
        """The numbers that Twilio was asked about."""

    @property
    def cost(self) -> LookupCost:
        """What asking for the missing answers costs."""
        invalid = sum(not E164.fullmatch(number) for number in self.numbers)
        asked = [name for missing in self.to_ask.values() for name in missing]
        return LookupCost(
            numbers=len(self.to_ask),
            cached=len(self.numbers) - invalid - len(self.to_ask),
            invalid=invalid,
            cost=self.prices.of(asked),
            unconfirmed=self.prices.unconfirmed(asked),
        )

    def missing(self, number: str) -> tuple[str, ...]:
        """Return the fields of a number that are not in the cache now."""
        return tuple(
            name for name in self.names if not self.cache.get(name, [number], since=self._since)
        )

    def request(self, number: str, names: tuple[str, ...]) -> Request:
        """Return the request for these fields of a number."""
        packages = [PACKAGES[name] for name in names if name != "validation"]
        return Request(
            method="GET",
            path=f"/v2/PhoneNumbers/{number}",
            query=(("Fields", ",".join(packages)),) if packages else (),
            service="lookups",
            cost=self.prices.of(names),
            job=self.quota,
        )

    def results(self, problems: Mapping[str, str]) -> list[NumberLookup]:
        """Return the result for each number, from the cache as it is now."""
        known = self._read()
        return [self._result(number, known, problems.get(number)) for number in self.numbers]

    def _read(self) -> _Known:
        return _Known(
            {name: self.cache.get(name, self.numbers, since=self._since) for name in self.names}
        )

    def _result(self, number: str, known: _Known, problem: str | None) -> NumberLookup:
        if not E164.fullmatch(number):
            return NumberLookup(number=number, valid=False, problem=_NOT_A_NUMBER)
        answers = {
            name: known.answers[name][number]
            for name in self.names
            if number in known.answers[name]
        }
        at = min((answer.at for answer in answers.values()), default=None)
        result = NumberLookup(
            number=number,
            problem=problem,
            looked_up_at=None if at is None else datetime.fromtimestamp(at, UTC),
            from_cache=number not in self.asked,
        )
        for name, kept in answers.items():
            result = result.with_answer(name, kept.answer)
        return result


def lookup(
    wanted: NumberList, new_retry_policy: RetryPolicyFactory, tell: Callable[[int, int], None]
) -> Flow[list[NumberLookup]]:
    """Ask Twilio for the missing answers, and return the result for each number.

    Args:
        wanted: The numbers.
        new_retry_policy: Makes the retry policy of each request.
        tell: Called with the number of answered numbers, and of those to ask.

    Raises:
        Forbidden: These credentials may not look up numbers; the answers so far are kept.
        NotConnected: Twilio cannot be reached; the answers so far are kept.
    """
    problems: dict[str, str] = {}
    done = 0

    def one(number: str) -> Flow[None]:
        nonlocal done
        try:
            yield from _answer(wanted, number, new_retry_policy)
        except (Unauthorized, Forbidden, RateLimited):
            raise  # the next number would fail in the same way
        except (NoReply, BadResponse) as error:
            problems[number] = f"No usable answer, so the lookup may have been billed. {error}"
        except ApiError as error:
            problems[number] = str(error)
        done += 1
        tell(done, len(wanted.to_ask))

    if wanted.to_ask:
        yield Together(map(one, wanted.to_ask), most=min(AT_ONCE, len(wanted.to_ask)))
    return wanted.results(problems)


def _answer(wanted: NumberList, number: str, new_retry_policy: RetryPolicyFactory) -> Flow[None]:
    """Ask Twilio for what is missing about a number, unless another notebook is asking now."""
    policy = new_retry_policy()
    while not wanted.cache.claim(number, policy.seconds + _CLAIM_MARGIN):
        yield Pause(_POLL)
    try:
        names = wanted.missing(number)
        if not names:
            return
        wanted.asked.add(number)
        reply = yield from send_with_retries(
            wanted.request(number, names), policy, _RULE, about=mask(number)
        )
        for name, answer in answers_in(mapping_of(reply.content), names).items():
            wanted.cache.put(name, number, answer, at=wanted.now.timestamp())
    finally:
        wanted.cache.release(number)
