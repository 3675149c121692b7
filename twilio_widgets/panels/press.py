"""A button that names what was typed before it was pressed, so that the kernel hears that first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.assets import asset
from twilio_widgets.panels.card import Element

if TYPE_CHECKING:
    from collections.abc import Callable


class Press(Element):
    """A button; what `Hearing.act` takes comes with its press.

    Args:
        text: What stands on it.
        main: Whether it does what the card is for.
    """

    _esm = asset(__file__, "static/press.js")
    text = traitlets.Unicode().tag(sync=True)
    main = traitlets.Bool(False).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, text: str, *, main: bool = False) -> None:
        super().__init__(text=text, main=main)
        self._press: Callable[[object], object] | None = None
        self.on_msg(self._receive)

    def on_press(self, callback: Callable[[object], object]) -> None:
        """Call back with what was typed before the press. It must not raise."""
        self._press = callback

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        if self.disabled or self._press is None:
            return
        match content:
            case {"t": "press", "said": said}:
                self._press(said)
