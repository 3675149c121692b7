"""A field for a credential whose text never becomes widget state.

A synced trait is written into the notebook file and repeated to every client of the kernel; so the
text travels once, in a custom message, when the kernel asks for it, and is a `Secret` from there.
It travels in the message's binary buffer: ipykernel, where logging is at DEBUG, writes down every
message's content.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.panels.inputs.ordered_button import Pressable
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 512
"""Bytes. Twilio's auth tokens and key secrets have 32: anything longer than this is none."""


class SecretInput(Pressable):
    """A password field that the kernel asks for its text; asking also clears it.

    Enter in it is a press.

    Args:
        label: What stands before the field.
        hint: What stands under it, until there is a problem.
        placeholder: What stands in it while it is empty.
    """

    _esm = asset(__file__, "secret_input.js")
    label = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    locked = traitlets.Bool(False).tag(sync=True)

    def __init__(self, label: str, *, hint: str = "", placeholder: str = "") -> None:
        super().__init__(label=label, hint=hint, placeholder=placeholder)
        self._asked: str | None = None
        self._answer: Callable[[Secret], object] | None = None
        self.on_msg(self._receive)

    def ask(self, callback: Callable[[Secret], object], page: str = "") -> None:
        """Ask the page on which a button was pressed for the text, and clear the field there.

        The callback is given the answer, an empty `Secret` when nothing was typed. It must not
        raise. Only the newest question is answered; when the page was closed, none is.
        """
        self._answer = callback
        self._asked = secrets.token_hex(8)
        self.send({"t": "ask", "n": self._asked, "page": page})

    def _receive(self, _widget: object, content: object, buffers: object) -> None:
        """Take what the page may say, and nothing else: it is input like any other."""
        if not isinstance(content, dict):
            return
        if content.get("t") == "secret":
            self._take(_secret_in(buffers), content.get("n"))
        else:
            self._receive_press(content)

    def _take(self, secret: Secret | None, number: object) -> None:
        if secret is None or self._answer is None:
            return
        if self._asked is None or number != self._asked:
            return
        if secret:  # a second page with an empty field must not end the question
            self._asked = None
        self._answer(secret)


def _secret_in(buffers: object) -> Secret | None:
    """Return the text of the one buffer there may be, and empty the list.

    Emptied, because the kernel keeps the last message that it received until the next comes.
    """
    if not isinstance(buffers, list) or len(buffers) != 1:
        return None
    buffer = buffers.pop()
    if not isinstance(buffer, bytes | memoryview) or len(buffer) > LONGEST:
        return None
    try:
        return Secret(str(buffer, "utf-8"))
    except UnicodeDecodeError:
        return None
