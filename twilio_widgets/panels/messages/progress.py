"""The progress of reading the log, with a Cancel button."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.kit import side_channel as control
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element

if TYPE_CHECKING:
    from collections.abc import Callable


class ReadingLine(Element):
    """A sentence, a progress bar and a Cancel button; hidden while the sentence is empty.

    The button uses the side channel, a comm that the kernel serves even while a cell runs.

    Args:
        on_cancel: Called on any thread when the user cancels. It must not raise.
    """

    _css = asset(__file__, "messages.css")
    _esm = asset(__file__, "progress.js")

    text = traitlets.Unicode().tag(sync=True)
    share = traitlets.Float(None, allow_none=True).tag(sync=True)
    stopping = traitlets.Bool(False).tag(sync=True)
    channel = traitlets.Unicode().tag(sync=True)

    def __init__(self, on_cancel: Callable[[], object]) -> None:
        super().__init__(channel=uuid.uuid4().hex)
        self._on_cancel = on_cancel
        self.on_msg(lambda _line, message, _buffers: self.on_control(message))
        control.listen(self.channel, self)

    def show(self, text: str, share: float | None, *, stopping: bool) -> None:
        """Show the progress: `share` is a fraction from 0 to 1, or None if unknown."""
        self.stopping, self.share, self.text = stopping, share, text

    def on_control(self, message: object) -> None:
        """Handle one unvalidated message of a page, on any thread."""
        if isinstance(message, dict) and message.get("t") == "cancel":
            self._on_cancel()

    def close(self) -> None:
        """Remove the line from every page."""
        control.unlisten(self.channel)
        super().close()
