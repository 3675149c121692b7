"""The state of the account panel, and the pure steps that change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from twilio_widgets.progress import ReadProgress

if TYPE_CHECKING:
    from datetime import datetime

    from twilio_widgets.panels.connection.state import Identity

Section = Literal["numbers", "services", "usage", "alerts"]
Period = Literal["today", "7 days", "30 days", "365 days", "all"]

SECTIONS: tuple[Section, ...] = get_args(Section)

_DAYS: dict[Period, int] = {"today": 0, "7 days": 6, "30 days": 29, "365 days": 364}
"""The days before today that belong to a period."""

MOST_ROWS = 1_000
"""The default limit of rows to read: one page of Twilio's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionQuery:
    """What a section asks Twilio for; numbers and services have only a limit."""

    limit: int | None = MOST_ROWS
    """Rows to read at most; None reads everything."""
    by: Literal["category", "day", "month"] = "category"
    category: str = ""
    level: Literal["", "error", "warning", "notice", "debug"] = ""
    period: Period = "30 days"

    def parameters(self, section: Section, now: datetime) -> dict[str, object]:
        """Return the query as keywords of ``list`` or ``usage``."""
        given: dict[str, object] = {}
        if section == "usage":
            given = {"by": self.by, "category": self.category.strip() or None}
        elif section == "alerts":
            given = {"level": self.level or None}
        if section in {"usage", "alerts"}:
            given["since"] = self._first_day(now)
        return {name: value for name, value in given.items() if value is not None} | {
            "limit": self.limit
        }

    def _first_day(self, now: datetime) -> date | None:
        return None if self.period == "all" else (now - timedelta(_DAYS[self.period])).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionResult:
    """The result of the last load of a section."""

    asked: SectionQuery
    rows: int
    complete: bool
    """Whether Twilio has no more rows that match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionState:
    """One section: its query, and what was read."""

    asked: SectionQuery = field(default_factory=SectionQuery)
    turn: int = 0
    """The number of the current load; results of an earlier one are ignored."""
    reading: ReadProgress | None = None
    """The progress of the current load; None while none runs."""
    result: SectionResult | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """Everything the panel shows."""

    identity: Identity | None = None
    """The connected account; None: not connected."""
    follows: bool = False
    """Whether a connection panel may connect it."""
    has_listener: bool = False
    """Whether alerts are linked to the requests that a listener rejected."""
    chosen: Section = "numbers"
    sections: Mapping[Section, SectionState] = field(
        default_factory=lambda: {section: SectionState() for section in SECTIONS}
    )
    opened: str = ""
    """The SID or other key of the opened row; empty: none is open."""

    @property
    def section(self) -> SectionState:
        """The state of the chosen section."""
        return self.sections[self.chosen]


def connected(state: AccountState, identity: Identity) -> AccountState:
    """A client connected: forget the rows, since it may use another account."""
    sections = {
        name: SectionState(asked=one.asked, turn=one.turn + 1)
        for name, one in state.sections.items()
    }
    return replace(state, identity=identity, sections=sections, opened="")


def disconnected(state: AccountState) -> AccountState:
    """The client disconnected; the rows stay."""
    sections = {
        name: replace(one, turn=one.turn + 1, reading=None, problem="")
        for name, one in state.sections.items()
    }
    return replace(state, identity=None, sections=sections)


def section_chosen(state: AccountState, section: str) -> AccountState:
    """Show another section."""
    if section == state.chosen or section not in SECTIONS:
        return state
    return replace(state, chosen=section, opened="")


def filter_changed(state: AccountState, name: str, value: object) -> AccountState:
    """Set a filter of the chosen section and clear its problem."""
    changed: dict[str, Any] = {name: value}
    asked = replace(state.section.asked, **changed)
    return _with(state, state.chosen, asked=asked, problem="")


def began(state: AccountState) -> AccountState:
    """Start reading the chosen section, if connected and not reading it."""
    one = state.section
    if state.identity is None or one.reading is not None:
        return state
    nothing = ReadProgress(rows=0, pages=0, limit=one.asked.limit)
    return _with(state, state.chosen, turn=one.turn + 1, reading=nothing, problem="")


def continued(
    state: AccountState, section: Section, turn: int, reading: ReadProgress
) -> AccountState:
    """Another page was read."""
    return _with(state, section, reading=reading) if _is_reading(state, section, turn) else state


def ended(state: AccountState, section: Section, turn: int, result: SectionResult) -> AccountState:
    """The load finished."""
    if not _is_reading(state, section, turn):
        return state
    changed = _with(state, section, reading=None, result=result)
    return replace(changed, opened="" if section == state.chosen else state.opened)


def failed(state: AccountState, section: Section, turn: int, problem: str) -> AccountState:
    """The load failed; the rows loaded before stay."""
    if not _is_reading(state, section, turn):
        return state
    return _with(state, section, reading=None, problem=problem)


def failed_unexpectedly(state: AccountState, problem: str) -> AccountState:
    """Show an unexpected error in the chosen section."""
    return _with(state, state.chosen, problem=problem)


def row_opened(state: AccountState, key: str) -> AccountState:
    """Show the details of a row."""
    return replace(state, opened=key)


def row_closed(state: AccountState) -> AccountState:
    """Close the details."""
    return replace(state, opened="")


def _is_reading(state: AccountState, section: Section, turn: int) -> bool:
    one = state.sections[section]
    return one.turn == turn and one.reading is not None


def _with(state: AccountState, section: Section, **changed: Any) -> AccountState:
    changed_section = replace(state.sections[section], **changed)
    return replace(state, sections={**state.sections, section: changed_section})
