"""How fast a job goes, in virtual time."""

from __future__ import annotations

import heapq
import random
import threading

import pytest

from twilio_widgets.bulk.run.pacing import (
    LONGEST_RETRY_AFTER,
    QUEUE_WAIT,
    Breaker,
    Bucket,
    Pacer,
    RetryBudget,
    Window,
)


def starts(rate: float, seconds: float, *, late: float = 0.0, cost: int = 1) -> list[float]:
    """When rows leave, given a clock that wakes up to `late` seconds late."""
    bucket, chance, now, found = Bucket(rate), random.Random(7), 0.0, []
    while now < seconds:
        ready = bucket.ready_at(cost, now)
        if ready <= now:
            bucket.take(cost, now)
            found.append(now)
        else:
            now = ready + chance.uniform(0, late)
    return found


@pytest.mark.parametrize("rate", [1, 10, 100])
@pytest.mark.parametrize("late", [0.0, 0.005])
def test_the_rate_is_kept_on_average_and_in_every_second(rate, late):
    found = starts(rate, 60, late=late)
    assert abs(len(found) - 60 * rate) <= max(2, 0.02 * 60 * rate)
    busiest = max(sum(at <= other < at + 1 for other in found) for at in found[:: len(found) // 50])
    assert busiest <= rate + 1 + rate / 20 + 1


def test_long_messages_leave_less_often_when_segments_are_counted():
    assert len(starts(10, 60, cost=3)) == pytest.approx(200, abs=3)


def test_without_a_rate_nothing_waits():
    assert Bucket(None).ready_at(5, 3.0) == 3.0


def test_the_window_grows_with_clean_answers_and_is_halved_at_most_once_a_second():
    window = Window(most=6)
    assert window.size == 2
    for _ in range(20 * 10):
        window.answered()
    assert window.size == 6
    window.throttled(10.0)
    window.throttled(10.5)
    assert window.size == 3
    window.throttled(11.0)
    window.throttled(12.0)
    window.throttled(13.0)
    assert window.size == 1, "one request may always be under way"


def test_the_budget_stays_within_its_bounds_with_several_spenders():
    budget, spent, seen = RetryBudget(most=500), [], []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(500):
            if chance.random() < 0.4:
                budget.success()
            else:
                spent.append(
                    budget.spend(chance.choice([RetryBudget.RETRY, RetryBudget.AFTER_TIME_OUT]))
                )
            seen.append(budget.left)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(0 <= left <= 500 for left in seen)
    assert True in spent
    assert False in spent


def test_five_unknown_in_a_row_are_enough():
    breaker = Breaker()
    for _ in range(4):
        breaker.answered(unknown=True)
    breaker.answered(unknown=False)
    for _ in range(4):
        breaker.answered(unknown=True)
    assert breaker.reason is None
    breaker.answered(unknown=True)
    assert breaker.reason == "5 outcomes in a row are unknown"


def test_more_than_two_in_a_hundred_are_enough():
    breaker = Breaker()
    for number in range(500):
        breaker.answered(unknown=number % 50 == 0)
    assert breaker.reason is None
    breaker.answered(unknown=False)
    breaker.answered(unknown=True)
    breaker.answered(unknown=True)
    assert breaker.reason == "11 of the last 500 outcomes are unknown"


@pytest.mark.parametrize(
    ("retry_after", "waits"), [(7.0, 7.0), (1e9, LONGEST_RETRY_AFTER), (0.0, 0.0), (None, 0.5)]
)
def test_retry_after_is_respected_within_limits(retry_after, waits):
    pace = Pacer(None, uniform=lambda low, high: high)
    pace.throttled(100.0, retry_after)
    assert pace.ready_at("+1", 1, 100.0) == 100.0 + waits


def test_waits_grow_until_an_answer_is_clean():
    pace, now, waits = Pacer(None, uniform=lambda low, high: high), 0.0, []
    for _ in range(8):
        pace.throttled(now, None)
        ready = pace.ready_at("+1", 1, now)
        waits.append(ready - now)
        now = ready
    assert waits == [0.5, 1, 2, 4, 8, 16, 20, 20]
    pace.clean(now)
    pace.throttled(now, None)
    assert pace.ready_at("+1", 1, now) == now + 0.5


def test_a_full_queue_holds_up_its_own_sender_only():
    """21611 is about one sender; 20429 is about the account."""
    pace = Pacer(None)
    pace.queue_full("+1", 0.0)
    assert pace.ready_at("+1", 1, 0.0) == QUEUE_WAIT
    assert pace.ready_at("+2", 1, 0.0) == 0.0
    assert pace.window.size == 2


def test_a_long_outage_pauses_the_job():
    pace, now = Pacer(None, uniform=lambda low, high: high), 0.0
    while pace.trouble(now) is None:
        pace.not_reached(now)
        now = pace.ready_at("+1", 1, now)
        assert now < 200
    assert "not be reached" in str(pace.trouble(now))
    pace.clean(now)
    assert pace.trouble(now) is None


class Server:
    """Takes so many requests a second, and answers the rest with 429."""

    def __init__(self, rate: float, latency: float, retry_after: float | None) -> None:
        self.bucket, self.latency, self.retry_after = Bucket(rate), latency, retry_after

    def takes(self, now: float) -> bool:
        if self.bucket.ready_at(1, now) > now:
            return False
        self.bucket.take(1, now)
        return True


def storm(rows: int, server: Server) -> tuple[float, list[tuple[float, bool]]]:
    """Send rows as fast as the pace lets them, and return the time and every answer."""
    chance = random.Random(11)
    pace = Pacer(None, uniform=chance.uniform)
    now, waiting, answers, flights = 0.0, rows, [], []
    while waiting or flights:
        ready = pace.ready_at("+1", 1, now)
        if waiting and len(flights) < pace.window.size and ready <= now:
            pace.leaves("+1", 1, now)
            heapq.heappush(
                flights, (now + server.latency * chance.uniform(0.8, 1.2), server.takes(now))
            )
            waiting -= 1
            continue
        free = waiting and len(flights) < pace.window.size
        if flights and not (free and ready < flights[0][0]):
            now, taken = heapq.heappop(flights)
            answers.append((now, taken))
            if taken:
                pace.clean(now)
            else:
                waiting += 1
                pace.throttled(now, server.retry_after)
        else:
            now = ready
    return now, answers


@pytest.mark.parametrize("retry_after", [None, 0.2])
def test_a_storm_of_429_ends_with_every_row_accepted_and_few_wasted(retry_after):
    took, answers = storm(10_000, Server(50, 0.1, retry_after))
    assert sum(taken for _at, taken in answers) == 10_000
    later = [taken for at, taken in answers if at > 10]
    assert later.count(False) / len(later) <= 0.05
    assert took <= 1.15 * 10_000 / 50
