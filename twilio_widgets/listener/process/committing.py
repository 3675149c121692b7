"""Many events, one durable commit: what waits goes to the disk together, then all are answered.

The wait for the disk is what an event costs. While one commit waits, the next events gather; nobody
waits for more of them to come. A lone event is stored at once, and a flood shares its waits.

The work of a commit is done in the loop's thread, and only the wait for the disk in another one:
two threads that both run Python wait for each other at every statement.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.errors import ListenerError

if TYPE_CHECKING:
    from twilio_widgets.listener.events.batch import Receipt
    from twilio_widgets.listener.events.event import Arrival

Done = Callable[["Receipt | None"], None]
"""Called once in the loop's thread: with what became of the arrival, or None for "come again"."""

MOST_AT_ONCE = 500
MOST_AT_HAND = 256
"""More than that are stored in the other thread as a whole: they would hold up the loop."""
MOST_WAITING = 2_000
MOST_BYTES = 16_000_000
LONGEST_WAIT = 1.0
"""Seconds. Then the sender is told to come again, whatever becomes of the event."""

_LOOK = 0.1


@dataclass(slots=True, eq=False)
class _Waiting:
    arrival: Arrival
    size: int
    since: float
    done: Done | None


class Commits(Protocol):
    """Where arrivals are stored; a `Store` is one."""

    def begin(self, arrivals: Sequence[Arrival], /) -> Callable[[], list[Receipt]] | None:
        """Do what needs no waiting; return what does, or None to have all of it done."""

    def commit(self, arrivals: Sequence[Arrival], /) -> list[Receipt]:
        """Store arrivals, however long it takes."""


class Committer:
    """Stores arrivals in the order they come.

    Args:
        store: Where.
        disk: The thread that waits for the disk; nothing else that uses the store may run in it.
        told: Called in the loop's thread after each commit: with None, or with a sentence about
            why it failed.
    """

    def __init__(
        self, store: Commits, disk: Executor, told: Callable[[str | None], object]
    ) -> None:
        self._store = store
        self._disk = disk
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._away: list[_Waiting] = []
        self._bytes = 0
        self._scheduled = False
        self._looking: asyncio.TimerHandle | None = None

    def take(self, arrival: Arrival, size: int, done: Done) -> bool:
        """Store an arrival soon, and call `done` then.

        Args:
            arrival: What to store.
            size: About how much memory it holds, in bytes.
            done: Called once, within about `LONGEST_WAIT` seconds.

        Returns:
            False when there is no room for it, or the disk does not answer; `done` is not called.
        """
        now = self._loop.time()
        full = len(self) >= MOST_WAITING or self._bytes + size > MOST_BYTES
        if full or (self._away and now - self._away[0].since > LONGEST_WAIT):
            return False
        self._bytes += size
        self._waiting.append(_Waiting(arrival, size, now, done))
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
        arrivals = [each.arrival for each in self._away]
        rest: Callable[[], list[Receipt]] | None = None
        if count <= MOST_AT_HAND:
            # Whatever goes wrong here, `commit` meets it too, and there it is noted.
            with contextlib.suppress(Exception):
                rest = self._store.begin(arrivals)
        self._disk.submit(self._wait, rest or functools.partial(self._store.commit, arrivals))

    def _wait(self, rest: Callable[[], list[Receipt]]) -> None:
        """Do, in the disk's thread, what has to be waited for."""
        problem: str | None = None
        receipts: list[Receipt] = []
        try:
            receipts = rest()
        except ListenerError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 — whoever waits is told to come again
            problem = f"Storing failed: {type(error).__name__}."
        self._loop.call_soon_threadsafe(self._came_back, receipts, problem)

    def _came_back(self, stored: Sequence[Receipt], problem: str | None) -> None:
        away, self._away = self._away, []
        receipts = stored if problem is None else [None] * len(away)
        self._told(problem)
        if self._waiting:
            self._send()
        for each, receipt in zip(away, receipts, strict=True):
            self._finish(each, receipt)

    def _finish(self, waiting: _Waiting, receipt: Receipt | None) -> None:
        done, waiting.done = waiting.done, None
        if done is not None:
            self._bytes -= waiting.size
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
        if len(self):
            self._looking = self._loop.call_later(_LOOK, self._look)
