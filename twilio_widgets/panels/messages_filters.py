"""The filters of the messages panel: what Twilio is asked for, in one row of controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from twilio_widgets.panels.card import Note, field, plain, primary, styled, visible
from twilio_widgets.panels.entry import Entry
from twilio_widgets.panels.messages_words import advice_of

if TYPE_CHECKING:
    from twilio_widgets.panels.messages_state import Asked, MessagesState

_PERIODS = (
    ("Any time", "all"),
    ("Last 24 hours", "24 h"),
    ("Last 7 days", "7 days"),
    ("Last 30 days", "30 days"),
    ("From – to", "custom"),
)
_LIMITS = (200, 1_000, 10_000, 100_000)

EVERYTHING = 0
"""The choice that stands for no limit: a `Dropdown` takes None for nothing chosen."""


class FilterBar:
    """The controls above the table, each named as the field of `Asked` it changes."""

    def __init__(self, asked: Asked) -> None:
        self.controls: dict[str, Any] = {
            "period": ipywidgets.Dropdown(options=_PERIODS, description="Period"),
            "start": ipywidgets.DatePicker(description="First day (UTC)"),
            "end": ipywidgets.DatePicker(description="Last day (UTC)"),
            "to": Entry("To", "any recipient"),
            "from_": Entry("From", "any sender"),
            "limit": ipywidgets.Dropdown(options=_limits_with(asked.limit), description="At most"),
        }
        self.load = primary("Load")
        self._advice = Note()
        row = ipywidgets.HBox([*self.controls.values(), self.load])
        self.rows = styled(field(styled(row, "tw-filters"), self._advice), "tw-filter-bar")

    def draw(self, state: MessagesState) -> None:
        """Make every control the picture of the state."""
        for name, control in self.controls.items():
            control.value = self._shown(state.asked, name)
        for name in ("start", "end"):
            visible(self.controls[name], state.asked.period == "custom")
        self.load.disabled = state.identity is None or state.reading is not None
        self._advice.show(*advice_of(state))

    def _shown(self, asked: Asked, name: str) -> object:
        return asked.limit or EVERYTHING if name == "limit" else getattr(asked, name)


class LookUp:
    """The field that finds one message by its SID."""

    def __init__(self) -> None:
        self.sid = Entry("SID", "Look up a SID: SM… or MM…")
        self.button = plain("Look up")
        self._problem = Note()
        row = ipywidgets.HBox([self.sid, self.button])
        self.rows = styled(field(row, self._problem), "tw-look-up")

    def draw(self, state: MessagesState) -> None:
        """Make every control the picture of the state."""
        self.sid.value = state.sid
        self.button.disabled = state.identity is None
        self._problem.show(state.sid_problem, "problem")


def _limits_with(limit: int | None) -> list[tuple[str, int]]:
    numbers = sorted({*_LIMITS, *(() if limit is None else (limit,))})
    return [*((f"{number:,}", number) for number in numbers), ("Everything", EVERYTHING)]
