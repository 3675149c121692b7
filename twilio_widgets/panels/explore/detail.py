"""The opened message below the table, and its conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import ipywidgets

from twilio_widgets.panels.explore.text import chat_title
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.elements import styled, visible
from twilio_widgets.panels.messages.detail import MessageView
from twilio_widgets.panels.messages.state import Detail
from twilio_widgets.panels.viewers.conversation import Conversation

if TYPE_CHECKING:
    from twilio_widgets.panels.explore.state import ExploreState


class OpenedMessage:
    """The message and its conversation, one of them at a time, with the buttons."""

    def __init__(self) -> None:
        self.switch = OrderedButton("Show the conversation")
        self.close = OrderedButton("Close")
        self._message = MessageView()
        self._chat = Conversation()
        actions = styled(ipywidgets.HBox([self.switch, self.close]), "tw-detail-actions")
        self.box = styled(ipywidgets.VBox([self._message, self._chat, actions]), "tw-detail")
        visible(self.box, False)

    def draw(self, state: ExploreState) -> None:
        """Draw the state; without an opened message the box is hidden."""
        opened = state.opened
        visible(self.box, opened is not None)
        if opened is None:
            return
        self.switch.text = chat_title(state)
        visible(self._message, opened.seen == "message")
        visible(self._chat, opened.seen == "chat")
        if opened.seen == "message":
            reading = opened.message is None
            self._message.show(Detail(sid=opened.sid, message=opened.message, reading=reading))
            return
        self._chat.show(
            opened.chat,
            total=opened.total,
            current=opened.sid,
            zone=ZoneInfo(state.asked.tz),
            tz=state.asked.tz,
        )
