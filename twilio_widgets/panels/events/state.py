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
    """How Twilio reaches the listener. The URLs are no part of it: they may hold a key."""

    leads_here: bool
    """Whether Twilio can call at all."""
    why: str
    exposes: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedHere:
    """A number or service whose webhooks come here."""

    sid: str
    name: str
    before: str
    """Where its messages went before."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A listener of this account that runs and does not know our auth token."""

    pointed: tuple[PointedHere, ...] = ()
    """What is pointed at it, and put back when it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The latest request that was turned away, and what the doctor says about it."""

    number: int
    reason: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look at the source brought."""

    counts: Counts
    age: float | None = None
    """Seconds since the last request, or since Twilio was asked; None: not yet."""
    next_in: float | None = None
    """Seconds until Twilio is asked again; None for a listener."""
    problem: str = ""
    ended: bool = False
    """Whether the listener's process has ended, or somebody else closed it."""
    notices: tuple[str, ...] = ()
    advice: Advice | None = None
    pointed: tuple[PointedHere, ...] = ()
    reply: str | None = None
    """What inbound messages are answered now, if that is a text."""
    answered_by: AnsweredBy = None
    """Whether a text answers, a function of this kernel or one elsewhere, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsState:
    """The truth of which the panel is the picture."""

    identity: Identity | None = None
    sandbox: bool = False
    """Whether messages can be simulated."""
    follows: bool = False
    how: How = "webhooks"
    public_url: str = ""
    reply: str = ""
    point: str = ""
    """The number or service that is to be pointed here."""
    body: str = "Are you open today?"
    """What a simulated message says."""
    suggestions: tuple[str, ...] = ()
    phase: Phase = "idle"
    turn: int = 0
    """Counts the sources; what an older one has to say comes too late."""
    found: bool = False
    """Whether the listener was running before this panel."""
    other: Other | None = None
    """Whose place is taken once a person agrees, or was taken."""
    door: IngressSummary | None = None
    seen: Seen | None = None
    busy: bool = False
    """Whether something is under way with the source, such as pointing a number here."""
    said: str = ""
    """What went well last."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with a field, by its name; with ``panel``, what is wrong with none."""
    shown: bool = False
    """Whether there is a table to see."""


def connected(state: EventsState, identity: Identity, *, sandbox: bool) -> EventsState:
    """There is a client: begin anew, for it may be another account's."""
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
    """The client is gone; the rows stay."""
    return replace(_without_source(state), identity=None, turn=state.turn + 1, problems={})


def typed(state: EventsState, name: str, text: str) -> EventsState:
    """A field holds this now; what was wrong with it is said no longer."""
    changed: dict[str, Any] = {name: text}
    left = {field: said for field, said in state.problems.items() if field != name}
    return replace(state, problems=left, **changed)


def chose(state: EventsState, how: str) -> EventsState:
    """Webhooks or polling."""
    if state.phase not in {"idle", "asking"} or how not in {"webhooks", "polling"}:
        return state
    chosen: How = "polling" if how == "polling" else "webhooks"
    return replace(went_back(state), how=chosen, problems={})


def is_over(state: EventsState) -> bool:
    """Say whether the listener's process has ended, and not by Stop."""
    return state.phase == "on" and state.seen is not None and state.seen.ended


def may_start(state: EventsState) -> bool:
    """Say whether a source can be started now: there is none, or one whose process has ended."""
    return state.identity is not None and (state.phase == "idle" or is_over(state))


def may_act(state: EventsState) -> bool:
    """Return whether the source can be changed: it runs, and no other action is running."""
    return state.phase == "on" and not state.busy and not is_over(state)


def starting(state: EventsState) -> EventsState:
    """Start a source, if that can be done now."""
    return _begun(state, None) if may_start(state) else state


def refused(state: EventsState, turn: int, other: Other) -> EventsState:
    """Another listener stands in the way: a person decides whether it is to end."""
    return replace(state, phase="asking", other=other) if turn == state.turn else state


def agreed(state: EventsState) -> EventsState:
    """Take its place, if that was asked."""
    return _begun(state, state.other) if state.phase == "asking" else state


def went_back(state: EventsState) -> EventsState:
    """Leave the other listener as it is."""
    return replace(state, phase="idle", other=None) if state.phase == "asking" else state


def started(
    state: EventsState, turn: int, how: How, door: IngressSummary | None, *, found: bool
) -> EventsState:
    """The source is there."""
    if turn != state.turn:
        return state
    return replace(state, phase="on", how=how, door=door, found=found, shown=True, problems={})


def moved(state: EventsState, door: IngressSummary) -> EventsState:
    """Another way leads to the listener."""
    return replace(state, door=door)


def saw(state: EventsState, turn: int, seen: Seen) -> EventsState:
    """A look at the source came back."""
    return replace(state, seen=seen) if turn == state.turn and state.phase != "idle" else state


def troubled(state: EventsState, turn: int, problem: str) -> EventsState:
    """A look at the source failed; what was seen before stays."""
    if state.seen is None:
        return failed(state, problem) if turn == state.turn else state
    return saw(state, turn, replace(state.seen, problem=problem))


def suggested(state: EventsState, turn: int, suggestions: tuple[str, ...]) -> EventsState:
    """What the account could point here."""
    return replace(state, suggestions=suggestions) if turn == state.turn else state


def began(state: EventsState, *names: str) -> EventsState:
    """Something is under way; what was wrong with these fields is tried again."""
    left = {field: said for field, said in state.problems.items() if field not in names}
    return replace(state, busy=True, said="", problems=left)


def done(state: EventsState, said: str) -> EventsState:
    """What was under way went well."""
    return replace(state, busy=False, said=said)


def stopping(state: EventsState) -> EventsState:
    """Stop the source."""
    return replace(state, phase="stopping", said="") if state.phase == "on" else state


def stopped(state: EventsState, said: str) -> EventsState:
    """The source was stopped; the rows stay."""
    return replace(_without_source(state), turn=state.turn + 1, said=said, problems={})


def failed(state: EventsState, problem: str, name: str = "panel") -> EventsState:
    """Something went wrong, with a field or with none."""
    phase: dict[Phase, Phase] = {"starting": "idle", "stopping": "on"}
    return replace(
        state,
        phase=phase.get(state.phase, state.phase),
        other=None if state.phase == "starting" else state.other,
        busy=False,
        said="",
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
        door=None,
        seen=None,
        busy=False,
        said="",
        suggestions=(),
    )
