"""One sync: read the slices at once, compare each day with the archived one, and commit it.

It runs on the background event loop. What blocks (disk, Arrow) runs in a thread, one day at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from twilio_widgets.archive.commit import Committer
from twilio_widgets.archive.day_walk import DayWalk, PartWriter, WalkedRows, sorted_out
from twilio_widgets.archive.forget import ForgottenNumbers
from twilio_widgets.archive.gate import RequestGate
from twilio_widgets.archive.manifest import ArchivedDay
from twilio_widgets.archive.merge import Comparison
from twilio_widgets.archive.plan import SyncPlan
from twilio_widgets.archive.report import SliceReport, SyncProgress, SyncReport
from twilio_widgets.archive.requests import SyncClient
from twilio_widgets.archive.rows import table_of_messages, table_of_page
from twilio_widgets.archive.slices import (
    PAGES_PER_PART,
    SPLIT_AFTER,
    SPLIT_FROM_PAGES,
    Slice,
    probe_of,
)
from twilio_widgets.archive.store import ArchiveFolder
from twilio_widgets.archive.unsent import UnsentMessages
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
from twilio_widgets.frames.decode import MessageRecord, page_of

T = TypeVar("T")

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
        self._days = {day: DayWalk(day, folder) for day in plan.to_read}
        self._unsent = UnsentMessages(plan.since, forgotten)
        self._unsent_read = asyncio.Event()
        self._queue: asyncio.Queue[Slice | None] = asyncio.Queue()
        self._idle = 0
        self._unread = len(self._days)
        self._reports: dict[date, SliceReport] = {}
        self._rows = self._pages = 0
        self._disk = asyncio.Lock()
        self._probing = asyncio.Lock()
        self._times_are_honoured: bool | None = None
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
        for day in self._plan.to_read:
            self._queue.put_nowait(Slice(day))
        if not self._unread:
            self._stop_readers()
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
        while True:
            self._idle += 1
            slice_ = await self._queue.get()
            self._idle -= 1
            if slice_ is None:
                return
            walk = self._days[slice_.day]
            await self._read(slice_, walk)
            walk.unread -= 1
            if walk.unread:
                self._finished_one()
            else:  # this reader continues while the disk is busy
                group.create_task(self._finish(walk))

    async def _finish(self, walk: DayWalk) -> None:
        await self._close(walk)
        self._tell()
        self._finished_one()

    def _finished_one(self) -> None:
        self._unread -= 1
        if not self._unread:
            self._stop_readers()

    def _stop_readers(self) -> None:
        for _ in range(self._concurrency):
            self._queue.put_nowait(None)

    def _enqueue(self, slices: Sequence[Slice]) -> None:
        self._unread += len(slices)
        for one in slices:
            self._queue.put_nowait(one)

    async def _read(self, slice_: Slice, walk: DayWalk) -> None:
        """Read one slice."""
        if slice_.day >= self._started_at.date():
            # A message that is sent meanwhile must be in one of the two walks.
            await self._unsent_read.wait()
        try:
            if not walk.problem:
                await self._walk(slice_, walk)
        except _FOR_ALL:
            raise
        except _LOST as error:
            walk.problem, self._lost = str(error), error

    async def _walk(self, slice_: Slice, walk: DayWalk) -> None:
        pages = Paginator(slice_.request(self._path), page_of)
        with walk.part() as part:
            while pages.next_request is not None:
                rows = await self._client.page(pages)
                walk.pages += 1
                self._take(table_of_page(rows), slice_, part)
                worth_it = self._is_worth_splitting(slice_, part, pages)
                if worth_it and await self._can_split(slice_, part):
                    self._split(slice_, walk, part, _pages_left(slice_, part, pages))
                    return

    def _take(self, table: Any, slice_: Slice, part: PartWriter) -> None:
        sent, undated, foreign = sorted_out(table, slice_)
        if foreign:
            raise BadResponse(
                f"Twilio returned {foreign:,} messages that the filter for {slice_} excludes."
            )
        part.add(self._forgotten.without(sent))
        self._unsent.add(undated)
        self._rows += len(table)
        self._pages += 1
        self._tell()

    async def _close(self, walk: DayWalk) -> None:
        """Compare a day with the archived one, and commit it."""
        if walk.problem:
            self._give_up(walk)
            return
        rows = await self._in_thread(walk.rows)
        if self._must_walk_again(walk, rows):
            walk.walk_again()
            self._enqueue([Slice(walk.day)])
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
            parts=len(walk.parts),
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
        if walk.was_split and rows.unseen:
            self._times_are_honoured = False
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

    # Busy days

    def _is_worth_splitting(
        self, slice_: Slice, part: PartWriter, pages: Paginator[MessageRecord]
    ) -> bool:
        """Return whether other readers are idle and could share the rest of a slice."""
        if not self._idle or self._times_are_honoured is False:
            return False
        if pages.next_request is None or pages.pages < SPLIT_AFTER:
            return False
        # The parts read the pages so far again, which must be worth it.
        return _pages_left(slice_, part, pages) >= max(SPLIT_FROM_PAGES, 4 * pages.pages)

    async def _can_split(self, slice_: Slice, part: PartWriter) -> bool:
        """Return whether times of day are honoured; ask Twilio once."""
        async with self._probing:
            if self._times_are_honoured is None:
                rows = [row for page in part.first_pages for row in _sids_and_times(page)]
                probe = probe_of(slice_.day, rows)
                if probe is None:
                    return False
                pages = Paginator(probe.part.request(self._path), page_of)
                try:
                    answer = table_of_page(await self._client.page(pages))
                    self._times_are_honoured = probe.proves(_sids_and_times(answer))
                except ApiError as error:
                    if isinstance(error, _FOR_ALL):
                        raise
                    self._times_are_honoured = False
            return self._times_are_honoured

    def _split(self, slice_: Slice, walk: DayWalk, part: PartWriter, left: int) -> None:
        """Queue the parts of a slice; what was read of it becomes a sample to check them with."""
        parts = slice_.parts(min(2 * self._concurrency, left // PAGES_PER_PART))
        part.is_sample = True
        walk.was_split = True
        walk.unread += len(parts)
        self._enqueue(parts)

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
        split = sum(one.parts > 1 for one in self._reports.values())
        if self._times_are_honoured is None:
            return ""
        if not self._times_are_honoured:
            return "Times of day were not honoured, so busy days were read page by page."
        return f"Times of day were proved to be honoured; {split} busy days were read in parts."


def _pages_left(slice_: Slice, part: PartWriter, pages: Paginator[MessageRecord]) -> int:
    if part.newest is None or part.oldest is None:
        return 0
    return slice_.pages_left(part.newest, part.oldest, pages.pages)


def _sids_and_times(table: Any) -> list[tuple[str, datetime]]:
    return list(zip(table["sid"].to_pylist(), table["date_sent"].to_pylist(), strict=True))
