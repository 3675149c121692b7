"""The bulk panel: from a table to a checked plan, a job, and one outcome per row."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.reach import reach_of
from twilio_widgets.bulk.run.options import checked_time
from twilio_widgets.bulk.run.pacing import UNDO_SECONDS
from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.lookups.cost import LookupPrices
from twilio_widgets.core.numbers.price_sources import price_source
from twilio_widgets.core.text.smart_encoding import smart
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.bulk import lookup_row as lookups
from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.bulk import template_columns as templates
from twilio_widgets.panels.bulk import text as texts
from twilio_widgets.panels.bulk.draft import BulkDraft
from twilio_widgets.panels.bulk.elements import (
    Actions,
    ConfirmationRow,
    Findings,
    JobArea,
    UnfinishedRow,
)
from twilio_widgets.panels.bulk.form import BulkForm
from twilio_widgets.panels.bulk.lookup_row import LookupRow
from twilio_widgets.panels.bulk.lookup_worker import cost_of
from twilio_widgets.panels.bulk.policy_check import policy_of
from twilio_widgets.panels.bulk.preview import RowPreview, preview_of
from twilio_widgets.panels.bulk.snippet import PlanInputs, bulk_snippet
from twilio_widgets.panels.bulk.state import BulkState
from twilio_widgets.panels.bulk.table_sources import (
    file_source,
    frame_source,
    frames_here,
    given_source,
    source_of_file,
)
from twilio_widgets.panels.bulk.worker import BulkWorker
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.client_source import check_source, wake_with
from twilio_widgets.panels.connection.senders import senders_of
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.inputs.segment_meter import about_the_price, basis_of, measure
from twilio_widgets.panels.kit.elements import Note, foot, styled, visible
from twilio_widgets.panels.kit.panel import refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result
from twilio_widgets.panels.send.state import SendingAccount
from twilio_widgets.panels.send.template_fields import template_of
from twilio_widgets.panels.send.template_worker import templates_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from twilio_widgets.bulk.job import Job
    from twilio_widgets.bulk.planning.plan import Plan
    from twilio_widgets.client import Twilio
    from twilio_widgets.core.numbers.account_prices import PriceTable
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.panels.code.snippets import Snippet
    from twilio_widgets.panels.connection.client_source import Source
    from twilio_widgets.panels.kit.saved_picture import Static

_OPTIONS = (
    "twilio", "frame", "policy", "folder", "body", "from_", "undo_seconds", "prices", "lookup",
    "lookup_prices", "static",
)  # fmt: skip


class BulkPanel(BulkWorker):
    """A card that sends one message for each row of a table, after a check and a confirmation.

    Creating or showing the panel, or running its cell again, sends nothing. "Check" builds a plan
    without calling Twilio. Exactly that plan is sent, after the user has typed its confirmation
    ("send 1,243"). Other cells can run meanwhile, and the job continues when the panel is closed.
    If the kernel was killed, the next panel offers the unfinished job.

    ``panel.plan``, ``panel.job`` and ``panel.outcomes`` are available to the next cell.

    Args:
        twilio: The client to send with, or a `ConnectionPanel` that provides it.
        frame: The initial table: anything ``tw.plan`` accepts.
        policy: The guard rails of this panel's jobs, instead of the client's.
        folder: The folder of the job journals, instead of your data folder.
        body: The initial message template.
        from_: The initial sender.
        undo_seconds: Undo window: seconds before the first message is sent.
        prices: The account's prices, from ``tw.prices(twilio)``, or your own, for the estimates.
        lookup: The result of ``twilio.lookup(numbers)``; "Look up numbers" asks Twilio from here.
        lookup_prices: US dollars for looking up one number, such as ``{"line_type": "0.005"}``, in
            place of the built-in estimate.
        static: Whether the notebook file keeps a picture of the card: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    title = "Many messages"

    def __init__(
        self,
        twilio: Source = None,
        frame: Any = None,
        *,
        policy: Policy | None = None,
        folder: str | Path | None = None,
        body: str | None = None,
        from_: str | None = None,
        undo_seconds: float = UNDO_SECONDS,
        prices: Mapping[str, object] | PriceTable | None = None,
        lookup: SafeFrame | None = None,
        lookup_prices: Mapping[str, object] | None = None,
        static: Static = True,
        **unknown: object,
    ) -> None:
        twilio = concealed(twilio)
        refuse_unknown("BulkPanel", unknown, known=_OPTIONS)
        check_source("BulkPanel", twilio)
        _check_options(policy, folder, body=body, from_=from_)
        self._undo_seconds = checked_time(undo_seconds, "undo_seconds")
        self._begin(BulkState(draft=BulkDraft(body=body or "", from_=from_ or "")))
        self._policy, self._folder = policy, folder
        self._source = price_source(prices)
        reach_of(lookup)  # an invalid one is refused here
        self._prices, self._lookups = prices, () if lookup is None else (lookup,)
        LookupPrices.checked(lookup_prices)  # and so are invalid prices
        self._lookup_prices = lookup_prices
        self._how_to_connect = texts.GIVE_A_CLIENT if twilio is None else texts.CONNECT_IT
        self._sighted: object = None
        self._make()
        self._keep_picture(static)
        if frame is not None:
            self._choose(partial(given_source, frame))
            self.join()
        self._list_frames()
        self._end_waking = wake_with(twilio, self._wake, self._sleep)

    @result
    def plan(self) -> Plan | None:
        """The plan of the last "Check", or None before the first."""
        return self._plan

    @result
    def job(self) -> Job | None:
        """The job shown now or last, or None before the first."""
        return self._job

    @result
    def outcomes(self) -> SafeFrame | None:
        """The current outcome of each row of the job, or None without a job."""
        return None if self._job is None else self._job.outcomes

    @result
    def value(self) -> Job | None:
        """The job, for `ipywidgets.interactive_output`."""
        return self._job

    def _tokens(self) -> Mapping[str, object]:
        outcomes = (self._job, self._state.progress, self._state.groups)
        return {"plan": self._plan, "job": self._job, "value": self._job, "outcomes": outcomes}

    def _make(self) -> None:
        self._preview = RowPreview(partial(self._guarded, partial(self._apply, steps.previewed)))
        self._form = BulkForm(self._preview)
        self._findings, self._confirmation = Findings(), ConfirmationRow()
        self._area, self._actions, self._offer = JobArea(), Actions(), UnfinishedRow()
        self._verdict, self._numbers = styled(Note(), "tw-readiness"), LookupRow()
        self._wire()
        self.add_class("tw-bulk")
        self._assemble(
            self._offer.row,
            self._form.rows,
            self._findings.box,
            self._area.box,
            self._verdict,
            self._confirmation.row,
            self._numbers.row,
            foot(*self._actions.left, right=(self._actions.more, self._code_button)),
        )
        self._form.write(self._state.draft)

    def _wire(self) -> None:
        form, actions = self._form, self._actions
        for name, control in form.controls.items():
            self._on_change(control, partial(self._typed, name))
        self._on_change(form.template.picker, self._choose_template)
        for place, control in enumerate(form.template.values):
            self._on_change(control, partial(self._assign_column, place))
        self._read_fields((*form.fields, self._confirmation.typed, self._numbers.typed))
        self._on_change(form.frame, self._pick_frame)
        self._on_change(form.file.sheet, partial(self._read_as, "sheet"))
        self._on_change(form.file.encoding, partial(self._read_as, "encoding"))
        self._on_click(form.look_again, self._list_frames)
        form.upload.on_file(partial(self._guarded, self._take_file))
        self._on_press(form.meter, self._replace_characters)
        self._findings.problems.on_select(partial(self._guarded, self._look_at))
        self._on_press(actions.check, self._press_check)
        self._on_change(self._confirmation.typed, partial(self._apply, steps.confirmation_typed))
        self._on_press(self._confirmation.send, self._press_send)
        self._on_click(self._confirmation.back, self._back)
        self._on_press(actions.look_up, self._ask_lookup)
        self._on_change(self._numbers.typed, partial(self._apply, lookups.typed))
        self._on_press(self._numbers.confirm, self._confirm_lookup)
        self._on_click(self._numbers.back, partial(self._take_step, lookups.ended))
        self._on_click(actions.refresh, partial(self._ask_twilio, self._refresh))
        self._on_click(actions.find_out, partial(self._ask_twilio, self._settle))
        self._on_click(actions.again, self._ask_again)
        self._on_press(actions.open_job, self._open_standing)
        self._on_click(actions.new, self._start_over)
        self._on_click(actions.more, partial(self._apply, steps.toggled_more))
        self._on_click(self._offer.open, self._open_unfinished)
        self._on_click(self._offer.later, partial(self._take_step, steps.postponed))

    # Connecting

    def _wake(self, twilio: Twilio) -> None:
        with self._lock:
            self._twilio = twilio
            connection = twilio.connection
            label = "sandbox" if connection.kind == "sandbox" else connection.masked_account
            policy = policy_of(twilio, self._policy)
            rails = policy.explain() if policy else (texts.OWN_POLICY,)
            account = SendingAccount(label=label, access=Access.of(connection))
            self._apply(steps.connected, account, rails)
            self._start(self._look_for_unfinished, twilio)
            self._start(self._suggest_senders, twilio)
            self._start(self._suggest_templates, twilio)

    def _sleep(self) -> None:
        with self._lock:
            self._twilio = None
            self._apply(steps.disconnected)

    def _suggest_senders(self, twilio: Twilio) -> None:
        senders, note = senders_of(twilio)
        with self._lock:
            if self._twilio is twilio:
                self._apply(steps.suggested, senders, note)
                self._rewrite()

    def _suggest_templates(self, twilio: Twilio) -> None:
        found, note = templates_of(twilio)
        with self._lock:
            if self._twilio is twilio:
                self._apply(templates.listed, found, note)

    # The table and the fields

    def _list_frames(self) -> None:
        self._apply(steps.listed, tuple(frames_here()))

    def _pick_frame(self, name: str) -> None:
        if name and not self._form.writing:
            self._choose(partial(frame_source, name))

    def _take_file(self, name: str, content: bytes) -> None:
        self._choose(partial(file_source, name, content))

    def _read_as(self, name: str, choice: str) -> None:
        """Read the chosen file again, with another sheet or encoding."""
        with self._lock:
            if self._form.writing or self._state.file is None:
                return
            changed: dict[str, Any] = {name: choice}
            file = replace(self._state.file, **changed)
            self._choose(partial(source_of_file, file), file)

    def _typed(self, name: str, text: str) -> None:
        if not self._form.writing:
            self._apply(steps.typed, name, text)

    def _choose_template(self, sid: str) -> None:
        if not self._form.writing:
            self._apply(templates.selected, sid)

    def _assign_column(self, place: int, column: str) -> None:
        if not self._form.writing:
            self._apply(templates.assigned, place, column)

    def _replace_characters(self) -> str:
        if not steps.is_open(self._state):
            return NOT_NOW
        self._form.controls["body"].value = smart(self._state.draft.body)
        return ""

    def _look_at(self, row: dict[str, object] | None) -> None:
        if row is not None:
            self._apply(steps.previewed, int(str(row["row"])))

    def _rewrite(self) -> None:
        self._form.write(self._state.draft)

    # Sending

    def _press_check(self) -> str:
        with self._lock:
            if self._state.reading:
                return texts.STILL_READING
            if not steps.may_check(self._state):
                return NOT_NOW
            before = self._state.turn
            self._apply(steps.check_started)
            if self._state.turn != before and self._state.phase == "checking":
                self._start(self._check, self._state)
            return ""

    def _press_send(self) -> str:
        """Start the job: only one press can take the step out of the confirmed phase."""
        with self._lock:
            ask = self._state.ask
            if ask is None or self._state.phase == "beginning" or self._state.account is None:
                return NOT_NOW
            if not steps.is_confirmed(self._state):
                return texts.not_confirmed(ask)
            self._apply(steps.starting)
            self._start(self._begin_job, ask, self._state.draft.name.strip())
            return ""

    def _back(self) -> str:
        begun = self._state.phase in {"beginning", "sending"}
        return self._take_step(steps.declined, otherwise=texts.TOO_LATE if begun else NOT_NOW)

    def _ask_twilio(self, function: Callable[[], object]) -> str:
        return self._look_up(function) if self._state.phase == "resting" else NOT_NOW

    def _ask_again(self) -> str:
        if self._state.resendable == 0:
            return NOT_NOW
        ask = steps.ConfirmationPrompt(purpose="send again", count=self._state.resendable)
        return self._take_step(steps.asked, ask)

    def _open_standing(self) -> str:
        return self._look_up(self._open_job, self._state.draft.name.strip())

    def _open_unfinished(self) -> str:
        if not self._state.unfinished:
            return NOT_NOW
        return self._look_up(self._open_job, self._state.unfinished[0].name)

    def _start_over(self) -> str:
        with self._lock:
            answer = self._take_step(steps.restarted)
            self._rewrite()
            return answer

    # The panel

    def in_use(self) -> bool:
        """Return whether it must stay when its cell has run again: its job is running."""
        return self._state.phase in {"beginning", "sending"} or super().in_use()

    def _stop(self) -> None:
        self._end_waking()
        if self._bar is not None:
            self._bar.close()

    def _fail(self, error: Exception) -> None:
        self._apply(steps.failed, sentence_of(error))

    def _draw(self, state: BulkState) -> None:
        self._head.show(*texts.pill_of(state))
        self._offer.draw(state)
        self._form.draw(state, self._table)
        visible(self._form.rows, not state.job)
        self._findings.draw(state)
        self._area.draw(state)
        self._verdict.show(*texts.verdict_of(state, self._how_to_connect))
        self._confirmation.draw(state)
        self._numbers.draw(state)
        if lookups.shown(state) is not None:  # one question at a time
            visible(self._confirmation.row, False)
        self._actions.draw(state)
        self._draw_preview(state)

    def _draw_preview(self, state: BulkState) -> None:
        """Preview one row; it is computed again only when its inputs have changed."""
        wanted = (state.draft, state.looked_at, id(self._table))
        if wanted == self._sighted or state.job:
            return
        self._sighted = wanted
        table = self._table or InputTable({}, 0)
        now = None if self._twilio is None else self._twilio.connection.now()
        template = template_of(state.templates, state.draft.template)
        sight = preview_of(table, state.draft, state.looked_at, now, template)
        self._preview.show(sight)
        visible(self._form.meter, sight is not None and bool(sight.body))
        if sight is not None:
            self._form.meter.show(
                measure(
                    sight.body,
                    sight.to.split(" ")[0],
                    media=sight.media,
                    prices=self._source.per_segment,
                    about=about_the_price(self._source),
                    basis=basis_of(self._source),
                )
            )

    def _snippet(self, state: BulkState) -> Snippet:
        access = Access.of("API key") if state.account is None else state.account.access
        return bulk_snippet(
            access,
            state.source,
            state.draft,
            PlanInputs(self._prices, cost_of(self._lookups), self._lookup_prices),
        )

    def _summary(self, state: BulkState) -> Iterable[tuple[str, str]]:
        return texts.summary_of(state)


def _check_options(policy: object, folder: object, **texts: object) -> None:
    """Reject invalid options here: later, in a callback, no cell could show the error."""
    if policy is not None and not isinstance(policy, Policy):
        raise ConfigurationError("policy must be a Policy or None.", field="policy")
    if folder is not None and not isinstance(folder, str | os.PathLike):
        raise ConfigurationError("folder must be a path or None.", field="folder")
    for name, text in texts.items():
        if text is not None and not isinstance(text, str):
            raise ConfigurationError(f"{name} must be a string or None.", field=name)
