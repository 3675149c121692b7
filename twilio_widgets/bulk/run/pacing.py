"""How fast a job may send: pure rules; the caller passes the time.

Sources: Twilio error 20429 (the limit is on concurrent requests, and is not published; a request
answered with 429 was not processed); AWS SDK standard retry mode (a budget of 500, 5 for a retry,
10 for one after a time-out, 1 back for a success); Marc Brooker, "Exponential backoff and jitter"
(full jitter).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

FIRST_WINDOW = 2.0
CLEAN_ANSWERS = 20
"""After this many responses other than 429, one more concurrent request is allowed."""
MOST_AT_ONCE = 32

UNDO_SECONDS = 5
"""Seconds in which sending can be cancelled before the first request leaves."""

FIRST_WAIT, LONGEST_WAIT, LONGEST_RETRY_AFTER = 0.5, 20.0, 120.0
QUEUE_WAIT = 30.0
"""Seconds to wait for a sender whose queue at Twilio (up to ten hours of segments) is full."""

UNKNOWN_IN_A_ROW = 5
UNKNOWN_OF_LAST, LAST = 0.02, 500
LONGEST_OUTAGE = 120.0
"""Seconds without a connection to Twilio after which a job pauses."""
LONGEST_STORM = 600.0
"""Seconds of nothing but 429 after which a job pauses."""

TOGETHER = 1.0
"""Seconds within which several 429s count as one."""
SLOWEST = 0.5

_ALMOST = 1e-9


class Bucket:
    """A token bucket: an even rate a second.

    Args:
        rate: Messages or segments a second; None is unlimited.
    """

    def __init__(self, rate: float | None) -> None:
        self.rate = rate
        self._held = 1.0
        self._at: float | None = None

    def ready_at(self, cost: float, now: float) -> float:
        """Return when this much may be taken."""
        if self.rate is None:
            return now
        self._fill(now)
        missing = min(cost, self._most) - self._held
        return now if missing <= _ALMOST else now + missing / self.rate

    def take(self, cost: float, now: float) -> None:
        """Take this much; a cost above the bucket's size delays the next one."""
        if self.rate is not None:
            self._fill(now)
            self._held -= cost

    @property
    def _most(self) -> float:
        return 1.0 + (self.rate or 0.0) / 20  # catches up on a delay of up to 50 ms

    def _fill(self, now: float) -> None:
        if self._at is not None and self.rate is not None:
            self._held = min(self._most, self._held + (now - self._at) * self.rate)
        self._at = now


