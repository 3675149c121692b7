"""Start a run on the background loop: its lock, its quota and the registry of running jobs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from twilio_widgets.bulk.run.run import Run, RunOptions
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.request import Flow
from twilio_widgets.core.system import loop
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.journal.journal import Journal
from twilio_widgets.journal.location import JobLocation, JobLock
from twilio_widgets.journal.row import JournalRow

if TYPE_CHECKING:
    from twilio_widgets.client import AsyncTwilio, Twilio
    from twilio_widgets.core.guardrails.job_quota import JobQuota

T = TypeVar("T")

AT_ONCE = 8
"""The maximum number of concurrent requests of a job that do not create messages."""


class RunHandle:
    """A run on the background loop, with the job's lock and journal.

    Args:
        location: The job's location.
        own: The job's lock; it is released after the run and the last use of the journal.
        journal: Open for writing; it is closed at the same time.
        twilio: The client to send with.
        options: The run's options.
    """

    def __init__(
        self,
        location: JobLocation,
        own: JobLock,
        journal: Journal,
        twilio: Twilio | AsyncTwilio,
        options: RunOptions,
    ) -> None:
        self.own = own
        self._journal = journal
        self._uses: set[object] = {self}
        self._lock = ThreadLock()
        self.run = Run(journal, location, twilio.twin(), options)
        self._is_decided = False
        self._ends = False
        self._here: asyncio.AbstractEventLoop | None = None
        self.work: loop.BackgroundTask[None] | loop.KernelTask[None] | None = None

    def begin(self) -> None:
        """Start the run; if interrupted, the caller must call `give_up()`."""
        self.own.handed_over = True
        self.work = loop.start(self._going())

    def give_up(self) -> None:
        """Prevent the run from starting; if it has started without the caller knowing, pause it."""
        if self._decides():
            self._end_use(self)
        elif self.work is None and self._here is not None:
            with suppress(RuntimeError):  # it has ended
                self._here.call_soon_threadsafe(self.run.end, "paused", "You interrupted it.")

    async def _going(self) -> None:
        self._here = asyncio.get_running_loop()
        if not self._decides():
            return
        try:
            await self.run.execute()
        finally:
            self._end_use(self)

    def _decides(self) -> bool:
        """Return True to the first caller only: it decides whether the run starts."""
        with self._lock:
            decides, self._is_decided = not self._is_decided, True
        return decides

    @contextmanager
    def using(self) -> Iterator[Journal | None]:
        """Keep the journal open and yield it; None if it is closed already."""
        use = object()
        try:
            yield self._journal if self._begin_use(use) else None
        finally:
            self._end_use(use)

    def _begin_use(self, use: object) -> bool:
        with self._lock:
            if self._uses:
                self._uses.add(use)
            return use in self._uses

    def _end_use(self, use: object) -> None:
        """Close the journal and release the job's lock after the last use."""
        with self._lock:
            self._uses.discard(use)
            if not self._uses:
                try:
                    self._journal.close()
                finally:
                    self.own.release()

    @property
    def goes_on(self) -> bool:
        """Whether the run has started and not finished."""
        return self.work is not None and not self.work.done

    @property
    def is_ending(self) -> bool:
        """Whether nothing more will be sent, although the run may not have finished."""
        return self._ends or self.run.is_ending

    def end(self, state: str, note: str = "") -> None:
        """Stop sending; see `Run.end`."""
        if self.work is not None:
            self._ends = True
            self.work.call(lambda: self.run.end(state, note))


_registry = ThreadLock()
_known: dict[Path, object] = {}


def registry_lock() -> ThreadLock:
    """Return the lock under which `running_jobs` is used, so that no job is started twice.

    A context manager of `contextlib`, if interrupted, keeps the lock for as long as anything refers
    to the traceback, and IPython keeps the last one.
    """
    return _registry


def running_jobs() -> dict[Path, Any]:
    """Return the jobs running in this process; for use under `registry_lock()`."""
    for file, job in list(_known.items()):
        if not cast("Any", job).under_way:
            del _known[file]
    return _known


_left_behind: list[object] = []
"""Runs of the parent process, after a fork: SQLite forbids even closing their files here."""


def _leave_to_the_parent() -> None:
    """Forget the parent's runs after a fork: its jobs are running in another process."""
    global _registry  # noqa: PLW0603  # another thread may have held it, and is not here
    _registry = ThreadLock()
    for job in cast("Iterable[Any]", _known.values()):
        _left_behind.append(job._handle)
        job._handle = None
    _known.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)


def reserve_quota(
    twilio: Twilio | AsyncTwilio, rows: Sequence[JournalRow], name: str
) -> JobQuota | None:
    """Check the rows of a job against the client's policy, before the first request.

    Raises:
        PolicyRefused: The policy forbids the job.
    """
    policy = twilio.policy
    if not rows or not isinstance(policy, Policy):
        return None  # a custom guard checks each request by itself
    return policy.check_job(
        twilio.connection,
        recipients=len(rows),
        segments=sum(row.segments for row in rows),
        cost=_sum(row.cost for row in rows),
        name=name,
    )


def _sum(costs: Iterable[str | None]) -> Decimal | None:
    total = Decimal(0)
    for cost in costs:
        if cost is None:
            return None
        total += Decimal(cost)
    return total


def run_flows(twilio: Twilio | AsyncTwilio, flows: Sequence[Flow[T]]) -> list[T]:
    """Run flows on the background loop, at most `AT_ONCE` concurrently, and wait for them."""

    async def asking() -> list[T]:
        twin, gate = twilio.twin(), asyncio.Semaphore(AT_ONCE)

        async def one(flow: Flow[T]) -> T:
            async with gate:
                return cast("T", await cast("Any", twin.run(flow)))

        try:  # wait for all of them: the loop cancels unfinished ones when it stops
            ends = await asyncio.gather(*map(one, flows), return_exceptions=True)
        finally:
            await twin.aclose()
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return cast("list[T]", ends)

    return loop.start(asking()).result()
