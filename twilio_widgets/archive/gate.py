"""The gate that every request of a sync passes, so that a 429 slows all slices down together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from twilio_widgets.core.credentials.connection import Connection

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds without requests after a 429 that does not say how long; doubled at each further one."""

RECOVERS_AFTER = 8
"""Successful requests after which one more may be in flight again."""


class RequestGate:
    """Limits the requests in flight: halved by a 429, raised again slowly.

    Args:
        connection: Its clock is used.
        most: The most requests in flight.
    """

    def __init__(self, connection: Connection, most: int) -> None:
        self._connection = connection
        self._most = self._limit = most
        self._in_flight = 0
        self._freed = asyncio.Condition()
        self._not_before = self._slowed_at = connection.monotonic()
        self._pauses = 0
        self._successes = 0
        self.requests = 0
        """The number of requests made."""
        self.limited = 0
        """The number of them that were answered with a 429."""

    @asynccontextmanager
    async def request(self) -> AsyncIterator[float]:
        """Wait for permission to make one request; yields the time at which it was given."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._in_flight < self._limit)
            self._in_flight += 1
        try:
            # Let the others start, even if a sandbox responds immediately.
            await asyncio.sleep(0)
            while (wait := self._not_before - self._connection.monotonic()) > 0:
                await self._connection.sleep_async(wait)
            self.requests += 1
            yield self._connection.monotonic()
        finally:
            self._in_flight -= 1
            async with self._freed:
                self._freed.notify_all()

    def slow_down(self, started: float, retry_after: float | None) -> None:
        """Pause every slice after a 429.

        Args:
            started: When the request got its permission: the 429s of requests that were already in
                flight at the last pause count as one.
            retry_after: Seconds, from the ``Retry-After`` header.
        """
        self.limited += 1
        self._successes = 0
        now = self._connection.monotonic()
        if started > self._slowed_at or not self._pauses:
            self._slowed_at = now
            self._limit = max(1, self._limit // 2)
            self._pauses += 1
        pause = min(FIRST_PAUSE * 2.0 ** (self._pauses - 1), LONGEST_PAUSE)
        self._not_before = max(
            self._not_before, now + (pause if retry_after is None else retry_after)
        )

    def succeeded(self) -> None:
        """Count a success."""
        self._pauses = 0
        self._successes += 1
        if self._successes >= RECOVERS_AFTER and self._limit < self._most:
            self._successes = 0
            self._limit += 1
