"""The effect of every step of the class panel in every phase."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.panels.classroom import state as steps
from twilio_widgets.panels.classroom.state import ClassState

if TYPE_CHECKING:
    from collections.abc import Iterator

ADA = (("Ada", "+15005550006"),)

PHASES = {
    "empty": ClassState(),
    "live": ClassState(students=ADA, messages=1),
    "planned": ClassState(students=ADA, messages=1, outcome="Ada's next request meets: 503."),
    "failed": ClassState(students=ADA, messages=1, problem="No reply."),
    "unreachable": ClassState(students=ADA, messages=1, unreachable="No reply."),
}

STEPS = {
    "failed": partial(steps.failed, why="No answer."),
    "planned": partial(steps.planned, student="Ada", fault="503"),
    "read": partial(steps.read, students=dict(ADA), messages=2),
    "unreachable": partial(steps.unreachable, why="No answer."),
}


def phase_of(state: ClassState) -> str:
    if state.unreachable:
        return "unreachable"
    if state.problem:
        return "failed"
    if state.outcome:
        return "planned"
    return "live" if state.students else "empty"


def says(state: ClassState) -> Iterator[str]:
    yield steps.pill_of(state)[0]
    if state.problem:
        yield "error"
    if state.outcome:
        yield "outcome"


def test_the_effect_of_every_step_in_every_phase() -> None:
    assert STEPS.keys() == steps_in(steps, ClassState)
    assert table_of(PHASES, STEPS, phase_of, says) == expected(__file__)
