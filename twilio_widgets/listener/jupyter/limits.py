"""How much one key may ask of the server it shares with somebody's notebooks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LARGEST_BODY = 1_000_000
"""Bytes of a request; Twilio's own are far smaller."""

LARGEST_ANSWER = 1_000_000
"""Bytes of an answer; Twilio reads 64 kB of TwiML."""

DRAINED = 4 * LARGEST_BODY
"""Bytes of a body for nobody that are read and dropped, so that its sender can read why."""

BODY_SECONDS = 10.0
"""How long a whole body may take to come."""

ANSWER_SECONDS = 15.0
"""How long the listener may take: as long as Twilio waits."""

AT_ONCE = 64
"""How many requests are on their way to listeners at one time."""

PER_SECOND = 200.0
BURST = 1_000.0
"""Requests to one key: in the long run, and at once."""

_MOST_KEYS = 1_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A token bucket for each key.

    Args:
        monotonic: Seconds that only grow.
        per_second: How many requests a key may make in the long run.
        burst: How many it may make at once.
    """

    def __init__(
        self, monotonic: Callable[[], float], per_second: float = PER_SECOND, burst: float = BURST
    ) -> None:
        self._monotonic = monotonic
        self._per_second, self._burst = per_second, burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, key: str) -> int:
        """Take one request from a key's allowance.

        Returns:
            0, or the whole seconds to wait first when there is none left.
        """
        now = self._monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)  # idle the longest, so full again by now
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.tokens < 1:
            return max(1, round((1 - bucket.tokens) / self._per_second))
        bucket.tokens -= 1
        return 0
