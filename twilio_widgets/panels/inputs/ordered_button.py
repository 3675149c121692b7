"""Buttons whose presses are acted on once, in time, and on what the page showed.

A press takes two messages. The page asks whether the kernel is ready ("press"); the kernel answers
("ready"), and only then does the page send "act", with the contents of its fields at the press. The
page drops a press if "ready" takes too long, and the kernel drops an "act" that arrives too late.
So a press that is held up by a long cell or a slow network is never acted on later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import traitlets

from twilio_widgets.panels.inputs.ordered_input import CHANGED, LATEST, TOO_LATE, Pressed
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element

NOT_NOW = "This cannot be done now, so nothing was done."

_MOST_PRESSES = 64


class Pressable(Element):
    """An element that can be pressed; its script uses ``press.js``."""

    disabled = traitlets.Bool(False).tag(sync=True)
    turn = traitlets.Int(0).tag(sync=True)
    """Changes when the action would act on something else; a press of an older turn is refused."""

    def __init__(self, **traits: object) -> None:
        self._ready: dict[str, float] = {}
        self._press: Callable[[Pressed], object] | None = None
        super().__init__(**traits)

    def on_press(self, callback: Callable[[Pressed], object]) -> None:
        """Call back with each press. The callback must not raise."""
        self._press = callback

    def _receive_press(self, content: object) -> None:
        """Handle the two messages of a press; anything else is ignored as untrusted input."""
        match content:
            case {"t": "press", "id": str(number)} if len(number) <= 40:
                self._ready[number] = time.monotonic()
                while len(self._ready) > _MOST_PRESSES:  # of pages that were closed meanwhile
                    self._ready.pop(next(iter(self._ready)))
                self.send({"t": "ready", "id": number})
            case {"t": "act", "id": str(number), **press} if number in self._ready:
                waited = time.monotonic() - self._ready.pop(number)
                self._act(number, waited, press)

    def _act(self, number: str, waited: float, press: dict[object, object]) -> None:
        answer = partial(self._reply, number)
        if self._press is None or self.disabled:
            answer(NOT_NOW)
        elif waited > LATEST:
            answer(TOO_LATE)
        elif press.get("turn") != self.turn:
            answer(CHANGED)
        else:
            page, fields = str(press.get("page", "")), press.get("fields")
            self._press(Pressed(page, press.get("turn"), fields, answer))

    def _reply(self, number: str, text: str) -> None:
        self.send({"t": "answer", "id": number, "text": text})


class OrderedButton(Pressable):
    """A button, with the answer to its last press beside it.

    Args:
        text: The button's label.
        main: Whether this is the card's primary button.
        quiet: Whether it looks like a link.
    """

    _esm = asset(__file__, "ordered_button.js")
    text = traitlets.Unicode().tag(sync=True)
    main = traitlets.Bool(False).tag(sync=True)
    quiet = traitlets.Bool(False).tag(sync=True)

    def __init__(self, text: str, *, main: bool = False, quiet: bool = False) -> None:
        super().__init__(text=text, main=main, quiet=quiet)
        self.on_msg(lambda _button, content, _buffers: self._receive_press(content))
