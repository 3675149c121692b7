"""The effect of every step of the connection panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, get_args

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection import state as steps
from twilio_widgets.panels.connection.state import ConnectionState, Identity, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

ME = Identity(
    account="AC12…cdef",
    kind="API key",
    source="typed in",
    place="United States (us1)",
    checks_webhooks=True,
    access=Access.of("API key"),
)


def state_in(phase: Phase) -> ConnectionState:
    """A state in this phase that says everything a card can say in it."""
    state = ConnectionState(phase=phase, failure="An error.")
    if phase == "idle":
        return replace(state, problems={"region": "A problem."})
    return replace(state, identity=ME, verdict="" if phase == "checking" else "It works.")


STEPS = {
    "began": partial(steps.began, identity=ME),
    "selected": partial(steps.selected, kind="auth token"),
    "connected": partial(steps.connected, identity=ME, verdict="It works."),
    "disconnected": steps.disconnected,
    "refused": partial(steps.refused, text="Refused."),
    "reviewed": steps.reviewed,
    "toggled_help": steps.toggled_help,
    "toggled_more": steps.toggled_more,
    "failed": partial(steps.failed, text="Unexpected."),
    "typed": partial(steps.typed, name="region", text="ie1"),
}


def says(state: ConnectionState) -> Iterator[str]:
    if state.failure:
        yield "error"
    if state.problems:
        yield "problem"
    if state.verdict:
        yield "verdict"


def test_the_effect_of_every_step_in_every_phase() -> None:
    phases = {phase: state_in(phase) for phase in get_args(Phase)}

    assert STEPS.keys() == steps_in(steps, ConnectionState)
    assert table_of(phases, STEPS, lambda state: state.phase, says) == expected(__file__)
