"""The background work of the bulk panel: read tables, check plans, start and open jobs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.planning.plan import Plan, plan
from twilio_widgets.bulk.run.pacing import UNDO_SECONDS
from twilio_widgets.errors import JobError, TwilioWidgetsError
from twilio_widgets.journal.location import location_of
from twilio_widgets.journal.search import locations_of
from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.bulk import text as texts
from twilio_widgets.panels.bulk.draft import arguments_of, field_of
from twilio_widgets.panels.bulk.guess import guess_recipients
from twilio_widgets.panels.bulk.job_bar import JobBar
from twilio_widgets.panels.bulk.lookup_worker import LookupWorker
from twilio_widgets.panels.bulk.policy_check import (
    Judgement,
    held_of,
    judgement_of,
    policy_of,
    problem_rows,
)
from twilio_widgets.panels.bulk.progress import waits
from twilio_widgets.panels.bulk.state import BulkState, Checked, Unfinished
from twilio_widgets.panels.bulk.table_sources import frame_source
from twilio_widgets.panels.bulk.triage import groups_of
from twilio_widgets.panels.kit.panel import sentence_of
from twilio_widgets.panels.send.template_fields import template_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from twilio_widgets.bulk.planning.csv_table import InputTable
    from twilio_widgets.bulk.progress import JobProgress
    from twilio_widgets.client import AsyncTwilio, Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.guardrails.policy import Policy
    from twilio_widgets.core.numbers.account_prices import PriceTable
    from twilio_widgets.panels.bulk.elements import Findings, JobArea
    from twilio_widgets.panels.bulk.state import ConfirmationPrompt
    from twilio_widgets.panels.bulk.table_file import OpenedFile
    from twilio_widgets.panels.bulk.table_sources import Source

MOST_UNFINISHED = 20
"""Journals that are searched for unfinished jobs on connecting, newest first."""


class BulkWorker(LookupWorker):
    """The background work of `BulkPanel`."""

    _policy: Policy | None = None
    _prices: Mapping[str, object] | PriceTable | None = None
    _folder: str | Path | None = None
    _undo_seconds: float = UNDO_SECONDS
    _table: InputTable | None = None
    _job: Job | None = None
    _bar: JobBar | None = None
    _seen: JobProgress | None = None
    """The progress of the job when its outcomes were last read."""
    _findings: Findings
    _area: JobArea

    # The table

    def _choose(self, make: Callable[[], Source | None], file: OpenedFile | None = None) -> None:
        """Read another table; a newer choice makes this one obsolete.

        Args:
            make: Returns the table.
            file: The file that is chosen already, with another sheet or encoding.
        """
        with self._lock:
            before = self._state.tables
            self._apply(*((steps.reading,) if file is None else (steps.read_again, file)))
            if self._state.tables != before:
                self._start(self._take, make, self._state.tables)

    def _take(self, make: Callable[[], Source | None], number: int) -> None:
        source: Source | None = None
        try:
            source = make()
            table = None if source is None else source.table()
        except Exception as error:  # noqa: BLE001  # otherwise the card would wait for it forever
            file = None if source is None else source.file
            self._not_read(sentence_of(error), number, file)
            return
        if source is None or table is None:
            self._not_read("That DataFrame no longer exists. Press “Look again”.", number)
            return
        if source.file is not None:
            source = replace(source, rows=table)
        guess = guess_recipients(table.columns)
        with self._lock:
            if number != self._state.tables:
                return
            self._table = table
            self._apply(steps.selected, source, table.rows, tuple(table.columns), guess)
            self._rewrite()

    def _not_read(self, text: str, number: int, file: OpenedFile | None = None) -> None:
        with self._lock:
            if number == self._state.tables:
                self._table = None
                self._apply(steps.read_failed, text, file)
                self._rewrite()

    def _rewrite(self) -> None:
        """Write the draft into the fields, after a table was chosen or a new job was begun."""
        raise NotImplementedError

    # Checking

    def _check(self, state: BulkState) -> None:
        fail = partial(self._apply, steps.check_failed, state.turn)
        source = state.source
        assert source is not None  # noqa: S101  # `may_check` requires it
        if source.kind == "frame":  # as it is now: cells may have fixed it
            source = frame_source(source.name) or source
        twilio = self._twilio
        now = None if twilio is None else twilio.connection.now()
        try:
            arguments = arguments_of(state.draft)
            template = template_of(state.templates, state.draft.template)
            if template is not None:  # the plan then knows the text
                arguments = arguments | {"content_sid": None, "template": template}
            lookup = list(self._lookups) or None
            made = plan(source.rows, now=now, prices=self._prices, lookup=lookup, **arguments)
            checked, rows = self._judged(made, state.draft.name.strip())
        except TwilioWidgetsError as error:
            fail(field_of(error), str(error))
            return
        except Exception as error:  # noqa: BLE001  # otherwise the card would show “Checking…” forever
            fail("", sentence_of(error))
            return
        with self._lock:
            if self._state.turn != state.turn:
                return
            self._plan, self._table = made, source.table()
            self._findings.fill(rows)
            self._apply(steps.check_finished, state.turn, checked)

    def _judged(self, made: Plan, name: str) -> tuple[Checked, list[dict[str, object]]]:
        """Ask the guard rails, and whether the job name is taken; nothing is sent."""
        judgement, standing, twilio = Judgement(), "", self._twilio
        if twilio is not None:
            policy = policy_of(twilio, self._policy)
            judgement = judgement_of(policy, twilio.connection, made, name)
            standing = self._standing(twilio.connection, name)
        checked = Checked(
            ready=len(made),
            rejected=made.summary.rejected,
            lines=tuple(filter(None, (*made.summary.lines(), self._lookup_note))),
            refusal=judgement.refusal,
            refused_rows=len(judgement.rows),
            unplaced=judgement.unplaced,
            above=judgement.above,
            standing=standing,
        )
        return checked, [*problem_rows(made), *judgement.rows]

    def _standing(self, connection: Connection, name: str) -> str:
        if not location_of(connection, name, self._folder).file.exists():
            return ""
        return str(Job.open(name, self._folder, connection).progress)

    # Beginning

    def _begin_job(self, ask: ConfirmationPrompt, name: str) -> None:
        rests = ask.purpose != "send"
        try:
            job = self._begun(ask, name)
        except TwilioWidgetsError as error:
            self._apply(partial(steps.start_failed, rests=rests), str(error))
        except Exception as error:  # noqa: BLE001  # the card has to show any failure
            text = f"{sentence_of(error)} Check the job before you try again."
            self._apply(partial(steps.start_failed, rests=rests), text)
        else:
            self._show_job(job)

    def _begun(self, ask: ConfirmationPrompt, name: str) -> Job:
        client = self._client(ask)
        if ask.purpose == "send":
            if self._plan is None or len(self._plan) != ask.count + ask.held:
                raise JobError(
                    "The plan has changed since then. Nothing was sent: press Check again."
                )
            return self._plan.send(
                client, name, folder=self._folder, undo_seconds=self._undo_seconds
            )
        if self._job is None:
            raise JobError("There is no job to continue. Nothing was sent.")
        if ask.purpose == "go on":
            return self._job.resume(client)
        rows = self._job.resendable
        if len(rows) != ask.count:
            raise JobError("The rows that can be sent again have changed. Nothing was sent.")
        return self._job.resend(rows, client)

    def _client(self, ask: ConfirmationPrompt | None = None) -> AsyncTwilio:
        """Return a client whose guard rails allow what the user has confirmed."""
        twilio = self._twilio
        if twilio is None:
            raise JobError("Not connected, so nothing was sent.")
        policy = policy_of(twilio, self._policy)
        if policy is not None and ask is not None:
            recipients = ask.count + ask.held
            policy = policy.confirmed(recipients=recipients, unknown_zone=bool(ask.unplaced))
        return twilio.twin(policy)

    # The job

    def _look_up(self, function: Callable[..., object], *args: object) -> str:
        """Start work about a job that is not running; one such work at a time."""
        with self._lock:
            answer = self._take_step(steps.action_started)
            if not answer:
                self._start(self._looked_up, function, *args)
            return answer

    def _looked_up(self, function: Callable[..., object], *args: object) -> None:
        try:
            function(*args)
        finally:
            self._apply(steps.action_finished)

    def _show_job(self, job: Job) -> None:
        with self._lock:
            if not self._open:
                return
            old, self._job, self._seen = self._bar, job, None
            self._apply(steps.started, job.name)
        if old is not None:
            old.close()
        # Outside the lock: the bar reports progress on a thread that acquires it.
        bar = JobBar(job, framed=False, on_go_on=self._go_on, on_change=self._progressed)
        with self._lock:
            self._bar = bar
            self._area.bar.children = [bar]

    def _progressed(self, progress: JobProgress) -> None:
        with self._lock:
            self._apply(steps.progressed, progress)
            if progress.under_way or progress == self._seen or not self._open:
                return
            self._seen = progress
            if self._job is not None:
                self._start(self._rest, self._job)

    def _rest(self, job: Job) -> None:
        """Read the outcomes of the rows and show them."""
        records = cast("list[dict[str, Any]]", job.outcomes.to_dict("records"))
        resendable = len(job.resendable)
        with self._lock:
            if job is self._job and self._open:
                self._area.fill(records)
                groups = groups_of(records)
                self._apply(steps.read, job.name, groups, resendable)

    def _go_on(self) -> None:
        """ "Go on": ask for confirmation when rows are still to be sent, else only look them up."""
        self._start(self._ask_to_go_on)

    def _ask_to_go_on(self) -> None:
        job, twilio = self._job, self._twilio
        if job is None:
            return
        if twilio is None:
            raise JobError("Not connected, so nothing was sent.")
        forms = [row.form for row in job.pending()]
        held, unplaced = held_of(policy_of(twilio, self._policy), twilio.connection, forms)
        if count := len(forms) - held:
            ask = steps.ConfirmationPrompt(
                purpose="go on", count=count, held=held, unplaced=unplaced
            )
            self._apply(steps.asked, ask)
        elif held:
            self._apply(steps.noted, texts.held_back(held))
        else:
            self._settle()

    def _settle(self) -> None:
        if self._job is not None:
            self._show_job(self._job.resume(self._client()))

    def _refresh(self) -> None:
        job = self._job
        if job is None:
            return
        count = job.refresh(self._client())
        self._rest(job)
        self._apply(steps.noted, f"Updated the statuses of {count:,} messages.")

    # Jobs that were not finished

    def _look_for_unfinished(self, twilio: Twilio) -> None:
        connection, found = twilio.connection, []
        for location in locations_of(connection, self._folder)[:MOST_UNFINISHED]:
            try:
                progress = Job.open(location.name, self._folder, connection).progress
            except JobError:  # damaged, or written by another version: it cannot be continued
                continue
            if progress.state == "paused" and waits(progress):
                found.append(Unfinished(name=location.name, summary=str(progress)))
        with self._lock:
            if self._twilio is twilio:
                self._apply(steps.found_unfinished, tuple(found))

    def _open_job(self, name: str) -> None:
        if self._twilio is not None:
            self._show_job(Job.open(name, self._folder, self._twilio.connection))
