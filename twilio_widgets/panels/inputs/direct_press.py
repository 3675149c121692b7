"""Elements whose presses reach the kernel while a cell runs, where the kernel can do that."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.ordered_button import Pressable
from twilio_widgets.panels.kit import side_channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.panels.inputs.ordered_input import Pressed


class DirectPressable(Pressable):
    """An element whose presses use the side channel.

    Its script sends each message over both channels, because the side channel may be unavailable.
    The press is acted on once, on any thread.
    """

    channel = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: object) -> None:
        super().__init__(channel=uuid.uuid4().hex, **traits)
        side_channel.listen(self.channel, self)

    def on_control(self, message: object) -> None:
        """Handle one unvalidated message of a page, on any thread."""
        self._receive_press(message)

    def close(self) -> None:
        """Remove the element from every page."""
        side_channel.unlisten(self.channel)
        super().close()


class Cancellable(DirectPressable):
    """An element with a Cancel button, whose press may be late.

    Each cancellable activity is a turn, so that a late press does not cancel the next one.
    """

    stopping = traitlets.Bool(False).tag(sync=True)

    def _stops(self, _what: object) -> bool:
        return True

    def _cancel(self, pressed: Pressed, cancel: Callable[[], object]) -> None:
        cancel()
        pressed.answer("")
