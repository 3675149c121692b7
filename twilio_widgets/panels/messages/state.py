"""The state of the messages panel, and the pure steps that change it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.message.message import Message, is_message_sid
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
"""Messages one reading takes at most, unless a person says otherwise: one page of Twilio's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesQuery:
    """What Twilio is asked for: the filters it has, and how much of the answer to read."""

    to: str = ""
    from_: str = ""
    period: Period = "all"
    start: date | None = None
    """The first day (UTC) of a period of one's own; None: since ever."""
    end: date | None = None
    """Its last day (UTC); None: until now."""
    limit: int | None = FIRST_LIMIT
    """Messages to read at most; None reads everything."""

    def parameters(self, now: datetime) -> dict[str, object]:
        """Return the keywords of ``messages.list`` that ask for this."""
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
        """Whether this asks for less than the whole log."""
        return self.period != "all" or bool(self.to.strip() or self.from_.strip())

    def takes(self, message: Message) -> bool:
        """Return whether a message that was made just now belongs to what is asked for."""
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
        # To the minute, so that the code shown and the reading ask for the same.
        return {"sent_after": (now - _LENGTHS[self.period]).replace(second=0, microsecond=0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the last reading gave."""

    asked: MessagesQuery
    rows: int
    pages: int
    complete: bool
    """Whether that is everything the log holds for what was asked."""
    stopped: bool = False
    """Whether a person stopped it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """The message that is looked at."""

    sid: str
    message: Message | None = None
    """As it was last read; None while it is read for the first time, or when there is none."""
    reading: bool = True
    problem: str = ""
    code: bool = False
    """Whether the code that reads it is to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesState:
    """The truth of which the panel is the picture."""

    identity: Identity | None = None
    """Whose messages they are; None: not connected."""
    follows: bool = False
    """Whether a connection panel may still connect it."""
    asked: MessagesQuery = field(default_factory=MessagesQuery)
    turn: int = 0
    """The number of the last reading; what an older one has to say comes too late."""
    reading: ReadProgress | None = None
    """How far the reading under way has come."""
    stopping: bool = False
    read: Read | None = None
    rows_to_see: bool = False
    """Whether there is anything to put in the table."""
    problem: str = ""
    sid: str = ""
    """What stands in the look-up field."""
    sid_problem: str = ""
    detail: Detail | None = None


def connected(state: MessagesState, identity: Identity) -> MessagesState:
    """There is a client: begin anew, for it may see another account's messages."""
    return MessagesState(
        identity=identity, follows=state.follows, asked=state.asked, turn=state.turn + 1
    )


def disconnected(state: MessagesState) -> MessagesState:
    """The client is gone; what was read stays."""
    detail = state.detail and replace(state.detail, reading=False)
    return replace(
        state,
        identity=None,
        turn=state.turn + 1,
        reading=None,
        stopping=False,
        problem="",
        detail=detail,
    )


def asked(state: MessagesState, name: str, value: object) -> MessagesState:
    """A filter was changed."""
    changed: dict[str, Any] = {name: value}
    return replace(state, asked=replace(state.asked, **changed), problem="")


def began(state: MessagesState) -> MessagesState:
    """Read the log, if that can be done now."""
    if state.identity is None or state.reading is not None:
        return state
    start, end = state.asked.start, state.asked.end
    if state.asked.period == "custom" and start and end and start > end:
        return replace(state, problem=f"The first day ({start}) is after the last day ({end}).")
    nothing = ReadProgress(rows=0, pages=0, limit=state.asked.limit)
    return replace(state, turn=state.turn + 1, reading=nothing, stopping=False, problem="")


def continued(state: MessagesState, turn: int, reading: ReadProgress) -> MessagesState:
    """Another page was read."""
    return replace(state, reading=reading) if turn == state.turn else state


def asked_to_stop(state: MessagesState) -> MessagesState:
    """Stop reading after the page that is under way."""
    return replace(state, stopping=True) if state.reading is not None else state


def ended(state: MessagesState, turn: int, read: Read) -> MessagesState:
    """The reading is over, whole or stopped."""
    if turn != state.turn:
        return state
    return replace(state, reading=None, stopping=False, read=read, rows_to_see=read.rows > 0)


def heard(state: MessagesState) -> MessagesState:
    """A message was put into the table that no reading gave."""
    return replace(state, rows_to_see=True)


def failed(state: MessagesState, turn: int, problem: str) -> MessagesState:
    """The reading broke off; what was read before stays."""
    if turn != state.turn:
        return state
    return replace(state, reading=None, stopping=False, problem=problem)


def failed_unexpectedly(state: MessagesState, problem: str) -> MessagesState:
    """Something went wrong that no reading expected."""
    return replace(state, problem=problem)


def typed_sid(state: MessagesState, text: str) -> MessagesState:
    """The look-up field holds this now."""
    return replace(state, sid=text, sid_problem="")


def looked_up(state: MessagesState, sid: str) -> MessagesState:
    """Look at one message: read it, and show it when it comes."""
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
    """A message was read; it is shown if it is still the one that is looked at.

    Answers overtake each other: one that comes late takes no message back from its final status.
    """
    if state.detail is None or state.detail.sid != message.sid:
        return state
    known = state.detail.message
    if known is not None and known.is_final and not message.is_final:
        message = known
    return replace(state, detail=replace(state.detail, message=message, reading=False, problem=""))


def not_found(state: MessagesState, sid: str, problem: str) -> MessagesState:
    """A message could not be read; what was known of it stays."""
    if state.detail is None or state.detail.sid != sid:
        return state
    return replace(state, detail=replace(state.detail, reading=False, problem=problem))


def toggled_code(state: MessagesState) -> MessagesState:
    """Show or hide the code that reads the message that is looked at."""
    if state.detail is None:
        return state
    return replace(state, detail=replace(state.detail, code=not state.detail.code))


def put_away(state: MessagesState) -> MessagesState:
    """Look at no message any more."""
    return replace(state, detail=None)
