"""Tabs: one of several sections is seen, and the row of their names says which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element

if TYPE_CHECKING:
    from collections.abc import Iterable


class Tabs(Element):
    """A row of section names, of which one is chosen.

    Args:
        label: What the sections are, for screen readers.
        options: A value and its text each; the first is chosen.
    """

    _esm = asset(__file__, "tabs.js")
    label = traitlets.Unicode().tag(sync=True)
    options = traitlets.List[list[str]]().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, options: Iterable[tuple[str, str]]) -> None:
        rows = [list(option) for option in options]
        super().__init__(label=label, options=rows, value=rows[0][0])
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, dict) or content.get("t") != "choose":
            return
        if content.get("value") in [value for value, _text in self.options]:
            self.value = content["value"]

    def show(self, options: Iterable[tuple[str, str]], value: str) -> None:
        """Offer these sections, of which this one is seen."""
        rows = [list(option) for option in options]
        with self.hold_sync():
            if rows != self.options:
                self.options = rows
            self.value = value
