"""The read-only side of a job, while it runs and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from twilio_widgets.bulk import outcomes
from twilio_widgets.bulk.costs import costs_of
from twilio_widgets.bulk.progress import JobProgress, rate_of
from twilio_widgets.bulk.run.handle import RunHandle
from twilio_widgets.bulk.run.run import Run
from twilio_widgets.bulk.statuses import with_what_was_heard
from twilio_widgets.journal import states
from twilio_widgets.journal.ledger import reading
from twilio_widgets.journal.location import JobLocation, runner_of

if TYPE_CHECKING:
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.journal.ledger import JournalReader
    from twilio_widgets.journal.reconcile import Callbacks
    from twilio_widgets.journal.row import JournalRow

Follower = Callable[[JobProgress], None]


class JobView:
    """A job's state, from its journal or, while it runs in this process, from its run.

    Args:
        location: The location of its journal.
    """

    def __init__(self, location: JobLocation) -> None:
        self._location = location
        self._handle: RunHandle | None = None
        self._followers: tuple[Follower, ...] = ()
        self._callbacks: Callbacks | None = None
        self._remark = ""
        """How the plan last given differs from the job's own."""

    @property
    def name(self) -> str:
        """The job's name."""
        return self._location.name

    @property
    def file(self) -> Path:
        """The job's journal. It contains phone numbers and texts until `forget`."""
        return self._location.file

    @property
    def under_way(self) -> bool:
        """Whether the job is running in this process."""
        return self._handle is not None and self._handle.goes_on

    @property
    def progress(self) -> JobProgress:
        """The job's current progress."""
        if self._handle is not None and self.under_way:
            return self._of(self._handle.run)
        with reading(self._location) as ledger:
            header, counts = ledger.header, ledger.counts()
        state, note = header.state, header.note
        if state in {"waiting", "running", "settling"}:
            runner = runner_of(self._location)
            note = f"It runs {runner}." if runner else "Its process has ended: resume() continues."
            state = state if runner else "paused"
        note = self._with_remark(note)
        return JobProgress(name=self.name, state=state, counts=counts, note=note)

    def _with_remark(self, note: str) -> str:
        return " ".join(filter(None, (note, self._remark)))

    def _of(self, run: Run) -> JobProgress:
        return JobProgress(
            name=self.name,
            state=run.state,
            counts=dict(run.counts),
            note=self._with_remark(run.note),
            rate=rate_of(tuple(run.answered), run.now()),
            starts_in=None if run.undo_until is None else max(0.0, run.undo_until - run.now()),
        )

    def follow(self, function: Follower) -> Callable[[], None]:
        """Call a function with the job's progress whenever it changes, often and on another thread.

        Returns:
            A function that stops these calls.
        """
        self._followers = (*self._followers, function)

        def leave() -> None:
            self._followers = tuple(one for one in self._followers if one is not function)

        return leave

    def _notify(self, run: Run) -> None:
        if not self._followers:
            return
        progress = self._of(run)
        for function in self._followers:
            with suppress(BaseException):  # a failing follower must not stop the job
                function(progress)

    # Rows

    @property
    def outcomes(self) -> SafeFrame:
        """The outcome of each row, as a DataFrame.

        ``status`` is the row's (pending, attempted, accepted, rejected, unknown, skipped,
        abandoned); ``message_status`` is the Twilio status of its message, once `refresh` has read
        it or the listener given as ``callbacks`` has received it. ``segments`` and ``cost`` are
        estimates, ``billed_segments`` and ``price`` come from Twilio.
        """
        return self._frame(lambda rows: rows)

    @property
    def failed(self) -> SafeFrame:
        """The outcomes of rows that certainly were not delivered."""
        return self._frame(outcomes.failed)

    @property
    def resendable(self) -> SafeFrame:
        """The outcomes of rows that are safe to send again.

        No row that was or may have been delivered, and no row whose recipient opted out.
        """
        with reading(self._location) as ledger:
            chosen = outcomes.resendable(self._rows(ledger), ledger.attempts())
            return outcomes.outcomes_of(ledger, chosen)

    def cost(self) -> SafeFrame:
        """Compare the predicted cost with what Twilio billed, as a DataFrame with a row a country.

        ``reasons`` explains each difference. Call `refresh` first: prices are known only after
        Twilio has billed the messages.
        """
        with reading(self._location) as ledger:
            return costs_of(self._rows(ledger), job=self.name)

    def pending(self) -> list[JournalRow]:
        """Return the rows that are still to be sent, with their parameters."""
        with reading(self._location) as ledger:
            return ledger.rows(states.PENDING)

    def _frame(self, chosen: Callable[[list[JournalRow]], list[JournalRow]]) -> SafeFrame:
        with reading(self._location) as ledger:
            return outcomes.outcomes_of(ledger, chosen(self._rows(ledger)))

    def _rows(self, ledger: JournalReader) -> list[JournalRow]:
        return with_what_was_heard(ledger.rows(), self._callbacks)

    @property
    def created_at(self) -> datetime:
        """When the job was started (aware, UTC)."""
        with reading(self._location) as ledger:
            return datetime.fromtimestamp(ledger.header.created_at, UTC)

    def __len__(self) -> int:
        with reading(self._location) as ledger:
            return ledger.header.rows

    def __repr__(self) -> str:
        return str(self.progress)
