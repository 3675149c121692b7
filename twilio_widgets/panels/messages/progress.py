"""The progress of reading the log, with a Cancel button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.direct_press import Cancellable
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable


class ReadingLine(Cancellable):
    """A sentence, a progress bar and a Cancel button; hidden while the sentence is empty.

    The button uses the side channel, a comm that the kernel serves even while a cell runs.

    Args:
        on_cancel: Called on any thread when the user cancels. It must not raise.
    """

    _css = asset(__file__, "messages.css")
    _esm = asset(__file__, "progress.js")

    text = traitlets.Unicode().tag(sync=True)
    share = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(self, on_cancel: Callable[[], object]) -> None:
        super().__init__()
        self.on_press(lambda pressed: self._cancel(pressed, on_cancel))

    def show(self, text: str, share: float | None, *, stopping: bool) -> None:
        """Show the progress: `share` is a fraction from 0 to 1, or None if unknown."""
        with self.hold_sync():
            self.turn += bool(text) and not self.text
            self.stopping, self.share, self.text = stopping, share, text
