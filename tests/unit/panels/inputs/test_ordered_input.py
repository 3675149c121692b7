"""A press is acted on when everything that was typed before it was heard, and only then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from twilio_widgets.panels.inputs import ordered_input as typed
from twilio_widgets.panels.inputs.autocomplete import LONGEST_PATH, Autocomplete
from twilio_widgets.panels.inputs.field_set import FieldSet, InputField
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW, OrderedButton
from twilio_widgets.panels.inputs.ordered_input import (
    CHANGED,
    EARLIER,
    TOO_LATE,
    InputBarrier,
    Pressed,
    text_in,
)
from twilio_widgets.panels.inputs.text_area import TextArea
from twilio_widgets.panels.kit.elements import close_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = InputField("count", "Count", "number", least=0, most=10)
SHARE = InputField("share", "Share", "number", least=0.1, most=1, whole=False)
KIND = InputField("kind", "Kind", "choice", (("a", "A"), ("b", "B")))
SURE = InputField("sure", "Sure", "tick")


@pytest.fixture
def text() -> Iterator[TextArea]:
    field = TextArea("Text")
    yield field
    close_tree(field)


@pytest.fixture
def fields() -> Iterator[FieldSet]:
    values = {"count": 3, "share": 0.5, "kind": "a", "sure": False}
    fields = FieldSet((COUNT, SHARE, KIND, SURE), values)
    yield fields
    close_tree(fields)


def write(field: TextArea | Autocomplete, text: object, number: object) -> None:
    field._handle_custom_msg({"t": "typed", "text": text, "n": number}, [])


def put(fields: FieldSet, name: object, value: object, number: str = "5-5:1") -> None:
    fields._handle_custom_msg({"t": "set", "name": name, "value": value, "n": number}, [])


class Card:
    """A card of one field and one button: what was in the field each time the action was done."""

    def __init__(self, field: TextArea) -> None:
        self.acted: list[str] = []
        self.answers: list[str] = []
        self.field = field
        self.hearing = InputBarrier(threading.RLock(), (field,))

    def press(self, number: str, shown: object) -> None:
        """Press the button on a page whose field has said this number and shows this text."""
        self.press_with([[self.field.key, number, shown]])

    def press_with(self, fields: object) -> None:
        pressed = Pressed("page", 0, fields, self.answers.append)
        self.hearing.act(pressed, lambda: self.acted.append(self.field.value))


def test_a_press_that_overtakes_the_typed_text_waits_for_it(text: TextArea) -> None:
    """Two widgets may be heard on two threads: half a message must not leave."""
    card = Card(text)
    write(text, "Your tab", "7-7:1")
    card.press("7-7:2", "Your table is ready.")
    before = list(card.acted)
    write(text, "Your table is ready.", "7-7:2")

    assert (before, card.acted, card.answers) == ([], ["Your table is ready."], [""])


def test_a_press_is_acted_on_once(text: TextArea) -> None:
    card = Card(text)
    card.press("7-7:0", "")
    write(text, "a", "7-7:1")
    card.press("7-7:1", "a")
    write(text, "ab", "7-7:2")

    assert (card.acted, card.answers) == (["", "a"], ["", ""])


def test_a_press_of_a_page_that_shows_something_else_says_that_it_did_nothing(
    text: TextArea,
) -> None:
    """Another page typed, or the kernel wrote, and this page has not drawn it yet."""
    card = Card(text)
    write(text, "here", "7-7:1")
    write(text, "elsewhere", "8-8:9")
    card.press("7-7:1", "here")
    text.write("from the kernel")
    card.press("8-8:9", "elsewhere")

    assert (card.acted, card.answers) == ([], [CHANGED, CHANGED])


def test_a_second_press_while_one_waits_does_not_act(text: TextArea) -> None:
    card = Card(text)
    card.press("7-7:1", "a")
    card.press("7-7:1", "a")
    write(text, "a", "7-7:1")

    assert (card.acted, card.answers) == (["a"], [EARLIER, ""])


def test_an_invalid_value_is_not_used_and_blocks_nothing(text: TextArea) -> None:
    card = Card(text)
    card.press("7-7:1", 5)
    write(text, 5, "7-7:1")
    card.press("7-7:1", "")

    assert (card.acted, card.answers) == ([""], [CHANGED, ""])


def test_another_page_does_not_answer_for_this_one(text: TextArea) -> None:
    card = Card(text)
    card.press("7-7:1", "elsewhere")
    write(text, "elsewhere", "8-8:9")

    assert (card.acted, card.answers) == ([], [])


def test_a_press_that_waited_too_long_is_not_acted_on(
    text: TextArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(text)
    card.press("7-7:1", "late")
    later = time.monotonic() + typed.LATEST + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    write(text, "late", "7-7:1")
    write(text, "later", "7-7:2")

    assert (card.acted, card.answers) == ([], [TOO_LATE])


@pytest.mark.parametrize(
    "fields", [None, "7-7:1", {"a": 1}, [], [5], [["key"]], [["other", "7-7:1", "a"]]], ids=repr
)
def test_a_press_that_does_not_say_what_its_page_shows_does_nothing(
    text: TextArea, fields: object
) -> None:
    card = Card(text)
    card.press_with(fields)

    assert (card.acted, card.answers) == ([], [CHANGED])


class Button(OrderedButton):
    """A button that remembers what it told its pages, and how often it was acted on."""

    def __init__(self) -> None:
        super().__init__("Send", main=True)
        self.told: list[tuple[str, str]] = []
        self.acted = 0
        self.on_press(self._count)

    def _count(self, pressed: Pressed) -> None:
        self.acted += 1
        pressed.answer("")

    def send(self, content: dict[str, str], buffers: object = None) -> None:
        self.told.append((content["t"], content.get("text", "")))

    def say(self, *messages: object) -> None:
        for message in messages:
            self._handle_custom_msg(message, [])


PRESS = {"t": "press", "id": "1-1"}
ACT = {"t": "act", "id": "1-1", "turn": 0, "page": "a", "fields": []}


@pytest.fixture
def button() -> Iterator[Button]:
    button = Button()
    yield button
    close_tree(button)


def test_a_press_is_asked_for_first_and_acted_on_once(button: Button) -> None:
    button.say(PRESS, ACT, ACT)

    assert button.acted == 1
    assert button.told == [("ready", ""), ("answer", "")]


@pytest.mark.parametrize("content", [{"t": "press"}, {"t": "press", "id": 1}, "press", None])
def test_a_malformed_message_is_not_a_press(button: Button, content: object) -> None:
    button.say(content, {"t": "act"}, {"t": "act", "id": ["1"]})

    assert (button.acted, button.told) == (0, [])


def test_a_press_of_a_disabled_button_is_answered(button: Button) -> None:
    button.disabled = True
    button.say(PRESS, ACT)

    assert (button.acted, button.told[-1]) == (0, ("answer", NOT_NOW))


def test_a_press_of_what_the_button_did_before_is_answered(button: Button) -> None:
    button.say(PRESS)
    button.turn = 1
    button.say(ACT)

    assert (button.acted, button.told[-1]) == (0, ("answer", CHANGED))


def test_a_press_that_was_asked_for_too_long_ago_is_answered(
    button: Button, monkeypatch: pytest.MonkeyPatch
) -> None:
    button.say(PRESS)
    later = time.monotonic() + typed.LATEST + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    button.say(ACT)

    assert (button.acted, button.told[-1]) == (0, ("answer", TOO_LATE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 11),
        ("count", -1),
        ("count", 2.5),
        ("count", True),
        ("count", "5"),
        ("count", float("nan")),
        ("count", float("inf")),
        ("share", 0),
        ("kind", "c"),
        ("kind", ["a"]),
        ("sure", 1),
        ("sure", "yes"),
        ("other", 1),
        (["count"], 1),
    ],
)
def test_a_field_takes_nothing_that_it_cannot_hold(
    fields: FieldSet, name: object, value: object
) -> None:
    told: list[object] = []
    fields.on_change(lambda *change: told.append(change))
    put(fields, name, value)

    assert fields.values == {"count": 3, "share": 0.5, "kind": "a", "sure": False}
    assert told == []
    assert fields.has_heard("5-5", 1)


def test_fields_take_what_they_can_hold(fields: FieldSet) -> None:
    told: list[object] = []
    fields.on_change(lambda *change: told.append(change))
    for name, value in (("count", 4.0), ("share", 1), ("kind", "b"), ("sure", True)):
        put(fields, name, value)

    assert fields.values == {"count": 4, "share": 1.0, "kind": "b", "sure": True}
    assert told == [("count", 4), ("share", 1.0), ("kind", "b"), ("sure", True)]
    assert [type(fields.values[name]) for name in ("count", "share")] == [int, float]


def test_a_path_is_taken_and_one_that_is_too_long_is_not() -> None:
    field = Autocomplete("Path", offers="Paths")
    told: list[object] = []
    field.on_type(told.append)
    write(field, "/Accounts.json", "3-3:1")
    write(field, "/" * (LONGEST_PATH + 1), "3-3:2")
    close_tree(field)

    assert told == ["/Accounts.json"]
    assert (field.value, field.heard) == ("/Accounts.json", {"3-3": 2})


def test_text_of_a_page_is_text_that_can_be_sent_back() -> None:
    assert text_in("fine 🙂") == "fine 🙂"
    assert text_in("\ud83d!") == "\ufffd!"
    assert text_in(5) is None
    assert text_in("abc", 2) is None
