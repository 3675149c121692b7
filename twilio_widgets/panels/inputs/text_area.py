"""A field for text of several lines, whose changes are never overtaken by a click.

`ipywidgets.Textarea` delays a change while an earlier one is unanswered, and a click overtakes it:
a user who types fast would send half of the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.ordered_input import OrderedInput, text_in
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_BODY = 1_000_000
"""Characters. Send a longer body from code."""


class TextArea(OrderedInput):
    """A text of several lines.

    Args:
        label: The label before the field.
    """

    _esm = asset(__file__, "text_area.js")
    label = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str) -> None:
        super().__init__(label=label)
        self._type: Callable[[str], object] | None = None
        self.on_msg(self._receive)

    def on_type(self, callback: Callable[[str], object]) -> None:
        """Call back with the text when the user has changed it. It must not raise."""
        self._type = callback

    def write(self, text: str) -> None:
        """Set the text of the field."""
        self.value = text

    @property
    def shown(self) -> object:
        """The text, as an up-to-date page sends it."""
        return self.value

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        if isinstance(content, dict) and content.get("t") == "typed":
            self._take(content, self._keep)

    def _keep(self, content: dict[str, object]) -> None:
        text = text_in(content.get("text"), LONGEST_BODY)
        if text is not None:
            self.value = text
            if self._type is not None:
                self._type(text)
