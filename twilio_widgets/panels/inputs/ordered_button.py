"""Buttons whose presses are acted on once, in time, and on what the page showed.

A press takes two messages. The page asks whether the kernel is ready ("press"); the kernel answers
("ready"), and only then does the page send "act", with the contents of its fields at the press. The
page drops a press if "ready" takes too long, and the kernel drops an "act" that arrives too late.
So a press that is held up by a long cell or a slow network is never acted on later.

A press that stops something is different: late is better than never. The page sends its "act" at
once, and says so while the kernel has not answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import traitlets

from twilio_widgets.core.system.thread_lock import ThreadLock
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
        self._ready: dict[str, float | None] = {}
        """When the page asked, by press; None once it was acted on."""
        self._ready_lock = ThreadLock()
        self._press: Callable[[Pressed], object] | None = None
        super().__init__(**traits)
        self.on_msg(lambda _element, content, _buffers: self._receive_press(content))

    def on_press(self, callback: Callable[[Pressed], object]) -> None:
        """Call back with each press. The callback must not raise."""
        self._press = callback

    def _stops(self, _what: object) -> bool:
        """Return whether a button only stops something, so that its press may be late."""
        return False

    def _receive_press(self, content: object) -> None:
        """Handle the two messages of a press; anything else is ignored as untrusted input."""
        match content:
            case {"t": "press", "id": str(number)} if len(number) <= 40:
                with self._ready_lock:
                    self._remember(number, self._ready.get(number, time.monotonic()))
                self.send({"t": "ready", "id": number})
            case {"t": "act", "id": str(number), **press} if len(number) <= 40:
                now = time.monotonic()
                with self._ready_lock:
                    asked = self._ready.get(number, now if self._stops(press.get("what")) else None)
                    self._remember(number, None)
                if asked is not None:
                    self._act(number, now - asked, press)

    def _remember(self, number: str, asked: float | None) -> None:
        self._ready[number] = asked
        while len(self._ready) > _MOST_PRESSES:  # of pages that were closed meanwhile
            self._ready.pop(next(iter(self._ready)))

    def _act(self, number: str, waited: float, press: dict[object, object]) -> None:
        answer = partial(self._reply, number)
        if self._press is None or self.disabled:
            answer(NOT_NOW)
        elif waited > LATEST:
            answer(TOO_LATE)
        elif press.get("turn") != self.turn:
            answer(CHANGED)
        else:
            page, fields, what = str(press.get("page", "")), press.get("fields"), press.get("what")
            self._press(Pressed(page, press.get("turn"), fields, answer, what))

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
