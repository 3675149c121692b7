"""What the raw request card knows, and the pure steps that change it.

The rule it keeps: one press is one request. A request has a turn; its worker may only speak for
that turn. A request that changes something and has just left is asked about before it leaves again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.panels.raw.draft import (
    RawDraft,
    Section,
    place_of,
    problem_of,
    what_is_asked,
)
from twilio_widgets.panels.raw.history import MOST_ENTRIES, HistoryEntry

if TYPE_CHECKING:
    from twilio_widgets.panels.connection.state import Identity
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.progress import ReadProgress

Phase = Literal[
    "ready",      # nothing is under way
    "asking",     # really, again?
    "sending",    # a request is under way
    "searching",  # the message log is being asked
]  # fmt: skip

Why = Literal["", "again", "unknown", "history"]
"""Why a person is asked before a request leaves."""

Body = Literal["none", "tree", "table", "text", "image", "file"]
View = Literal["tree", "table", "text", "file", "headers", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt, as it ended."""

    number: int
    outcome: str
    """The status, or what went wrong, in a word or two."""
    good: bool
    wait: float | None
    """Seconds until the next one; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSummary:
    """What came of a request, in words; what it holds is not part of it."""

    turn: int
    status: str
    """``200 OK``, or what happened instead of an answer."""
    tone: Tone
    facts: tuple[str, ...] = ()
    """How long it took, how many attempts, its request id."""
    problem: str = ""
    error: Mapping[str, str] = field(default_factory=dict)
    """The error code, explained; empty without one."""
    headers: tuple[tuple[str, str], ...] = ()
    views: tuple[View, ...] = ()
    """How it can be looked at; the first is how it is shown."""
    lost: bool = False
    """Whether nobody knows if it was carried out."""
    can_search: bool = False
    """Whether the message log can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawState:
    """The truth of which the panel is the picture."""

    identity: Identity | None = None
    """Whose account it is; None: not connected."""
    follows: bool = False
    """Whether a connection panel may still connect it."""
    draft: RawDraft = field(default_factory=RawDraft)
    section: Section = "query"
    """The part of the request that is seen."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """What is wrong, by the place where it is said; ``""`` is no place of its own."""
    phase: Phase = "ready"
    why: Why = ""
    turn: int = 0
    """The number of the last request; what an older one has to say comes too late."""
    attempt: int = 0
    """The number of the attempt that left last."""
    tries: tuple[Tried, ...] = ()
    reading: ReadProgress | None = None
    """How far a list has been read."""
    stopping: bool = False
    answer: ResponseSummary | None = None
    view: View = "none"
    """How the answer is looked at."""
    sent: RawDraft | None = None
    """The request that left last, when it could change something."""
    history: tuple[HistoryEntry, ...] = ()
    history_seen: bool = False


# Connecting


def connected(state: RawState, identity: Identity) -> RawState:
    """There is a client; the history of another account is not its own."""
    if state.identity is not None and state.identity != identity:
        state = replace(state, history=(), answer=None, view="none", sent=None)
    return replace(state, identity=identity, problems={})


def disconnected(state: RawState) -> RawState:
    """The client is gone: what has not left stays here."""
    phase: Phase = "ready" if state.phase == "asking" else state.phase
    return replace(state, identity=None, phase=phase, why="", problems={})


# Writing


def typed(state: RawState, name: str, value: Any) -> RawState:
    """A field changed. What was about to leave stays, since it is not what stands there now."""
    if getattr(state.draft, name) == value:
        return state
    change: dict[str, Any] = {name: value}
    phase: Phase = "ready" if state.phase == "asking" else state.phase
    return replace(state, draft=replace(state.draft, **change), problems={}, phase=phase, why="")


def looked_at(state: RawState, section: Section) -> RawState:
    """Another part of the request is to be seen."""
    return replace(state, section=section)


# Sending


def may_send(state: RawState) -> bool:
    """Say whether "Send" would do something."""
    return state.identity is not None and state.phase == "ready"


def pressed(state: RawState) -> RawState:
    """ "Send" was pressed: look at the fields, ask when it may be a repeat, or begin."""
    if not may_send(state):
        return state
    found = problem_of(state.draft)
    if found is not None:
        return with_problem(state, *found)
    if state.sent is not None and what_is_asked(state.sent) == what_is_asked(state.draft):
        lost = state.answer is not None and state.answer.lost
        return replace(state, phase="asking", why="unknown" if lost else "again", problems={})
    return _began(state)


def chosen_again(state: RawState, number: int) -> RawState:
    """A request of the history is to be sent again: at once when it only reads."""
    if not may_send(state):
        return state
    state = opened(state, number)
    found = problem_of(state.draft)
    if found is not None:
        return with_problem(state, *found)
    return (
        _began(state) if state.draft.only_reads else replace(state, phase="asking", why="history")
    )


def opened(state: RawState, number: int) -> RawState:
    """A request of the history is put into the fields."""
    entry = next((one for one in state.history if one.number == number), None)
    if entry is None or state.phase not in {"ready", "asking"}:
        return state
    return replace(state, draft=entry.draft, problems={}, phase="ready", why="")


def agreed(state: RawState) -> RawState:
    """ "Really?" was answered with yes."""
    return _began(state) if state.phase == "asking" and state.identity is not None else state


def backed(state: RawState) -> RawState:
    """ "Really?" was answered with no."""
    return replace(state, phase="ready", why="") if state.phase == "asking" else state


def _began(state: RawState) -> RawState:
    return replace(
        state,
        phase="sending",
        why="",
        turn=state.turn + 1,
        attempt=0,
        tries=(),
        reading=None,
        stopping=False,
        problems={},
        answer=None,
        view="none",
        sent=None if state.draft.only_reads else state.draft,
    )


def attempting(state: RawState, turn: int, number: int) -> RawState:
    """An attempt leaves."""
    return replace(state, attempt=number) if turn == state.turn else state


def tried(state: RawState, turn: int, one: Tried) -> RawState:
    """An attempt ended."""
    if turn != state.turn or state.phase != "sending":
        return state
    return replace(state, tries=(*state.tries, one))


def read_on(state: RawState, turn: int, reading: ReadProgress) -> RawState:
    """Another page of a list was read."""
    return replace(state, reading=reading) if turn == state.turn else state


def asked_to_stop(state: RawState) -> RawState:
    """A person wants no more attempts and no more pages."""
    return replace(state, stopping=True) if state.phase == "sending" else state


# What came of it


def answered(state: RawState, answer: ResponseSummary, entry: HistoryEntry) -> RawState:
    """It came to an end, well or badly."""
    if answer.turn != state.turn or state.phase != "sending":
        return state
    return replace(
        state,
        phase="ready",
        reading=None,
        stopping=False,
        answer=answer,
        view=answer.views[0] if answer.views else "none",
        history=(*state.history, entry)[-MOST_ENTRIES:],
    )


def refused(state: RawState, turn: int, text: str, name: str | None = None) -> RawState:
    """It was not sent, for sure: because of a field, or for a reason of its own."""
    if turn != state.turn or state.phase != "sending":
        return state
    state = replace(state, phase="ready", reading=None, stopping=False, sent=None)
    return with_problem(state, place_of(name), text)


def viewed(state: RawState, view: View) -> RawState:
    """The answer is to be looked at in another way."""
    known = state.answer is not None and view in state.answer.views
    return replace(state, view=view) if known else state


def toggled_history(state: RawState) -> RawState:
    """Show or hide the requests of this session."""
    return replace(state, history_seen=not state.history_seen)


# When nobody knows


def searching(state: RawState) -> RawState:
    """The message log is being asked."""
    answer = state.answer
    can = state.phase == "ready" and state.identity is not None
    if answer is None or not answer.can_search or not can:
        return state
    return replace(state, phase="searching")


def searched(
    state: RawState, turn: int, answer: ResponseSummary | None, problem: str = ""
) -> RawState:
    """The message log answered, or could not be asked; None leaves the answer as it was."""
    if state.phase != "searching" or turn != state.turn:
        return state
    state = replace(state, phase="ready")
    if answer is not None:
        state = replace(state, answer=answer, view=answer.views[0] if answer.views else "none")
    elif state.answer is not None:
        state = replace(state, answer=replace(state.answer, problem=problem))
    return state


def not_there(state: RawState, turn: int, text: str) -> RawState:
    """The message log proves that nothing was sent, so the request may leave again."""
    if state.phase != "searching" or turn != state.turn or state.answer is None:
        return state
    answer = replace(state.answer, tone="hint", problem=text, lost=False, can_search=False)
    return replace(state, phase="ready", answer=answer, sent=None)


def troubled(state: RawState, text: str) -> RawState:
    """Something broke that nobody expected. What is leaving is told of by its own worker."""
    phase: Phase = "ready" if state.phase == "searching" else state.phase
    return replace(state, phase=phase, problems={"": text})


def with_problem(state: RawState, place: str, text: str) -> RawState:
    """Show a problem where it belongs, opening the part of the request that it is in."""
    sections: dict[str, Section] = {
        "query": "query", "body": "body", "headers": "headers",
        "retries": "retries", "answer": "answer",
    }  # fmt: skip
    return replace(
        state, problems={place: text}, section=sections.get(place, state.section), phase="ready"
    )
