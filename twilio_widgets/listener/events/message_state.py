"""The state of a message, derived from all its events, in whatever order they arrived.

Status callbacks arrive out of order and more than once, so states are merged: the merge keeps the
most advanced status and is commutative, associative and idempotent. Any order and repetition of the
same events gives the same state, and a final status is never replaced by an earlier one.

Two different final statuses contradict each other. Both are then kept and the state is marked as a
conflict until Twilio's log is read: it outranks a callback of the same rank.

Source of the order: Twilio, "Track outbound message status". An unknown status is kept and shown,
and counts as not final.
"""

from __future__ import annotations

from typing import Final, TypeVar

from twilio_widgets.listener.events.event import FINAL_RANK, Event, MessageState

_RANKS: Final = {
    "accepted": 0, "scheduled": 0, "receiving": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": 4, "undelivered": 4, "failed": 4, "canceled": 4, "partially_delivered": 4,
    "received": 4,
    "read": 5,
}  # fmt: skip
_UNKNOWN_RANK: Final = 2
_NOTHING_RANK: Final = -1

_MOST_TELLING: Final = (
    "failed", "undelivered", "canceled", "partially_delivered", "delivered", "received",
    "scheduled", "accepted", "receiving", "sending",
)  # fmt: skip
"""Which of several statuses of one rank is shown: the one that most needs attention."""

_Known = TypeVar("_Known", str, int)


def rank_of(status: str | None) -> int:
    """Return how advanced a status is: 0 (accepted) to 5 (read); 4 and above are final."""
    return _NOTHING_RANK if status is None else _RANKS.get(status, _UNKNOWN_RANK)


def state_of(event: Event, event_id: int | None = None) -> MessageState:
    """Return the state of a message according to one event.

    Args:
        event: The event.
        event_id: Its id, if it is not yet set on the event.
    """
    event_id = event.id if event_id is None else event_id
    return MessageState(
        sid=event.message_sid,
        kind=event.kind,
        status=event.status,
        rank=rank_of(event.status),
        conflict=False,
        words=() if event.status is None else ((event.status, event.error_code),),
        asked=event.source == "poll",
        from_=event.from_,
        to=event.to,
        body=event.body,
        account_sid=event.account_sid,
        messaging_service_sid=event.messaging_service_sid,
        row_token=event.row_token,
        first_event=event_id,
        last_event=event_id,
        first_at=event.received_at,
        last_at=event.received_at,
    )


def join(one: MessageState, other: MessageState) -> MessageState:
    """Merge two states of the same message.

    Args:
        one: A state of the message.
        other: Another state of the same message.
    """
    leading = max(one, other, key=_precedence)
    words = leading.words
    if _precedence(one) == _precedence(other):
        words = _together(one.words, other.words)
    return MessageState(
        sid=one.sid,
        kind=max(one.kind, other.kind),
        status=_shown(words),
        rank=leading.rank,
        conflict=leading.rank == FINAL_RANK and len(words) > 1,
        words=words,
        asked=leading.asked,
        from_=_known(one.from_, other.from_),
        to=_known(one.to, other.to),
        body=_known(one.body, other.body),
        account_sid=_known(one.account_sid, other.account_sid),
        messaging_service_sid=_known(one.messaging_service_sid, other.messaging_service_sid),
        row_token=_known(one.row_token, other.row_token),
        first_event=min(one.first_event, other.first_event),
        last_event=max(one.last_event, other.last_event),
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
    )


def _precedence(state: MessageState) -> tuple[int, bool]:
    return state.rank, state.asked


def _together(
    one: tuple[tuple[str, int | None], ...], other: tuple[tuple[str, int | None], ...]
) -> tuple[tuple[str, int | None], ...]:
    codes = dict(one)
    for word, code in other:
        codes[word] = _known(codes.get(word), code)
    return tuple(sorted(codes.items()))


def _shown(words: tuple[tuple[str, int | None], ...]) -> str | None:
    if len(words) == 1:
        return words[0][0]
    words_received = {word for word, _ in words}
    telling = (word for word in _MOST_TELLING if word in words_received)
    return next(telling, max(words_received, default=None))


def _known(one: _Known | None, other: _Known | None) -> _Known | None:
    """Return the value that is not None; of two different ones the greater, to be commutative."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
