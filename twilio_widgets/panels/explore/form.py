"""The controls of the explore panel, each named as the field of `Asked` it changes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.panels.explore.text import ORIGINS, advice_of, readable
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.elements import Note, field, styled, visible

if TYPE_CHECKING:
    from twilio_widgets.panels.explore.state import ExploreState

_PERIODS = (
    ("24 h", "Last 24 hours"),
    ("7 days", "Last 7 days"),
    ("30 days", "Last 30 days"),
    ("all", "All messages"),
    ("custom", "Choose days"),
)

ZONES = (
    "UTC", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Paris", "Africa/Johannesburg",
    "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip
"""Suggestions; every IANA name is accepted."""


class ExploreForm:
    """The controls above the figures."""

    def __init__(self, state: ExploreState) -> None:
        self.controls = {
            "origin": LineInput("Source", kind="select"),
            "period": LineInput("Period", kind="select"),
            "start": LineInput("First day", kind="date"),
            "end": LineInput("Last day", kind="date"),
            "tz": LineInput("Time zone", "UTC", lazy=True),
        }
        self.controls["origin"].offer((one, ORIGINS[one]) for one in state.origins)
        self.controls["period"].offer(_PERIODS)
        self.controls["tz"].offer((zone, zone) for zone in ZONES)
        self.load = OrderedButton("Load", main=True)
        self.sync = OrderedButton("Sync")
        self._advice = Note()
        row = ipywidgets.HBox([*self.controls.values(), self.load, self.sync])
        self.rows = styled(field(styled(row, "tw-filters"), self._advice), "tw-filter-bar")
        visible(self.controls["origin"], len(state.origins) > 1)

    def draw(self, state: ExploreState) -> None:
        """Draw the state."""
        for name, control in self.controls.items():
            if name != "tz" or not state.problem:  # keep a time zone that does not exist to correct
                control.value = text_of(getattr(state.asked, name))
        for name in ("start", "end"):
            visible(self.controls[name], state.asked.period == "custom")
        busy = state.running is not None
        self.load.disabled = busy or not readable(state)
        visible(self.load, state.asked.origin != "messages")
        visible(self.sync, state.asked.origin == "archive")
        self.sync.disabled = busy or state.identity is None
        self._advice.show(*advice_of(state))


def text_of(value: object) -> str:
    """Return the text of a control for a value."""
    return "" if value is None else str(value)


def value_of(name: str, text: str) -> str | date | None:
    """Return the value for the text of a control."""
    if name in {"start", "end"}:
        return date.fromisoformat(text) if text else None
    return text.strip() or "UTC" if name == "tz" else text
