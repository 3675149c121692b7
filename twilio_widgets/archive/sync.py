"""One sync: read the slices at once, compare each day with the archived one, and commit it.

It runs on the background event loop. What blocks (disk, Arrow) runs in a thread, one day at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.archive.commit import Committer
from twilio_widgets.archive.day_walk import (
    DayWalk,
    SliceFile,
    WalkedRows,
    is_newest_first,
    sorted_out,
)
from twilio_widgets.archive.forget import ForgottenNumbers
from twilio_widgets.archive.gate import RequestGate
from twilio_widgets.archive.manifest import ArchivedDay
from twilio_widgets.archive.merge import Comparison
from twilio_widgets.archive.plan import SyncPlan
from twilio_widgets.archive.report import SliceReport, SyncProgress, SyncReport
from twilio_widgets.archive.requests import SyncClient
from twilio_widgets.archive.rows import table_of_messages, table_of_page
from twilio_widgets.archive.slices import SECOND, Slice, TimeProbe, probe_of
from twilio_widgets.archive.store import ArchiveFolder
from twilio_widgets.archive.unsent import UnsentMessages
from twilio_widgets.archive.workload import DayRange, Workload
from twilio_widgets.client.twilio import AsyncTwilio
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.message.message import Message, message_path
from twilio_widgets.errors import (
    ApiError,
    ArchiveError,
    BadResponse,
    Forbidden,
    NoReply,
    NotConnected,
    TwilioWidgetsError,
    Unauthorized,
)
from twilio_widgets.frames.decode import page_of

T = TypeVar("T")

SAVES_REQUESTS, SAVES_TIME = 2, 3
"""A proof costs a request. It is worth that if it saves so many, or if each reader has about so
many pages left, so that those who finish first can help the others."""

MOST_WALKS = 3
"""Walks of a day whose rows keep moving, before it is reported as incomplete."""

LOOK_UPS = 1000
"""The most messages that one sync looks up by SID because the list no longer has them."""

_LOST = (NotConnected, NoReply, BadResponse, ApiError)
"""Errors after which a slice is given up and the others continue."""

_FOR_ALL = (Unauthorized, Forbidden)
"""Errors that every slice would get."""


class Sync:
    """Reads the days of a plan and commits them.

    Args:
        twilio: The client; it belongs to the event loop that runs this.
        folder: The archive's folder, locked by the caller.
        plan: The days.
        committer: Compares and writes them.
        forgotten: The numbers whose messages are left out.
        started_at: When the sync started.
        concurrency: The most requests in flight.
        notify: Called on the event loop's thread after each page and each day.
    """

    def __init__(
        self,
        twilio: AsyncTwilio,
        folder: ArchiveFolder,
        plan: SyncPlan,
        committer: Committer,
        forgotten: ForgottenNumbers,
        *,
        started_at: datetime,
        concurrency: int,
        notify: Callable[[SyncProgress], None] | None,
    ) -> None:
        self._twilio = twilio
        self._connection = twilio.connection
        self._folder, self._plan, self._committer = folder, plan, committer
        self._forgotten = forgotten
        self._started_at = started_at
        self._concurrency = concurrency
        self._notify = notify
        self._path = message_path(twilio.connection.acting_sid)
        self._gate = RequestGate(self._connection, concurrency)
        self._client = SyncClient(twilio, self._gate)
        self._days = {day: DayWalk(day) for day in plan.to_read}
        self._unsent = UnsentMessages(plan.since, forgotten)
        self._unsent_read = asyncio.Event()
        self._workload = Workload(plan.to_read)
        self._changed = asyncio.Event()
        self._idle = 0
        self._reports: dict[date, SliceReport] = {}
        self._rows = self._pages = 0
        self._disk = asyncio.Lock()
        self._closing = asyncio.Semaphore(concurrency)
        """Limits the days whose rows are in memory; others wait in their scratch files."""
        self._probe: TimeProbe | None = None
        self._asked = False
        """Whether the probe was made."""
        self._is_ordered = True
        """Whether every slice was listed newest first so far, as Twilio documents."""
        self._look_ups = 0
        self._lost: TwilioWidgetsError | None = None
        """The error of a slice that was given up."""
        self._cancelled = False
        self._task: asyncio.Task[SyncReport] | None = None

    @property
    def progress(self) -> SyncProgress:
        """How far it is."""
        return SyncProgress(
            days=len(self._reports),
            of_days=len(self._plan.to_read),
            rows=self._rows,
            pages=self._pages,
        )

    def cancel(self) -> None:
        """End it; call this on the event loop's thread."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> SyncReport:
        """Read and commit every day; a cancelled sync keeps those that are finished."""
        self._task = asyncio.current_task()
        try:
            await self._read_all()
            await self._settle_unsent()
            await self._in_thread(self._committer.flush)
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
            self._committer.flush()
        except BaseException:
            with suppress(ArchiveError):
                self._committer.flush()
            raise
        finally:
            self._folder.sweep(self._committer.manifest.files)
            with suppress(Exception):
                await self._twilio.aclose()
        if self._lost is not None and not any(one.pages for one in self._reports.values()):
            raise self._lost
        return self._report()

    # Reading

    async def _read_all(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._walk_unsent())
                for _ in range(self._concurrency):
                    group.create_task(self._reader(group))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _walk_unsent(self) -> None:
        try:
            await self._unsent.walk(self._client, self._path)
        except _FOR_ALL:
            raise
        except _LOST as error:
            self._unsent.give_up(str(error))
        finally:
            self._unsent_read.set()

    async def _reader(self, group: asyncio.TaskGroup) -> None:
        while (one := await self._next_range()) is not None:
            while (slice_ := self._workload.next_slice(one)) is not None:
                for day in await self._read(slice_, one):
                    if self._workload.is_read(day):  # this reader goes on while the disk is busy
                        group.create_task(self._finish(self._days[day]))

    async def _next_range(self) -> DayRange | None:
        """Wait for something to read; None when every day is finished."""
        while len(self._reports) < len(self._days):
            one = self._workload.take()
            if one is not None:
                return one
            if self._is_worth_proving(readers=self._concurrency - self._idle - 1):
                await self._prove()
                continue
            changed = self._changed
            self._idle += 1
            await changed.wait()
            self._idle -= 1
        return None

    def _wake(self) -> None:
        """Let the readers that have nothing to do look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _finish(self, walk: DayWalk) -> None:
        async with self._closing:
            await self._close(walk)
        self._tell()
        self._wake()

    async def _read(self, slice_: Slice, one: DayRange) -> list[date]:
        """Read a slice of a range; return the days that the range has finished."""
        if slice_.last.date() >= self._started_at.date():
            # A message that is sent meanwhile must be in one of the two walks.
            await self._unsent_read.wait()
        try:
            return await self._walk(slice_, one)
        except _FOR_ALL:
            raise
        except _LOST as error:
            if not slice_.is_day:  # only the day with the trouble is given up
                one.by_day = True
                return []
            self._days[slice_.first.date()].problem, self._lost = str(error), error
            one.advance(slice_.first - SECOND)
            return one.finished()

    async def _walk(self, slice_: Slice, one: DayRange) -> list[date]:
        pages = Paginator(slice_.request(self._path), page_of)
        file = SliceFile(self._folder, slice_)
        oldest: datetime | None = None
        with file.writer() as stream:
            while pages.next_request is not None and self._is_best(slice_, one):
                table = table_of_page(await self._client.page(pages))
                sent = self._take(table, slice_)
                stream.write_table(self._forgotten.without(sent))
                oldest = self._advance(one, sent, oldest)
                if not self._idle and self._is_worth_proving(readers=self._concurrency):
                    await self._prove()
                self._wake()
        if pages.next_request is None:
            one.advance(slice_.first - SECOND)
        days = one.days.intersection(slice_.days)
        file.keep_for(days)
        for day in days:
            self._days[day].parts.append(file)
        return one.finished()

    def _take(self, table: Any, slice_: Slice) -> Any:
        """Count the rows of a page; return those of the slice's days."""
        sent, undated, foreign = sorted_out(table, slice_)
        days = pc.unique(pc.cast(sent["date_sent"], pa.date32())).to_pylist()
        for day in days or slice_.days[:1]:
            self._days[day].pages += 1
        self._pages += 1
        if foreign:
            self._workload.honoured &= slice_.is_day
            raise BadResponse(
                f"Twilio returned {foreign:,} messages that the filter for {slice_} excludes."
            )
        self._unsent.add(undated)
        self._rows += len(table)
        self._tell()
        return sent

    # Times of day

    def _advance(self, one: DayRange, sent: Any, oldest: datetime | None) -> datetime | None:
        """Note how far a range was read, and make a probe of the rows; return the oldest time."""
        times = sent["date_sent"]
        if not len(times):
            return oldest
        first: datetime = times[0].as_py()
        last: datetime = times[-1].as_py()
        if (oldest is not None and oldest < first) or not is_newest_first(times):
            self._is_ordered = self._workload.honoured = False
        if self._is_ordered:
            one.advance(last, len(times), newest=first)
        if self._probe is None:
            rows = zip(sent["sid"].to_pylist(), times.to_pylist(), strict=True)
            self._probe = probe_of(list(rows))
        return last

    def _is_best(self, slice_: Slice, one: DayRange) -> bool:
        """Return whether to go on with a slice: the rest was not taken over or can be merged."""
        if not self._is_ordered:
            return True
        best = self._workload.next_slice(one)
        return best is not None and (len(slice_.days) > 1 or best.first >= slice_.first)

    def _is_worth_proving(self, *, readers: int) -> bool:
        """Return whether to ask Twilio if times of day are honoured.

        Args:
            readers: The number of readers that have something to do.
        """
        if self._asked or self._probe is None or not self._is_ordered:
            return False
        left = self._workload.pages_left
        saves_time = self._concurrency > 1 and left >= SAVES_TIME * max(1, readers)
        return saves_time or self._workload.saved_by_proof >= SAVES_REQUESTS

    async def _prove(self) -> None:
        """Ask Twilio, once, whether times of day are honoured."""
        probe, self._asked = cast("TimeProbe", self._probe), True
        pages = Paginator(probe.part.request(self._path), page_of)
        try:
            answer = table_of_page(await self._client.page(pages))
        except ApiError as error:
            if isinstance(error, _FOR_ALL):
                raise
            return
        times = zip(answer["sid"].to_pylist(), answer["date_sent"].to_pylist(), strict=True)
        self._workload.honoured = self._is_ordered and probe.proves(list(times))
        self._wake()

    async def _close(self, walk: DayWalk) -> None:
        """Compare a day with the archived one, and commit it."""
        if walk.problem:
            self._give_up(walk)
            return
        rows = await self._in_thread(walk.rows)
        if self._must_walk_again(walk, rows):
            walk.walk_again()
            self._workload.add(walk.day)
            return
        comparison = await self._in_thread(self._committer.compare, walk.day, rows.table)
        comparison, deleted, unchecked = await self._look_up(comparison, comparison.missing)
        reason = unchecked
        if rows.moved and walk.day < self._started_at.date():
            reason = "Messages kept moving while its pages were read."
        done = await self._in_thread(
            self._committer.commit_day, walk.day, comparison, deleted, reason
        )
        walk.discard()
        self._reports[walk.day] = SliceReport(
            day=walk.day,
            state="incomplete" if reason else "complete",
            rows=done.rows,
            pages=walk.pages,
            parts=rows.parts,
            overlap=rows.overlap,
            moved=rows.moved,
            added=done.added,
            changed=done.changed,
            deleted=done.deleted,
            reason=reason,
        )

    def _must_walk_again(self, walk: DayWalk, rows: WalkedRows) -> bool:
        """Return whether rows may be missing: a page was skipped if rows moved up meanwhile."""
        if walk.walks >= MOST_WALKS:
            return False
        if rows.parts > 1 and not self._is_ordered:
            return True
        return rows.moved > 0 and walk.day < self._started_at.date()

    def _give_up(self, walk: DayWalk) -> None:
        walk.discard()
        self._reports[walk.day] = SliceReport(
            day=walk.day,
            state="incomplete",
            rows=self._committer.manifest.days.get(walk.day, ArchivedDay()).rows,
            pages=walk.pages,
            reason=f"Given up: {walk.problem}",
        )

    # Missing messages

    async def _look_up(
        self, comparison: Comparison, missing: Sequence[str]
    ) -> tuple[Comparison, set[str], str]:
        """Read messages that are archived but no longer listed, by their SIDs.

        Returns:
            The comparison with those that still exist; the SIDs of those that do not; and, if some
            were not looked up, why the day is not complete.
        """
        asked = missing[: max(0, LOOK_UPS - self._look_ups)]
        self._look_ups += len(asked)
        found: list[Message] = []
        deleted: set[str] = set()
        problem = ""
        for sid, answer in zip(asked, await self._messages(asked), strict=True):
            if isinstance(answer, str):
                problem = answer
            elif answer is None:
                deleted.add(sid)
            else:
                found.append(answer)
        if len(asked) < len(missing):
            problem = "there are too many for one sync"
        unchecked = len(missing) - len(deleted) - len(found)
        reason = (
            f"{unchecked:,} archived messages are no longer listed and were not looked up: "
            f"{problem}."
        )
        if found:
            comparison = comparison.with_rows(table_of_messages(found))
        return comparison, deleted, reason if unchecked else ""

    async def _messages(self, sids: Sequence[str]) -> list[Message | str | None]:
        """Read messages; None for a deleted one, a text for a failure."""

        async def one(sid: str) -> Message | str | None:
            try:
                return await self._client.message(sid)
            except _FOR_ALL:
                raise
            except _LOST as error:
                return str(error).rstrip(".")

        return list(await asyncio.gather(*map(one, sids)))

    async def _settle_unsent(self) -> None:
        """Commit the messages without a date sent, except those that a day has now."""
        rows = self._unsent.rows
        comparison = await self._in_thread(self._committer.compare_unsent, rows)
        self._unsent.report = replace(self._unsent.report, found=len(comparison.walked))
        pending = self._committer.pending(comparison)
        comparison, deleted, _ = await self._look_up(comparison, pending)
        complete = self._unsent.report.complete
        await self._in_thread(self._committer.commit_unsent, comparison, deleted, complete)

    # The rest

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        """Run a function that blocks in a thread; a cancelled sync waits for it."""
        async with self._disk:
            work = asyncio.ensure_future(asyncio.to_thread(function, *args))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait([work])
                raise

    def _tell(self) -> None:
        if self._notify is not None:
            self._notify(self.progress)

    def _report(self) -> SyncReport:
        manifest, plan = self._committer.manifest, self._plan
        days = sorted({*plan.kept, *plan.to_read})
        return SyncReport(
            since=plan.since,
            until=plan.until,
            settled_until=self._started_at - timedelta(seconds=self._connection.settle_seconds),
            slices=tuple(self._reports.get(day) or self._unread_slice(day) for day in days),
            unsent=self._unsent.report,
            rows=manifest.rows,
            requests=self._gate.requests,
            limited=self._gate.limited,
            split=self._split_text(),
            notes=plan.notes,
            cancelled=self._cancelled,
            beyond=plan.beyond,
        )

    def _unread_slice(self, day: date) -> SliceReport:
        entry = self._committer.manifest.days.get(day, ArchivedDay())
        if day in self._days:
            if entry.complete and entry.walked_at == self._started_at.isoformat():
                return SliceReport(day=day, state="complete", rows=entry.rows)
            return SliceReport(day=day, state="not read", rows=entry.rows, reason="Not read.")
        return SliceReport(day=day, state="kept", rows=entry.rows, reason=entry.reason)

    def _split_text(self) -> str:
        if not self._is_ordered:
            return "Twilio's list was not newest first, so every day was read on its own."
        if not self._asked:
            return ""
        if not self._workload.honoured:
            return "Times of day were not honoured, so every day was read on its own."
        split = sum(one.parts > 1 for one in self._reports.values())
        return (
            "Times of day were proved to be honoured, so quiet days were read together; "
            f"{split} days were read in parts."
        )
