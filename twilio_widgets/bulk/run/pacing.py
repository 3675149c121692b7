"""How fast a job may go: pure rules over a time they are told.

Sources: Twilio error 20429 (the limit is on requests under way at once, and is not published; a 429
was never processed); AWS SDK standard retry mode (a budget of 500, 5 for a retry, 10 for one after
a time-out, 1 back for a success); Marc Brooker, "Exponential backoff and jitter" (full jitter).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

FIRST_WINDOW = 2.0
CLEAN_ANSWERS = 20
"""So many clean answers let one more request be under way."""
MOST_AT_ONCE = 32

UNDO_SECONDS = 5
"""Seconds in which sending can be cancelled before the first request leaves."""

FIRST_WAIT, LONGEST_WAIT, LONGEST_RETRY_AFTER = 0.5, 20.0, 120.0
QUEUE_WAIT = 30.0
"""Seconds a sender whose queue is full is left alone: Twilio holds up to ten hours for it."""

UNKNOWN_IN_A_ROW = 5
UNKNOWN_OF_LAST, LAST = 0.02, 500
LONGEST_OUTAGE = 120.0
"""Seconds without reaching Twilio after which a job waits for a person."""
LONGEST_STORM = 600.0
"""Seconds of nothing but 429 after which it does."""

TOGETHER = 1.0
"""Seconds within which several 429s are one."""
SLOWEST = 0.5

_ALMOST = 1e-9


class Bucket:
    """Lets through so much a second, evenly.

    Args:
        rate: Messages or segments a second; None lets everything through.
    """

    def __init__(self, rate: float | None) -> None:
        self.rate = rate
        self._held = 1.0
        self._at: float | None = None

    def ready_at(self, cost: float, now: float) -> float:
        """Return when this much may pass."""
        if self.rate is None:
            return now
        self._fill(now)
        missing = min(cost, self._most) - self._held
        return now if missing <= _ALMOST else now + missing / self.rate

    def take(self, cost: float, now: float) -> None:
        """Let it pass; what costs more than the bucket holds is paid for afterwards."""
        if self.rate is not None:
            self._fill(now)
            self._held -= cost

    @property
    def _most(self) -> float:
        return 1.0 + (self.rate or 0.0) / 20  # 50 ms of lateness are made up for

    def _fill(self, now: float) -> None:
        if self._at is not None and self.rate is not None:
            self._held = min(self._most, self._held + (now - self._at) * self.rate)
        self._at = now


class Window:
    """How many requests may be under way at once: it grows slowly and is halved by a 429.

    Args:
        most: The most there may ever be.
    """

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = float(most)
        self._size = min(FIRST_WINDOW, self._most)
        self._clean = 0
        self._halved_at = float("-inf")

    @property
    def size(self) -> int:
        """How many there may be now."""
        return int(self._size)

    def answered(self) -> None:
        """Note an answer that was no 429."""
        self._clean += 1
        if self._clean >= CLEAN_ANSWERS:
            self._clean = 0
            self._size = min(self._most, self._size + 1)

    def throttled(self, now: float) -> None:
        """Note a 429; those that come together count as one."""
        self._clean = 0
        if now - self._halved_at >= TOGETHER:
            self._halved_at = now
            self._size = max(1.0, self._size // 2)


class Limit:
    """The rate at which 429s began, as far as it is known: what goes evenly stays below it.

    Without it, all who waited for the same 429 would leave together and meet the next.
    """

    def __init__(self) -> None:
        self._bucket = Bucket(None)
        self._answers: deque[float] = deque(maxlen=200)
        self._lowered_at = float("-inf")

    def ready_at(self, now: float) -> float:
        """Return when the next request may leave."""
        return self._bucket.ready_at(1, now)

    def leaves(self, now: float) -> None:
        """Note that one leaves."""
        self._bucket.take(1, now)

    def answered(self, now: float) -> None:
        """Note an answer that was no 429: the longer it goes well, the faster it may go."""
        self._answers.append(now)
        if self._bucket.rate is not None:
            self._bucket.rate += 0.01 * (1 + (now - self._lowered_at) / 3)

    def throttled(self, now: float) -> None:
        """Note a 429; those that come together count as one."""
        if now - self._lowered_at < TOGETHER:
            return
        self._lowered_at = now
        self._bucket.rate = max(SLOWEST, 0.9 * (self._bucket.rate or self._measured(now)))

    def _measured(self, now: float) -> float:
        recent = [at for at in self._answers if at > now - 2]
        return len(recent) / max(0.1, now - recent[0]) if recent else SLOWEST


class RetryBudget:
    """How much trouble may be caused by trying again, so that a storm is not fed.

    Args:
        most: What there is at the beginning, and at most.
    """

    RETRY, AFTER_TIME_OUT = 5, 10

    def __init__(self, most: int = 500) -> None:
        self._most = self._left = most

    @property
    def left(self) -> int:
        """What is left: never below 0, never above the beginning."""
        return self._left

    def spend(self, cost: int) -> bool:
        """Pay for trying again; False when there is not enough left, and nothing is paid."""
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def success(self) -> None:
        """Earn a little."""
        self._left = min(self._most, self._left + 1)


class Breaker:
    """Says when so much is unknown that going on would only make it more."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last: deque[bool] = deque(maxlen=LAST)

    def answered(self, *, unknown: bool) -> None:
        """Note an outcome."""
        self._in_a_row = self._in_a_row + 1 if unknown else 0
        self._last.append(unknown)

    @property
    def reason(self) -> str | None:
        """Why the job should wait for a person, or None."""
        if self._in_a_row >= UNKNOWN_IN_A_ROW:
            return f"{self._in_a_row} outcomes in a row are unknown"
        unknown = sum(self._last)
        if unknown > UNKNOWN_OF_LAST * LAST:
            return f"{unknown} of the last {len(self._last)} outcomes are unknown"
        return None


