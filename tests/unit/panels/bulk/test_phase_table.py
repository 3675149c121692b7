"""The effect of every step of the bulk panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, get_args

import pytest

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.bulk.progress import JobProgress
from twilio_widgets.core.lookups.cost import LookupCost
from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.panels.bulk import lookup_row as lookups
from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.bulk import template_columns as templates
from twilio_widgets.panels.bulk import text as texts
from twilio_widgets.panels.bulk.draft import BulkDraft
from twilio_widgets.panels.bulk.lookup_prompt import LookupPrompt
from twilio_widgets.panels.bulk.state import (
    BulkState,
    Checked,
    ConfirmationPrompt,
    Phase,
    Unfinished,
)
from twilio_widgets.panels.bulk.table_file import OpenedFile
from twilio_widgets.panels.bulk.table_sources import Source
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.send.state import SendingAccount

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = SendingAccount(label="sandbox", access=Access.of("sandbox"))
FILE = OpenedFile(name="guests.csv", content=b"", encoding="cp1252", guessed="cp1252")
GUESTS = Source(name="guests.csv", kind="csv", rows=b"", file=FILE)
FRAME = Source(name="guests", kind="frame", rows=b"")
FILLED = BulkDraft(to="phone", from_="+15005550006", body="Hi {name}", name="guests")
CHECKED = Checked(ready=3, rejected=0, lines=("3 of 3 rows are ready.",))
OLD = Unfinished(name="old", summary="It is paused.")
ASK = ConfirmationPrompt(purpose="send", count=3)
TEMPLATE = ContentTemplate(
    sid="HX" + "0" * 32,
    friendly_name="ready",
    language="en",
    types={"twilio/text": {"body": "Hi {{name}}"}},
    variables={},
)
COST = LookupCost(numbers=3, cached=0, invalid=0, cost=Decimal("0.03"))
COUNTS = dict.fromkeys(
    ("pending", "attempted", "accepted", "rejected", "unknown", "skipped", "abandoned"), 0
)


def progress(state: str) -> JobProgress:
    return JobProgress(name="guests", state=state, counts=COUNTS | {"accepted": 3})


def state_in(phase: Phase) -> BulkState:
    """A state in this phase that says everything a card can say in it."""
    state = BulkState(
        account=ACCOUNT,
        source=GUESTS,
        file=FILE,
        rows=3,
        columns=("name", "phone"),
        draft=FILLED,
        phase=phase,
        turn=1,
        templates=(TEMPLATE,),
    )
    if phase in {"checked", "beginning"}:
        return replace(state, checked=CHECKED, ask=ASK, typed="send 3")
    if phase == "sending":
        return replace(state, job="guests", progress=progress("running"))
    if phase == "resting":
        rests = replace(state, job="guests", progress=progress("finished"), ask=ASK)
        return replace(rests, typed="send 3", failure="An error.", note="A note.")
    if phase == "writing":
        return replace(state, failure="An error.", note="A note.")
    return state


PHASES = {phase: state_in(phase) for phase in get_args(Phase)} | {
    "asking a lookup": replace(state_in("checked"), lookup=LookupPrompt(turn=1, cost=COST)),
    "running a lookup": replace(
        state_in("checked"), lookup=LookupPrompt(turn=1, cost=COST, phase="running")
    ),
    "looking up": replace(state_in("writing"), busy=True, unfinished=(OLD,), failure="", note=""),
}

STEPS = {
    "asked": partial(steps.asked, ask=replace(ASK, purpose="send again")),
    "declined": steps.declined,
    "check_started": steps.check_started,
    "action_started": steps.action_started,
    "starting": steps.starting,
    "started": partial(steps.started, job="guests"),
    "restarted": steps.restarted,
    "reading": steps.reading,
    "selected": partial(steps.selected, source=FRAME, rows=4, columns=("phone",), guess=None),
    "connected": partial(steps.connected, account=ACCOUNT, rails=("No limits.",)),
    "disconnected": steps.disconnected,
    "action_finished": steps.action_finished,
    "found_unfinished": partial(steps.found_unfinished, unfinished=(OLD,)),
    "listed": partial(steps.listed, frames=("guests",)),
    "previewed": partial(steps.previewed, row=2),
    "start_failed": partial(steps.start_failed, text="It was refused.", rests=False),
    "check_failed": partial(steps.check_failed, turn=1, name="", text="No such column."),
    "read_failed": partial(steps.read_failed, text="It is not a table."),
    "postponed": steps.postponed,
    "read": partial(steps.read, job="guests", groups=(), resendable=1),
    "read_again": partial(steps.read_again, file=replace(FILE, encoding="latin-1")),
    "noted": partial(steps.noted, note="Updated."),
    "suggested": partial(steps.suggested, senders=("+15005550006",)),
    "toggled_more": steps.toggled_more,
    "failed": partial(steps.failed, text="Unexpected."),
    "typed": partial(steps.typed, name="body", value="Another text"),
    "confirmation_typed": partial(steps.confirmation_typed, text="send"),
    "check_finished": partial(steps.check_finished, turn=1, checked=CHECKED),
    "progressed": partial(steps.progressed, progress=progress("paused")),
    "lookup asked": partial(lookups.asked, turn=1, cost=COST),
    "lookup confirmed": lookups.confirmed,
    "lookup ended": partial(lookups.ended, failure="No reply."),
    "lookup progressed": partial(lookups.progressed, done=2),
    "lookup typed": partial(lookups.typed, text="pay"),
    "template assigned": partial(templates.assigned, place=0, column="name"),
    "template selected": partial(templates.selected, sid=TEMPLATE.sid),
    "template listed": partial(templates.listed, templates=(TEMPLATE,)),
}


def phase_of(state: BulkState) -> str:
    if (prompt := lookups.shown(state)) is not None:
        return f"{prompt.phase} a lookup"
    return "looking up" if state.busy else state.phase


def says(state: BulkState) -> Iterator[str]:
    if state.failure:
        yield "error"
    if state.note:
        yield "note"
    if state.checked is not None:
        yield "plan"
    if state.ask is not None:
        yield "ask"
    if state.job:
        yield "job"
    if state.unfinished:
        yield "offer"
    if state.file is not None:
        yield "file"
    if state.draft.template:
        yield "template"


def test_the_effect_of_every_step_in_every_phase() -> None:
    assert STEPS.keys() == (
        steps_in(steps, BulkState)
        | steps_in(lookups, BulkState, "lookup ")
        | steps_in(templates, BulkState, "template ")
    )
    assert table_of(PHASES, STEPS, phase_of, says) == expected(__file__)


@pytest.mark.parametrize(
    ("found", "tone"),
    [
        (CHECKED, "good"),
        (replace(CHECKED, rejected=1), "warning"),
        (replace(CHECKED, ready=3, rejected=97), "warning"),
        (replace(CHECKED, refused_rows=1), "warning"),
        (replace(CHECKED, ready=0), "warning"),
    ],
)
def test_a_check_is_good_only_when_every_row_can_be_sent(found: Checked, tone: str) -> None:
    assert texts.finding_of(replace(state_in("checked"), checked=found))[1] == tone


def test_nothing_of_the_table_before_stays_when_a_file_cannot_be_read() -> None:
    before = state_in("checked")
    after = steps.read_failed(steps.reading(before), "It is not a table.")

    assert (after.source, after.rows, after.columns, after.guess) == (None, 0, (), None)
    assert (after.checked, after.ask, after.draft.name) == (None, None, "")
    assert not steps.may_check(after)
    assert after.draft.to == "phone", "a file that can be read may have that column"


def test_each_column_that_a_template_can_name_has_a_button() -> None:
    state = replace(state_in("writing"), columns=("name", "a{b", "when:x", "Gäste", "no!"))

    assert texts.inserts_of(state) == ("{name}", "{Gäste}")
    assert texts.inserts_of(replace(state, columns=())) == ()


@pytest.mark.parametrize(
    ("source", "frames", "option"),
    [
        (None, (), "No DataFrame in this notebook"),
        (None, ("guests",), "Choose a DataFrame…"),
        (replace(GUESTS, kind="frame", name="guests"), ("guests",), "Choose a DataFrame…"),
        (GUESTS, (), "File: guests.csv"),
        (
            replace(GUESTS, kind="given", name="the table given"),
            (),
            "The table given to this panel",
        ),
    ],
)
def test_the_list_of_dataframes_names_the_table_in_use(
    source: Source | None, frames: tuple[str, ...], option: str
) -> None:
    assert texts.no_frame_of(BulkState(source=source, frames=frames)) == option
