"""What the card that sends knows, and the pure steps that change it.

The rule it keeps: one press of "Send" is one message. An attempt has a number; a worker may only
carry out the attempt it was started for, and only while that attempt is counting down. What was
sent cannot be sent again until it is changed or a person says "send another".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.core.flows.find import NotSureYet
from twilio_widgets.panels.send.draft import (
    FIELDS,
    UNDER_MORE,
    Draft,
    parameters_of,
    problem_of,
    segments_of,
    sender_of,
)

if TYPE_CHECKING:
    from datetime import datetime

    from twilio_widgets.core.message.message import Message
    from twilio_widgets.panels.code.access import Access

Phase = Literal[
    "writing",     # nothing is under way
    "asking",      # really, so many segments?
    "counting",    # it leaves in a moment, and can still be undone
    "sending",     # it is leaving
    "following",   # Twilio has it; its status is followed
    "followed",    # its status is final, or followed no more
    "unknown",     # it may have been sent
    "searching",   # the message log is being asked
]  # fmt: skip

OPEN_TO_A_MESSAGE = frozenset({"writing", "following", "followed"})
"""Phases in which a new message may be begun."""

_FIELD_OF = {
    "messaging_service_sid": "from_",
    "fallback_from": "from_",
    "content_sid": "body",
    "content_variables": "body",
    "schedule_type": "send_at",
}
"""Where a parameter's problem is shown, when the parameter has no field of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingAccount:
    """Where messages go out from, fit to be shown and saved."""

    label: str
    """The masked account SID, or ``"sandbox"``."""
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class SendState:
    """The truth of which the panel is the picture."""

    draft: Draft = field(default_factory=Draft)
    account: SendingAccount | None = None
    senders: tuple[str, ...] = ()
    """Suggestions, each as ``"+15005550006 — SMS, MMS"``."""
    senders_note: str = ""
    """Why there are no suggestions, when they could not be read."""
    more: bool = False
    phase: Phase = "writing"
    attempt: int = 0
    """The number of the attempt that is under way, or was last."""
    seconds_left: int = 0
    """Until the message leaves."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with a field, by its name."""
    failure: str = ""
    """What went wrong, when no field is at fault."""
    note: str = ""
    """What there is to know, when nothing went wrong."""
    sent: Mapping[str, Any] | None = None
    """The parameters that left, or may have left, last; None when the same may be sent again."""
    message: Message | None = None
    """What was sent last, as Twilio last described it."""
    can_search: bool = False
    """Whether the message log can be asked about an unknown outcome."""


# What can be done


def may_send(state: SendState) -> bool:
    """Say whether "Send" would begin a new message."""
    return (
        state.account is not None
        and state.phase in OPEN_TO_A_MESSAGE
        and parameters_of(state.draft) != state.sent
    )


def is_the_sent_one(state: SendState) -> bool:
    """Say whether the fields hold the very message that was sent last."""
    return state.phase in OPEN_TO_A_MESSAGE and parameters_of(state.draft) == state.sent


# Connecting


def connected(state: SendState, account: SendingAccount) -> SendState:
    """There is a client."""
    return replace(state, account=account, senders=(), senders_note="")


def disconnected(state: SendState) -> SendState:
    """The client is gone: what has not left stays here."""
    phase: dict[Phase, Phase] = {
        "asking": "writing", "counting": "writing", "following": "followed",
    }  # fmt: skip
    return replace(
        state, account=None, senders=(), senders_note="", phase=phase.get(state.phase, state.phase)
    )


def suggested(state: SendState, senders: tuple[str, ...], note: str = "") -> SendState:
    """The account's senders are known: one that stands there bare gets its name.

    The only sender there is, is taken; among several, a person chooses.
    """
    state = replace(state, senders=senders, senders_note=note)
    if state.phase not in OPEN_TO_A_MESSAGE:
        return state
    typed_so_far = state.draft.from_
    same = [one for one in senders if sender_of(one) == sender_of(typed_so_far)]
    if not typed_so_far and len(senders) == 1:
        same = list(senders)
    return replace(state, draft=replace(state.draft, from_=same[0])) if same else state


# Writing


def typed(state: SendState, name: str, value: Any) -> SendState:
    """A field changed. What was about to leave is not what the field says now, so it does not."""
    change: dict[str, Any] = {name: value}
    problems = {key: text for key, text in state.problems.items() if key != name}
    waits = state.phase in {"asking", "counting"}
    return replace(
        state,
        draft=replace(state.draft, **change),
        problems=problems,
        phase="writing" if waits else state.phase,
        note="The message was changed, so it was not sent." if waits else state.note,
    )


def toggled_more(state: SendState) -> SendState:
    """Open or close "More"."""
    return replace(state, more=not state.more)


# Sending


def pressed(
    state: SendState, now: datetime, *, ask_above: int | None, undo_seconds: int
) -> SendState:
    """ "Send" was pressed: look at the fields, ask when it is long, or begin to count down."""
    if not may_send(state):
        return state
    parameters = parameters_of(state.draft)
    found = problem_of(parameters, now)
    state = replace(state, problems={}, failure="", note="")
    if found is not None:
        return _with_problem(state, *found)
    if ask_above is not None and segments_of(parameters) > ask_above:
        return replace(state, phase="asking")
    return _counting(state, undo_seconds)


