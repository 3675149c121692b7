"""The attempts of a request that is under way: what came of each, and when the next one leaves."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.kit import side_channel as control
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class AttemptsLine(Element):
    """A line of attempts, a countdown to the next, and a Cancel button.

    The button speaks over a comm that the page opens, so that it is heard while a cell runs.

    Args:
        on_cancel: What to do when a person cancels. Called on any thread; it must not raise.
    """

    _css = asset(__file__, "raw.css")
    _esm = asset(__file__, "attempts.js")

    busy = traitlets.Bool(False).tag(sync=True)
    steps = traitlets.List[list[str]]().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    wait = traitlets.Float(0.0).tag(sync=True)
    pause = traitlets.Int(0).tag(sync=True)
    stopping = traitlets.Bool(False).tag(sync=True)
    channel = traitlets.Unicode().tag(sync=True)

    def __init__(self, on_cancel: Callable[[], object]) -> None:
        super().__init__(channel=uuid.uuid4().hex)
        self._on_cancel = on_cancel
        self.on_msg(lambda _line, message, _buffers: self.on_control(message))
        control.listen(self.channel, self)

    def show(
        self,
        steps: Iterable[tuple[str, str]],
        text: str,
        *,
        busy: bool,
        wait: float = 0.0,
        pause: int = 0,
        stopping: bool = False,
    ) -> None:
        """Show how far a request has come.

        Args:
            steps: Each attempt in words, and how it is meant.
            text: What is being done now; ``{}`` in it is where the page counts the seconds down.
            busy: Whether there is anything to cancel.
            wait: Seconds until the next attempt.
            pause: The number of the pause, so that the page counts each down once.
            stopping: Whether a person has cancelled.
        """
        with self.hold_sync():
            self.steps = [list(step) for step in steps]
            self.text, self.wait, self.pause = text, wait, pause
            self.busy, self.stopping = busy, stopping

    def on_control(self, message: object) -> None:
        """Hear one message of a page: unchecked, and on whichever thread it comes."""
        if isinstance(message, dict) and message.get("t") == "cancel":
            self._on_cancel()

    def close(self) -> None:
        """Take the line off every page."""
        control.unlisten(self.channel)
        super().close()
