"""The state of the send panel, and the pure steps that change it.

The rule: one press of "Send" sends one message. Attempts are numbered; a worker may only send for
the attempt it was started for, and only while that attempt is counting down. A message that was
sent cannot be sent again until it is changed or the user presses "Send another".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.core.flows.find import NotSureYet
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.panels.send.draft import (
    FIELDS,
    UNDER_MORE,
    Draft,
    parameters_of,
    problems_of,
    recipient_in,
    segments_of,
    sender_of,
)
from twilio_widgets.panels.send.template_fields import variable

if TYPE_CHECKING:
    from datetime import datetime

    from twilio_widgets.core.message.message import Message
    from twilio_widgets.core.templates.sendable import Sendable
    from twilio_widgets.core.templates.template import ContentTemplate
    from twilio_widgets.panels.code.access import Access

Phase = Literal[
    "writing",     # nothing is being sent
    "asking",      # confirm a long message
    "counting",    # the undo window
    "sending",     # the request is running
    "following",   # Twilio accepted it; its status is polled
    "followed",    # its status is final, or no longer polled
    "unknown",     # it may have been sent
    "searching",   # the message log is being searched
]  # fmt: skip

NOT_SENT = "The message was changed, so it was not sent."

MOST_RECENT = 10

OPEN_TO_A_MESSAGE = frozenset({"writing", "following", "followed"})
"""Phases in which a new message can be sent."""

_FIELD_OF = {
    "messaging_service_sid": "from_",
    "fallback_from": "from_",
    "content_sid": "template",
    "content_variables": "template",
    "schedule_type": "send_at",
}
"""The field that shows a parameter's problem, where the parameter has no field of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingAccount:
    """The account that sends, without secrets: it can be shown and saved."""

    label: str
    """The masked account SID, or ``"sandbox"``."""
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class SendState:
    """Everything that the panel shows."""

    draft: Draft = field(default_factory=Draft)
    account: SendingAccount | None = None
    senders: tuple[str, ...] = ()
    """Suggested senders, such as ``"+15005550006 — SMS, MMS"``."""
    recent: tuple[str, ...] = ()
    """The last recipients of this account, the newest first; suggested under To."""
    senders_note: str = ""
    """Why senders are missing, if they could not be read."""
    templates: tuple[ContentTemplate, ...] = ()
    """The content templates to choose from."""
    templates_note: str = ""
    """Why templates are missing, if they could not be read."""
    sendable: Sendable | None = None
    """Whether WhatsApp accepts the message now; None if that was not read or does not matter."""
    more: bool = False
    phase: Phase = "writing"
    attempt: int = 0
    """The number of the current or last attempt."""
    seconds_left: int = 0
    """Seconds until the message is sent."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """The problem of each field, by field name."""
    failure: str = ""
    """An error that belongs to no field."""
    note: str = ""
    """A note that is not an error."""
    sent: Mapping[str, Any] | None = None
    """The parameters that were, or may have been, sent last; None if they may be sent again."""
    message: Message | None = None
    """The message sent last, as Twilio last described it."""
    superseded: bool = False
    """Whether the user has begun another message since that one was accepted."""
    can_search: bool = False
    """Whether the message log can be searched for a message with an unknown outcome."""


# What can be done


def may_send(state: SendState) -> bool:
    """Return whether "Send" can send a message."""
    return (
        state.account is not None
        and state.phase in OPEN_TO_A_MESSAGE
        and parameters_of(state.draft) != state.sent
    )


def is_the_sent_one(state: SendState) -> bool:
    """Return whether the fields contain the message that was sent last."""
    return state.phase in OPEN_TO_A_MESSAGE and parameters_of(state.draft) == state.sent


def shown_message(state: SendState) -> Message | None:
    """Return the message whose result the card shows; None once another one is being written."""
    return None if state.superseded and not is_the_sent_one(state) else state.message


# Connecting


def connected(state: SendState, account: SendingAccount) -> SendState:
    """A client is available; the recipients of another account are not suggested."""
    recent = state.recent if state.account in {None, account} else ()
    return replace(
        state,
        account=account,
        recent=recent,
        senders=(),
        senders_note="",
        templates=(),
        templates_note="",
        sendable=None,
    )


def disconnected(state: SendState) -> SendState:
    """The client is gone; a message that was not sent yet will not be sent."""
    phase: dict[Phase, Phase] = {
        "asking": "writing", "counting": "writing", "following": "followed",
    }  # fmt: skip
    return replace(
        state, account=None, senders=(), senders_note="", phase=phase.get(state.phase, state.phase)
    )


def suggested(state: SendState, senders: tuple[str, ...], note: str = "") -> SendState:
    """The account's senders are known; the sender in the field gets its description.

    A single sender is chosen; among several, the user chooses.
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
    """A field was changed; a message that was about to be sent is not sent.

    Earlier errors and notes go, since they belong to another message.
    """
    if getattr(state.draft, name) == value:
        return state
    change: dict[str, Any] = {name: value}
    problems = {key: text for key, text in state.problems.items() if key != name}
    state = replace(state, draft=replace(state.draft, **change), problems=problems)
    if state.phase in {"asking", "counting"}:
        return replace(state, phase="writing", failure="", note=NOT_SENT)
    if state.phase in OPEN_TO_A_MESSAGE:
        # The user types on after the key that cancelled the message, so this note stays.
        note = state.note if state.note == NOT_SENT else ""
        return replace(state, failure="", note=note, superseded=state.message is not None)
    return state


