"""The elements of the events panel: health, URLs to copy, and connected numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import traitlets

from twilio_widgets.panels.events.text import chips_of, pointed_of
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW, Pressable
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element
from twilio_widgets.panels.kit.unsaved import Unsaved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twilio_widgets.panels.events.state import How, PointedHere, Seen
    from twilio_widgets.panels.inputs.ordered_input import Pressed

LONGEST_URL: Final = 2_000


class HealthIndicator(Element):
    """The time since the last request, and the counts. The page updates the time itself."""

    _esm = asset(__file__, "health.js")
    _css = asset(__file__, "events.css")
    beat = traitlets.Dict().tag(sync=True)
    chips = traitlets.List[list[str]]().tag(sync=True)

    def show(self, seen: Seen | None, how: How) -> None:
        """Show a snapshot of the source."""
        self.chips = chips_of(seen)
        if seen is not None:
            self.beat = {
                "how": how,
                "age": seen.age,
                "next": seen.next_in,
                "tone": "idle" if seen.ended else "problem" if seen.problem else "good",
                "before": seen.counts.total > 0,
            }


class UrlLines(Unsaved):
    """URLs, each with a copy button. A URL may contain a key, so none is widget state.

    Args:
        on_page: Called with the address of a page that shows the URLs. It must not raise.
    """

    _esm = asset(__file__, "urls.js")

    def __init__(self, on_page: Callable[[str], object]) -> None:
        self._on_page = on_page
        super().__init__()

    def show(self, lines: Sequence[Sequence[str]]) -> None:
        """Show these lines, each a label and a URL."""
        self._put([list(line) for line in lines])

    def _receive(self, widget: object, content: object, buffers: object) -> None:
        match content:
            case {"t": "page", "url": str(url)} if len(url) <= LONGEST_URL:
                self._on_page(url)
        super()._receive(widget, content, buffers)


class PointedList(Pressable):
    """The connected numbers and services, each with a button that restores its webhook.

    Args:
        on_restore: Called with the SID of a row. It must not raise.
    """

    _esm = asset(__file__, "configured.js")
    rows = traitlets.List[list[str]]().tag(sync=True)

    def __init__(self, on_restore: Callable[[str], object]) -> None:
        super().__init__()
        self._on_restore = on_restore
        self.on_press(self._pressed)

    def show(self, pointed: Sequence[PointedHere], *, busy: bool) -> None:
        """Show these numbers and services."""
        self.disabled = busy
        self.rows = [[one.sid, pointed_of(one)] for one in pointed]

    def _pressed(self, pressed: Pressed) -> None:
        sid = pressed.what
        if not isinstance(sid, str) or sid not in [known for known, _text in self.rows]:
            pressed.answer(NOT_NOW)
            return
        refusal = self._on_restore(sid)
        pressed.answer(refusal if isinstance(refusal, str) else "")
