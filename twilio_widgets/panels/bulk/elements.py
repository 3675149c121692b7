"""The parts of the card below the fields: findings, confirmation, progress and outcomes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import ipywidgets
import traitlets

from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.bulk import text as texts
from twilio_widgets.panels.bulk.lookup_row import can_ask
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import (
    Element,
    Facts,
    Note,
    styled,
    visible,
)
from twilio_widgets.panels.table.cells import TableColumn
from twilio_widgets.panels.table.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twilio_widgets.panels.bulk.state import BulkState
    from twilio_widgets.panels.bulk.triage import Group

PROBLEMS: Final = (
    TableColumn("row", "Row", kind="number", width=7),
    TableColumn("column", "Column", width=9),
    TableColumn("value", "Value", width=14),
    TableColumn("kind", "Kind", width=9, choice=True),
    TableColumn("reason", "Reason"),
)
OUTCOMES: Final = (
    TableColumn("row", "Row", kind="number", width=7),
    TableColumn("to", "To", kind="phone"),
    TableColumn("outcome", "Outcome", kind="status"),
    TableColumn("code", "Code", kind="number", width=7),
    TableColumn("explanation", "Explanation"),
    TableColumn("sid", "SID", width=35, shown=False),
)
_TABLE_HEIGHT: Final = 176


class Triage(Element):
    """The groups of outcomes, each with its reason, who can fix it, and its number of rows."""

    _css = asset(__file__, "bulk.css")
    _esm = asset(__file__, "triage.js")
    groups = traitlets.List[dict[str, object]]().tag(sync=True)

    def show(self, groups: Iterable[Group]) -> None:
        """Replace all groups; without any, the element is empty."""
        self.groups = [asdict(group) for group in groups]


class Findings:
    """The result of a check: the guard rails, the summary, and a table of problems."""

    def __init__(self) -> None:
        self._note = styled(Note(), "tw-finding")
        self.problems = VirtualTable(
            PROBLEMS, label="Problems", height=_TABLE_HEIGHT, order="in the table's order"
        )
        self._rails = styled(Facts(), "tw-rails")
        self.box = styled(ipywidgets.VBox([self._rails, self._note, self.problems]), "tw-findings")

    def fill(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Replace the rows of the table of problems."""
        self.problems.replace(rows)

    def draw(self, state: BulkState) -> None:
        """Show the state."""
        self._rails.show(texts.rails_of(state))
        self._note.show(*texts.finding_of(state))
        found = state.checked
        visible(self.problems, found is not None and bool(found.rejected or found.refused_rows))
        visible(self.box, steps.is_open(state) or state.phase == "checking")


class ConfirmationRow:
    """The row that asks the user to type a confirmation before anything is sent."""

    def __init__(self) -> None:
        self._question = styled(Note(), "tw-question")
        self.typed = LineInput("")
        self.send = OrderedButton("Send", main=True)
        self.back = OrderedButton("Back")
        line = styled(ipywidgets.HBox([self.typed, self.send, self.back]), "tw-confirm")
        self.row = styled(ipywidgets.VBox([self._question, line]), "tw-ask")

    def draw(self, state: BulkState) -> None:
        """Show the state."""
        visible(self.row, state.ask is not None and state.phase != "sending")
        self.typed.value, self.send.turn = state.typed, state.turn
        if state.ask is None:
            return
        begins = state.phase == "beginning"
        self._question.show(texts.question_of(state), "warning")
        self.typed.placeholder = state.ask.phrase
        self.typed.disabled = begins
        self.send.disabled = begins or state.account is None
        verb = {"send": "Send", "go on": "Go on", "send again": "Send again"}[state.ask.purpose]
        self.send.text = "Starting…" if begins else verb


