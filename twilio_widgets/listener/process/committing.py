"""Many events, one durable commit: what waits goes to the disk together, then all are answered.

The wait for the disk is what an event costs. While one commit waits, the next events gather; nobody
waits for more of them to come. A lone event is stored at once, and a flood shares its waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.listener.events.batch import HALF_A_CHARACTER, Receipt
from twilio_widgets.listener.storing.messages import Answer, Commit, Failed, Stored, packed

if TYPE_CHECKING:
    from twilio_widgets.listener.events.event import Arrival

Done = Callable[[Receipt | None], object]
"""Called once: with what became of the arrival, or with None for "come again"."""

MOST_AT_ONCE = 500
MOST_WAITING = 2_000
MOST_BYTES = 16_000_000
LONGEST_WAIT = 1.0
"""Seconds. Then the sender is told to come again, whatever becomes of the event."""

NO_ANSWER = "The event store does not answer. Is its disk gone, or very busy?"

_LOOK = 0.1


@dataclass(slots=True, eq=False)
class _Waiting:
    packed: bytes
    since: float
    done: Done | None


class Commits(Protocol):
    """Where arrivals are stored; a `StoreProcess` is one."""

    def send(self, request: Commit, answered: Callable[[Answer], None], /) -> None:
        """Store arrivals, and call `answered` then."""


class Committer:
    """Stores arrivals in the order they come.

    Args:
        store: Where.
        told: Called after each commit: with None, or with a sentence about why it failed.
    """

    def __init__(self, store: Commits, told: Callable[[str | None], object]) -> None:
        self._store = store
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._away: list[_Waiting] = []
        self._bytes = 0
        self._scheduled = False
        self._looking: asyncio.TimerHandle | None = None

    def take(self, arrival: Arrival, done: Done) -> bool:
        """Store an arrival soon, and call `done` then.

        Args:
            arrival: What to store.
            done: Called once, within about `LONGEST_WAIT` seconds; at once for what is no text.

        Returns:
            False when there is no room for it, or the disk does not answer; `done` is not called.
        """
        now = self._loop.time()
        full = len(self) >= MOST_WAITING or self._bytes > MOST_BYTES
        if full or (self._away and now - self._away[0].since > LONGEST_WAIT):
            return False
        try:
            waiting = _Waiting(packed(arrival), now, done)
        except UnicodeEncodeError:
            done(Receipt(id=None, new=False, problem=HALF_A_CHARACTER))
            return True
        self._bytes += len(waiting.packed)
        self._waiting.append(waiting)
        if not self._away and not self._scheduled:
            self._scheduled = True
            # Not at once: what has come in the same turn of the loop goes along.
            self._loop.call_soon(self._send)
        if self._looking is None:
            self._looking = self._loop.call_later(_LOOK, self._look)
        return True

    def __len__(self) -> int:
        return len(self._waiting) + len(self._away)

    async def idle(self) -> None:
        """Wait until nothing waits."""
        while len(self):
            await asyncio.sleep(0.005)

    def _send(self) -> None:
        self._scheduled = False
        count = min(len(self._waiting), MOST_AT_ONCE)
        if not count:
            return
        self._away = [self._waiting.popleft() for _ in range(count)]
        self._store.send(Commit.of(each.packed for each in self._away), self._came_back)

    def _came_back(self, answer: Answer) -> None:
        away, self._away = self._away, []
        receipts: Sequence[Receipt | None] = [None] * len(away)
        if isinstance(answer, Stored):
            receipts = answer.receipts
        self._told(answer.text if isinstance(answer, Failed) else None)
        if self._waiting:
            self._send()
        for each, receipt in zip(away, receipts, strict=True):
            self._finish(each, receipt)

    def _finish(self, waiting: _Waiting, receipt: Receipt | None) -> None:
        done, waiting.done = waiting.done, None
        if done is not None:
            self._bytes -= len(waiting.packed)
            done(receipt)

    def _look(self) -> None:
        """Tell those that have waited too long to come again."""
        self._looking = None
        late = self._loop.time() - LONGEST_WAIT
        while self._waiting and self._waiting[0].since < late:
            self._finish(self._waiting.popleft(), None)
        for each in self._away:
            if each.since < late:
                self._finish(each, None)  # it may be stored yet; then its next delivery is known
        if self._away and self._away[0].since < late:
            self._told(NO_ANSWER)
        if len(self):
            self._looking = self._loop.call_later(_LOOK, self._look)