class Pacer:
    """Everything that decides when the next row may leave.

    Args:
        rate: Messages or segments a second for each sender; None does not pace.
        most: The most requests under way at once.
        uniform: Draws between two numbers.
    """

    def __init__(
        self,
        rate: float | None,
        *,
        most: int = MOST_AT_ONCE,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._rate = rate
        self._uniform = uniform
        self._buckets: dict[str, Bucket] = {}
        self._queue_full: dict[str, float] = {}
        self._hold = float("-inf")
        self._waits = 0
        self._out_since: float | None = None
        self._storm_since: float | None = None
        self._limit = Limit()
        self.window = Window(most)
        self.budget = RetryBudget()
        self.breaker = Breaker()

    def ready_at(self, sender: str, cost: float, now: float) -> float:
        """Return when a row of this sender may leave."""
        bucket = self._buckets.setdefault(sender, Bucket(self._rate))
        return max(
            bucket.ready_at(cost, now),
            self._limit.ready_at(now),
            self._hold,
            self._queue_full.get(sender, self._hold),
        )

    def leaves(self, sender: str, cost: float, now: float) -> None:
        """Note that one leaves."""
        self._buckets[sender].take(cost, now)
        self._limit.leaves(now)

    def clean(self, now: float) -> None:
        """Note an answer that says what became of a row: accepted, or rejected."""
        self._waits, self._out_since, self._storm_since = 0, None, None
        self.window.answered()
        self._limit.answered(now)
        self.budget.success()
        self.breaker.answered(unknown=False)

    def unknown(self) -> None:
        """Note that an outcome is unknown."""
        self._storm_since = None
        self.breaker.answered(unknown=True)

    def throttled(self, now: float, retry_after: float | None) -> None:
        """Note a 429 (20429): everybody waits, and fewer go at once."""
        self._out_since = None
        self._storm_since = now if self._storm_since is None else self._storm_since
        self.window.throttled(now)
        self._limit.throttled(now)
        if now >= self._hold:  # those that left before the hold say nothing new
            self._wait(now, retry_after, RetryBudget.RETRY)
        elif retry_after is not None:
            self._hold = max(self._hold, now + min(retry_after, LONGEST_RETRY_AFTER))

    def queue_full(self, sender: str, now: float) -> None:
        """Note that a sender's queue is full (21611): only this sender waits."""
        self._out_since = self._storm_since = None
        self._queue_full[sender] = now + QUEUE_WAIT

    def not_reached(self, now: float) -> None:
        """Note that Twilio was not reached: everybody waits."""
        self._out_since = now if self._out_since is None else self._out_since
        if now >= self._hold:
            self._wait(now, None, RetryBudget.AFTER_TIME_OUT)

    def _wait(self, now: float, retry_after: float | None, cost: int) -> None:
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0**self._waits)
        self._waits = min(self._waits + 1, 10)
        if not self.budget.spend(cost):
            seconds = LONGEST_WAIT
        elif retry_after is not None:
            seconds = min(retry_after, LONGEST_RETRY_AFTER)
        else:
            seconds = self._uniform(0.0, longest)
        self._hold = now + seconds

    def trouble(self, now: float) -> str | None:
        """Return why the job should wait for a person, or None."""
        if self._out_since is not None and now - self._out_since >= LONGEST_OUTAGE:
            return f"Twilio has not been reached for {now - self._out_since:.0f} s"
        if self._storm_since is not None and now - self._storm_since >= LONGEST_STORM:
            return f"Twilio has answered nothing but 429 for {now - self._storm_since:.0f} s"
        return self.breaker.reason
