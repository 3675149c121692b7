"""A line of text that tells of its changes and of Enter in the order they happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.assets import asset
from twilio_widgets.panels.card import Element

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 10_000
"""Characters. It is far more than any field may hold, so that who types too much is told so by the
field's own rules, and nobody's text is cut to something that could be sent."""


class Entry(Element):
    """A text field whose Enter comes after what was typed before it.

    `ipywidgets.Text` holds changes back while another is under way, and Enter overtakes them: a
    person who types fast would search for half a SID.

    Args:
        label: What stands above it, or before it.
        placeholder: What stands in it while it is empty.
        action: What a button beside it says, which does what Enter does; empty: there is none.
    """

    _esm = asset(__file__, "static/entry.js")
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    action = traitlets.Unicode().tag(sync=True)
    options = traitlets.List[str]().tag(sync=True)
    """What is offered while a person types; anything else can be typed."""
    disabled = traitlets.Bool(False).tag(sync=True)
    longest = traitlets.Int(LONGEST).tag(sync=True)

    def __init__(self, label: str, placeholder: str, *, action: str = "") -> None:
        super().__init__(label=label, placeholder=placeholder, action=action)
        self._enter: Callable[[], object] | None = None
        self.on_msg(self._receive)

    def on_enter(self, callback: Callable[[], object]) -> None:
        """Call back when Enter is pressed in the field, or its button. It must not raise."""
        self._enter = callback

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Take what the page may say, and nothing else: it is input like any other."""
        if self.disabled:
            return
        match content:
            case {"t": "typed" | "enter" as kind, "text": str(text)} if len(text) <= LONGEST:
                self.value = text
                if kind == "enter" and self._enter is not None:
                    self._enter()
