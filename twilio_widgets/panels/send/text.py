"""How the state of the card that sends reads: its pill, its track, its sentence and its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.numbers.numbering import describe_number
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.send.draft import segments_of

if TYPE_CHECKING:
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.panels.kit.elements import Progress, Tone
    from twilio_widgets.panels.send.state import SendState

_ARRIVED = frozenset({"delivered", "read"})
_FELL_SHORT = frozenset({"failed", "undelivered", "canceled", "partially_delivered"})
_BEGINNINGS = frozenset({"accepted", "scheduled"})
_STANDS_FOR = {"sending": "queued"}
"""The step of the track that a status stands for, when it is not called like it."""
_USUAL = ("queued", "sent", "delivered")
_LIVES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*_BEGINNINGS, "queued", "sending", "sent", "delivered"), _USUAL),
    "read": (*_USUAL, "read"),
    "undelivered": ("queued", "sent", "undelivered"),
    "partially_delivered": ("queued", "sent", "partially_delivered"),
    "failed": ("queued", "failed"),
    "canceled": ("canceled",),
}
"""The steps a message with this status goes through, after `_BEGINNINGS`."""


def pill_of(state: SendState) -> tuple[str, Tone]:
    """Return where messages go out from, in a word."""
    return ("not connected" if state.account is None else state.account.label), "idle"


def track_of(state: SendState) -> tuple[tuple[str, Progress], ...]:
    """Return how far the last message has come; nothing before there is one."""
    if state.message is None:
        return ()
    words = _life_of(state.message, scheduled="send_at" in (state.sent or {}))
    status = state.message.status
    reached = words.index(_STANDS_FOR.get(status, status))

    def mark(place: int) -> Progress:
        if place == reached and status in _FELL_SHORT:
            return "failed"
        if place <= reached:
            return "done"
        return "now" if place == reached + 1 and state.phase == "following" else "ahead"

    return tuple((word.replace("_", " "), mark(place)) for place, word in enumerate(words))


def _life_of(message: Message, *, scheduled: bool) -> tuple[str, ...]:
    """Return the steps of a message's life, as far as they have to do with this one."""
    status = message.status
    begin = "scheduled" if scheduled else "accepted" if message.messaging_service_sid else ""
    if status in _BEGINNINGS:
        begin = status
    steps = _LIVES.get(status)
    if steps is None:  # a word Twilio did not have when this was written
        steps = ("queued", status)
    return (begin, *steps) if begin else steps


def outcome_of(state: SendState, how_to_connect: str) -> tuple[str, Tone]:
    """Return the sentence over the buttons, and how it is meant."""
    message = state.message
    sid = f"SID {message.sid}." if message is not None else ""
    if state.failure:
        return _joined(state.failure, sid), "problem"
    if message is None:
        return (state.note or ("" if state.account else how_to_connect)), "hint"
    arrived = f"{message.status.capitalize()}." if message.status in _ARRIVED else ""
    return _joined(state.note, arrived, _cost(message), sid), "good" if arrived else "hint"


def sent_of(state: SendState) -> tuple[tuple[str, str], ...]:
    """Return the number and the text that Twilio accepted, whatever the fields say by now."""
    if state.message is None:
        return ()
    rows = (("Sent to", state.message.to or ""), ("Text", state.message.body or ""))
    return tuple((label, text) for label, text in rows if text)


def warning_of(state: SendState) -> str:
    """Return what is odd about the recipient, for the moment before the message leaves."""
    outside = state.account is not None and state.account.access.kind != "sandbox"
    to = state.draft.to.strip()
    if state.phase not in {"asking", "counting"} or not outside or not to.startswith("+"):
        return ""
    return describe_number(to).warning or ""


def question_of(parameters: dict[str, object], price: str) -> tuple[str, str]:
    """Return what is asked before a long message, and the button that says yes."""
    count = f"{segments_of(parameters)} segments"
    return f"This message is {count}{price and f', {price}'}. Send it?", f"Send {count}"


def too_late_to_undo(state: SendState) -> str:
    """Return why "Undo" cannot call a message back any more."""
    progress = {
        "sending": "is being sent",
        "following": "has been sent",
        "followed": "has been sent",
        "unknown": "may have been sent",
        "searching": "may have been sent",
    }.get(state.phase)
    return f"Too late to undo: the message {progress}." if progress else NOT_NOW


def summary_of(state: SendState) -> tuple[tuple[str, str], ...]:
    """Return what a saved notebook says of the panel: no text of a message, no whole number."""
    account = () if state.account is None else (("Account", state.account.label),)
    if state.phase in {"unknown", "searching"}:
        return (*account, ("Message", "it may have been sent; the outcome is not known"))
    if state.message is None:
        return (*account, ("Message", "nothing sent yet" if account else "not connected"))
    message = state.message
    error = f", error {message.error_code}" if message.error_code else ""
    return (
        *account,
        ("To", mask(message.to or "")),
        ("Status", f"{message.status}{error}"),
        ("SID", message.sid),
    )


def _cost(message: Message) -> str:
    if message.price is None:
        return ""
    return f"It cost {abs(message.price)} {(message.price_unit or '').upper()}".rstrip() + "."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
