"""The state of the class panel, its pure steps, and its sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.table.cells import TableColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.sandbox.classroom.member import ClassMessage

EVERYONE = ""
"""The value of the list of students that means the whole class."""

COLUMNS = (
    TableColumn("at", "Created", kind="time"),
    TableColumn("from", "From", choice=True),
    TableColumn("to", "To", choice=True, width=14),
    TableColumn("status", "Status", kind="status"),
    TableColumn("body", "Body"),
)

FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "lost": ("The message is accepted, the response is lost", {"fault": "close_after_accept"}),
    "refused": ("No connection", {"fault": "refused"}),
    "429": ("429: too many requests", {"status": 429, "retry_after": 1.0}),
    "503": ("503: service unavailable", {"status": 503}),
    "slow": ("The response takes 5 s", {"fault": "delay", "delay": 5.0}),
    "21610": ("21610: the recipient has opted out", {"code": 21610}),
}
"""The faults that the panel offers: a text, and the arguments of `Classroom.fail`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassState:
    """What the panel shows besides the table."""

    students: tuple[tuple[str, str], ...] = ()
    """Names and numbers."""
    messages: int = 0
    unreachable: str = ""
    """Why the class cannot be read; empty while it can."""
    outcome: str = ""
    problem: str = ""


def read(state: ClassState, students: Mapping[str, str], messages: int) -> ClassState:
    """The class was read."""
    return replace(state, students=tuple(students.items()), messages=messages, unreachable="")


def unreachable(state: ClassState, why: str) -> ClassState:
    """The class could not be read, so no fault that was planned is known to be in effect."""
    return replace(state, unreachable=why, outcome="", problem="")


def planned(state: ClassState, student: str, fault: str) -> ClassState:
    """A fault was planned."""
    whose = f"{student}'s next request" if student else "The next request of the class"
    return replace(state, outcome=f"{whose} meets: {FAULTS[fault][0]}.", problem="")


def failed(state: ClassState, why: str) -> ClassState:
    """An action failed."""
    return replace(state, outcome="", problem=why)


def pill_of(state: ClassState) -> tuple[str, Tone]:
    """Return the text of the pill and its tone."""
    if state.unreachable:
        return "not reachable", "problem"
    return f"{len(state.students)} joined", "good" if state.students else "idle"


def summary_of(state: ClassState) -> tuple[tuple[str, str], ...]:
    """Return the summary for a saved notebook: counts only, no names."""
    return (
        ("Students", f"{len(state.students)} joined"),
        ("Messages", f"{state.messages:,} sent in the class"),
    )


def row_of(message: ClassMessage) -> dict[str, object]:
    """Return the row of a message."""
    failed = message.error_code is not None
    return {
        "sid": message.sid,
        "at": message.at,
        "from": one_line(message.from_name),
        "to": one_line(message.to_name or message.to),
        "status": f"{message.status} {message.error_code}" if failed else message.status,
        "body": message.body,
    }
