"""Tabs: one of several sections is seen, and the row of their names says which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.assets import asset
from twilio_widgets.panels.card import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable


class Tabs(Choice):
    """A row of section names, of which one is chosen.

    Args:
        label: What the sections are, for screen readers.
        options: A value and its text each; the first is chosen.
    """

    _esm = asset(__file__, "static/tabs.js")

    def show(self, options: Iterable[tuple[str, str]], value: str) -> None:
        """Offer these sections, of which this one is seen."""
        rows = [list(option) for option in options]
        with self.hold_sync():
            if rows != self.options:
                self.options = rows
            self.value = value
