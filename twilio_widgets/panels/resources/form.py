"""The controls of the account panel, each named as the field of `SectionQuery` it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.elements import Note, field, styled, visible
from twilio_widgets.panels.kit.tabs import Tabs
from twilio_widgets.panels.resources import text as texts

if TYPE_CHECKING:
    from twilio_widgets.panels.resources.state import AccountState, Section

_SHOWN: dict[Section, tuple[str, ...]] = {
    "numbers": (),
    "services": (),
    "usage": ("by", "category", "period"),
    "alerts": ("level", "period"),
}

_PERIODS: dict[Section, tuple[tuple[str, str], ...]] = {
    "usage": (
        ("today", "Today (UTC)"),
        ("7 days", "Last 7 days"),
        ("30 days", "Last 30 days"),
        ("365 days", "Last 365 days"),
        ("all", "All time"),
    ),
    "alerts": (
        ("today", "Today (UTC)"),
        ("7 days", "Last 7 days"),
        ("30 days", "Last 30 days"),
    ),
}


class AccountForm:
    """The tabs, and the filters of the chosen section."""

    def __init__(self, state: AccountState) -> None:
        self.sections = Tabs("Parts of the account", texts.options_of(state))
        self.controls = {
            "by": LineInput("One row for each", kind="select"),
            "category": LineInput("Category", "any, such as sms"),
            "level": LineInput("Level", kind="select"),
            "period": LineInput("Period", kind="select"),
        }
        self.controls["by"].offer(
            (("category", "category"), ("day", "category and day"), ("month", "category and month"))
        )
        self.controls["level"].offer(
            (
                ("", "Every level"),
                ("error", "Errors"),
                ("warning", "Warnings"),
                ("notice", "Notices"),
                ("debug", "Debug"),
            )
        )
        self.load = OrderedButton("Load", main=True)
        self._advice = Note()
        row = ipywidgets.HBox([*self.controls.values(), self.load])
        self.rows = styled(field(styled(row, "tw-filters"), self._advice), "tw-filter-bar")

    def draw(self, state: AccountState) -> None:
        """Draw the state."""
        self.sections.show(texts.options_of(state), state.chosen)
        # Also while hidden: a press carries every field, and a choice must be one of its options.
        self.controls["period"].offer(_PERIODS.get(state.chosen, _PERIODS["usage"]))
        for name, control in self.controls.items():
            visible(control, name in _SHOWN[state.chosen])
            control.value = str(getattr(state.section.asked, name))
        self.load.disabled = state.identity is None or state.section.reading is not None
        self._advice.show(*texts.advice_of(state))