def addressed(state: SendState, to: str, from_: str) -> SendState:
    """Begin a message to this recipient, unless one is being sent; the text stays."""
    if state.phase not in OPEN_TO_A_MESSAGE:
        return state
    return typed(typed(state, "to", to), "from_", from_ or state.draft.from_)


def toggled_more(state: SendState) -> SendState:
    """Open or close "More"."""
    return replace(state, more=not state.more)


# Sending


def pressed(
    state: SendState, now: datetime, *, ask_above: int | None, undo_seconds: int
) -> SendState:
    """ "Send" was pressed: validate, ask about a long message, or start the undo window."""
    if not may_send(state):
        return state
    parameters = parameters_of(state.draft)
    state = replace(state, problems={}, failure="", note="")
    found = problems_of(parameters, now)
    for name, text in found.items():
        state = _with_problem(state, name, text)
    if found:
        return state
    if ask_above is not None and segments_of(parameters) > ask_above:
        return replace(state, phase="asking")
    return _counting(state, undo_seconds)


def agreed(state: SendState, *, undo_seconds: int) -> SendState:
    """The user confirmed a long message."""
    return _counting(state, undo_seconds) if state.phase == "asking" else state


def undone(state: SendState) -> SendState:
    """Go back to writing; nothing has been sent."""
    if state.phase not in {"asking", "counting"}:
        return state
    note = "Undone: nothing was sent." if state.phase == "counting" else ""
    return replace(state, phase="writing", note=note)


def counted(state: SendState, attempt: int, seconds_left: int) -> SendState:
    """A second of the undo window has passed."""
    if not may_leave(state, attempt):
        return state
    return replace(state, seconds_left=seconds_left)


def may_leave(state: SendState, attempt: int) -> bool:
    """Return whether this attempt is still in its undo window."""
    return state.phase == "counting" and state.attempt == attempt


def left(state: SendState, attempt: int) -> SendState:
    """The request starts now. From here on, only the response shows whether it was sent."""
    if not may_leave(state, attempt):
        return state
    sent = parameters_of(state.draft)
    return replace(state, phase="sending", sent=sent, message=None, superseded=False)


def _counting(state: SendState, undo_seconds: int) -> SendState:
    return replace(
        state, phase="counting", attempt=state.attempt + 1, seconds_left=undo_seconds, message=None
    )


# Outcomes


def accepted(state: SendState, message: Message) -> SendState:
    """Twilio accepted the message; its recipient is suggested from now on."""
    others = (one for one in state.recent if one != message.to)
    state = replace(state, recent=(message.to or "", *others)[:MOST_RECENT])
    return replace(state, phase="following", message=message, problems={}, failure="", note="")


