"""When to poll Twilio's log next: often while messages change, rarely otherwise."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from twilio_widgets.errors import ConfigurationError

MINUTE: Final = timedelta(minutes=1)
FASTEST: Final = 2.0
SLOWEST: Final = 60.0
_QUIETER: Final = 1.5
"""Each poll without changes multiplies the next pause by this."""

_LONGEST_BACKOFF: Final = 600.0


class RequestQuota:
    """Limits the number of requests in any 60 seconds.

    Args:
        per_minute: Maximum number of requests in any 60 seconds.

    Raises:
        ConfigurationError: It is less than one.
    """

    def __init__(self, per_minute: int) -> None:
        if not isinstance(per_minute, int) or isinstance(per_minute, bool) or per_minute < 1:
            raise ConfigurationError(
                "budget must be 1 or more: the maximum number of requests per minute.",
                field="budget",
            )
        self.per_minute = per_minute
        self._made: deque[datetime] = deque()

    def spend(self, now: datetime) -> None:
        """Count a request."""
        self._made.append(now)

    def left(self, now: datetime) -> int:
        """Return how many requests may be made now.

        Requests dated after `now`, because the clock was set back, count as made now.
        """
        if self._made and self._made[-1] > now:
            self._made = deque(min(at, now) for at in self._made)
        while self._made and self._made[0] <= now - MINUTE:
            self._made.popleft()
        return max(0, self.per_minute - len(self._made))

    def free_at(self, now: datetime) -> datetime:
        """Return when the next request may be made."""
        return now if self.left(now) else self._made[-self.per_minute] + MINUTE


class PollSchedule:
    """Computes the pause between two polls, in seconds.

    Args:
        per_minute: The budget: a poll with several requests is followed by a longer pause.
        fastest: The shortest pause.
        slowest: The longest pause without errors.
    """

    def __init__(
        self, per_minute: int, *, fastest: float = FASTEST, slowest: float = SLOWEST
    ) -> None:
        self._per_request = 60.0 / per_minute
        self._fastest = fastest
        self._slowest = slowest
        self._pause = fastest
        self._failures = 0

    def looked(self, *, news: bool, requests: int) -> float:
        """Return the pause after a successful poll.

        Args:
            news: Whether it found changes.
            requests: The number of requests it made.
        """
        self._failures = 0
        self._pause = self._fastest if news else min(self._slowest, self._pause * _QUIETER)
        return max(self._pause, requests * self._per_request)

    def failed(self, retry_after: float | None = None) -> float:
        """Return the pause after a failed poll; it doubles with each failure.

        Args:
            retry_after: Seconds to wait according to Twilio, if given.
        """
        self._failures += 1
        longer = self._fastest * 2.0 ** min(self._failures, 16)
        own = max(longer, self._pause)
        return min(_LONGEST_BACKOFF, max(own, retry_after or 0.0))
