"""The effect of every step of the account panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.resources import state as steps
from twilio_widgets.panels.resources import text as texts
from twilio_widgets.panels.resources.state import (
    AccountState,
    SectionQuery,
    SectionResult,
    SectionState,
)
from twilio_widgets.progress import ReadProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

ME = Identity(
    account="AC0f…9a41",
    kind="API key",
    source="typed in",
    place="United States (us1)",
    checks_webhooks=False,
    access=Access(kind="API key"),
)
RESULT = SectionResult(asked=SectionQuery(), rows=3, complete=True)
PAGE = ReadProgress(rows=3, pages=1, limit=1_000)


def with_usage(**changed: object) -> AccountState:
    usage = replace(SectionState(turn=1, result=RESULT), **changed)  # type: ignore[arg-type]  # passed on
    sections = {**AccountState().sections, "usage": usage}
    return AccountState(identity=ME, chosen="usage", opened="0", sections=sections)  # type: ignore[arg-type]  # as above


IDLE = with_usage()
PHASES = {
    "not connected": replace(IDLE, identity=None),
    "not read": with_usage(result=None),
    "empty": with_usage(result=replace(RESULT, rows=0)),
    "idle": IDLE,
    "failed": with_usage(problem="No reply."),
    "reading": with_usage(reading=PAGE),
}

STEPS = {
    "began": steps.began,
    "connected": partial(steps.connected, identity=ME),
    "continued": partial(steps.continued, section="usage", turn=1, reading=replace(PAGE, pages=2)),
    "disconnected": steps.disconnected,
    "ended": partial(steps.ended, section="usage", turn=1, result=replace(RESULT, rows=4)),
    "failed": partial(steps.failed, section="usage", turn=1, problem="No answer."),
    "failed_unexpectedly": partial(steps.failed_unexpectedly, problem="Unexpected."),
    "filter_changed": partial(steps.filter_changed, name="category", value="sms"),
    "row_closed": steps.row_closed,
    "row_opened": partial(steps.row_opened, key="2"),
    "section_chosen": partial(steps.section_chosen, section="alerts"),
}


def phase_of(state: AccountState) -> str:
    one = state.section
    if state.identity is None:
        return "not connected"
    if one.reading is not None:
        return "reading"
    if one.problem:
        return "failed"
    if one.result is None:
        return "not read"
    return "idle" if one.result.rows else "empty"


def says(state: AccountState) -> Iterator[str]:
    yield state.chosen
    if texts.pill_of(state) == ("complete", "good"):
        yield "complete"
    if state.section.problem:
        yield "error"
    if state.opened:
        yield "detail"


def test_the_effect_of_every_step_in_every_phase() -> None:
    assert STEPS.keys() == steps_in(steps, AccountState)
    assert table_of(PHASES, STEPS, phase_of, says) == expected(__file__)


def test_a_load_that_ends_late_changes_only_the_section_that_it_read() -> None:
    reading = steps.began(IDLE)
    elsewhere = steps.row_opened(steps.section_chosen(reading, "alerts"), "NO1")
    ended = steps.ended(elsewhere, "usage", 2, replace(RESULT, rows=9))
    failed = steps.failed(elsewhere, "usage", 2, "No reply.")

    assert ended.sections["usage"].result == replace(RESULT, rows=9)
    assert (ended.section, ended.opened) == (elsewhere.section, "NO1")
    assert (failed.sections["usage"].problem, failed.section.problem) == ("No reply.", "")


def test_a_section_is_called_complete_only_when_the_rows_answer_the_filters() -> None:
    changed = steps.filter_changed(IDLE, "period", "all")

    assert [texts.pill_of(state)[0] for state in (IDLE, changed)] == ["complete", "filters changed"]
