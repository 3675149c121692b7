"""A press is acted on once, in time, and on what the page showed."""

from __future__ import annotations

import pytest

from tests.panel_driver import stop
from twilio_widgets.panels.inputs.direct_press import Cancellable
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.inputs.ordered_input import CHANGED, Pressed
from twilio_widgets.panels.kit.elements import close_tree
from twilio_widgets.panels.messages.progress import ReadingLine

PRESS = {"t": "press", "id": "1-1"}
ACT = {"t": "act", "id": "1-1", "turn": 0, "what": None}


class Heard:
    """Keeps what an element sends and what is pressed."""

    def __init__(self, element: OrderedButton | Cancellable) -> None:
        self.presses: list[object] = []
        self.answers: list[str] = []
        self.element = element
        vars(element)["send"] = self._send
        element.on_press(self._press)

    def _press(self, pressed: Pressed) -> None:
        self.presses.append(pressed.what)
        pressed.answer("")

    def _send(self, content: dict[str, str], _buffers: object = None) -> None:
        self.answers.append(content["t"])

    def say(self, *messages: object) -> None:
        for message in messages:
            self.element._handle_custom_msg(message, [])


@pytest.mark.parametrize(
    ("messages", "presses"),
    [
        ([PRESS, ACT], 1),
        ([ACT], 0),
        ([PRESS, ACT, ACT], 1),
        ([PRESS, ACT, PRESS, ACT], 1),
        ([ACT, PRESS, ACT], 0),
    ],
    ids=["asked", "not-asked", "act-twice", "both-twice", "overtaken"],
)
def test_a_press_is_acted_on_once_and_only_after_the_page_asked(
    messages: list[object], presses: int
) -> None:
    heard = Heard(OrderedButton("Send"))
    heard.say(*messages)
    close_tree(heard.element)

    assert heard.presses == [None] * presses


def test_a_press_says_which_button_it_is() -> None:
    heard = Heard(OrderedButton("Send"))
    heard.say(PRESS, {**ACT, "what": ["again", 3]})
    close_tree(heard.element)

    assert (heard.presses, heard.answers) == ([["again", 3]], ["ready", "answer"])


def test_a_press_that_stops_something_needs_no_question_and_arrives_over_two_channels() -> None:
    heard = Heard(Cancellable())
    heard.element.on_control(ACT)
    heard.say(ACT)
    close_tree(heard.element)

    assert (heard.presses, heard.answers) == ([None], ["answer"])


def test_a_late_cancel_of_one_reading_does_not_cancel_the_next() -> None:
    cancelled: list[str] = []
    line = ReadingLine(lambda: cancelled.append("cancel"))
    answers: list[str] = []
    vars(line)["send"] = lambda content, _buffers=None: answers.append(content["text"])
    line.show("Reading", None, stopping=False)
    late = line.turn
    line.show("", None, stopping=False)
    line.show("Reading again", None, stopping=False)
    stop(line, turn=late)
    early = list(cancelled)
    stop(line)
    close_tree(line)

    assert (early, cancelled, answers) == ([], ["cancel"], [CHANGED, ""])