class Window:
    """The number of concurrent requests allowed: it grows slowly and is halved by a 429.

    Args:
        most: The maximum.
    """

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = float(most)
        self._size = min(FIRST_WINDOW, self._most)
        self._clean = 0
        self._halved_at = float("-inf")

    @property
    def size(self) -> int:
        """The number of concurrent requests allowed now."""
        return int(self._size)

    def answered(self) -> None:
        """Record a response other than 429."""
        self._clean += 1
        if self._clean >= CLEAN_ANSWERS:
            self._clean = 0
            self._size = min(self._most, self._size + 1)

    def throttled(self, now: float) -> None:
        """Record a 429; several within a second count as one."""
        self._clean = 0
        if now - self._halved_at >= TOGETHER:
            self._halved_at = now
            self._size = max(1.0, self._size // 2)


class Limit:
    """A rate limit learned from 429s: evenly paced requests stay below it.

    Without it, all requests delayed by the same 429 would be sent together and cause the next one.
    """

    def __init__(self) -> None:
        self._bucket = Bucket(None)
        self._answers: deque[float] = deque(maxlen=200)
        self._lowered_at = float("-inf")

    def ready_at(self, now: float) -> float:
        """Return when the next request may be sent."""
        return self._bucket.ready_at(1, now)

    def leaves(self, now: float) -> None:
        """Record that one is sent."""
        self._bucket.take(1, now)

    def answered(self, now: float) -> None:
        """Record a response other than 429: the rate grows faster the longer there is no 429."""
        self._answers.append(now)
        if self._bucket.rate is not None:
            self._bucket.rate += 0.01 * (1 + (now - self._lowered_at) / 3)

    def throttled(self, now: float) -> None:
        """Record a 429; several within a second count as one."""
        if now - self._lowered_at < TOGETHER:
            return
        self._lowered_at = now
        self._bucket.rate = max(SLOWEST, 0.9 * (self._bucket.rate or self._measured(now)))

    def _measured(self, now: float) -> float:
        recent = [at for at in self._answers if at > now - 2]
        return len(recent) / max(0.1, now - recent[0]) if recent else SLOWEST


class RetryBudget:
    """Retry budget: limits retries so that they do not amplify an outage.

    Args:
        most: The initial and the maximum budget.
    """

    RETRY, AFTER_TIME_OUT = 5, 10

    def __init__(self, most: int = 500) -> None:
        self._most = self._left = most

    @property
    def left(self) -> int:
        """The remaining budget, from 0 to the maximum."""
        return self._left

    def spend(self, cost: int) -> bool:
        """Pay for a retry; return False, and pay nothing, if the budget is too small."""
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def success(self) -> None:
        """Add 1 to the budget after a success."""
        self._left = min(self._most, self._left + 1)


class Breaker:
    """Circuit breaker: pauses the job when too many outcomes are unknown."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last: deque[bool] = deque(maxlen=LAST)

    def answered(self, *, unknown: bool) -> None:
        """Record an outcome."""
        self._in_a_row = self._in_a_row + 1 if unknown else 0
        self._last.append(unknown)

    @property
    def reason(self) -> str | None:
        """Why the job should pause, or None."""
        if self._in_a_row >= UNKNOWN_IN_A_ROW:
            return f"{self._in_a_row} outcomes in a row are unknown"
        unknown = sum(self._last)
        if unknown > UNKNOWN_OF_LAST * LAST:
            return f"{unknown} of the last {len(self._last)} outcomes are unknown"
        return None


class Pacer:
    """All limits on when the next row may be sent.

    Args:
        rate: Messages or segments a second for each sender; None is unlimited.
        most: The maximum number of concurrent requests.
        uniform: Returns a random number between two numbers.
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
        """Return when a row of this sender may be sent."""
        bucket = self._buckets.setdefault(sender, Bucket(self._rate))
        return max(
            bucket.ready_at(cost, now),
            self._limit.ready_at(now),
            self._hold,
            self._queue_full.get(sender, self._hold),
        )

    def leaves(self, sender: str, cost: float, now: float) -> None:
        """Record that one is sent."""
        self._buckets[sender].take(cost, now)
        self._limit.leaves(now)

    def clean(self, now: float) -> None:
        """Record a response that decides a row: accepted or rejected."""
        self._waits, self._out_since, self._storm_since = 0, None, None
        self.window.answered()
        self._limit.answered(now)
        self.budget.success()
        self.breaker.answered(unknown=False)

    def unknown(self) -> None:
        """Record an unknown outcome."""
        self._storm_since = None
        self.breaker.answered(unknown=True)

    def throttled(self, now: float, retry_after: float | None) -> None:
        """Record a 429 (20429): all senders wait, and fewer requests are concurrent."""
        self._out_since = None
        self._storm_since = now if self._storm_since is None else self._storm_since
        self.window.throttled(now)
        self._limit.throttled(now)
        if now >= self._hold:  # a request sent before the last 429 adds no information
            self._wait(now, retry_after, RetryBudget.RETRY)
        elif retry_after is not None:
            self._hold = max(self._hold, now + min(retry_after, LONGEST_RETRY_AFTER))

    def queue_full(self, sender: str, now: float) -> None:
        """Record that a sender's queue is full (21611): only this sender waits."""
        self._out_since = self._storm_since = None
        self._queue_full[sender] = now + QUEUE_WAIT

    def not_reached(self, now: float) -> None:
        """Record that Twilio could not be reached: all senders wait."""
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
        """Return why the job should pause, or None."""
        if self._out_since is not None and now - self._out_since >= LONGEST_OUTAGE:
            return f"Twilio could not be reached for {now - self._out_since:.0f} s"
        if self._storm_since is not None and now - self._storm_since >= LONGEST_STORM:
            return f"Twilio has answered nothing but 429 for {now - self._storm_since:.0f} s"
        return self.breaker.reason
