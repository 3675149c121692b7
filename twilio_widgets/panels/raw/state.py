"""The state of the raw request panel, and the pure steps that change it.

One press is one request. Each request has a turn number, and results of an earlier turn are
ignored. A request that can change data is not repeated without a confirmation, and one that reaches
a person or is billed is not sent without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.panels.raw.draft import (
    RawDraft,
    Section,
    effect_of_draft,
    place_of,
    problem_of,
    request_identity,
)
from twilio_widgets.panels.raw.history import MOST_ENTRIES, HistoryEntry

if TYPE_CHECKING:
    from twilio_widgets.panels.connection.state import Identity
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.progress import ReadProgress

Phase = Literal[
    "ready",      # nothing is running
    "asking",     # waiting for a confirmation
    "sending",    # a request is running
    "searching",  # the message log is being read
]  # fmt: skip

Why = Literal["", "again", "unknown", "history", "effect"]
"""Why a confirmation is needed."""

Body = Literal["none", "tree", "table", "text", "image", "file"]
View = Literal["tree", "table", "text", "file", "headers", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedAttempt:
    """One finished attempt."""

    number: int
    outcome: str
    """The status code, or ``no response``."""
    good: bool
    wait: float | None
    """Seconds until the next attempt; None: it was the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSummary:
    """How a request ended, without the body of its response."""

    turn: int
    status: str
    """``200 OK``, or what happened instead of a response."""
    tone: Tone
    facts: tuple[str, ...] = ()
    """Its duration, number of attempts, content type and request id."""
    problem: str = ""
    error: Mapping[str, str] = field(default_factory=dict)
    """The error code, explained; empty without one."""
    headers: tuple[tuple[str, str], ...] = ()
    views: tuple[View, ...] = ()
    """The available views; the first is the default."""
    lost: bool = False
    """Whether it is unknown if the request was carried out."""
    can_search: bool = False
    """Whether the message log can show if it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawState:
    """Everything the panel shows."""

    identity: Identity | None = None
    """The connected account; None: not connected."""
    follows: bool = False
    """Whether a connection panel may connect it."""
    draft: RawDraft = field(default_factory=RawDraft)
    section: Section = "query"
    """The selected tab of the request."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Problems by the section that shows them; ``""`` for one that belongs to none."""
    phase: Phase = "ready"
    why: Why = ""
    turn: int = 0
    """The number of the last request; results of an earlier one are ignored."""
    attempt: int = 0
    """The number of the last attempt started."""
    tries: tuple[FinishedAttempt, ...] = ()
    reading: ReadProgress | None = None
    """The progress of reading a list."""
    stopping: bool = False
    answer: ResponseSummary | None = None
    view: View = "none"
    """The selected view of the response."""
    sent: RawDraft | None = None
    """The last request sent, if it could change data."""
    history: tuple[HistoryEntry, ...] = ()
    history_seen: bool = False


# Connecting


def connected(state: RawState, identity: Identity) -> RawState:
    """A client connected; drop the history of another account."""
    if state.identity is not None and state.identity != identity:
        state = replace(state, history=(), answer=None, view="none", sent=None)
    return replace(state, identity=identity, problems={})


def disconnected(state: RawState) -> RawState:
    """The client is gone: what has not left stays here."""
    phase: Phase = "ready" if state.phase == "asking" else state.phase
    return replace(state, identity=None, phase=phase, why="", problems={})


# Editing


def typed(state: RawState, name: str, value: Any) -> RawState:
    """Set a field and clear the problems; a pending confirmation is dropped."""
    if getattr(state.draft, name) == value:
        return state
    change: dict[str, Any] = {name: value}
    phase: Phase = "ready" if state.phase == "asking" else state.phase
    return replace(state, draft=replace(state.draft, **change), problems={}, phase=phase, why="")


def section_selected(state: RawState, section: Section) -> RawState:
    """Select a tab of the request."""
    return replace(state, section=section)


# Sending


def may_send(state: RawState) -> bool:
    """Return whether Send is possible now."""
    return state.identity is not None and state.phase == "ready"


def pressed(state: RawState) -> RawState:
    """Send was pressed: report a problem, ask for a confirmation, or start the request."""
    if not may_send(state):
        return state
    found = problem_of(state.draft)
    if found is not None:
        return with_problem(_without_answer(state), *found)
    if state.sent is not None and request_identity(state.sent) == request_identity(state.draft):
        lost = state.answer is not None and state.answer.lost
        return replace(state, phase="asking", why="unknown" if lost else "again", problems={})
    if effect_of_draft(state.draft) is not None:
        return replace(state, phase="asking", why="effect", problems={})
    return _began(state)