class JobArea:
    """The job: its progress bar and, once it is not running, the outcomes of its rows."""

    def __init__(self) -> None:
        self.bar = ipywidgets.VBox([])
        self._triage = Triage()
        self.outcomes = VirtualTable(OUTCOMES, label="Outcomes", order="in the plan's order")
        self.box = styled(ipywidgets.VBox([self.bar, self._triage, self.outcomes]), "tw-job-area")

    def fill(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Fill the table with the rows of ``job.outcomes``."""
        self.outcomes.replace(map(_outcome, records))

    def draw(self, state: BulkState) -> None:
        """Show the state."""
        visible(self.box, bool(state.job))
        self._triage.show(state.groups)
        visible(self.outcomes, state.phase == "resting" and bool(state.groups))


class Actions:
    """The buttons in the foot of the card."""

    def __init__(self) -> None:
        self.check = OrderedButton("Check", main=True)
        self.refresh = OrderedButton("Update statuses")
        self.find_out = OrderedButton("Find out")
        self.again = OrderedButton("Send again")
        self.open_job = OrderedButton("Open that job")
        self.new = OrderedButton("New job")
        self.look_up = OrderedButton("Look up numbers…")
        self.more = OrderedButton("More", quiet=True)

    @property
    def left(self) -> tuple[ipywidgets.Widget, ...]:
        """The buttons at the left of the foot, in order."""
        return (
            self.check,
            self.look_up,
            self.open_job,
            self.refresh,
            self.find_out,
            self.again,
            self.new,
        )

    def draw(self, state: BulkState) -> None:
        """Show the state."""
        resting, asking = state.phase == "resting", state.ask is not None
        unknown = state.progress.unknown if state.progress else 0
        self.check.text = "Checking…" if state.phase == "checking" else "Check"
        # One primary button at a time: during a confirmation it is the confirming one.
        self.check.main, self.check.turn = not asking, state.tables
        self.check.disabled = not (steps.may_check(state) or state.reading)
        self.again.text = f"Send {state.resendable:,} again…"
        self.more.text = "Less" if state.more else "More"
        for button in (self.open_job, self.refresh, self.find_out, self.again, self.new):
            button.disabled = state.busy
        connected = state.account is not None
        self.look_up.turn = state.turn
        visible(self.check, not state.job)
        visible(self.look_up, can_ask(state))
        visible(self.open_job, state.checked is not None and bool(state.checked.standing))
        visible(self.refresh, resting and connected and _was_accepted(state))
        visible(self.find_out, resting and connected and unknown > 0)
        visible(self.again, resting and connected and state.resendable > 0 and not asking)
        visible(self.new, resting)
        visible(self.more, not state.job)


class UnfinishedRow:
    """The row that offers to open an unfinished job."""

    def __init__(self) -> None:
        self._note = Note()
        self._offered = ""
        self.open = OrderedButton("Open it")
        self.later = OrderedButton("Not now")
        self.row = styled(ipywidgets.HBox([self._note, self.open, self.later]), "tw-ask")

    def draw(self, state: BulkState) -> None:
        """Show the state."""
        visible(self.row, bool(state.unfinished) and not state.job)
        if state.unfinished:
            first, *others = state.unfinished
            if first.name != self._offered:  # a press meant the job that was offered before
                self._offered = first.name
                self.open.turn += 1
            self.open.disabled = self.later.disabled = state.busy
            more = f" {len(others):,} more unfinished jobs follow." if others else ""
            self._note.show(f"{first.summary} It does not continue by itself.{more}", "warning")


def _was_accepted(state: BulkState) -> bool:
    return state.progress is not None and bool(state.progress.counts["accepted"])


def _outcome(record: Mapping[str, Any]) -> dict[str, object]:
    status, later = str(record["status"]), record["message_status"]
    known = isinstance(later, str) and status == "accepted"
    shown = "unknown · not sure" if status == "unknown" else status
    return {
        "row": record["row"],
        "to": record["to"],
        "outcome": later if known else shown,
        "code": record["error_code"],
        "explanation": record["explanation"],
        "sid": record["sid"],
    }
