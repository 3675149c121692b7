"""A field for a credential whose text never becomes widget state.

A synced trait is saved in the notebook file and sent to every client of the kernel. So the text is
sent once, in a custom message, when the kernel requests it, and becomes a `Secret` on arrival. It
is in the message's binary buffer, because ipykernel logs the content of messages at level DEBUG.
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
"""Bytes. Twilio's auth tokens and API key secrets have 32; longer input is ignored."""


class SecretInput(Pressable):
    """A password field whose text the kernel requests, and removes once it is of no more use.

    Enter in the field is a press.

    Args:
        label: The label before the field.
        hint: The text below the field while there is no problem.
        placeholder: The placeholder of the empty field.
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
        """Request the text from the page on which a button was pressed.

        The callback receives an empty `Secret` if nothing was typed. It must not raise. A newer
        request replaces an older one; if the page was closed, the callback is never called.
        """
        self._answer = callback
        self._asked = secrets.token_hex(8)
        self.send({"t": "ask", "n": self._asked, "page": page})

    def clear(self) -> None:
        """Remove the text from every page, when the connection works or is not wanted any more."""
        self.send({"t": "clear"})

    def _receive(self, _widget: object, content: object, buffers: object) -> None:
        """Handle a message of the page; anything unexpected is ignored as untrusted input."""
        if isinstance(content, dict) and content.get("t") == "secret":
            self._take(_secret_in(buffers), content.get("n"))

    def _take(self, secret: Secret | None, number: object) -> None:
        if secret is None or self._answer is None:
            return
        if self._asked is None or number != self._asked:
            return
        if secret:  # the empty field of a second page must not answer the request
            self._asked = None
        self._answer(secret)


def _secret_in(buffers: object) -> Secret | None:
    """Return the text in the only buffer, and remove it from the list.

    It is removed because the kernel keeps the last message until it receives the next one.
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
