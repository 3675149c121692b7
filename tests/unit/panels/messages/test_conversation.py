"""The conversation of an opened message, on the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.core.message.message import Message
from twilio_widgets.panels.messages.chat import MOST, Chat, note_of, received
from twilio_widgets.panels.messages.panel import MessagesPanel
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ANA, BEN = "+14155550123", "+14155550124"
FIRST = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now="2026-01-31T12:00:00Z") as sandbox:
        ours = sandbox.numbers[0]
        for to, body in ((ANA, "one"), (BEN, "to Ben"), (ANA, "two")):
            Twilio(sandbox.connection).messages.send(to=to, from_=ours, body=body)
            sandbox.clock.advance("1 min")
        sandbox.receive(from_=ANA, to=ours, body="three")
        sandbox.clock.advance("1 min")
        yield sandbox


@pytest.fixture
def panel(sandbox: Sandbox) -> Iterator[MessagesPanel]:
    panel = MessagesPanel(Twilio(sandbox.connection))
    yield panel
    panel.close()


def open_chat(panel: MessagesPanel, body: str) -> PanelDriver:
    page = PanelDriver(panel)
    assert panel._twilio is not None
    found = panel._twilio.messages.iterate()
    sid = next(one.sid for one in found if one.body == body)
    panel.look_up(sid)
    assert panel.join(20)
    assert page.press("Show the conversation") == ""
    return page


def bubbles(panel: MessagesPanel) -> list[tuple[str, str]]:
    lines = panel._detail._chat._content["lines"]
    return [("in" if line["inbound"] else "out", line["body"]) for line in lines]


def test_a_conversation_has_both_directions_of_the_loaded_rows_oldest_first(
    panel: MessagesPanel,
) -> None:
    panel.load()
    assert panel.join(20)

    page = open_chat(panel, "two")

    assert bubbles(panel) == [("out", "one"), ("out", "two"), ("in", "three")]
    assert "Conversation with +1 4••• ••• 123" in page.sentences()
    assert "Showing 3 of 3 in the loaded rows. Twilio's log may have more." in page.sentences()


def test_twilio_is_asked_for_the_conversation_only_when_the_button_is_pressed(
    panel: MessagesPanel,
) -> None:
    page = open_chat(panel, "two")
    assert bubbles(panel) == [("out", "two")]

    assert page.press("Ask Twilio") == ""
    assert panel.join(20)

    assert bubbles(panel) == [("out", "one"), ("out", "two"), ("in", "three")]
    assert "Showing 3 of 3 in Twilio's log." in page.sentences()


def test_back_shows_the_message_again(panel: MessagesPanel) -> None:
    page = open_chat(panel, "two")

    assert page.press("Back to the message") == ""

    assert panel._detail._message in list(page.shown())
    assert panel._detail._chat not in list(page.shown())


def test_a_conversation_that_cannot_be_read_keeps_its_messages(
    sandbox: Sandbox, panel: MessagesPanel
) -> None:
    page = open_chat(panel, "two")
    sandbox.fail(status=403, method="GET", path="Messages")

    page.press("Ask Twilio")
    assert panel.join(20)

    assert bubbles(panel) == [("out", "two")]
    assert panel._detail._chat_note.tone == "problem"
    assert "Ask Twilio for more" in page.labels(), "it can be pressed again"


def test_a_message_that_is_sent_meanwhile_is_added(panel: MessagesPanel) -> None:
    open_chat(panel, "two")

    panel.show(message(99, "sending"))
    panel.show(message(99, "delivered"))
    panel.show(message(99, "sent"))
    panel.show(message(98, "sent", to=BEN))

    lines = panel._detail._chat._content["lines"]
    assert [(line["body"], line["status"]) for line in lines[1:]] == [("99", "delivered")]


def message(n: int, status: str = "delivered", to: str = ANA) -> Message:
    return Message(
        sid=f"SM{n:032x}",
        status=status,
        direction="outbound-api",
        to=to,
        body=str(n),
        date_created=FIRST + timedelta(days=n),
    )


FULL = Chat(contact=ANA, messages=tuple(map(message, range(MOST))), total=MOST)
ASKED = Chat(contact=ANA, messages=FULL.messages, asked=True)


@pytest.mark.parametrize(
    ("chat", "message"),
    [
        (FULL, "Showing 50 of 50 in the loaded rows. Twilio's log may have more."),
        (
            received(FULL, message(50)),
            "Showing the last 50 of 51 in the loaded rows. Twilio's log may have more.",
        ),
        (
            Chat(contact=ANA, messages=FULL.messages, asked=True),
            "Showing 50 of 50 in Twilio's log.",
        ),
        (
            received(ASKED, message(50)),
            "Showing the last 50 in Twilio's log. There are earlier ones.",
        ),
    ],
)
def test_the_head_states_which_messages_are_shown(chat: Chat, message: str) -> None:
    assert note_of(chat) == message