def agreed(state: SendState, *, undo_seconds: int) -> SendState:
    """ "Really?" was answered with yes."""
    return _counting(state, undo_seconds) if state.phase == "asking" else state


def undone(state: SendState) -> SendState:
    """Back to writing, before anything left."""
    if state.phase not in {"asking", "counting"}:
        return state
    note = "Undone: nothing was sent." if state.phase == "counting" else ""
    return replace(state, phase="writing", note=note)


def counted(state: SendState, attempt: int, seconds_left: int) -> SendState:
    """A second passed."""
    if not may_leave(state, attempt):
        return state
    return replace(state, seconds_left=seconds_left)


def may_leave(state: SendState, attempt: int) -> bool:
    """Say whether this attempt is still the one that counts down."""
    return state.phase == "counting" and state.attempt == attempt


def left(state: SendState, attempt: int) -> SendState:
    """It leaves now. From here on nothing but an answer says whether it was sent."""
    if not may_leave(state, attempt):
        return state
    return replace(state, phase="sending", sent=parameters_of(state.draft), message=None)


def _counting(state: SendState, undo_seconds: int) -> SendState:
    return replace(
        state, phase="counting", attempt=state.attempt + 1, seconds_left=undo_seconds, message=None
    )


# What came of it


def accepted(state: SendState, message: Message) -> SendState:
    """Twilio has it."""
    return replace(state, phase="following", message=message, failure="", note="")


def refused(state: SendState, text: str, name: str | None = None) -> SendState:
    """It was not sent, for sure: because of a field, or for a reason of its own."""
    state = replace(state, phase="writing", sent=None)
    return _with_problem(state, name or "", text)


def lost(state: SendState, text: str, *, can_search: bool) -> SendState:
    """Nobody knows whether it was sent."""
    return replace(state, phase="unknown", failure=text, can_search=can_search)


def seen(state: SendState, attempt: int, message: Message) -> SendState:
    """The message was looked at again."""
    if state.attempt != attempt or state.phase != "following":
        return state
    return replace(state, message=message)


def followed(state: SendState, attempt: int, note: str = "") -> SendState:
    """Its status is final, or is looked at no more."""
    if state.attempt != attempt or state.phase != "following":
        return state
    return replace(state, phase="followed", failure=ending_of(state.message), note=note)


def looking(state: SendState) -> SendState:
    """Follow it again."""
    if state.phase != "followed" or state.message is None or state.message.is_final:
        return state
    return replace(state, phase="following", failure="", note="")


def ending_of(message: Message | None) -> str:
    """Return why a message did not arrive, and nothing for one that did or still may."""
    if message is None or message.status not in {"failed", "undelivered"}:
        return ""
    if message.error_code is None:
        return f"The message is {message.status}, and Twilio gives no code that says why."
    return str(explain_error(message.error_code))


# When nobody knows


def searching(state: SendState) -> SendState:
    """The message log is being asked."""
    can = state.phase == "unknown" and state.can_search and state.account is not None
    return replace(state, phase="searching") if can else state


def searched(state: SendState, found: Message | NotSureYet | None) -> SendState:
    """The message log answered."""
    if state.phase != "searching":
        return state
    if found is None:
        return replace(
            state,
            phase="writing",
            sent=None,
            failure="",
            note="It is not in the message log and can no longer arrive: it was not sent. "
            "You can send it again.",
        )
    if isinstance(found, NotSureYet):
        return replace(state, phase="unknown", failure=_not_sure(found))
    note = "It was sent: the message log has it."
    return replace(state, phase="following", message=found, failure="", note=note)


def not_searched(state: SendState, text: str) -> SendState:
    """The message log could not be asked, so nothing is known that was not before."""
    return replace(state, phase="unknown", failure=text) if state.phase == "searching" else state


def _not_sure(found: NotSureYet) -> str:
    again = f" Ask again after {found.again_after:%H:%M:%S} UTC." if found.again_after else ""
    return f"Not sure yet: {found.reason}{again} Do not send it again."


# Beginning anew


def another(state: SendState) -> SendState:
    """The same message may be sent once more: a person said so."""
    return replace(state, sent=None, note="") if is_the_sent_one(state) else state


def begun_anew(state: SendState) -> SendState:
    """Leave an unknown outcome behind; the message that may have been sent goes from the fields."""
    if state.phase != "unknown":
        return state
    kept = Draft(from_=state.draft.from_)
    return replace(
        state, draft=kept, phase="writing", sent=None, problems={}, failure="", can_search=False
    )


def troubled(state: SendState, text: str) -> SendState:
    """Something broke that nobody expected. What is leaving is told of by its own worker."""
    phase: dict[Phase, Phase] = {"searching": "unknown", "following": "followed"}
    return replace(state, phase=phase.get(state.phase, state.phase), failure=text)


def _with_problem(state: SendState, name: str, text: str) -> SendState:
    """Show a problem under its field, opening "More" where the field is there."""
    name = _FIELD_OF.get(name, name)
    if name not in FIELDS:
        return replace(state, failure=text)
    about_this = re.sub(rf"^{name}\b", "This", text)
    return replace(state, problems={name: about_this}, more=state.more or name in UNDER_MORE)
