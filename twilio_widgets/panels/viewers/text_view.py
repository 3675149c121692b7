"""A viewer for untrusted text, which no notebook saves."""

from __future__ import annotations

import traitlets

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.inputs.ordered_input import text_in
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element

LONGEST_SHOWN = 200_000
"""Characters sent to the page; the kernel has the whole text."""


class TextView(Element):
    """A text that is not widget state; a page requests it.

    Args:
        label: Its name for screen readers.
    """

    _esm = asset(__file__, "text_view.js")
    label = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    epoch = traitlets.Int(0).tag(sync=True)

    def __init__(self, label: str) -> None:
        super().__init__(label=label)
        self._text = ""
        self.on_msg(self._receive)

    def show(self, text: str) -> None:
        """Show another text, with invisible and bidirectional characters made visible."""
        lines = text[:LONGEST_SHOWN].replace("\r\n", "\n").split("\n")
        shown = "\n".join(one_line(line.replace("\t", "    ")) for line in lines)
        self._text = text_in(shown, len(shown)) or ""
        with self.hold_sync():
            cut = len(text) > LONGEST_SHOWN
            self.note = f"Showing {LONGEST_SHOWN:,} of {len(text):,} characters." if cut else ""
            self.epoch += 1

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"t": "want", "epoch": epoch} if epoch == self.epoch:
                self.send({"t": "text", "epoch": self.epoch, "text": self._text})
