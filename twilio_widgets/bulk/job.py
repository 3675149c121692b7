"""`Job`: a running or finished bulk send, backed by its journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.bulk import outcomes
from twilio_widgets.bulk.progress import JobProgress
from twilio_widgets.bulk.run.cancel import CancelledRow, cancel_scheduled, ledger_of
from twilio_widgets.bulk.run.handle import (
    AT_ONCE,
    RunHandle,
    registry_lock,
    reserve_quota,
    run_flows,
    running_jobs,
)
from twilio_widgets.bulk.run.options import (
    checked_callbacks,
    checked_client,
    checked_count,
    checked_plan,
    checked_terms,
    checked_time,
)
from twilio_widgets.bulk.run.pacing import MOST_AT_ONCE, UNDO_SECONDS
from twilio_widgets.bulk.run.run import RunOptions
from twilio_widgets.bulk.statuses import later_statuses, with_what_was_heard
from twilio_widgets.bulk.view import JobView
from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.core.message.message import is_message_sid, status_is_final
from twilio_widgets.errors import ConfigurationError, InvalidMessage, JobError
from twilio_widgets.journal import states
from twilio_widgets.journal.journal import Journal, Settlement, create
from twilio_widgets.journal.ledger import other_region, reading
from twilio_widgets.journal.location import JobLocation, JobLock, location_of
from twilio_widgets.journal.plan_rows import (
    PlanLike,
    asks_for_less,
    difference,
    rows_of,
    rows_to_compare,
)
from twilio_widgets.journal.reconcile import Callbacks
from twilio_widgets.journal.row import JournalRow, fingerprint_of
from twilio_widgets.journal.search import find_location
from twilio_widgets.progress import RowBar

if TYPE_CHECKING:
    from twilio_widgets.client import AsyncTwilio, Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.panels.bulk.job_bar import JobBar


class Job(JobView):
    """A bulk send: many messages, each sent at most once, with one outcome for each row.

    ``plan.send(twilio, name=…)`` starts a job and returns immediately; ``Job.open(name)`` opens it
    again, in any process. Starting a job that exists sends nothing and returns the existing job.

    The journal (`file`) records everything: a row is written to it before its request, so that a
    lost response, a crash or a power cut leaves at worst a row whose outcome is `unknown`. Such a
    row is settled by evidence, and is sent again only if you name it in `resend`.
    """

    def __init__(self, location: JobLocation, twilio: Twilio | AsyncTwilio | None = None) -> None:
        super().__init__(location)
        self._twilio = twilio

    # Beginning

    @classmethod
    def start(
        cls,
        plan: PlanLike,
        twilio: Twilio | AsyncTwilio,
        *,
        name: str,
        folder: str | Path | None = None,
        rate: float | None = 1.0,
        per: Literal["message", "segment"] = "message",
        on_unknown: Literal["hold", "abandon"] = "hold",
        undo_seconds: float = UNDO_SECONDS,
        concurrency: int = MOST_AT_ONCE,
        callbacks: Callbacks | None = None,
    ) -> Job:
        """Start to send a plan in the background, or return the existing job of that name.

        Args:
            plan: The plan, from ``tw.plan``.
            twilio: The client to send with; its policy is checked before the first request.
            name: The job's name, unique for each plan you want to send.
            folder: The folder of the job's journal; by default your data folder.
            rate: Messages or segments a second for each sender; None is unlimited.
            per: Whether the rate counts messages or segments.
            on_unknown: ``"hold"`` keeps rows unknown for which there is no evidence; ``"abandon"``
                gives them up. Neither sends them again.
            undo_seconds: Undo window: seconds before the first request in which you can cancel. A
                sandbox with a frozen clock advances it immediately, so there is no window.
            concurrency: The maximum number of concurrent requests; it starts with 2 and adapts.
            callbacks: A listener whose status callbacks show what became of a lost response.

        Raises:
            PolicyRefused: The client's policy forbids the job; nothing was sent.
            InvalidMessage: A row of a new job is invalid, or is scheduled for a time that has
                passed; nothing was sent.
            JobError: The existing job of that name lacks one of these rows or has another text for
                it (the error says what differs), another process is running it, or its journal
                cannot be used.
        """
        twilio, callbacks = concealed(twilio), concealed(callbacks)
        location = location_of(checked_client(twilio).connection, name, folder)
        checked_plan(plan)
        terms = checked_terms(rate, per, on_unknown)
        options = RunOptions(
            undo_seconds=checked_time(undo_seconds, "undo_seconds"),
            concurrency=checked_count(concurrency, "concurrency"),
            callbacks=checked_callbacks(callbacks),
        )
        with registry_lock():
            running = running_jobs()
            if (job := running.get(location.file)) is not None:
                job._client(twilio)
                job._compare(plan)
                return job  # type: ignore[no-any-return]
            job = cls(location, twilio)
            with job._owning() as own:
                if location.file.exists() or location.damaged():
                    job._compare(plan)
                    return job
                now = twilio.connection.now()
                rows = rows_of(plan, now=now)
                quota = reserve_quota(twilio, rows, name)
                create(location, rows, terms, now=now.timestamp())
                options = replace(options, quota=quota)
                job._begin(running, own, Journal(location), twilio, options)
            return job

    @classmethod
    def open(
        cls,
        name: str,
        folder: str | Path | None = None,
        connection: Connection | None = None,
    ) -> Job:
        """Open an existing job, running or finished; nothing is sent.

        Args:
            name: The job's name.
            folder: The folder of its journal, if it is not your data folder.
            connection: The account it belongs to; needed if several accounts have a job of that
                name, and for a sandbox.

        Raises:
            JobError: There is no such job, or its journal cannot be used.
        """
        connection = concealed(connection)
        if connection is None:
            location = find_location(name, folder)
        else:
            location = location_of(connection, name, folder)
        with registry_lock():
            running = running_jobs()
            if (job := running.get(location.file)) is not None:
                return job  # type: ignore[no-any-return]
        with reading(location) as ledger:
            return cls(replace(location, region=ledger.header.region))

    def resume(
        self,
        twilio: Twilio | AsyncTwilio | None = None,
        *,
        concurrency: int = MOST_AT_ONCE,
        callbacks: Callbacks | None = None,
    ) -> Job:
        """Continue the job: send the pending rows, and settle the unknown ones.

        If it is being paused, this waits for the requests in flight first.

        Args:
            twilio: The client to send with; by default the one that started the job.
            concurrency: The maximum number of concurrent requests.
            callbacks: A listener whose callbacks are evidence.

        Raises:
            PolicyRefused: The client's policy forbids the remaining rows.
            JobError: Another process is running it, or its journal cannot be used.
        """
        twilio, callbacks = concealed(twilio), concealed(callbacks)
        if self._handle is not None and self.under_way:
            if not self._handle.is_ending:
                return self
            with suppress(JobError):  # it was ending anyway
                self._wait(None)
        options = RunOptions(
            concurrency=checked_count(concurrency, "concurrency"),
            callbacks=checked_callbacks(callbacks),
        )
        return self._go_on(self._client(twilio), options)

    def resend(
        self,
        rows: object,
        twilio: Twilio | AsyncTwilio | None = None,
        *,
        callbacks: Callbacks | None = None,
    ) -> Job:
        """Send the rows you name again.

        An unknown row may have been sent: then its recipient gets the message twice.

        Args:
            rows: Their row numbers (`row`), or a frame of them such as `resendable`.
            twilio: The client to send with; by default the one that started the job.
            callbacks: A listener whose callbacks are evidence.

        Raises:
            JobError: One of them was accepted, or its recipient opted out; none is sent.
        """
        twilio, callbacks = concealed(twilio), concealed(callbacks)
        client, positions = self._client(twilio), outcomes.positions_of(rows)

        def decide(journal: Journal) -> list[JournalRow]:
            self._hear(journal)
            chosen = outcomes.checked_for_resending(journal.rows(), positions)
            reserve_quota(client, chosen, self.name)
            return journal.decide(chosen, "resend", now=client.connection.now().timestamp())

        options = RunOptions(only=frozenset(positions), callbacks=checked_callbacks(callbacks))
        return self._go_on(client, options, decide)

    def _go_on(
        self,
        twilio: Twilio | AsyncTwilio,
        options: RunOptions,
        first: Callable[[Journal], object] = lambda _journal: None,
    ) -> Job:
        with registry_lock(), self._owning() as own:
            running = running_jobs()
            journal = Journal(self._location)
            try:
                first(journal)
                rows = journal.rows(states.PENDING)
                if options.only is not None:
                    rows = [row for row in rows if row.n in options.only]
                quota = reserve_quota(twilio, rows, self.name)
            except BaseException:
                journal.close()
                raise
            self._begin(running, own, journal, twilio, replace(options, quota=quota))
        return self

    def _begin(
        self,
        running: dict[Path, Any],
        own: JobLock,
        journal: Journal,
        twilio: Twilio | AsyncTwilio,
        options: RunOptions,
    ) -> None:
        self._twilio = twilio
        options = replace(options, notify=self._notify)
        self._callbacks = options.callbacks or self._callbacks
        handle = RunHandle(self._location, own, journal, twilio, options)
        try:  # registered before it starts: otherwise an interrupted start could not be stopped
            self._handle, running[self._location.file] = handle, self
            handle.begin()
        except BaseException:
            handle.give_up()
            raise

    # While it runs

    def wait(self, timeout: float | None = None, *, progress: bool = False) -> JobProgress:
        """Wait until the job has finished or paused.

        Interrupting this does not stop the job.

        Args:
            timeout: The maximum number of seconds to wait; None is unlimited.
            progress: Whether to show a progress bar while waiting.

        Returns:
            The job's progress.

        Raises:
            JobError: The job stopped because its journal could not be written.
        """
        if self._handle is not None:
            if progress:
                self._show(timeout)
            else:
                self._wait(timeout)
        return self.progress

    def _wait(self, seconds: float | None) -> bool:
        if self._handle is None or self._handle.work is None:
            return True
        try:
            self._handle.work.result(seconds)
        except TimeoutError:
            return False
        return True

    def _show(self, timeout: float | None) -> None:
        until = None if timeout is None else time.monotonic() + timeout
        bar = RowBar(self.progress.total)
        try:
            while not self._wait(_LOOK):
                now = self.progress
                bar(now.done, f"{now.unknown} unknown" if now.unknown else now.state)
                if until is not None and time.monotonic() >= until:
                    return
            bar(self.progress.done)
        finally:
            bar.close()

    def pause(self) -> None:
        """Stop sending; requests in flight finish. `resume` continues the job.

        Raises:
            JobError: Another process is running it: pause it there.
        """
        if self._handle is not None and self.under_way:
            self._handle.end("paused", "You paused it.")
            return
        with self._owning():
            pass  # it is not running, so there is nothing to stop

    def cancel(self, twilio: Twilio | AsyncTwilio | None = None) -> CancelledRow:
        """Stop sending for good, and cancel the scheduled messages at Twilio.

        It can be called again: messages cancelled before count as cancelled.

        Args:
            twilio: The client to cancel scheduled messages with; by default the one that started
                the job.

        Returns:
            The result for each row. An unknown row of a scheduled job may be scheduled at Twilio
            with a SID that is not known here: `resume` settles it, then cancel again.

        Raises:
            JobError: Another process is running it: cancel it there.
        """
        twilio = concealed(twilio)
        if self._handle is not None and self.under_way:
            self._handle.end("cancelled", "You cancelled it.")
            self._wait(None)
        with self._writing() as journal:
            now = self._now()
            if self._twilio is not None:
                journal.monotonic = self._twilio.connection.monotonic
            journal.recover(now=now)
            if journal.doubt is not None:
                journal.mark_pending_unknown(now=now)
            waiting = journal.rows(states.PENDING)
            journal.decide(waiting, "skip", now=now)
            scheduled = [r for r in journal.rows(states.ACCEPTED) if r.is_scheduled]
            found: dict[str, list[int]] = {}
            if scheduled:
                found = self._cancel_at_twilio(journal, scheduled, self._client(twilio))
            if waiting or found.get("cancelled"):  # else nothing was cancelled: keep the state
                journal.note("cancelled", "You cancelled it.", now=self._now())
            return ledger_of(journal.rows(), found)

    def _cancel_at_twilio(
        self, journal: Journal, rows: list[JournalRow], twilio: Twilio | AsyncTwilio
    ) -> dict[str, list[int]]:
        connection = twilio.connection
        slices = [rows[start::AT_ONCE] for start in range(min(AT_ONCE, len(rows)))]
        flows = [
            cancel_scheduled(connection, lambda: RetryPolicy(twilio.timeout), part)
            for part in slices
        ]
        found: dict[str, list[int]] = {}
        for positions, seen in run_flows(twilio, flows):
            journal.see(seen, now=self._now())
            for word, numbers in positions.items():
                found.setdefault(word, []).extend(numbers)
        return found

    # Afterwards

    def refresh(
        self, twilio: Twilio | AsyncTwilio | None = None, *, callbacks: Callbacks | None = None
    ) -> int:
        """Fetch the current statuses of the accepted messages from Twilio.

        Statuses that the listener has received are recorded as well.

        Args:
            twilio: The client to use; by default the one that started the job.
            callbacks: The listener that received their callbacks, if not the job's own.

        Returns:
            The number of messages fetched. Messages with a final status and a price are not
            fetched again.
        """
        twilio, callbacks = concealed(twilio), concealed(callbacks)
        client = self._client(twilio)
        self._callbacks = checked_callbacks(callbacks) or self._callbacks
        with self._writing() as journal:
            self._hear(journal)
            sids = [
                str(row.sid)
                for row in journal.rows(states.ACCEPTED)
                if row.price is None or not status_is_final(row.message_status or "")
            ]
            if not sids:
                return 0
            flow = later_statuses(
                client.connection,
                lambda: RetryPolicy(client.timeout),
                sids,
                journal.header.created_at,
                lambda seen: journal.see(seen, now=self._now()),
            )
            (count,) = run_flows(client, [flow])
            return count

    def _hear(self, journal: Journal) -> None:
        """Record the statuses that the listener has received since."""
        before = journal.rows(states.ACCEPTED)
        heard = with_what_was_heard(before, self._callbacks)
        if news := [row for was, row in zip(before, heard, strict=True) if row is not was]:
            journal.hear(news, now=self._now())

    def abandon(self, rows: object) -> None:
        """Give up unknown rows: they are neither sent again nor looked up any more.

        Args:
            rows: Their row numbers (`row`), or a frame of them.

        Raises:
            JobError: One of them is not unknown; none is given up.
        """
        positions = set(outcomes.positions_of(rows))
        with self._writing() as journal:
            chosen = [row for row in journal.rows(states.UNKNOWN) if row.n in positions]
            if wrong := sorted(positions - {row.n for row in chosen}):
                raise JobError(f"Row {wrong[0]} is not unknown, so nothing was changed.")
            journal.decide(chosen, "abandon", now=self._now())

    def attach(self, row: int, sid: str) -> None:
        """Record which message an unknown row is, if you know it and the log does not show it.

        Args:
            row: The row number.
            sid: The message's SID.

        Raises:
            InvalidMessage: `sid` is not a message SID.
            JobError: The row is not unknown, or the message belongs to another row.
        """
        if not is_message_sid(sid):
            raise InvalidMessage(
                "sid must be a message SID: SM or MM and 32 hex digits.", field="sid"
            )
        with self._writing() as journal:
            if row not in {one.n for one in journal.rows(states.UNKNOWN)}:
                raise JobError(f"Row {row} is not unknown, so nothing was changed.")
            if sid in journal.sids():
                raise JobError(f"{sid} is another row's message, so nothing was changed.")
            verdict = Settlement(
                row, "accepted", "You attached this message.", "{}", by="person", sid=sid
            )
            journal.settle([verdict], now=self._now())

    def forget(self) -> None:
        """Delete every number and text from the journal; statuses, SIDs and times are kept.

        Scheduled messages can still be cancelled.

        The job's name stays in use, so that the same cell still sends nothing. Rows are then
        identified by their row number only.

        Raises:
            JobError: A row is still pending or unknown, or another process is running the job or
                reading its journal: call it again later.
        """
        with self._writing() as journal:
            journal.forget(now=self._now())

    # In a notebook

    @cached_property
    def bar(self) -> JobBar:
        """The job's live progress bar, the same object each time."""
        from twilio_widgets.panels.bulk.job_bar import JobBar

        return JobBar(self)

    def _ipython_display_(self) -> None:
        self.bar._ipython_display_()

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object]:
        return self.bar._repr_mimebundle_(**kwargs)

    # Inside

    @contextmanager
    def _owning(self) -> Iterator[JobLock]:
        """Lock the job; a run that starts within takes the lock over."""
        own = JobLock(self._location)
        try:
            yield own
        finally:
            if not own.handed_over:
                own.release()

    @contextmanager
    def _writing(self) -> Iterator[Journal]:
        """Open the journal for writing, or share the running job's open journal."""
        if self._handle is not None:
            with self._handle.using() as journal:
                if journal is not None:
                    yield journal
                    return
        with self._owning(), closing(Journal(self._location)) as journal:
            yield journal

    def _client(self, twilio: Twilio | AsyncTwilio | None) -> Twilio | AsyncTwilio:
        client = twilio if twilio is not None else self._twilio
        if client is None:
            raise ConfigurationError(
                "This job was not started in this process: give the client, such as "
                "job.resume(twilio).",
                field="twilio",
            )
        connection, location = checked_client(client).connection, self._location
        if (connection.acting_sid, connection.world_id) != (location.account_sid, location.world):
            raise JobError(
                f'Job "{self.name}" belongs to another account or sandbox than this client; '
                "nothing was sent."
            )
        if location.region not in {None, connection.served_in}:
            raise other_region(self.name, str(location.region), connection.served_in)
        return client

    def _now(self) -> float:
        if self._twilio is not None:
            return self._twilio.connection.now().timestamp()
        return datetime.now(UTC).timestamp()

    def _compare(self, plan: PlanLike) -> None:
        """Check that the job has every row of a plan, and note the rows that the plan lacks.

        Raises:
            JobError: The plan has other rows; the error says what differs.
        """
        with reading(self._location) as ledger:
            kept, header = ledger.rows(), ledger.header
        planned, forgotten = rows_to_compare(plan), header.forgotten_at is not None
        self._remark = ""
        if fingerprint_of(planned) == header.fingerprint:
            return
        if asks_for_less(planned, kept, forgotten=forgotten):
            lacking = len(kept) - len(planned)
            what = f"{lacking:,} fewer" if forgotten else difference(planned, kept)
            self._remark = f"The plan given now has fewer rows ({what}); the job is unchanged."
            return
        what = None if forgotten else difference(planned, kept)
        raise JobError(
            f'Job "{self.name}" belongs to another plan ({what or "its rows are forgotten"}). '
            "Nothing was sent. Use another name for this plan, or give the job's own plan to "
            "see it."
        )


_LOOK = 0.1
"""Seconds between two updates of the progress bar."""
