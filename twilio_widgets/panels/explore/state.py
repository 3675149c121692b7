"""The state of the explore panel, and the pure steps that change it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from twilio_widgets.panels.charts.view import Pick

if TYPE_CHECKING:
    from twilio_widgets.analysis.chart_spec import ChartSpec
    from twilio_widgets.analysis.overview import Figures
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.panels.connection.state import Identity

Origin = Literal["live", "archive", "messages"]
"""Where messages come from: Twilio's log, an archive, or a frame that the user passed."""

Period = Literal["24 h", "7 days", "30 days", "all", "custom"]

LENGTHS: dict[Period, timedelta] = {
    "24 h": timedelta(hours=24),
    "7 days": timedelta(days=7),
    "30 days": timedelta(days=30),
}

CHART_DIMENSIONS = (
    ("day", "status"),
    ("error_code",),
    ("hour", "weekday"),
    ("country",),
    ("sender",),
    ("segments",),
)
"""The dimensions that each chart selects: of its categories, and of its series."""

Where = tuple[tuple[str, tuple[str, ...]], ...]
"""The filters: the wanted keys of each dimension, in the order in which they were set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asks for."""

    origin: Origin = "live"
    period: Period = "7 days"
    start: date | None = None
    """The first day of a custom period, in the time zone; None: from the beginning."""
    end: date | None = None
    """Its last day; None: until now."""
    tz: str = "UTC"

    def span(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the start (included) and the end (excluded) of the period.

        Rolling periods end with the current hour, so that an hour of the day occurs only once in
        24 hours.
        """
        if self.period in LENGTHS:
            until = (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
            return until - LENGTHS[self.period], until
        if self.period == "all":
            return None, None
        zone = ZoneInfo(self.tz)
        start = datetime.combine(self.start, time(), zone) if self.start else None
        after = self.end and self.end + timedelta(days=1)
        return start, datetime.combine(after, time(), zone) if after else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Running work."""

    kind: Literal["load", "sync"]
    text: str = ""
    share: float | None = None
    """From 0 to 1; None where the end is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The messages that were read."""

    origin: Origin
    rows: int
    now: datetime
    """When they were read; for a frame, the time of its newest message."""
    since: date | None = None
    """The first day (UTC) that was read from Twilio; None: everything."""
    until: date | None = None
    complete: bool = True
    note: str = ""
    """Why they are not complete, or another remark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The counts for one choice of filters."""

    span: tuple[datetime | None, datetime | None]
    where: Where
    charts: tuple[ChartSpec, ...]
    figures: Figures | None = None
    """None until they are counted, just after the charts."""
    before: Figures | None = None
    """Those of the period before; None where there is nothing to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The opened message and its conversation."""

    sid: str
    message: Message | None = None
    chat: tuple[Message, ...] = ()
    """The conversation, oldest first."""
    total: int = 0
    """All messages of the conversation."""
    seen: Literal["message", "chat"] = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploreState:
    """Everything the panel shows."""

    identity: Identity | None = None
    """The connected account; None: not connected."""
    follows: bool = False
    """Whether a connection panel may connect it."""
    origins: tuple[Origin, ...] = ("live",)
    """The sources to choose from."""
    asked: Asked = field(default_factory=Asked)
    turn: int = 0
    """The number of the current load; results of an earlier one are ignored."""
    running: Running | None = None
    stopping: bool = False
    loaded: Loaded | None = None
    where: Where = ()
    answer: Answer | None = None
    shown: tuple[int, int] | None = None
    """The rows in the table, and how many there are in all."""
    opened: Opened | None = None
    problem: str = ""


def wanted(where: Where) -> dict[str, tuple[str, ...]]:
    """Return filters as a mapping."""
    return dict(where)


def connected(state: ExploreState, identity: Identity) -> ExploreState:
    """A client connected. Messages of another account are removed."""
    fresh = replace(
        state,
        identity=identity,
        turn=state.turn + 1,
        running=None,
        stopping=False,
        problem=order_problem(state.asked),
    )
    same = state.identity is None or state.identity.account == identity.account
    local = state.loaded is not None and state.loaded.origin != "live"
    return fresh if same or local else cleared(fresh)


def disconnected(state: ExploreState) -> ExploreState:
    """The client disconnected; what was read stays."""
    return replace(state, identity=None, turn=state.turn + 1, running=None, stopping=False)


def cleared(state: ExploreState) -> ExploreState:
    """Remove what was read."""
    return replace(state, loaded=None, where=(), answer=None, shown=None, opened=None)


def asked_for(state: ExploreState, name: str, value: object) -> ExploreState:
    """Change what the user asks for, and clear the problem."""
    changed: dict[str, Any] = {name: value}
    asked = replace(state.asked, **changed)
    # A day or an hour of the last period may not be in this one.
    is_time = name in {"period", "start", "end", "tz"}
    times = {"day", "hour", "weekday"} if is_time else set()
    where = tuple(one for one in state.where if one[0] not in times)
    return replace(state, asked=asked, where=where, problem=order_problem(asked))


def order_problem(asked: Asked) -> str:
    """Return why the chosen days are no period; empty if they are one."""
    if asked.period == "custom" and asked.start and asked.end and asked.start > asked.end:
        return f"The first day ({asked.start}) is after the last day ({asked.end})."
    return ""


def failed(state: ExploreState, problem: str) -> ExploreState:
    """Show a problem of the form, or an unexpected error."""
    return replace(state, problem=problem)


# Loading


def began(state: ExploreState, kind: Literal["load", "sync"]) -> ExploreState:
    """Start to read or to sync, unless something is running or the days are in the wrong order."""
    if state.running is not None or order_problem(state.asked):
        return state
    running = Running(kind=kind, text="Starting…")
    return replace(state, turn=state.turn + 1, running=running, stopping=False, problem="")


def continued(state: ExploreState, turn: int, running: Running) -> ExploreState:
    """The running work got further."""
    return replace(state, running=running) if _is_running(state, turn) else state


def stop_requested(state: ExploreState) -> ExploreState:
    """Stop the running work as soon as possible."""
    return replace(state, stopping=True) if state.running is not None else state


def ended(state: ExploreState, turn: int, loaded: Loaded) -> ExploreState:
    """Messages were read. The filters stay: the same question about newer messages."""
    if not _is_running(state, turn):
        return state
    return replace(
        state, running=None, stopping=False, loaded=loaded, answer=None, shown=None, problem=""
    )


def load_failed(state: ExploreState, turn: int, problem: str) -> ExploreState:
    """The load failed; what was read before stays."""
    if not _is_running(state, turn):
        return state
    return replace(state, running=None, stopping=False, problem=problem)


def _is_running(state: ExploreState, turn: int) -> bool:
    return turn == state.turn and state.running is not None


# Filters


def picked(state: ExploreState, chart: int, pick: Pick, on: bool) -> ExploreState:
    """Select or deselect a mark of a chart."""
    by_category, *by_series = _dimensions(state, chart)
    where = dict(state.where)
    if pick.category is not None and pick.series is not None:  # one cell, and no other
        for dimension, key in ((by_series[0], pick.series), (by_category, pick.category)):
            where.pop(dimension, None)
            if on:
                where[dimension] = (key,)
    elif pick.category is not None:
        where = _toggled(where, by_category, pick.category, on)
    elif pick.series is not None:
        where = _toggled(where, by_series[0], pick.series, on)
    return replace(state, where=tuple(where.items()))


def _toggled(
    where: dict[str, tuple[str, ...]], dimension: str, key: str, on: bool
) -> dict[str, tuple[str, ...]]:
    keys = tuple(one for one in where.get(dimension, ()) if one != key)
    keys = (*keys, key) if on else keys
    return where | {dimension: keys} if keys else {k: v for k, v in where.items() if k != dimension}


def removed(state: ExploreState, dimension: str, key: str) -> ExploreState:
    """Remove one filter."""
    where = _toggled(dict(state.where), dimension, key, on=False)
    return replace(state, where=tuple(where.items()))


def chart_cleared(state: ExploreState, chart: int) -> ExploreState:
    """Remove the filters of one chart."""
    mine = _dimensions(state, chart)
    return replace(state, where=tuple(one for one in state.where if one[0] not in mine))


def all_cleared(state: ExploreState) -> ExploreState:
    """Remove all filters."""
    return replace(state, where=())


def picks_of(state: ExploreState, chart: int) -> tuple[Pick, ...]:
    """Return the selected marks of a chart."""
    by_category, *by_series = _dimensions(state, chart)
    where = dict(state.where)
    categories, series = where.get(by_category, ()), where.get("".join(by_series), ())
    if by_series == ["weekday"]:  # a cell needs both
        return tuple(Pick(hour, day) for day in series for hour in categories)
    return (*(Pick(key) for key in categories), *(Pick(None, key) for key in series))


def _dimensions(state: ExploreState, chart: int) -> tuple[str, ...]:
    by_hour = chart == 0 and state.asked.period == "24 h"
    return ("hour", "status") if by_hour else CHART_DIMENSIONS[chart]


# Answers


def charts_counted(state: ExploreState, asked: Asked, answer: Answer) -> ExploreState:
    """The charts were counted; older counts than the current filters are ignored."""
    if asked != state.asked or answer.where != state.where or state.loaded is None:
        return state
    last = state.answer
    # The figures of the last filters stay for the moment until the new ones are counted.
    figures = (last.figures, last.before) if last is not None else (None, None)
    return replace(state, answer=replace(answer, figures=figures[0], before=figures[1]))


def figures_counted(
    state: ExploreState, asked: Asked, where: Where, figures: Figures, before: Figures | None
) -> ExploreState:
    """The figures were counted."""
    if asked != state.asked or where != state.where or state.answer is None:
        return state
    return replace(state, answer=replace(state.answer, figures=figures, before=before))


def rows_shown(state: ExploreState, where: Where, rows: int, total: int) -> ExploreState:
    """The table shows the rows."""
    return replace(state, shown=(rows, total)) if where == state.where else state


# The opened message


def opened(state: ExploreState, sid: str) -> ExploreState:
    """Open a message; the view stays that of the last one."""
    seen = state.opened.seen if state.opened is not None else "message"
    return replace(state, opened=Opened(sid=sid, seen=seen))


def found(
    state: ExploreState, sid: str, message: Message | None, chat: tuple[Message, ...], total: int
) -> ExploreState:
    """The opened message and its conversation were found."""
    if state.opened is None or state.opened.sid != sid:
        return state
    return replace(state, opened=replace(state.opened, message=message, chat=chat, total=total))


def switched(state: ExploreState) -> ExploreState:
    """Show the conversation instead of the message, or the other way round."""
    if state.opened is None:
        return state
    seen: Literal["message", "chat"] = "chat" if state.opened.seen == "message" else "message"
    return replace(state, opened=replace(state.opened, seen=seen))


def closed(state: ExploreState) -> ExploreState:
    """Close the opened message."""
    return replace(state, opened=None)
