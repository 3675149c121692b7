"""The detail view of one message: its fields, and why it failed."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.panels.code.snippets import get_snippet
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Code, Note, styled, visible
from twilio_widgets.panels.kit.unsaved import Unsaved
from twilio_widgets.panels.messages.chat import contact_of, note_of, title_of
from twilio_widgets.panels.table.cells import TONES
from twilio_widgets.panels.table.message_text import body_of, error_of, facts_of
from twilio_widgets.panels.viewers.conversation import Conversation

if TYPE_CHECKING:
    from twilio_widgets.panels.code.access import Access
    from twilio_widgets.panels.messages.state import Detail

_SHOW_CODE, _HIDE_CODE = "Code for this message", "Hide code for this message"
_TONES = {word: tone for tone, words in TONES.items() for word in words}


class MessageView(Unsaved):
    """The fields of a message; all texts are drawn as text, never as HTML."""

    _esm = asset(__file__, "message.js")
    _css = asset(__file__, "../kit/detail.css")

    def show(self, detail: Detail) -> None:
        """Show the current state of the message."""
        self._put(view_of(detail))


def view_of(detail: Detail) -> dict[str, object]:
    """Return the view of a message."""
    message = detail.message
    shared = {"sid": detail.sid, "problem": detail.problem, "reading": detail.reading}
    if message is None:
        return {**shared, "status": "", "tone": "none", "body": None, "facts": [], "error": {}}
    return {
        **shared,
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
        self.reply = OrderedButton("Reply")
        self.close = OrderedButton("Close")
        self.open_chat = OrderedButton("Show the conversation")
        self.ask_chat = OrderedButton("Ask Twilio for more")
        self.back = OrderedButton("Back to the message")
        self.show_code = OrderedButton(_SHOW_CODE, quiet=True)
        self.code = Code()
        self._sid = ""
        self._message = MessageView()
        self._chat_title, self._chat_note, self._chat = Note(), Note(), Conversation()
        head = styled(ipywidgets.VBox([self._chat_title, self._chat_note]), "tw-chat-head")
        self._chat_box = ipywidgets.VBox([head, self._chat])
        quiet = styled(ipywidgets.HBox([self.show_code]), "tw-foot-right")
        buttons = [self.back, self.ask_chat, self.reply, self.open_chat, self.refresh, self.close]
        actions = styled(ipywidgets.HBox([*buttons, quiet]), "tw-detail-actions")
        rows = [self._message, self._chat_box, actions, self.code]
        self.box = styled(ipywidgets.VBox(rows), "tw-detail")
        visible(self.code, False)

    def draw(
        self, detail: Detail | None, access: Access, *, awake: bool, can_reply: bool = False
    ) -> None:
        """Show a message, or hide the view.

        Args:
            detail: The opened message; None hides the view.
            access: How the shown code authenticates.
            awake: Whether the panel is connected, so that the message can be refreshed.
            can_reply: Whether a panel takes the reply.
        """
        if detail is not None and detail.sid != self._sid:
            self._sid = detail.sid
            for button in (self.refresh, self.reply, self.open_chat, self.ask_chat):
                button.turn += 1  # a press on the message shown before is refused
        visible(self.box, detail is not None)
        visible(self.reply, can_reply and detail is not None and detail.message is not None)
        if detail is None:
            return
        self._draw_chat(detail, awake=awake)
        self._message.show(detail)
        self.refresh.disabled = detail.reading or not awake
        self.show_code.text = _HIDE_CODE if detail.code else _SHOW_CODE
        visible(self.code, detail.code)
        if detail.code:
            self.code.show(get_snippet(access, detail.sid).tabs)

    def _draw_chat(self, detail: Detail, *, awake: bool) -> None:
        chat = detail.chat
        seen = chat is not None
        for part in (self._chat_box, self.ask_chat, self.back):
            visible(part, seen)
        for other in (self._message, self.refresh, self.show_code):
            visible(other, not seen)
        visible(self.open_chat, not seen and _has_contact(detail))
        if chat is None:
            return
        self._chat_title.show(title_of(chat))
        self._chat_note.show(chat.problem or note_of(chat), "problem" if chat.problem else "hint")
        self.ask_chat.disabled = chat.reading or not awake
        self.ask_chat.text = "Ask Twilio again" if chat.asked else "Ask Twilio for more"
        self._chat.show(
            chat.messages, total=len(chat.messages), current=detail.sid, zone=UTC, tz="UTC"
        )


def _has_contact(detail: Detail) -> bool:
    return detail.message is not None and bool(contact_of(detail.message))
