"""The attempts of a running request, with a countdown to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.direct_press import Cancellable
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class AttemptsLine(Cancellable):
    """A line of attempts, a countdown to the next, and a Cancel button.

    The button uses the side channel, a comm that the kernel serves even while a cell runs.

    Args:
        on_cancel: Called on any thread when the user cancels. It must not raise.
    """

    _css = asset(__file__, "raw.css")
    _esm = asset(__file__, "attempts.js")

    busy = traitlets.Bool(False).tag(sync=True)
    steps = traitlets.List[list[str]]().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    wait = traitlets.Float(0.0).tag(sync=True)
    pause = traitlets.Int(0).tag(sync=True)

    def __init__(self, on_cancel: Callable[[], object]) -> None:
        super().__init__()
        self.on_press(lambda pressed: self._cancel(pressed, on_cancel))

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
        """Show the progress of a request.

        Args:
            steps: The text and tone of each attempt.
            text: The current activity; the page replaces ``{}`` by the remaining seconds.
            busy: Whether the request can be cancelled.
            wait: Seconds until the next attempt.
            pause: The number of the pause, so that the page counts down each pause once.
            stopping: Whether the user cancelled.
        """
        with self.hold_sync():
            self.steps = [list(step) for step in steps]
            self.text, self.wait, self.pause = text, wait, pause
            self.turn += busy and not self.busy
            self.busy, self.stopping = busy, stopping
