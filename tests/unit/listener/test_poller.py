"""A poller agrees with the log, stays within its budget, and reports how fresh it is."""

from __future__ import annotations

import contextlib
import math
import queue
import random
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.errors import (
    ConfigurationError,
    ListenerError,
    RateLimited,
    TwilioWidgetsError,
)
from twilio_widgets.frames.events import EventFrame
from twilio_widgets.listener.poller import Poller
from twilio_widgets.listener.polling.message_log import MessageLogReader
from twilio_widgets.listener.polling.poll import Poll, PollResult
from twilio_widgets.listener.polling.schedule import PollSchedule, RequestQuota

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
THEM = "+14155550123"
ENDS = ("01", "02", "91", "94", "95", "96", "98")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=4, now=NOON, messages=300) as sandbox:
        yield sandbox


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Twilio]:
    with Twilio(sandbox.connection) as twilio:
        yield twilio


@pytest.fixture
def poller(twilio: Twilio) -> Iterator[Poller]:
    with Poller(twilio, watch=False) as poller:
        yield poller


def send(twilio: Twilio, end: str = "01", *, at: int = 0) -> str:
    sender = twilio.connection.sandbox.numbers[at]
    return twilio.messages.send(to=f"+141555501{end}", from_=sender, body="Hello").sid


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds that the poller's thread brings about."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, "it never held"
        time.sleep(0.01)


def known(poller: Poller) -> dict[str, tuple[str | None, int | None]]:
    return {one.sid: (one.status, one.error_code) for one in poller.reader.messages()}


def truth(twilio: Twilio) -> dict[str, tuple[str | None, int | None]]:
    """What the log says of every message since noon."""
    return {
        message.sid: (message.status, message.error_code)
        for message in twilio.messages.iterate()
        if message.date_created >= NOON
    }


def test_the_first_poll_stores_no_history(poller):
    """300 messages lie in the log; none is since now."""
    looked = poller.look()

    assert (looked.found, looked.added, looked.requests) == (0, 0, 1)
    assert len(poller.events) == 0


def test_the_poller_agrees_with_the_log(poller, twilio, sandbox):
    for end in ENDS:
        send(twilio, end)
    sandbox.receive(from_=THEM, body="Hello")
    poller.look()
    sandbox.clock.advance("1 s")
    poller.look()
    sandbox.clock.advance("5 min")
    poller.look()

    assert known(poller) == truth(twilio)
    assert len(known(poller)) == len(ENDS) + 1


@pytest.mark.parametrize("count", [120, pytest.param(500, marks=pytest.mark.long)])
def test_after_any_history_the_poller_agrees_with_the_log(poller, twilio, sandbox, count):
    """Sends and arrivals at any times, looks in between: a property, by one seed."""
    chance = random.Random(7)
    for _ in range(count):
        if chance.random() < 0.2:
            sandbox.receive(from_=THEM, body="Hello")
        else:
            send(twilio, chance.choice(ENDS), at=chance.randrange(2))
        if chance.random() < 0.3:
            sandbox.clock.advance(chance.choice([0.3, 1.0, 20.0, 130.0, 400.0]))
        if chance.random() < 0.2:
            poller.look()
    for _ in range(30):
        sandbox.clock.advance("10 min")
        poller.look()

    assert known(poller) == truth(twilio)
    assert len(known(poller)) == count


def test_a_poll_of_an_unchanged_log_stores_nothing(poller, twilio, sandbox):
    send(twilio)
    sandbox.clock.advance("1 min")
    poller.look()
    before = poller.reader.events()

    again = poller.look()

    assert (again.found, again.added) == (0, 0)
    assert poller.reader.events() == before


def test_events_are_those_of_a_listener(poller, twilio, sandbox):
    sid = send(twilio, "94")
    sandbox.clock.advance("1 min")
    arrived = sandbox.receive(from_=THEM, body="Hello")
    poller.look()

    events = poller.events
    rows = events[["id", "kind", "status", "from", "to", "body", "error_code", "source"]]
    ours = sandbox.numbers[0]
    assert isinstance(events, EventFrame)
    assert rows.astype(object).where(rows.notna(), None).to_numpy().tolist() == [
        [1, "status", "undelivered", ours, "+14155550194", "Hello", 30007, "poll"],
        [2, "inbound", "received", THEM, ours, "Hello", None, "poll"],
    ]
    assert poller.messages["message_sid"].tolist() == [sid, arrived["sid"]]
    assert len(poller.rejected) == 0
    assert poller.counts.events == {"inbound": 1, "status": 1}


