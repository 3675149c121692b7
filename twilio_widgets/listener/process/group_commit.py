"""Between the gate and the store: what comes in one turn of the loop goes to the store together.

Nobody waits for more to come, nor for what went before: the store's process takes what has gathered
while it waited for the disk into one durable commit. Nobody waits for longer than `LONGEST_WAIT`.
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
"""Called once: with what became of the arrival, or with None for "come again"."""

MOST_WAITING = 2_000
MOST_BYTES = 16_000_000
LONGEST_WAIT = 1.0
"""Seconds. Then the sender is told to come again, whatever becomes of the event."""

NO_ANSWER = "The event store does not respond. Check whether its disk is available or very busy."

_CHECK_SECONDS = 0.1


@dataclass(slots=True, eq=False)
class _WaitingArrival:
    encoded: bytes
    since: float
    done: Done | None


class Commits(Protocol):
    """Where arrivals are stored; a `StoreProcess` is one."""

    def send(self, request: Commit, answered: Callable[[Answer], None], /) -> None:
        """Store arrivals, and call `answered` then."""


class GroupCommitter:
    """Stores arrivals in the order they come.

    Args:
        store: Where.
        told: Called after each commit: with None, or with a sentence about why it failed.
    """

    def __init__(self, store: Commits, told: Callable[[str | None], object]) -> None:
        self._store = store
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._gathering: list[_WaitingArrival] = []
        self._in_flight: dict[int, list[_WaitingArrival]] = {}
        self._numbers = itertools.count()
        self._count = 0
        self._bytes = 0
        self._checking: asyncio.TimerHandle | None = None

    def take(self, arrival: Arrival, done: Done) -> bool:
        """Store an arrival soon, and call `done` then.

        Args:
            arrival: What to store.
            done: Called once, within about `LONGEST_WAIT` seconds; at once for what is no text.

        Returns:
            False when there is no room for it, or the disk does not answer; `done` is not called.
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
        """Wait until nothing waits, and everybody has been told."""
        while self._count:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0)

    @property
    def _oldest(self) -> float:
        """When that began to wait which the store has had for longest."""
        return next((lot[0].since for lot in self._in_flight.values()), math.inf)

    def _send(self) -> None:
        lot, self._gathering = self._gathering, []
        number = next(self._numbers)
        self._in_flight[number] = lot
        commit = Commit.of(each.encoded for each in lot)
        self._store.send(commit, functools.partial(self._on_answer, number))

    def _on_answer(self, number: int, answer: Answer) -> None:
        lot = self._in_flight.pop(number)
        self._count -= len(lot)
        receipts: Sequence[Receipt | None] = [None] * len(lot)
        if isinstance(answer, Stored):
            receipts = answer.receipts
        self._told(answer.text if isinstance(answer, StoreError) else None)
        for each, receipt in zip(lot, receipts, strict=True):
            self._finish(each, receipt)

    def _finish(self, waiting: _WaitingArrival, receipt: Receipt | None) -> None:
        """Say what became of one, in a turn of its own: what goes wrong there stays there."""
        done, waiting.done = waiting.done, None
        if done is not None:
            self._bytes -= len(waiting.encoded)
            self._loop.call_soon(done, receipt)

    def _check_deadlines(self) -> None:
        """Tell those that have waited too long to come again."""
        self._checking = None
        late = self._loop.time() - LONGEST_WAIT
        if self._oldest < late:
            self._told(NO_ANSWER)
        for lot in list(self._in_flight.values()):
            if lot[0].since >= late:
                break
            for each in lot:
                self._finish(each, None)  # it may be stored yet; then its next delivery is known
        if self._count:
            self._checking = self._loop.call_later(_CHECK_SECONDS, self._check_deadlines)
