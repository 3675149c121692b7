"""A text field with completions below it, for a path or a content type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.ordered_button import Pressable
from twilio_widgets.panels.inputs.ordered_input import OrderedInput, text_in
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST_PATH = 4_000
"""Characters. Twilio's paths are much shorter."""


class Autocomplete(Pressable, OrderedInput):
    """A text field with completions.

    After choosing a path, its first ``{Sid}`` is selected, so that typing replaces it.

    Args:
        label: The name of the field for screen readers.
        offers: The name of the list of completions for screen readers.
        placeholder: The placeholder of the empty field.
    """

    _esm = asset(__file__, "autocomplete.js")
    label = traitlets.Unicode().tag(sync=True)
    offers = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    options = traitlets.List[list[str]]().tag(sync=True)

    def __init__(self, label: str, *, offers: str, placeholder: str = "") -> None:
        super().__init__(label=label, offers=offers, placeholder=placeholder)
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

    def offer(self, options: Iterable[tuple[str, str]]) -> None:
        """Set the completions, each a text and a short description."""
        rows = [list(option) for option in options]
        if rows != self.options:
            self.options = rows

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        if isinstance(content, dict) and content.get("t") == "typed":
            self._take(content, self._keep)

    def _keep(self, content: dict[str, object]) -> None:
        text = text_in(content.get("text"), LONGEST_PATH)
        if text is not None and not self.disabled:
            self.value = text
            if self._type is not None:
                self._type(text)