def test_a_poller_can_begin_earlier(twilio, sandbox):
    send(twilio)
    sandbox.clock.advance("3 h")
    with Poller(twilio, since=NOON, watch=False) as poller:
        poller.look()

        assert known(poller) == truth(twilio)


def test_only_the_named_numbers_are_polled(twilio, sandbox):
    first, second = sandbox.numbers[:2]
    with Poller(twilio, first, watch=False) as poller:
        mine = send(twilio, at=0)
        send(twilio, at=1)
        arrived = str(sandbox.receive(from_=THEM, to=first, body="Hello")["sid"])
        sandbox.receive(from_=THEM, to=second, body="Hello")
        sandbox.clock.advance("1 min")

        assert poller.look().requests == 2
        assert set(known(poller)) == {mine, arrived}


def test_a_burst_is_read_in_whole_pages(poller, twilio, sandbox):
    """The small page does not reach what was read before: then it is read in large ones."""
    sandbox.receive(from_=THEM, body="Hello")
    poller.look()
    sandbox.clock.advance("10 s")
    for _ in range(120):
        sandbox.receive(from_=THEM, body="Hello")

    looked = poller.look()

    assert (looked.found, looked.requests) == (120, 2)


def test_an_unfinished_message_that_left_the_page_is_asked_about(
    poller, twilio, sandbox, monkeypatch
):
    """Delivered a minute late, when so much lies above it that its part is read no more."""
    monkeypatch.setattr("twilio_widgets.listener.polling.poll.OVERLAP", timedelta(0))
    late = send(twilio, "98")
    for seconds in range(85):
        sandbox.clock.advance("1 s")
        sandbox.receive(from_=THEM, body="Hello")
        if seconds == 40:
            poller.look()
            assert known(poller)[late] == ("sent", None)

    poller.look()

    assert known(poller)[late] == ("delivered", None)


def test_its_timestamps_use_the_connections_clock(poller, sandbox):
    assert (poller.updated_at, poller.next_look_at) == (None, None)
    poller.look()
    sandbox.clock.advance("4 s")

    assert sandbox.clock.now() - poller.updated_at == timedelta(seconds=4)


def test_a_failed_poll_is_reported_and_the_next_one_recovers(poller, twilio, sandbox):
    send(twilio)
    sandbox.clock.advance("1 min")
    sandbox.fail(status=429, method="GET", retry_after=30)
    with pytest.raises(RateLimited):
        poller.look()
    assert poller.problem is not None
    assert poller.updated_at is None

    poller.look()

    assert poller.problem is None
    assert known(poller) == truth(twilio)


def test_a_429_costs_one_request_and_is_not_tried_again_by_itself(poller, sandbox):
    sandbox.fail(status=429, method="GET", times=1)
    with pytest.raises(RateLimited):
        poller.look()

    assert poller.look().requests == 1


def test_it_polls_on_schedule(twilio, sandbox):
    """A thread, which looks at the world's clock: turning that is enough."""
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    with Poller(twilio) as poller:
        poller.on_event(lambda event: told.put(event.message_sid), after=0)
        sid = send(twilio)
        sandbox.clock.advance("5 min")

        assert told.get(timeout=20) == sid
        assert poller.next_look_at > poller.updated_at >= NOON
    assert poller.next_look_at is None


def test_a_clock_that_was_set_back_delays_no_poll(twilio, sandbox, monkeypatch):
    """An hour, say: without a look at that the poller would be silent for as long."""
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    ahead = [timedelta(hours=1)]
    here = type(twilio.connection)
    monkeypatch.setattr(here, "now", lambda self: self.sandbox.clock.now() + ahead[0])
    with Poller(twilio, since=NOON) as poller:
        eventually(lambda: poller.updated_at == NOON + ahead[0])
        poller.on_event(lambda event: told.put(event.message_sid), after=0)
        sid = send(twilio)
        ahead[0] = timedelta(0)

        assert told.get(timeout=20) == sid
        eventually(lambda: poller.updated_at == NOON)
        assert poller.next_look_at < NOON + timedelta(minutes=1)


