"""Limits for requests to one key, so that the Jupyter server stays usable for notebooks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LARGEST_BODY = 1_000_000
"""Bytes of a request; Twilio's requests are far smaller."""

LARGEST_ANSWER = 1_000_000
"""Bytes of a response; Twilio accepts 64 kB of TwiML."""

DRAINED = 4 * LARGEST_BODY
"""Bytes of a rejected body that are read and discarded, so that the client sees the response."""

BODY_SECONDS = 10.0
"""Time limit to receive a whole body."""

ANSWER_SECONDS = 15.0
"""Time limit for the listener's response: Twilio waits no longer."""

AT_ONCE = 64
"""Maximum number of concurrent requests to listeners."""

PER_SECOND = 200.0
BURST = 1_000.0
"""Requests to one key: the sustained rate, and the size of a burst."""

_MOST_KEYS = 1_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A token bucket for each key.

    Args:
        monotonic: Returns monotonic seconds.
        per_second: The sustained rate of requests for each key.
        burst: The number of requests allowed at once.
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
            0, or the whole seconds to wait if the allowance is used up.
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
