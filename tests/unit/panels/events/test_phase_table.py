"""The effect of every step of the events panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, get_args

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.listener.events.reading import Counts
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.events import state as steps
from twilio_widgets.panels.events import text as texts
from twilio_widgets.panels.events.state import EventsState, IngressSummary, Other, Phase, Seen

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
INGRESS = IngressSummary(leads_here=True, why="You named it.", exposes="The listener alone.")
NOTHING = Counts(events={}, duplicates={}, proofs={}, rejected={})
SEEN = Seen(counts=NOTHING)
ENDED = Seen(counts=NOTHING, problem="It was killed.", ended=True)


def state_in(phase: Phase) -> EventsState:
    """A state in this phase that says everything a card can say in it."""
    state = EventsState(identity=ME, phase=phase, turn=1, shown=True, problems={"panel": "Oh."})
    if phase == "asking":
        return replace(state, other=Other())
    if phase in {"on", "stopping"}:
        return replace(state, ingress=INGRESS, seen=SEEN, note="Done.")
    return replace(state, note="Done.") if phase == "idle" else state


PHASES = {phase: state_in(phase) for phase in get_args(Phase)} | {
    "acting": replace(state_in("on"), busy=True),
    "over": replace(state_in("on"), seen=ENDED),
}

STEPS = {
    "action_finished": partial(steps.action_finished, note="Connected."),
    "action_started": steps.action_started,
    "agreed": steps.agreed,
    "connected": partial(steps.connected, identity=ME, sandbox=False),
    "declined": steps.declined,
    "disconnected": steps.disconnected,
    "failed": partial(steps.failed, problem="Refused."),
    "ingress_changed": partial(steps.ingress_changed, ingress=replace(INGRESS, why="Found.")),
    "observation_failed": partial(steps.observation_failed, turn=1, problem="Gone."),
    "observed": partial(steps.observed, turn=1, seen=replace(SEEN, age=3.0)),
    "refused": partial(steps.refused, turn=1, other=Other()),
    "selected": partial(steps.selected, how="polling"),
    "started": partial(steps.started, turn=1, how="webhooks", ingress=INGRESS, found=False),
    "starting": steps.starting,
    "stopped": partial(steps.stopped, note="Restored."),
    "stopping": steps.stopping,
    "suggested": partial(steps.suggested, turn=1, suggestions=("+15005550006",)),
    "toggled_settings": steps.toggled_settings,
    "typed": partial(steps.typed, name="reply", text="Ahoy"),
}


def phase_of(state: EventsState) -> str:
    if steps.is_over(state):
        return "over"
    return "acting" if state.busy else state.phase


def says(state: EventsState) -> Iterator[str]:
    if state.problems:
        yield "error"
    if texts.note_of(state):
        yield "result"
    if state.other is not None:
        yield "other"


def test_the_effect_of_every_step_in_every_phase() -> None:
    assert STEPS.keys() == steps_in(steps, EventsState)
    assert table_of(PHASES, STEPS, phase_of, says) == expected(__file__)