def test_changes_during_a_poll_are_seen_by_the_next_one(twilio, sandbox, monkeypatch):
    """The pause counts from the look's beginning, or a clock turned meanwhile would be missed."""
    looks: queue.SimpleQueue[datetime] = queue.SimpleQueue()
    look = Poll.look

    def slow(self: Poll, now: datetime, *, within_budget: bool) -> PollResult:
        looks.put(now)
        if now == NOON:
            sandbox.clock.advance("5 min")
        return look(self, now, within_budget=within_budget)

    monkeypatch.setattr(Poll, "look", slow)
    with Poller(twilio):
        assert [looks.get(timeout=20) for _ in range(2)] == [NOON, NOON + timedelta(minutes=5)]


def test_the_cell_run_again_takes_over(twilio):
    """The store has one writer: a second poller of this kernel ends the first."""
    first = Poller(twilio, watch=False)
    with Poller(twilio, watch=False) as second:
        second.look()

        assert second.store == first.store
    first.close()


def test_events_outlive_the_poller(twilio, sandbox):
    with Poller(twilio, watch=False) as poller:
        send(twilio)
        sandbox.clock.advance("1 min")
        poller.look()
        before = poller.reader.events()
    with Poller(twilio, watch=False) as again:
        assert again.reader.events() == before

        assert again.forget() == 1
        assert len(again.events) == 0


def test_forgotten_events_are_not_fetched_again(poller, twilio, sandbox):
    """Though it lies in the part of the log that each look reads again; news of it is news."""
    sid = send(twilio)
    sandbox.receive(from_=THEM, body="Hello")
    poller.look()
    assert poller.forget() == 2

    assert poller.look().found == 0
    sandbox.clock.advance("1 min")
    poller.look()
    assert known(poller) == {sid: ("delivered", None)}


def test_forgetting_twice_forgets_no_less(poller, sandbox):
    sandbox.receive(from_=THEM, body="Hello")
    poller.look()

    assert (poller.forget(), poller.forget()) == (1, 0)
    assert poller.look().found == 0


def test_events_can_be_read_after_the_end(twilio, sandbox):
    with Poller(twilio, watch=False) as poller:
        sandbox.receive(from_=THEM, body="Hello")
        poller.look()

    assert poller.events["body"].tolist() == ["Hello"]


def test_old_events_go_after_their_time(twilio, sandbox):
    with Poller(twilio, watch=False, retention_days=2) as poller:
        sandbox.receive(from_=THEM, body="Hello")
        poller.look()
        sandbox.clock.advance("1 d")
        poller.look()
        assert len(poller.events) == 1
        sandbox.clock.advance("2 d")
        sandbox.receive(from_=THEM, body="Hello again")
        poller.look()

        assert list(poller.events["body"]) == ["Hello again"]


def test_an_event_deleted_by_its_age_is_not_stored_again(twilio, sandbox):
    with Poller(twilio, watch=False, retention_days=2) as poller:
        sandbox.receive(from_=THEM, body="Hello")
        poller.look()
        sandbox.clock.advance("3 d")
        sandbox.receive(from_=THEM, body="Hello again")
        poller.look()

        assert poller.look().added == 0
        assert list(poller.events["body"]) == ["Hello again"]


def test_its_words_are_the_same_tomorrow(twilio):
    with Poller(twilio, watch=False) as poller:
        assert repr(poller) == f"<Poller of {twilio.connection.masked_account}>"
    assert repr(poller) == f"<Poller of {twilio.connection.masked_account}, closed>"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"budget": 0}, "budget"),
        ({"budget": 2.5}, "budget"),
        ({"numbers": []}, "numbers"),
        ({"numbers": 5}, "numbers"),
        ({"numbers": [14155550123]}, "numbers"),
        ({"since": "yesterday"}, "since"),
        ({"since": datetime(2026, 1, 1)}, "since"),  # noqa: DTZ001
        *(({"retention_days": days}, "retention_days") for days in ("x", 0, -1, math.nan, 1e9)),
    ],
)
def test_an_invalid_argument_is_rejected_by_name(twilio, options, field):
    with pytest.raises(ConfigurationError) as refused:
        Poller(twilio, watch=False, **options)
    assert refused.value.field == field


