"""One run of a job: a coroutine that decides which rows to send, and journals them before it does.

It runs on the background loop and ends when every row is final, or when the job pauses. Its whole
state is in the journal: pausing ends one run, and continuing later, in this process or another,
starts the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from twilio_widgets.bulk.run.pacing import MOST_AT_ONCE, Pacer
from twilio_widgets.bulk.run.queue import Queue
from twilio_widgets.core.flows import messages
from twilio_widgets.core.flows.answers import DAY_LIMIT
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.errors import JobError, RateLimited, TwilioWidgetsError
from twilio_widgets.journal import states
from twilio_widgets.journal.journal import Journal
from twilio_widgets.journal.reconcile import Callbacks, LockTimeout, settle, with_token
from twilio_widgets.journal.row import JournalRow
from twilio_widgets.journal.states import AttemptResult, result_of

if TYPE_CHECKING:
    from twilio_widgets.client import AsyncTwilio
    from twilio_widgets.core.guardrails.job_quota import JobQuota
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.journal.location import JobLocation

RECORD_WITHIN, RECORD_AT_MOST = 0.02, 50
"""Results are written to the journal after this many seconds, or this many results."""


OLDER = (
    "The journal lacks attempts that were made: a backup was restored, or its -wal file is "
    "damaged. So the message log was asked about every row that was pending. What it does not "
    "show is unknown and waits for you: job.resend(rows) sends it, perhaps a second time."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of a run that are not in the journal."""

    undo_seconds: float = 0.0
    """Undo window: seconds before the first request."""
    concurrency: int = MOST_AT_ONCE
    only: Collection[int] | None = None
    """The row numbers to send; None is every pending row."""
    callbacks: Callbacks | None = None
    quota: JobQuota | None = None
    notify: Callable[[Run], None] = lambda _run: None
    """Called on the loop's thread when something has changed."""


@dataclass(frozen=True, slots=True)
class _Completed:
    """A row whose request has ended, with its result, before it is journalled."""

    row: JournalRow
    ending: AttemptResult
    at: float


