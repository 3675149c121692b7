"""The filters of the messages panel, applied by Twilio."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.elements import Note, field, styled, visible
from twilio_widgets.panels.messages.text import advice_of

if TYPE_CHECKING:
    from twilio_widgets.panels.messages.state import MessagesQuery, MessagesState

_PERIODS = (
    ("all", "Any time"),
    ("24 h", "Last 24 hours"),
    ("7 days", "Last 7 days"),
    ("30 days", "Last 30 days"),
    ("custom", "Choose days"),
)
_LIMITS = (200, 1_000, 10_000, 100_000)

EVERYTHING = "0"
"""The value of the choice without a limit."""


class FilterBar:
    """The controls above the table, each named as the field of `MessagesQuery` it changes."""

    def __init__(self, asked: MessagesQuery) -> None:
        self.controls = {
            "period": LineInput("Period", kind="select"),
            "start": LineInput("First day (UTC)", kind="date"),
            "end": LineInput("Last day (UTC)", kind="date"),
            "to": LineInput("To", "any recipient"),
            "from_": LineInput("From", "any sender"),
            "limit": LineInput("At most", kind="select"),
        }
        self.controls["period"].offer(_PERIODS)
        self.controls["limit"].offer(_limits_with(asked.limit))
        self.load = OrderedButton("Load", main=True)
        self._advice = Note()
        asks = styled(Note(), "tw-bar-title")
        asks.show("Ask Twilio for messages")
        row = ipywidgets.HBox([*self.controls.values(), self.load])
        bar = ipywidgets.VBox([asks, field(styled(row, "tw-filters"), self._advice)])
        self.rows = styled(bar, "tw-filter-bar")

    def draw(self, state: MessagesState) -> None:
        """Draw the state."""
        for name, control in self.controls.items():
            control.value = text_of(name, getattr(state.asked, name))
        for name in ("start", "end"):
            visible(self.controls[name], state.asked.period == "custom")
        self.load.disabled = state.identity is None or state.reading is not None
        self._advice.show(*advice_of(state))


class LookUp:
    """The field that finds one message by its SID."""

    def __init__(self) -> None:
        self.sid = LineInput("Message SID", "Look up a SID: SM… or MM…")
        self.button = OrderedButton("Look up")
        self._problem = Note()
        row = ipywidgets.HBox([self.sid, self.button])
        self.rows = styled(field(row, self._problem), "tw-look-up")

    def draw(self, state: MessagesState) -> None:
        """Draw the state."""
        self.sid.value = state.sid
        self.button.disabled = state.identity is None
        self._problem.show(state.sid_problem, "problem")


def text_of(name: str, value: object) -> str:
    """Return the text of a filter's control for a value."""
    if value is None:
        return EVERYTHING if name == "limit" else ""
    return str(value)


def value_of(name: str, text: str) -> str | int | date | None:
    """Return the value for the text of a filter's control."""
    if name in {"start", "end"}:
        return date.fromisoformat(text) if text else None
    if name == "limit":
        return None if text == EVERYTHING else int(text)
    return text


def _limits_with(limit: int | None) -> list[tuple[str, str]]:
    numbers = sorted({*_LIMITS, *(() if limit is None else (limit,))})
    return [*((str(number), f"{number:,}") for number in numbers), (EVERYTHING, "Everything")]
