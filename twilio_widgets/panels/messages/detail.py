"""The detail view of one message: its fields, and why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets
import traitlets

from twilio_widgets.panels.code.snippets import get_snippet
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Code, Element, styled, visible
from twilio_widgets.panels.table.cells import TONES
from twilio_widgets.panels.table.message_text import body_of, error_of, facts_of

if TYPE_CHECKING:
    from twilio_widgets.panels.code.access import Access
    from twilio_widgets.panels.messages.state import Detail

_SHOW_CODE, _HIDE_CODE = "Code for this message", "Hide code for this message"
_TONES = {word: tone for tone, words in TONES.items() for word in words}


class MessageView(Element):
    """The fields of a message; all texts are drawn as text, never as HTML."""

    _esm = asset(__file__, "message.js")
    _css = asset(__file__, "../kit/detail.css")
    view = traitlets.Dict().tag(sync=True)

    def show(self, detail: Detail) -> None:
        """Show the current state of the message."""
        self.view = view_of(detail)


def view_of(detail: Detail) -> dict[str, object]:
    """Return the view of a message."""
    message = detail.message
    said = {"sid": detail.sid, "problem": detail.problem, "reading": detail.reading}
    if message is None:
        return {**said, "status": "", "tone": "none", "body": None, "facts": [], "error": {}}
    return {
        **said,
        "status": message.status,
        "tone": _TONES.get(message.status, "none"),
        "body": body_of(message),
        "facts": [list(fact) for fact in facts_of(message)],
        "error": error_of(message),
    }


class MessageDetail:
    """The detail view below the table, with its buttons."""

    def __init__(self) -> None:
        self.refresh = OrderedButton("Refresh")
        self.close = OrderedButton("Close")
        self.show_code = OrderedButton(_SHOW_CODE, quiet=True)
        self.code = Code()
        self._message = MessageView()
        gap = styled(ipywidgets.Box(), "tw-gap")
        actions = ipywidgets.HBox([self.refresh, self.close, gap, self.show_code])
        self.box = styled(
            ipywidgets.VBox([self._message, styled(actions, "tw-detail-actions"), self.code]),
            "tw-detail",
        )
        visible(self.code, False)

    def draw(self, detail: Detail | None, access: Access, *, awake: bool) -> None:
        """Show a message, or hide the view.

        Args:
            detail: The opened message; None hides the view.
            access: How the shown code authenticates.
            awake: Whether the panel is connected, so that the message can be refreshed.
        """
        visible(self.box, detail is not None)
        if detail is None:
            return
        self._message.show(detail)
        self.refresh.disabled = detail.reading or not awake
        self.show_code.text = _HIDE_CODE if detail.code else _SHOW_CODE
        visible(self.code, detail.code)
        if detail.code:
            self.code.show(get_snippet(access, detail.sid).tabs)
