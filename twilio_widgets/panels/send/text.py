"""The texts of the send panel, as functions of its state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.numbers.money import money_text
from twilio_widgets.core.numbers.numbering import describe_number
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.send.draft import recipient_in, segments_of
from twilio_widgets.panels.send.state import shown_message

if TYPE_CHECKING:
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.panels.kit.elements import Progress, Tone
    from twilio_widgets.panels.send.state import SendState

_WHOLE_NUMBER = re.compile(r"\+[0-9]{8,15}")
"""A number with enough digits that it is probably not half typed."""

_ARRIVED = frozenset({"delivered", "read"})
_FELL_SHORT = frozenset({"failed", "undelivered", "canceled", "partially_delivered"})
_BEGINNINGS = frozenset({"accepted", "scheduled"})
_STANDS_FOR = {"sending": "queued"}
"""The step that shows a status, where the two have different names."""
_USUAL = ("queued", "sent", "delivered")
_LIVES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*_BEGINNINGS, "queued", "sending", "sent", "delivered"), _USUAL),
    "read": (*_USUAL, "read"),
    "undelivered": ("queued", "sent", "undelivered"),
    "partially_delivered": ("queued", "sent", "partially_delivered"),
    "failed": ("queued", "failed"),
    "canceled": ("canceled",),
}
"""The steps of a message with this status, after those of `_BEGINNINGS`."""


def pill_of(state: SendState) -> tuple[str, Tone]:
    """Return the account that sends, and its tone."""
    return ("not connected" if state.account is None else state.account.label), "idle"


def track_of(state: SendState) -> tuple[tuple[str, Progress], ...]:
    """Return the steps of the shown message and their progress; empty without a message."""
    message = shown_message(state)
    if message is None:
        return ()
    words = _life_of(message, scheduled="send_at" in (state.sent or {}))
    status = message.status
    reached = words.index(_STANDS_FOR.get(status, status))

    def mark(place: int) -> Progress:
        if place == reached and status in _FELL_SHORT:
            return "failed"
        if place <= reached:
            return "done"
        return "now" if place == reached + 1 and state.phase == "following" else "ahead"

    return tuple((word.replace("_", " "), mark(place)) for place, word in enumerate(words))


def _life_of(message: Message, *, scheduled: bool) -> tuple[str, ...]:
    """Return the steps that apply to this message."""
    status = message.status
    begin = "scheduled" if scheduled else "accepted" if message.messaging_service_sid else ""
    if status in _BEGINNINGS:
        begin = status
    steps = _LIVES.get(status)
    if steps is None:  # a status that Twilio has added since
        steps = ("queued", status)
    return (begin, *steps) if begin else steps


def outcome_of(state: SendState, how_to_connect: str) -> tuple[str, Tone]:
    """Return the sentence above the buttons, and its tone."""
    message = shown_message(state)
    sid = f"SID {message.sid}." if message is not None else ""
    if state.failure:
        return _joined(state.failure, sid), "problem"
    if message is None:
        return (state.note or ("" if state.account else how_to_connect)), "hint"
    arrived = f"{message.status.capitalize()}." if message.status in _ARRIVED else ""
    return _joined(state.note, arrived, _cost(message), sid), "good" if arrived else "hint"


def sent_of(state: SendState) -> tuple[tuple[str, str], ...]:
    """Return the number and text of the shown message, as Twilio accepted them."""
    message = shown_message(state)
    if message is None:
        return ()
    rows = (("Sent to", message.to or ""), ("Text", message.body or ""))
    return tuple((label, text) for label, text in rows if text)


def warning_of(state: SendState) -> str:
    """Return a warning about the recipient, shown before the message is sent."""
    outside = state.account is not None and state.account.access.kind != "sandbox"
    to = recipient_in(state.draft.to)
    before = state.phase in {"writing", "asking", "counting"}
    if not before or not outside or not _WHOLE_NUMBER.fullmatch(to):
        return ""
    warning = describe_number(to).warning or ""
    return warning.replace(mask(to), "This number")  # the field above shows it


def recipient_hint_of(state: SendState) -> str:
    """Return the recipient as it will be sent, where the field shows it in another form."""
    to = recipient_in(state.draft.to)
    return f"Will be sent to {to}." if to not in {"", state.draft.to.strip()} else ""


def question_of(parameters: dict[str, object], price: str) -> tuple[str, str]:
    """Return the question before a long message, and the label of the confirming button."""
    count = f"{segments_of(parameters)} segments"
    return f"This message has {count}{price and f', {price}'}. Send it?", f"Send {count}"


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
    """Return the summary for a saved notebook, without message texts or whole phone numbers."""
    account = () if state.account is None else (("Account", state.account.label),)
    if state.phase in {"unknown", "searching"}:
        return (*account, ("Message", "may have been sent; the outcome is not known"))
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
    return f"Cost: {money_text(message.price, message.price_unit)}."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