def refused(state: SendState, text: str, name: str | None = None) -> SendState:
    """The message was certainly not sent, because of a field or for another reason."""
    state = replace(state, phase="writing", sent=None, problems={}, note="")
    return _with_problem(state, name or "", text)


def lost(state: SendState, text: str, *, can_search: bool) -> SendState:
    """It is not known whether the message was sent."""
    return replace(state, phase="unknown", failure=text, note="", can_search=can_search)


def seen(state: SendState, attempt: int, message: Message) -> SendState:
    """The message was read again."""
    if state.attempt != attempt or state.phase != "following":
        return state
    return replace(state, message=message)


def followed(state: SendState, attempt: int, note: str = "") -> SendState:
    """The status is final, or is no longer polled."""
    if state.attempt != attempt or state.phase != "following":
        return state
    if shown_message(state) is None:
        return replace(state, phase="followed")
    return replace(state, phase="followed", failure=ending_of(state.message), note=note)


def polled_again(state: SendState) -> SendState:
    """Poll the status again."""
    if state.phase != "followed" or state.message is None or state.message.is_final:
        return state
    return replace(state, phase="following", failure="", note="")


def ending_of(message: Message | None) -> str:
    """Return why a message was not delivered; empty if it was or still may be."""
    if message is None or message.status not in {"failed", "undelivered"}:
        return ""
    if message.error_code is None:
        return f"The message is {message.status}; Twilio gave no error code."
    return str(explain_error(message.error_code))


# Unknown outcomes


def searching(state: SendState) -> SendState:
    """The message log is being searched."""
    can = state.phase == "unknown" and state.can_search and state.account is not None
    return replace(state, phase="searching") if can else state


def searched(state: SendState, found: Message | NotSureYet | None) -> SendState:
    """The message log was searched."""
    if state.phase != "searching":
        return state
    if found is None:
        return replace(
            state,
            phase="writing",
            sent=None,
            failure="",
            note="The message is not in the message log and can no longer appear there: it was not "
            "sent. You can send it again.",
        )
    if isinstance(found, NotSureYet):
        return replace(state, phase="unknown", failure=_not_sure(found))
    note = "The message was sent: it is in the message log."
    return replace(state, phase="following", message=found, failure="", note=note)


def not_searched(state: SendState, text: str) -> SendState:
    """The message log could not be searched; the outcome is still unknown."""
    return replace(state, phase="unknown", failure=text) if state.phase == "searching" else state


def _not_sure(found: NotSureYet) -> str:
    again = (
        f" Press “Find out” again after {found.again_after:%H:%M:%S} UTC."
        if found.again_after
        else ""
    )
    return f"Not sure yet: {found.reason}{again} Do not send it again."


# Starting over


def another(state: SendState) -> SendState:
    """The user asked to send the same message once more."""
    if not is_the_sent_one(state):
        return state
    return replace(state, sent=None, failure="", note="", superseded=True)


def restarted(state: SendState) -> SendState:
    """Start a new message after an unknown outcome; the old one is removed from the fields."""
    if state.phase != "unknown":
        return state
    kept = Draft(from_=state.draft.from_)
    return replace(
        state, draft=kept, phase="writing", sent=None, problems={}, failure="", can_search=False
    )


def failed(state: SendState, text: str) -> SendState:
    """Show an unexpected error; a message being sent is reported by its own worker."""
    phase: dict[Phase, Phase] = {"searching": "unknown", "following": "followed"}
    return replace(state, phase=phase.get(state.phase, state.phase), failure=text)


def _with_problem(state: SendState, name: str, text: str) -> SendState:
    """Show a problem under its field, opening "More" if the field is there."""
    name = _FIELD_OF.get(name, name)
    if name not in {*FIELDS, "template", *map(variable, state.draft.variables)}:
        return replace(state, failure=text)
    about_this = re.sub(rf"^{name}\b", "This", text)
    if name == "to" and (number := recipient_in(state.draft.to)):  # the field above shows it
        about_this = about_this.replace(mask(number), "This number")
    problems = {**state.problems, name: about_this}
    return replace(state, problems=problems, more=state.more or name in UNDER_MORE)
