"""The state of the events panel, and the pure steps that change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from twilio_widgets.listener.events.reading import Counts
    from twilio_widgets.listener.kernel.health import AnsweredBy
    from twilio_widgets.panels.connection.state import Identity

How = Literal["webhooks", "polling"]
Phase = Literal["idle", "asking", "starting", "on", "stopping"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressSummary:
    """How Twilio reaches the listener. URLs are left out because they may contain a key."""

    leads_here: bool
    """Whether Twilio can reach the listener."""
    why: str
    exposes: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedHere:
    """A number or service whose webhooks are set to this listener."""

    sid: str
    name: str
    before: str
    """Its previous webhook."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A running listener of this account that has a different auth token."""

    pointed: tuple[PointedHere, ...] = ()
    """The numbers and services it receives for; restored when it stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The latest rejected request and how to fix its cause."""

    number: int
    reason: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A snapshot of the source."""

    counts: Counts
    age: float | None = None
    """Seconds since the last request or poll; None before the first."""
    next_in: float | None = None
    """Seconds until the next poll; None for a listener."""
    problem: str = ""
    ended: bool = False
    """Whether the listener's process has ended or was closed elsewhere."""
    notices: tuple[str, ...] = ()
    advice: Advice | None = None
    pointed: tuple[PointedHere, ...] = ()
    reply: str | None = None
    """The current reply to inbound messages, if it is a text."""
    answered_by: AnsweredBy = None
    """What replies: a text, a function of this kernel or of another one, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsState:
    """Everything the panel shows."""

    identity: Identity | None = None
    sandbox: bool = False
    """Whether messages can be simulated."""
    follows: bool = False
    how: How = "webhooks"
    public_url: str = ""
    reply: str = ""
    point: str = ""
    """The number or service to connect."""
    body: str = "Are you open today?"
    """The body of a simulated message."""
    suggestions: tuple[str, ...] = ()
    phase: Phase = "idle"
    turn: int = 0
    """The number of the current source; results of an earlier one are ignored."""
    found: bool = False
    """Whether the listener was running before this panel."""
    other: Other | None = None
    """The listener that is replaced once the user agrees, or was replaced."""
    ingress: IngressSummary | None = None
    seen: Seen | None = None
    busy: bool = False
    """Whether an action on the source is running, such as connecting a number."""
    note: str = ""
    """The result of the last successful action."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Problems by field name; ``panel`` for one that belongs to no field."""
    shown: bool = False
    """Whether there is a table."""
    settings: bool = True
    """Whether the settings are shown: URLs and reply. They fold once the listener runs."""


def connected(state: EventsState, identity: Identity, *, sandbox: bool) -> EventsState:
    """A client connected: start over, since it may use another account."""
    return EventsState(
        identity=identity,
        sandbox=sandbox,
        follows=state.follows,
        how=state.how,
        public_url=state.public_url,
        reply=state.reply,
        body=state.body,
        turn=state.turn + 1,
    )


def disconnected(state: EventsState) -> EventsState:
    """The client disconnected; the rows stay."""
    return replace(_without_source(state), identity=None, turn=state.turn + 1, problems={})


def typed(state: EventsState, name: str, text: str) -> EventsState:
    """Set a field; clear its problem, and the result of the action before."""
    changed: dict[str, Any] = {name: text}
    left = {field: text for field, text in state.problems.items() if field != name}
    return replace(state, problems=left, note="", **changed)


def selected(state: EventsState, how: str) -> EventsState:
    """Select webhooks or polling, while nothing runs."""
    if state.phase not in {"idle", "asking"} or how not in {"webhooks", "polling"}:
        return state
    chosen: How = "polling" if how == "polling" else "webhooks"
    return replace(declined(state), how=chosen, note="", problems={})


def is_over(state: EventsState) -> bool:
    """Return whether the listener ended without Stop being pressed here."""
    return state.phase == "on" and state.seen is not None and state.seen.ended


