"""Group commit: arrivals of one loop iteration are sent to the store process together.

There is no delay to gather more, and no wait for earlier commits: the store process combines what
has arrived while it waited for the disk into one durable commit. After `LONGEST_WAIT` an arrival is
answered with 503.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.listener.events.batch import INVALID_UNICODE, Receipt
from twilio_widgets.listener.store_process.protocol import (
    Answer,
    Commit,
    Stored,
    StoreError,
    encode,
)

if TYPE_CHECKING:
    from twilio_widgets.listener.events.event import Arrival

Done = Callable[[Receipt | None], object]
"""Called once with the receipt of the arrival, or with None if Twilio should retry."""

MOST_WAITING = 2_000
MOST_BYTES = 16_000_000
LONGEST_WAIT = 1.0
"""Seconds. Then the response is 503, whether or not the event is stored later."""

NO_ANSWER = "The event store does not respond. Check whether its disk is available or very busy."

_CHECK_SECONDS = 0.1


@dataclass(slots=True, eq=False)
class _WaitingArrival:
    encoded: bytes
    since: float
    done: Done | None


class Commits(Protocol):
    """Stores arrivals, such as `StoreClient`."""

    def send(self, request: Commit, answered: Callable[[Answer], None], /) -> None:
        """Store arrivals, then call `answered`."""


class GroupCommitter:
    """Stores arrivals in the order they are received.

    Args:
        store: The store.
        on_result: Called after each commit with None, or with a sentence about why it failed.
    """

    def __init__(self, store: Commits, on_result: Callable[[str | None], object]) -> None:
        self._store = store
        self._on_result = on_result
        self._loop = asyncio.get_running_loop()
        self._gathering: list[_WaitingArrival] = []
        self._in_flight: dict[int, list[_WaitingArrival]] = {}
        self._numbers = itertools.count()
        self._count = 0
        self._bytes = 0
        self._checking: asyncio.TimerHandle | None = None

    def take(self, arrival: Arrival, done: Done) -> bool:
        """Queue an arrival for storing, and call `done` afterwards.

        Args:
            arrival: The arrival to store.
            done: Called once, within about `LONGEST_WAIT` seconds; at once for invalid Unicode.

        Returns:
            False if the queue is full or the disk does not respond; `done` is then not called.
        """
        now = self._loop.time()
        full = self._count >= MOST_WAITING or self._bytes > MOST_BYTES
        if full or now - self._oldest > LONGEST_WAIT:
            return False
        try:
            waiting = _WaitingArrival(encode(arrival), now, done)
        except UnicodeEncodeError:
            done(Receipt(id=None, new=False, problem=INVALID_UNICODE))
            return True
        self._count += 1
        self._bytes += len(waiting.encoded)
        if not self._gathering:
            self._loop.call_soon(self._send)
        self._gathering.append(waiting)
        if self._checking is None:
            self._checking = self._loop.call_later(_CHECK_SECONDS, self._check_deadlines)
        return True

    def __len__(self) -> int:
        return self._count

    async def idle(self) -> None:
        """Wait until the queue is empty and every callback was called."""
        while self._count:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0)

    @property
    def _oldest(self) -> float:
        """When the oldest commit in flight was queued; infinity if there is none."""
        return next((batch[0].since for batch in self._in_flight.values()), math.inf)

    def _send(self) -> None:
        batch, self._gathering = self._gathering, []
        number = next(self._numbers)
        self._in_flight[number] = batch
        commit = Commit.of(each.encoded for each in batch)
        self._store.send(commit, functools.partial(self._on_answer, number))

    def _on_answer(self, number: int, answer: Answer) -> None:
        batch = self._in_flight.pop(number)
        self._count -= len(batch)
        receipts: Sequence[Receipt | None] = [None] * len(batch)
        if isinstance(answer, Stored):
            receipts = answer.receipts
        self._on_result(answer.text if isinstance(answer, StoreError) else None)
        for each, receipt in zip(batch, receipts, strict=True):
            self._finish(each, receipt)

    def _finish(self, waiting: _WaitingArrival, receipt: Receipt | None) -> None:
        """Call back for one arrival in its own loop iteration, so that exceptions stay separate."""
        done, waiting.done = waiting.done, None
        if done is not None:
            self._bytes -= len(waiting.encoded)
            self._loop.call_soon(done, receipt)

    def _check_deadlines(self) -> None:
        """Answer arrivals that have waited too long with 503."""
        self._checking = None
        late = self._loop.time() - LONGEST_WAIT
        if self._oldest < late:
            self._on_result(NO_ANSWER)
        for batch in list(self._in_flight.values()):
            if batch[0].since >= late:
                break
            for each in batch:
                # It may still be stored; then Twilio's retry is counted as a duplicate.
                self._finish(each, None)
        if self._count:
            self._checking = self._loop.call_later(_CHECK_SECONDS, self._check_deadlines)