@pytest.mark.parametrize("days", ["x", 0, -1, math.nan, 1e9])
def test_a_rejected_call_changes_neither_the_store_nor_the_running_poller(
    poller, twilio, sandbox, days
):
    """A slip in a cell that is run again must not delete what it was to keep."""
    sandbox.receive(from_=THEM, body="Hello")
    poller.look()
    with pytest.raises(ConfigurationError):
        Poller(twilio, watch=False, retention_days=days)

    assert poller.look().requests == 1
    assert poller.events["body"].tolist() == ["Hello"]


@pytest.mark.parametrize("before", ["2026-01-01", 5, date(2026, 1, 1), datetime(2026, 1, 1)])  # noqa: DTZ001
def test_an_invalid_moment_forgets_nothing(twilio, before):
    with Poller(twilio, watch=False) as poller, pytest.raises(ConfigurationError) as refused:
        poller.forget(before)
    assert refused.value.field == "before"


# The cadence


def test_pauses_grow_while_it_is_quiet_and_shrink_with_news():
    cadence = PollSchedule(60)
    quiet = [cadence.looked(news=False, requests=1) for _ in range(12)]

    assert quiet[:3] == [3.0, 4.5, 6.75]
    assert quiet[-1] == 60.0
    assert cadence.looked(news=True, requests=1) == 2.0


def test_an_expensive_poll_is_followed_by_a_longer_pause():
    assert PollSchedule(30).looked(news=True, requests=7) == 14.0


def test_failures_double_the_pause_and_retry_after_takes_precedence():
    cadence = PollSchedule(30)

    assert [cadence.failed() for _ in range(4)] == [4.0, 8.0, 16.0, 32.0]
    assert cadence.failed(retry_after=90) == 90.0
    assert cadence.failed(retry_after=1e9) == 600.0
    assert cadence.looked(news=True, requests=1) == 2.0
    assert cadence.failed() == 4.0


def test_no_minute_holds_more_requests_than_the_budget():
    """Whatever pauses one keeps, asking for leave keeps the budget: the log of it is the judge."""
    chance, budget, now = random.Random(3), RequestQuota(30), NOON
    made: list[datetime] = []
    while len(made) < 2_000:
        now = max(now + timedelta(seconds=chance.expovariate(2.0)), budget.free_at(now))
        for _ in range(min(chance.randrange(1, 5), budget.left(now))):
            budget.spend(now)
            made.append(now)

    window = timedelta(minutes=1)
    most = max(sum(at - window < other <= at for other in made[max(0, i - 60) : i + 60])
               for i, at in enumerate(made))  # fmt: skip
    assert most == 30


def test_a_clock_that_was_set_back_holds_the_budget_for_a_minute_at_most():
    budget = RequestQuota(2)
    for _ in range(2):
        budget.spend(NOON + timedelta(hours=1))

    assert (budget.left(NOON), budget.free_at(NOON)) == (0, NOON + timedelta(minutes=1))
    assert budget.left(NOON + timedelta(minutes=1)) == 2


class Narrow:
    """Looks within a small budget, each when the budget has room again, and notes every request."""

    def __init__(self, poller: Poller, twilio: Twilio, per_minute: int, **options: object) -> None:
        self._clock = twilio.connection.sandbox.clock
        self._budget = RequestQuota(per_minute)
        self.made: list[datetime] = []
        log = MessageLogReader(twilio, attempts=1, before=self._spend)
        store = poller._watch._store
        self._looking = Poll(log, store, poller.reader, self._budget, **options)

    def look(self) -> PollResult:
        now = self._clock.now()
        self._clock.advance(self._budget.free_at(now) - now)
        return self._looking.look(self._clock.now(), within_budget=True)

    def look_through(self) -> PollResult:
        """Look until everything was seen."""
        while not (looked := self.look()).complete:
            assert looked.requests > 0
        return looked

    def _spend(self) -> None:
        self.made.append(self._clock.now())
        self._budget.spend(self._clock.now())

    @property
    def most_in_a_minute(self) -> int:
        window = timedelta(minutes=1)
        return max(sum(at - window < one <= at for one in self.made) for at in self.made)


def test_a_poll_ends_with_its_budget_and_the_next_one_continues(poller, twilio, sandbox):
    """Twenty lists by five requests a minute: four looks, and nothing is read twice."""
    numbers = [*sandbox.numbers[:2], *(f"+1415555{end:04}" for end in range(8))]
    narrow = Narrow(poller, twilio, 5, since=NOON, numbers=numbers)
    sandbox.receive(from_=THEM, to=numbers[1], body="Hello")
    sandbox.clock.advance("1 s")

    looks = [narrow.look() for _ in range(5)]

    assert [(one.requests, one.complete) for one in looks[:4]] == [(5, False)] * 4
    assert (looks[4].complete, {one.at for one in looks}) == (True, {NOON + timedelta(seconds=1)})
    assert [one.added for one in looks] == [1, 0, 0, 0, 0]
    assert narrow.most_in_a_minute == 5


