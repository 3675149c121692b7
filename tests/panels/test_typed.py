"""A press is acted on when everything that was typed before it was heard, and only then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from twilio_widgets.panels import typed
from twilio_widgets.panels.body_field import BodyField
from twilio_widgets.panels.card import close_tree
from twilio_widgets.panels.fields import Field, FieldSet
from twilio_widgets.panels.path_field import LONGEST_PATH, PathField
from twilio_widgets.panels.press import Press
from twilio_widgets.panels.typed import Hearing, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = Field("count", "Count", "number", least=0, most=10)
SHARE = Field("share", "Share", "number", least=0.1, most=1, whole=False)
KIND = Field("kind", "Kind", "choice", (("a", "A"), ("b", "B")))
SURE = Field("sure", "Sure", "tick")


@pytest.fixture
def text() -> Iterator[BodyField]:
    field = BodyField("Text")
    yield field
    close_tree(field)


@pytest.fixture
def fields() -> Iterator[FieldSet]:
    values = {"count": 3, "share": 0.5, "kind": "a", "sure": False}
    fields = FieldSet((COUNT, SHARE, KIND, SURE), values)
    yield fields
    close_tree(fields)


def write(field: BodyField | PathField, text: object, number: object) -> None:
    field._handle_custom_msg({"t": "typed", "text": text, "n": number}, [])


def put(fields: FieldSet, name: object, value: object, number: str = "5-5:1") -> None:
    fields._handle_custom_msg({"t": "set", "name": name, "value": value, "n": number}, [])


class Heard:
    """Keeps what was typed when a press was acted on."""

    def __init__(self, field: BodyField) -> None:
        self.texts: list[str] = []
        self.late = 0
        self._field = field
        self.hearing = Hearing(threading.RLock(), (field,), self._too_late)

    def press(self, *said: object) -> None:
        self.hearing.act(list(said), lambda: self.texts.append(self._field.value))

    def _too_late(self) -> None:
        self.late += 1


def test_a_press_that_was_heard_first_waits_for_what_was_typed_first(text: BodyField) -> None:
    """Two widgets may be heard on two threads: half a message must not leave."""
    heard = Heard(text)
    write(text, "Your tab", "7-7:1")
    heard.press("7-7:2")
    before = list(heard.texts)
    write(text, "Your table is ready.", "7-7:2")

    assert (before, heard.texts) == ([], ["Your table is ready."])


def test_a_press_is_acted_on_once_and_at_once_when_all_was_heard(text: BodyField) -> None:
    heard = Heard(text)
    heard.press()
    write(text, "a", "7-7:1")
    heard.press("7-7:1")
    write(text, "ab", "7-7:2")

    assert heard.texts == ["", "a"]


def test_what_a_field_does_not_take_is_heard_all_the_same(text: BodyField) -> None:
    """A page that says nonsense must not hold the button for ever."""
    heard = Heard(text)
    heard.press("7-7:1")
    write(text, 5, "7-7:1")

    assert heard.texts == [""]


def test_another_page_does_not_answer_for_this_one(text: BodyField) -> None:
    heard = Heard(text)
    heard.press("7-7:1")
    write(text, "elsewhere", "8-8:9")

    assert heard.texts == []


def test_a_press_that_waited_too_long_is_not_acted_on(
    text: BodyField, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(text)
    heard.press("7-7:1")
    later = time.monotonic() + typed.LATEST + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    write(text, "late", "7-7:1")
    write(text, "later", "7-7:2")

    assert (heard.texts, heard.late) == ([], 1)


@pytest.mark.parametrize(
    "said", [None, "7-7:1", {"a": 1}, [5], ["7-7"], ["7-7:1;"], ["7-7:1"] * 101, ["x" * 999]]
)
def test_a_press_with_nonsense_is_no_press(text: BodyField, said: object) -> None:
    heard = Heard(text)
    heard.hearing.act(said, lambda: heard.texts.append("acted"))
    write(text, "a", "7-7:1")

    assert heard.texts == []


def test_a_press_comes_with_what_was_typed_and_only_when_enabled() -> None:
    button = Press("Send", main=True)
    presses: list[object] = []
    button.on_press(presses.append)
    for content in ({"t": "press", "said": ["1-1:1"]}, {"t": "press"}, "press", None):
        button._handle_custom_msg(content, [])
    button.disabled = True
    button._handle_custom_msg({"t": "press", "said": []}, [])
    close_tree(button)

    assert presses == [["1-1:1"]]


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


def test_a_path_is_heard_and_enter_comes_with_what_was_typed() -> None:
    field = PathField("Path", offers="Paths")
    told: list[object] = []
    field.on_type(told.append)
    field.on_enter(told.append)
    write(field, "/Accounts.json", "3-3:1")
    write(field, "/" * (LONGEST_PATH + 1), "3-3:2")
    field._handle_custom_msg({"t": "enter", "said": ["3-3:2"]}, [])
    close_tree(field)

    assert told == ["/Accounts.json", ["3-3:2"]]
    assert field.value == "/Accounts.json"


def test_text_of_a_page_is_text_that_can_be_sent_back() -> None:
    assert text_in("fine 🙂") == "fine 🙂"
    assert text_in("\ud83d!") == "\ufffd!"
    assert text_in(5) is None
    assert text_in("abc", 2) is None
