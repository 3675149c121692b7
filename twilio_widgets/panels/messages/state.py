"""The state of the messages panel, and the pure steps that change it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.message.message import Message, is_message_sid
from twilio_widgets.panels.messages.chat import Chat, received
from twilio_widgets.progress import ReadProgress

if TYPE_CHECKING:
    from twilio_widgets.panels.connection.state import Identity

Period = Literal["all", "24 h", "7 days", "30 days", "custom"]

_LENGTHS: dict[Period, timedelta] = {
    "24 h": timedelta(hours=24),
    "7 days": timedelta(days=7),
    "30 days": timedelta(days=30),
}

FIRST_LIMIT = 1_000
"""The default limit of messages to read: one page of Twilio's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesQuery:
    """The filters that Twilio applies, and the number of messages to read."""

    to: str = ""
    from_: str = ""
    period: Period = "all"
    start: date | None = None
    """The first day (UTC) of a custom period; None: no start."""
    end: date | None = None
    """The last day (UTC); None: until now."""
    limit: int | None = FIRST_LIMIT
    """Messages to read at most; None reads everything."""

    def parameters(self, now: datetime) -> dict[str, object]:
        """Return the query as keywords of ``messages.list``."""
        given: dict[str, object] = {
            "to": self.to.strip() or None,
            "from_": self.from_.strip() or None,
            **self._span(now),
        }
        return {name: value for name, value in given.items() if value is not None} | {
            "limit": self.limit
        }

    @property
    def narrow(self) -> bool:
        """Whether the query has a filter."""
        return self.period != "all" or bool(self.to.strip() or self.from_.strip())

    def takes(self, message: Message) -> bool:
        """Return whether a message created just now matches the query."""
        over = self.period == "custom" and self.end is not None
        return (
            not over
            and self.to.strip() in {"", message.to}
            and self.from_.strip() in {"", message.from_}
        )

    def _span(self, now: datetime) -> dict[str, object]:
        if self.period == "custom":
            return {"sent_after": self.start, "sent_before": self.end}
        if self.period == "all":
            return {}
        # Whole minutes, so that the code shown and the request use the same time.
        return {"sent_after": (now - _LENGTHS[self.period]).replace(second=0, microsecond=0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The result of the last load."""

    asked: MessagesQuery
    rows: int
    pages: int
    complete: bool
    """Whether the log has no more messages that match."""
    stopped: bool = False
    """Whether the user cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """The opened message."""

    sid: str
    message: Message | None = None
    """As last read; None during the first read, or if there is no such message."""
    reading: bool = True
    problem: str = ""
    code: bool = False
    """Whether the code that reads it is shown."""
    chat: Chat | None = None
    """The conversation, which is shown instead of the message; None: the message is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesState:
    """Everything the panel shows."""

    identity: Identity | None = None
    """The connected account; None: not connected."""
    follows: bool = False
    """Whether a connection panel may connect it."""
    asked: MessagesQuery = field(default_factory=MessagesQuery)
    turn: int = 0
    """The number of the current load; results of an earlier one are ignored."""
    reading: ReadProgress | None = None
    """The progress of the current load; None while none runs."""
    stopping: bool = False
    read: Read | None = None
    rows_to_see: bool = False
    """Whether the table has rows."""
    problem: str = ""
    sid: str = ""
    """The text of the look-up field."""
    sid_problem: str = ""
    detail: Detail | None = None


def connected(state: MessagesState, identity: Identity) -> MessagesState:
    """A client connected: start over, since it may use another account."""
    return MessagesState(
        identity=identity, follows=state.follows, asked=state.asked, turn=state.turn + 1
    )


def disconnected(state: MessagesState) -> MessagesState:
    """The client disconnected; the rows stay."""
    detail = state.detail and replace(state.detail, reading=False)
    if detail is not None and detail.chat is not None:
        detail = replace(detail, chat=replace(detail.chat, reading=False))
    return replace(
        state,
        identity=None,
        turn=state.turn + 1,
        reading=None,
        stopping=False,
        problem="",
        detail=detail,
    )


def filter_changed(state: MessagesState, name: str, value: object) -> MessagesState:
    """Set a filter and clear the problem."""
    changed: dict[str, Any] = {name: value}
    return replace(state, asked=replace(state.asked, **changed), problem="")


def began(state: MessagesState) -> MessagesState:
    """Start reading the log, if connected and not reading."""
    if state.identity is None or state.reading is not None:
        return state
    start, end = state.asked.start, state.asked.end
    if state.asked.period == "custom" and start and end and start > end:
        return replace(state, problem=f"The first day ({start}) is after the last day ({end}).")
    nothing = ReadProgress(rows=0, pages=0, limit=state.asked.limit)
    return replace(state, turn=state.turn + 1, reading=nothing, stopping=False, problem="")


def continued(state: MessagesState, turn: int, reading: ReadProgress) -> MessagesState:
    """Another page was read."""
    return replace(state, reading=reading) if _is_reading(state, turn) else state


def stop_requested(state: MessagesState) -> MessagesState:
    """Stop reading after the current page."""
    return replace(state, stopping=True) if state.reading is not None else state


def ended(state: MessagesState, turn: int, read: Read) -> MessagesState:
    """The load finished or was cancelled."""
    if not _is_reading(state, turn):
        return state
    return replace(state, reading=None, stopping=False, read=read, rows_to_see=read.rows > 0)


def row_added(state: MessagesState) -> MessagesState:
    """A row was added that was not loaded from the log."""
    return replace(state, rows_to_see=True)


def failed(state: MessagesState, turn: int, problem: str) -> MessagesState:
    """The load failed; the rows loaded before stay."""
    if not _is_reading(state, turn):
        return state
    return replace(state, reading=None, stopping=False, problem=problem)


def _is_reading(state: MessagesState, turn: int) -> bool:
    """Return whether this load is still running."""
    return turn == state.turn and state.reading is not None


def failed_unexpectedly(state: MessagesState, problem: str) -> MessagesState:
    """Show an unexpected error."""
    return replace(state, problem=problem)


def typed_sid(state: MessagesState, text: str) -> MessagesState:
    """Set the look-up field and clear its problem."""
    return replace(state, sid=text, sid_problem="")


def looked_up(state: MessagesState, sid: str) -> MessagesState:
    """Start reading one message to open it."""
    if state.identity is None:
        return replace(state, sid_problem="Connect first: looking up a message needs a connection.")
    if not is_message_sid(sid):
        return replace(
            state, sid_problem="A message SID is SM or MM followed by 32 characters, 0-9 or a-f."
        )
    same = state.detail if state.detail is not None and state.detail.sid == sid else None
    detail = Detail(sid=sid) if same is None else replace(same, reading=True, problem="")
    return replace(state, sid_problem="", detail=detail)


def found(state: MessagesState, message: Message) -> MessagesState:
    """A message was read; show it if it is still the opened one.

    Responses can arrive out of order, so an older one must not replace a final status.
    """
    if state.detail is None or state.detail.sid != message.sid:
        return state
    known = state.detail.message
    if known is not None and known.is_final and not message.is_final:
        message = known
    return replace(state, detail=replace(state.detail, message=message, reading=False, problem=""))


def not_found(state: MessagesState, sid: str, problem: str) -> MessagesState:
    """A message could not be read; keep its last known state."""
    if state.detail is None or state.detail.sid != sid:
        return state
    return replace(state, detail=replace(state.detail, reading=False, problem=problem))


def toggled_code(state: MessagesState) -> MessagesState:
    """Show or hide the code that reads the opened message."""
    if state.detail is None:
        return state
    return replace(state, detail=replace(state.detail, code=not state.detail.code))


def detail_closed(state: MessagesState) -> MessagesState:
    """Close the detail view."""
    return replace(state, detail=None)


# The conversation


def chat_opened(state: MessagesState, sid: str, chat: Chat) -> MessagesState:
    """Show the conversation of the opened message."""
    if state.detail is None or state.detail.sid != sid:
        return state
    return replace(state, detail=replace(state.detail, chat=chat, code=False))


def chat_closed(state: MessagesState) -> MessagesState:
    """Go back to the message."""
    return state if state.detail is None else _with_chat(state, None)


def chat_asked(state: MessagesState) -> MessagesState:
    """Start asking Twilio for the conversation."""
    chat = None if state.detail is None else state.detail.chat
    if chat is None or chat.reading or state.identity is None:
        return state
    return _with_chat(state, replace(chat, reading=True, problem=""))


def chat_read(state: MessagesState, chat: Chat) -> MessagesState:
    """Twilio returned the conversation."""
    return _with_chat(state, chat) if _is_asking(state, chat.contact) else state


def chat_failed(state: MessagesState, contact: str, problem: str) -> MessagesState:
    """The conversation could not be read; the messages shown before stay."""
    chat = None if state.detail is None else state.detail.chat
    if chat is None or not _is_asking(state, contact):
        return state
    return _with_chat(state, replace(chat, reading=False, problem=problem))


def chat_received(state: MessagesState, message: Message) -> MessagesState:
    """A message was sent or has changed; it is part of its conversation."""
    chat = None if state.detail is None else state.detail.chat
    return state if chat is None else _with_chat(state, received(chat, message))


def _is_asking(state: MessagesState, contact: str) -> bool:
    chat = None if state.detail is None else state.detail.chat
    return chat is not None and chat.contact == contact and chat.reading


def _with_chat(state: MessagesState, chat: Chat | None) -> MessagesState:
    return replace(state, detail=state.detail and replace(state.detail, chat=chat))