def chosen_again(state: RawState, number: int) -> RawState:
    """Send a request of the history again; one that can change data needs a confirmation."""
    if not may_send(state):
        return state
    state = opened(state, number)
    found = problem_of(state.draft)
    if found is not None:
        return with_problem(state, *found)
    if not state.draft.is_safe:
        return replace(state, phase="asking", why="history")
    if effect_of_draft(state.draft) is not None:
        return replace(state, phase="asking", why="effect")
    return _began(state)


def opened(state: RawState, number: int) -> RawState:
    """Copy a request of the history into the form."""
    entry = next((one for one in state.history if one.number == number), None)
    if entry is None or state.phase not in {"ready", "asking"}:
        return state
    state = _without_answer(state)
    return replace(state, draft=entry.draft, problems={}, phase="ready", why="")


def agreed(state: RawState) -> RawState:
    """The user confirmed."""
    return _began(state) if state.phase == "asking" and state.identity is not None else state


def declined(state: RawState) -> RawState:
    """The user declined."""
    return replace(state, phase="ready", why="") if state.phase == "asking" else state


def _without_answer(state: RawState) -> RawState:
    """Remove the response of another request, unless the log may have to be searched for it."""
    if state.answer is None or state.answer.lost:
        return state
    return replace(state, answer=None, view="none")


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
        sent=None if state.draft.is_safe else state.draft,
    )


def attempt_started(state: RawState, turn: int, number: int) -> RawState:
    """An attempt started."""
    if turn != state.turn or state.phase != "sending":
        return state
    return replace(state, attempt=number)


def attempt_finished(state: RawState, turn: int, one: FinishedAttempt) -> RawState:
    """An attempt finished."""
    if turn != state.turn or state.phase != "sending":
        return state
    return replace(state, tries=(*state.tries, one))


def continued(state: RawState, turn: int, reading: ReadProgress) -> RawState:
    """Another page of a list was read."""
    if turn != state.turn or state.phase != "sending":
        return state
    return replace(state, reading=reading)


def stop_requested(state: RawState) -> RawState:
    """The user cancelled: no further attempts or pages."""
    return replace(state, stopping=True) if state.phase == "sending" else state


# Results


def answered(state: RawState, answer: ResponseSummary, entry: HistoryEntry) -> RawState:
    """The request ended, with a response or an error."""
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
    """The request was certainly not sent, because of a field or another reason."""
    if turn != state.turn or state.phase != "sending":
        return state
    state = replace(state, phase="ready", reading=None, stopping=False, sent=None)
    return with_problem(state, place_of(name), text)


def view_selected(state: RawState, view: View) -> RawState:
    """Select a view of the response."""
    known = state.answer is not None and view in state.answer.views
    return replace(state, view=view) if known else state


def toggled_history(state: RawState) -> RawState:
    """Show or hide the requests of this session."""
    return replace(state, history_seen=not state.history_seen)


# Unknown outcomes


def searching(state: RawState) -> RawState:
    """Start searching the message log."""
    answer = state.answer
    can = state.phase == "ready" and state.identity is not None
    if answer is None or not answer.can_search or not can:
        return state
    return replace(state, phase="searching")


def searched(
    state: RawState, turn: int, answer: ResponseSummary | None, problem: str = ""
) -> RawState:
    """The search ended; None as `answer` keeps the response and shows `problem` with it."""
    if state.phase != "searching" or turn != state.turn:
        return state
    state = replace(state, phase="ready")
    if answer is not None:
        state = replace(state, answer=answer, view=answer.views[0] if answer.views else "none")
    elif state.answer is not None:
        state = replace(state, answer=replace(state.answer, problem=problem))
    return state


def not_sent(state: RawState, turn: int, text: str) -> RawState:
    """The message log proves that nothing was sent, so the request can be sent again."""
    if state.phase != "searching" or turn != state.turn or state.answer is None:
        return state
    answer = replace(state.answer, tone="hint", problem=text, lost=False, can_search=False)
    return replace(state, phase="ready", answer=answer, sent=None)


def failed(state: RawState, text: str) -> RawState:
    """Show an unexpected error. A running request is reported by its own worker."""
    phase: Phase = "ready" if state.phase == "searching" else state.phase
    return replace(state, phase=phase, problems={"": text})


def with_problem(state: RawState, place: str, text: str) -> RawState:
    """Show a problem in its section and select that tab."""
    sections: dict[str, Section] = {
        "query": "query", "body": "body", "headers": "headers",
        "retries": "retries", "answer": "answer",
    }  # fmt: skip
    return replace(
        state, problems={place: text}, section=sections.get(place, state.section), phase="ready"
    )
