"""The effect of every step of the raw request panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, get_args

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.raw import state as steps
from twilio_widgets.panels.raw.draft import RawDraft
from twilio_widgets.panels.raw.history import HistoryEntry
from twilio_widgets.panels.raw.state import FinishedAttempt, Phase, RawState, ResponseSummary
from twilio_widgets.progress import ReadProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

ME = Identity(
    account="AC4d…4a02",
    kind="sandbox",
    source="a sandbox",
    place="",
    checks_webhooks=True,
    access=Access(kind="sandbox"),
)
GET = RawDraft(path="/Accounts/$TWILIO_ACCOUNT_SID/Balance.json")
ANSWER = ResponseSummary(turn=1, status="200 OK", tone="good", views=("tree", "headers"))
LOST = replace(ANSWER, status="outcome unknown", tone="warning", lost=True, can_search=True)
ENTRY = HistoryEntry(number=1, draft=GET, outcome="200 OK", tone="good", facts="")


def state_in(phase: Phase) -> RawState:
    """A state in this phase that says everything a card can say in it."""
    state = RawState(identity=ME, draft=GET, phase=phase, turn=1, history=(ENTRY,))
    if phase == "asking":
        return replace(state, why="again", answer=ANSWER, view="tree")
    if phase == "sending":
        return state
    if phase == "searching":
        return replace(state, answer=LOST, view="tree")
    return replace(state, answer=ANSWER, view="tree", problems={"path": "A problem."})


PHASES = {phase: state_in(phase) for phase in get_args(Phase)} | {
    "invalid": replace(state_in("ready"), draft=replace(GET, path="")),
    "lost": replace(state_in("ready"), answer=LOST),
}

STEPS = {
    "agreed": steps.agreed,
    "answered": partial(steps.answered, answer=ANSWER, entry=ENTRY),
    "attempt_finished": partial(
        steps.attempt_finished,
        turn=1,
        one=FinishedAttempt(number=1, outcome="503", good=False, wait=1.0),
    ),
    "attempt_started": partial(steps.attempt_started, turn=1, number=1),
    "chosen_again": partial(steps.chosen_again, number=1),
    "connected": partial(steps.connected, identity=replace(ME, account="AC55…1234")),
    "continued": partial(
        steps.continued, turn=1, reading=ReadProgress(rows=50, pages=1, limit=100)
    ),
    "declined": steps.declined,
    "disconnected": steps.disconnected,
    "failed": partial(steps.failed, text="Unexpected."),
    "not_sent": partial(steps.not_sent, turn=1, text="It was not sent."),
    "opened": partial(steps.opened, number=1),
    "pressed": steps.pressed,
    "refused": partial(steps.refused, turn=1, text="Refused."),
    "searched": partial(steps.searched, turn=1, answer=None, problem="Not sure yet."),
    "searching": steps.searching,
    "section_selected": partial(steps.section_selected, section="headers"),
    "stop_requested": steps.stop_requested,
    "toggled_history": steps.toggled_history,
    "typed": partial(steps.typed, name="path", value="/Accounts.json"),
    "view_selected": partial(steps.view_selected, view="headers"),
    "with_problem": partial(steps.with_problem, place="", text="A problem."),
}


def says(state: RawState) -> Iterator[str]:
    if state.problems:
        yield "problem"
    if state.answer is not None:
        yield "lost" if state.answer.lost else "response"


def test_the_effect_of_every_step_in_every_phase() -> None:
    assert STEPS.keys() == steps_in(steps, RawState)
    assert table_of(PHASES, STEPS, lambda state: state.phase, says) == expected(__file__)
