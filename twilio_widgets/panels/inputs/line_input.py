"""A field of one value: a line of text, an area, a list to choose from, or a date."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import traitlets

from twilio_widgets.panels.inputs.ordered_button import Pressable
from twilio_widgets.panels.inputs.ordered_input import OrderedInput, text_in
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.panels.inputs.ordered_input import Pressed

Kind = Literal["text", "area", "select", "date", "datetime-local"]

LONGEST = 10_000
"""Characters of a line. Far more than any field allows, so that a text that is too long is refused
by the field's own validation, and never cut to something that could be sent."""
LONGEST_AREA = 1_000_000
"""Characters of an area."""

_DATES = {"date": date, "datetime-local": datetime}


class LineInput(Pressable, OrderedInput):
    """A field with one text value; a date is in ISO 8601 format.

    Args:
        label: The label above or before the field.
        placeholder: The placeholder of the empty field.
        action: The label of a button beside the field that does the same as Enter; empty for none.
        kind: The kind of input.
        rows: The height of an area in lines.
        late: Whether a change is accepted that arrives while the field is disabled.
        lazy: Whether the text is sent when the field is left or a button is pressed, instead of
            while typing; surrounding spaces are removed.
    """

    _esm = asset(__file__, "line_input.js")
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    action = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Unicode().tag(sync=True)
    rows = traitlets.Int(3).tag(sync=True)
    lazy = traitlets.Bool(False).tag(sync=True)
    options = traitlets.List[list[str]]().tag(sync=True)
    """Pairs of value and text: the options of a list, or the suggestions of a line."""
    inserts = traitlets.List[str]().tag(sync=True)
    """Texts, each with a button that inserts it at the cursor of an area."""
    enters = traitlets.Bool(False).tag(sync=True)
    """Whether Enter is a press."""
    longest = traitlets.Int(LONGEST).tag(sync=True)

    def __init__(
        self,
        label: str,
        placeholder: str = "",
        *,
        action: str = "",
        kind: Kind = "text",
        rows: int = 3,
        late: bool = False,
        lazy: bool = False,
    ) -> None:
        self._late = late
        longest = LONGEST_AREA if kind == "area" else LONGEST
        super().__init__(
            label=label,
            placeholder=placeholder,
            action=action,
            kind=kind,
            rows=rows,
            lazy=lazy,
            longest=longest,
        )
        self.on_msg(self._receive)

    def on_press(self, callback: Callable[[Pressed], object]) -> None:
        """Call back when Enter or the field's button is pressed. It must not raise."""
        super().on_press(callback)
        self.enters = True

    def offer(self, options: Iterable[tuple[str, str]]) -> None:
        """Set the options, each a value and its text. The chosen value stays until changed."""
        rows = [list(option) for option in options]
        if rows != self.options:
            self.options = rows

    def offer_inserts(self, texts: Iterable[str]) -> None:
        """Set the texts that a button each inserts at the cursor."""
        found = list(texts)
        if found != self.inserts:
            self.inserts = found

    @property
    def shown(self) -> object:
        """The value, as an up-to-date page sends it."""
        return self.value

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Handle a message of the page; anything unexpected is ignored as untrusted input."""
        if isinstance(content, dict) and content.get("t") == "typed":
            self._take(content, self._keep)

    def _keep(self, content: dict[str, object]) -> None:
        text = text_in(content.get("text"), self.longest)
        if text is not None and self._may_be(text) and (self._late or not self.disabled):
            self.value = text

    def _may_be(self, text: str) -> bool:
        if self.kind == "select":
            return text in [value for value, _text in self.options]
        if self.kind in _DATES and text:
            try:
                _DATES[self.kind].fromisoformat(text)
            except ValueError:
                return False
        return True