def may_start(state: EventsState) -> bool:
    """Return whether a source can be started: there is none, or its process has ended."""
    return state.identity is not None and (state.phase == "idle" or is_over(state))


def may_act(state: EventsState) -> bool:
    """Return whether the source can be changed: it runs, and no other action is running."""
    return state.phase == "on" and not state.busy and not is_over(state)


def starting(state: EventsState) -> EventsState:
    """Start a source, if one can be started."""
    return _begun(state, None) if may_start(state) else state


def refused(state: EventsState, turn: int, other: Other) -> EventsState:
    """Another listener is running: ask the user whether to stop it."""
    if turn != state.turn or state.phase != "starting":
        return state
    return replace(state, phase="asking", other=other)


def agreed(state: EventsState) -> EventsState:
    """Replace the other listener, if that was asked."""
    return _begun(state, state.other) if state.phase == "asking" else state


def declined(state: EventsState) -> EventsState:
    """Keep the other listener."""
    return replace(state, phase="idle", other=None) if state.phase == "asking" else state


def started(
    state: EventsState, turn: int, how: How, ingress: IngressSummary | None, *, found: bool
) -> EventsState:
    """The source was opened."""
    if turn != state.turn or state.phase != "starting":
        return state
    reached = ingress is None or ingress.leads_here
    return replace(
        state,
        phase="on",
        how=how,
        ingress=ingress,
        found=found,
        shown=True,
        settings=not reached,
        problems={},
    )


def toggled_settings(state: EventsState) -> EventsState:
    """Show or hide the settings."""
    return replace(state, settings=not state.settings)


def ingress_changed(state: EventsState, ingress: IngressSummary) -> EventsState:
    """Twilio reaches the listener in another way."""
    return replace(state, ingress=ingress)


def observed(state: EventsState, turn: int, seen: Seen) -> EventsState:
    """Take a new snapshot of the source."""
    return replace(state, seen=seen) if turn == state.turn and state.phase != "idle" else state


def observation_failed(state: EventsState, turn: int, problem: str) -> EventsState:
    """Reading the source failed; keep the last snapshot and add the problem."""
    if state.seen is None:
        return failed(state, problem) if turn == state.turn else state
    return observed(state, turn, replace(state.seen, problem=problem))


def suggested(state: EventsState, turn: int, suggestions: tuple[str, ...]) -> EventsState:
    """Offer the senders of the account."""
    return replace(state, suggestions=suggestions) if turn == state.turn else state


def action_started(state: EventsState) -> EventsState:
    """An action started; clear the result and the problems of earlier ones."""
    return replace(state, busy=True, note="", problems={})


def action_finished(state: EventsState, note: str) -> EventsState:
    """The action succeeded, unless its source was stopped meanwhile."""
    return replace(state, busy=False, note=note) if state.busy else state


def stopping(state: EventsState) -> EventsState:
    """Stop the source."""
    if state.phase != "on":
        return state
    return replace(state, phase="stopping", note="", problems={})


def stopped(state: EventsState, note: str) -> EventsState:
    """The source was stopped; the rows stay."""
    return replace(_without_source(state), turn=state.turn + 1, note=note, problems={})


def failed(state: EventsState, problem: str, name: str = "panel") -> EventsState:
    """Show a problem at a field, or at none, and go back to a phase that allows a retry."""
    phase: dict[Phase, Phase] = {"starting": "idle", "stopping": "on"}
    return replace(
        state,
        phase=phase.get(state.phase, state.phase),
        other=None if state.phase == "starting" else state.other,
        busy=False,
        note="",
        settings=state.settings or name in {"public_url", "reply"},
        problems={**state.problems, name: problem},
    )


def _begun(state: EventsState, other: Other | None) -> EventsState:
    free = _without_source(state)
    return replace(free, phase="starting", turn=state.turn + 1, other=other, problems={})


def _without_source(state: EventsState) -> EventsState:
    return replace(
        state,
        phase="idle",
        found=False,
        other=None,
        ingress=None,
        seen=None,
        busy=False,
        note="",
        settings=True,
        suggestions=(),
    )
