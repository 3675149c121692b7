"""What a page asks for when it shows it, so that no notebook saves it."""

from __future__ import annotations

import traitlets

from twilio_widgets.panels.kit.elements import Element


class Unsaved(Element):
    """An element whose content is not part of the widget's state: message texts, URLs with a key.

    A page asks for it, and asks again after it was loaded anew; so only pages that are open hold
    it. `epoch` counts what was shown; with 0 nothing was.
    """

    epoch = traitlets.Int(0).tag(sync=True)

    def __init__(self, **traits: object) -> None:
        self._content: object = None
        self._wanted = False
        super().__init__(**traits)
        self.on_msg(self._receive)

    def _put(self, content: object) -> None:
        """Show something else. It is sent as JSON.

        Pages that asked once are sent it at once: asking again would take another round trip.
        """
        if content != self._content:
            self._content = content
            self.epoch += 1
            if self._wanted:
                self._send_content()

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"t": "want", "epoch": epoch} if epoch == self.epoch:
                self._wanted = True
                self._send_content()

    def _send_content(self) -> None:
        self.send({"t": "content", "epoch": self.epoch, "content": self._content})