def test_a_long_log_is_read_at_the_pace_of_the_budget(poller, twilio, sandbox):
    for _ in range(120):
        sandbox.receive(from_=THEM, body="Hello")
    narrow = Narrow(poller, twilio, 1, since=datetime(2020, 1, 1, tzinfo=UTC))

    looks = [narrow.look() for _ in range(3)]

    assert [(one.requests, one.complete) for one in looks] == [(1, False), (1, False), (0, True)]
    assert len(poller.reader.messages()) == 420
    assert narrow.most_in_a_minute == 1


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_a_small_budget_makes_it_late_and_never_wrong(poller, twilio, sandbox, monkeypatch, budget):
    """Pages of few rows, errors, sends and arrivals while a list is half read: nothing is lost."""
    monkeypatch.setattr("twilio_widgets.listener.polling.poll._FIRST_PAGE", 3)
    monkeypatch.setattr("twilio_widgets.listener.polling.poll._PAGE", 7)
    chance = random.Random(budget)
    narrow = Narrow(poller, twilio, budget, since=NOON, numbers=sandbox.numbers[:2])
    for _ in range(80):
        if chance.random() < 0.3:
            sandbox.receive(from_=THEM, to=sandbox.numbers[chance.randrange(2)], body="Hello")
        else:
            send(twilio, chance.choice(ENDS), at=chance.randrange(2))
        if chance.random() < 0.2:
            sandbox.clock.advance(chance.choice([0.3, 20.0, 130.0]))
        if chance.random() < 0.1:
            sandbox.fail(status=503, method="GET")
        if chance.random() < 0.4:
            with contextlib.suppress(TwilioWidgetsError):
                narrow.look()
    for _ in range(40):
        with contextlib.suppress(TwilioWidgetsError):
            narrow.look_through()
        sandbox.clock.advance("1 min")

    assert known(poller) == truth(twilio)
    assert len(known(poller)) == 80
    assert narrow.most_in_a_minute <= budget


def test_a_poller_that_watches_keeps_its_budget_and_says_when_it_saw_everything(twilio, sandbox):
    numbers = [f"+1415555{end:04}" for end in range(3)]
    with Poller(twilio, numbers, budget=5) as poller:
        eventually(lambda: poller.next_look_at > NOON)
        assert (poller.updated_at, poller.next_look_at) == (None, NOON + timedelta(minutes=1))
        sandbox.clock.advance("1 min")
        eventually(lambda: poller.updated_at is not None)

        assert poller.updated_at == NOON


def test_a_manual_poll_ignores_the_budget(twilio, sandbox):
    with Poller(twilio, sandbox.numbers[:2], budget=1, watch=False) as poller:
        looks = poller.look(), poller.look()

    assert [(one.requests, one.complete) for one in looks] == [(4, True), (4, True)]


def test_polling_continues_after_an_unexpected_error(twilio, sandbox, monkeypatch):
    looked: queue.Queue[Exception | None] = queue.Queue()
    look, errors = Poll.look, [RuntimeError(f"{THEM} is odd")]

    def stumbling(self: Poll, now: datetime, *, within_budget: bool) -> PollResult:
        if errors:
            looked.put(errors[0])
            raise errors.pop()
        looked.put(None)
        return look(self, now, within_budget=within_budget)

    monkeypatch.setattr(Poll, "look", stumbling)
    with Poller(twilio) as poller:
        assert looked.get(timeout=20) is not None
        while poller.problem is None or poller.next_look_at <= NOON:
            time.sleep(0.01)  # what the thread says after it
        message = poller.problem
        sandbox.clock.advance(poller.next_look_at - NOON)
        assert looked.get(timeout=20) is None
    assert message == "Polling Twilio's message log failed: RuntimeError: +1 4••• ••• 123 is odd"


def test_a_closed_poller_makes_no_requests(poller, sandbox):
    poller.close()
    with pytest.raises(ListenerError, match="closed"):
        poller.look()