class Run:
    """One run of a job.

    Args:
        journal: Open for writing; the caller has the job's lock.
        location: The journal's location.
        twilio: A client for the loop it runs on; it is closed at the end.
        options: The options.
    """

    def __init__(
        self, journal: Journal, location: JobLocation, twilio: AsyncTwilio, options: RunOptions
    ) -> None:
        self._journal = journal
        self._location = location
        self._twilio = twilio
        self._connection = twilio.connection
        journal.monotonic = twilio.connection.monotonic
        self._options = options
        self._pace = Pacer(journal.header.rate, most=options.concurrency)
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._completed: list[_Completed] = []
        self._completed_since = 0.0
        self._refused = ""
        """The first refusal of a row by the policy; the row stays pending."""
        self._wake = asyncio.Event()
        self._ends: tuple[str, str] | None = None
        # A cancelled job may still have unknown rows to settle; it stays cancelled.
        self._ends_as = "cancelled" if journal.header.state == "cancelled" else "finished"
        self.counts = journal.counts()
        """The number of rows by status, as last journalled."""
        self.state = "waiting" if options.undo_seconds else "running"
        self.note = ""
        """Why it paused, if it did."""
        self.undo_until: float | None = None
        """When the undo window ends (`now`), while it is open."""
        self.answered: deque[float] = deque(maxlen=2_000)
        """When rows were answered (`Connection.monotonic`), for the rate."""

    # From outside, on the loop's own thread

    def end(self, state: str, note: str = "") -> None:
        """Stop sending; requests in flight finish.

        Args:
            state: ``"paused"`` or ``"cancelled"``.
            note: The reason.
        """
        if self._ends is None or state == "cancelled":
            self._ends = (state, note)
        self._wake.set()

    @property
    def is_ending(self) -> bool:
        """Whether nothing more will be sent."""
        return self._ends is not None or self.state in {"paused", "cancelled", "finished"}

    def now(self) -> float:
        """Return the current time, on the clock of `answered`."""
        return self._connection.monotonic()

    # The run

    async def execute(self) -> None:
        """Send until every row is final, or the job pauses.

        Raises:
            JobError: The journal cannot be written. Nothing was sent after that.
        """
        try:
            self._journal.recover(now=self._now())
            self._journal.note(self.state, now=self._now())
            self._count()
            await self._wait_for_undo()
            await self._settle_stale_journal()
            self._queue = Queue(self._rows_to_send(), self._journal.header.per)
            await self._send_all()
            await self._settle()
            self._finish()
        except JobError as error:
            await self._record_last_results()
            self.state, self.note = "paused", str(error)
            raise
        except asyncio.CancelledError:
            for task in self._in_flight.values():
                task.cancel()
            await self._record_last_results()
            raise
        finally:
            with suppress(Exception):
                await self._twilio.aclose()
            self._options.notify(self)

    def _rows_to_send(self) -> list[JournalRow]:
        only = self._options.only
        rows = self._journal.rows(states.PENDING)
        return [row for row in rows if only is None or row.n in only]

    async def _wait_for_undo(self) -> None:
        self.undo_until = until = self._connection.monotonic() + self._options.undo_seconds
        while self._ends is None and (left := until - self._connection.monotonic()) > 0:
            await self._sleep(left)
        self.undo_until = None

    async def _settle_stale_journal(self) -> None:
        """Ask the log about every pending row, when the journal may be older than what was sent.

        If attempts are missing from the journal, a row that the log does not show waits for a
        person. If it is merely not known whether any is, what the settled log shows decides.
        """
        doubt = self._journal.doubt
        if doubt is None or self._ends is not None:
            return
        doubted = {row.n for row in self._journal.mark_pending_unknown(now=self._now())}
        self._count()
        if doubted:
            await self._settle()
        if self.note:
            return  # the log could not be asked
        self._journal.trust()
        if doubt == "older":
            self.note = OLDER if doubted else ""
            return
        absent = {n for n, one in self._journal.findings().items() if one.verdict == "absent"}
        unknown = [row for row in self._journal.rows(states.UNKNOWN) if row.n in absent & doubted]
        self._journal.decide(unknown, "resend", now=self._now())
        self._count()

    async def _send_all(self) -> None:
        self._change("running")
        while True:
            again_at = self._record_and_send()
            if not (self._in_flight or self._completed) and (self._ends or not len(self._queue)):
                return
            await self._wait_for_change(again_at)

    def _record_and_send(self) -> float | None:
        """Journal the results and the rows to send next in one commit, then send these rows.

        Returns:
            The seconds until the next look; None if only a response can change anything.
        """
        now = self._connection.monotonic()
        if self._ends is None and (trouble := self._pace.trouble(now)) is not None:
            self.end("paused", f"{trouble[0].upper()}{trouble[1:]}. Check why, then resume().")
        free_slots = self._pace.window.size - len(self._in_flight) if self._ends is None else 0
        choice = self._queue.choose(self._pace, now, free_slots)
        if not choice.rows and not self._record_now(now):
            return self._seconds_to_next_turn(choice.again_at, now)
        completed, self._completed = self._completed, []
        try:
            with self._journal.together():
                after = self._journal.close_attempts(
                    [(one.row, one.ending, one.at) for one in completed]
                )
                retry_policy = self._new_retry_policy()
                latest = self._now() + retry_policy.remaining()
                leaving = self._journal.claim(choice.rows, now=self._now(), latest=latest)
        except JobError:
            self._completed = completed
            for row in choice.rows:
                self._queue.finish(row)
            raise
        for one, row in zip(completed, after, strict=True):
            self._move(states.ATTEMPTED, row.status)
            self._requeue(row, one.ending)
        for row, token in leaving:
            self._move(states.PENDING, states.ATTEMPTED)
            self._start_sending(row, token, retry_policy)
        self._options.notify(self)
        return self._seconds_to_next_turn(choice.again_at, now)

    def _record_now(self, now: float) -> bool:
        if not self._completed:
            return False
        idle = self._connection.time_is_frozen or not self._in_flight
        late = now - self._completed_since >= RECORD_WITHIN
        return idle or late or len(self._completed) >= RECORD_AT_MOST

    def _seconds_to_next_turn(self, again_at: float | None, now: float) -> float | None:
        if self._completed:
            record_at = self._completed_since + RECORD_WITHIN
            again_at = record_at if again_at is None else min(again_at, record_at)
        return None if again_at is None else max(0.0, again_at - now)

    def _move(self, before: str, after: str) -> None:
        self.counts[before] -= 1
        self.counts[after] += 1

    def _requeue(self, row: JournalRow, ending: AttemptResult) -> None:
        """Queue a row again that certainly was not sent; not if the policy refused it."""
        if ending.code == "policy":
            self._refused = self._refused or ending.problem or ""
        elif row.status == states.PENDING:
            self._queue.requeue(row)

    def _new_retry_policy(self) -> RetryPolicy:
        """Return the time of one request; its rows have it together, from the claim on."""
        return RetryPolicy(self._twilio.timeout, attempts=1)

    def _start_sending(self, row: JournalRow, token: str, retry_policy: RetryPolicy) -> None:
        self._in_flight[row.n] = asyncio.create_task(self._send(row, token, retry_policy))

    async def _send(self, row: JournalRow, token: str, retry_policy: RetryPolicy) -> None:
        """Send one row, once: a retry is a new attempt in the journal."""
        try:
            form = self._form(row, token)
        except Exception as error:  # noqa: BLE001  # status_url is code of others; nothing was sent
            problem = f"The listener has no URL for status callbacks: {error}"
            self._complete(row, AttemptResult("account", problem=problem), None)
            return
        flow = messages.create(
            self._connection,
            retry_policy,
            form,
            self._twilio.messages.outbox,
            job=self._options.quota,
        )
        retry_after = None
        try:
            message = cast("Message", await self._twilio.run(flow))
            ending = AttemptResult("accepted", sid=message.sid, http_status=201)
        except BaseException as error:  # noqa: BLE001  # every attempt must get a result
            ending = result_of(error)
            retry_after = error.retry_after if isinstance(error, RateLimited) else None
        self._complete(row, ending, retry_after)

    def _form(self, row: JournalRow, token: str) -> tuple[tuple[str, str], ...]:
        callbacks = self._options.callbacks
        if callbacks is None or row.parameter("StatusCallback"):
            return row.form  # the user's own callback URL is kept
        return (*row.form, ("StatusCallback", with_token(callbacks.status_url, token)))

    def _complete(self, row: JournalRow, ending: AttemptResult, retry_after: float | None) -> None:
        now = self._connection.monotonic()
        del self._in_flight[row.n]
        if not self._completed:
            self._completed_since = now
        self._completed.append(_Completed(row, ending, self._now()))
        self._queue.finish(row)
        self._adjust_pace(row, ending, retry_after, now)
        self._wake.set()

    def _adjust_pace(
        self, row: JournalRow, ending: AttemptResult, retry_after: float | None, now: float
    ) -> None:
        if ending.code in {"accepted", "rejected"}:
            self._pace.clean(now)
            self.answered.append(now)
        elif ending.code == "unknown":
            self._pace.unknown()
        elif ending.code == "throttled":
            self._pace.throttled(now, retry_after)
        elif ending.code == "queue_full":
            self._pace.queue_full(row.sender, now)
        elif ending.code == "not_sent":
            self._pace.not_reached(now)
        if ending.code == "account" or ending.for_all:
            self.end("paused", self._why(ending))

    def _why(self, ending: AttemptResult) -> str:
        """Return why a result that applies to all rows pauses the job, and until when."""
        problem = ending.problem or "Twilio refuses this account."
        if ending.error_code != DAY_LIMIT:
            return problem
        until = self._connection.now() + timedelta(days=1)
        return (
            f"{problem} (Twilio {DAY_LIMIT}). The limit covers the last 24 hours: resume() "
            f"continues as they pass, at {until:%Y-%m-%d %H:%M} UTC at the latest if nothing else "
            "is sent."
        )

    # Waiting

    async def _wait_for_change(self, seconds: float | None) -> None:
        """Wait for a response, for `end`, or for this many seconds."""
        if self._in_flight and (seconds is None or self._connection.time_is_frozen):
            await self._wake.wait()
        elif seconds is not None:
            await self._sleep(seconds)
        if not self._connection.time_is_frozen:
            await asyncio.sleep(0)  # take responses of the same loop iteration along
        self._wake.clear()

    async def _sleep(self, seconds: float) -> None:
        if self._connection.time_is_frozen:
            await self._connection.sleep_async(seconds)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    # The end

    async def _settle(self) -> None:
        if self._ends is not None or not self.counts[states.UNKNOWN]:
            return
        self._change("settling")
        # What this client has sent may be this job's, when the journal is in doubt.
        sent = self._twilio.messages.outbox.sent if self._journal.doubt is None else ()
        flow = settle(
            self._connection,
            lambda: RetryPolicy(self._twilio.timeout),
            self._journal,
            self._location,
            known=frozenset(sent) - self._journal.sids(),
            callbacks=self._options.callbacks,
        )
        settling: asyncio.Future[Any] = asyncio.ensure_future(cast("Any", self._twilio.run(flow)))
        while not settling.done() and self._ends is None:
            woken: asyncio.Future[Any] = asyncio.ensure_future(self._wake.wait())
            await asyncio.wait([settling, woken], return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            self._wake.clear()
        if not settling.done():
            settling.cancel()
        try:
            await settling
        except JobError:
            raise
        except asyncio.CancelledError:
            self.note = "The unknown rows were not settled: resume() settles them."
        except LockTimeout as error:
            self.note = f"The unknown rows were not settled: {error} resume() settles them."
        except TwilioWidgetsError as error:
            self.note = f"The message log could not be read: {error}"
        self._count()

    def _finish(self) -> None:
        now = self._now()
        if self._ends is not None and self._ends[0] == "cancelled":
            waiting = self._journal.rows(states.PENDING)
            self._journal.decide(waiting, "skip", now=now)
            self._ends = self._ends if waiting else None  # else there was nothing to cancel
        elif not (self._ends or self.note) and self._journal.header.on_unknown == "abandon":
            unknown = self._journal.rows(states.UNKNOWN)
            self._journal.decide(unknown, "abandon", now=now)
        self._count()
        state, note = self._ends or (self._ends_as, self.note)
        if state == "finished" and self.counts[states.PENDING]:
            state = "paused"
            note = self._refused or "Some rows are still to be sent."
        self.note = note
        self._change(state)

    async def _record_last_results(self) -> None:
        """Wait for the requests in flight, and try once more to journal their results."""
        if self._in_flight:
            await asyncio.wait(self._in_flight.values())
        with suppress(JobError):
            self._journal.close_attempts([(one.row, one.ending, one.at) for one in self._completed])
            self._completed = []

    def _change(self, state: str) -> None:
        self.state = state
        self._journal.note(state, self.note, now=self._now())
        self._options.notify(self)

    def _count(self) -> None:
        self.counts = self._journal.counts()
        self._options.notify(self)

    def _now(self) -> float:
        return self._connection.now().timestamp()
