"""A secret leaves the page once, in answer to a question, and is a Secret from there on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.panels.inputs.secret_input import LONGEST, SecretInput

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "c4n4ry-5ecret"


class Page:
    """What a browser page would do: hear the kernel's questions, and answer as it likes."""

    def __init__(self, field: SecretInput, monkeypatch: pytest.MonkeyPatch) -> None:
        self.field = field
        self.heard: list[dict[str, object]] = []
        monkeypatch.setattr(field, "send", self.heard.append)

    def says(self, content: object, *buffers: object) -> list[object]:
        """Send a message; return what is left of its buffers afterwards."""
        data = {"method": "custom", "content": content}
        left = list(buffers)
        self.field._handle_msg({"content": {"data": data}, "buffers": left})
        return left

    def answers(self, text: str) -> list[object]:
        return self.says({"t": "secret", "n": self.heard[-1]["n"]}, memoryview(text.encode()))


@pytest.fixture
def field() -> Iterator[SecretInput]:
    field = SecretInput("Secret", hint="Sent once.")
    yield field
    field.close()


@pytest.fixture
def page(field: SecretInput, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(field, monkeypatch)


def test_the_answer_to_a_question_arrives_as_a_secret(field: SecretInput, page: Page) -> None:
    got: list[Secret] = []
    field.ask(got.append)
    page.answers(CANARY)

    assert [question["t"] for question in page.heard] == ["ask"]
    assert got == [Secret(CANARY)]


def test_only_what_may_be_saved_is_synced(field: SecretInput, page: Page) -> None:
    field.ask(lambda _secret: None)
    page.answers(CANARY)

    ours = set(SecretInput.class_own_traits()) | {"_esm"}
    assert ours == {"label", "hint", "placeholder", "problem", "locked", "_esm"}
    assert CANARY not in json.dumps(field.get_state(), default=str)
    assert CANARY not in repr(vars(field))
    assert CANARY not in repr(field)


def test_the_message_itself_is_emptied(field: SecretInput, page: Page) -> None:
    """The kernel keeps the last message as the parent of what it publishes."""
    field.ask(lambda _secret: None)

    assert page.answers(CANARY) == []


def test_an_unrequested_secret_is_ignored(field: SecretInput, page: Page) -> None:
    got: list[Secret] = []
    page.says({"t": "secret", "n": None}, CANARY.encode())
    field.ask(got.append)
    page.says({"t": "secret", "n": "another question"}, CANARY.encode())

    assert got == []


def test_a_question_is_answered_once(field: SecretInput, page: Page) -> None:
    got: list[Secret] = []
    field.ask(got.append)
    page.answers(CANARY)
    page.answers("another")

    assert got == [Secret(CANARY)]


def test_an_empty_field_on_one_page_leaves_the_question_open_for_another(
    field: SecretInput, page: Page
) -> None:
    got: list[Secret] = []
    field.ask(got.append)
    page.answers("")
    page.answers(CANARY)

    assert got == [Secret(""), Secret(CANARY)]


@pytest.mark.parametrize(
    "hostile",
    [None, 7, "secret", ["secret"], {}, {"t": "shout"}, {"t": ["ask"]}, {"t": "secret"}],
    ids=repr,
)
def test_an_unknown_message_is_ignored(
    field: SecretInput, page: Page, hostile: object, capfd: pytest.CaptureFixture[str]
) -> None:
    got: list[object] = []
    field.ask(got.append)
    field.on_press(lambda _pressed: got.append("enter"))
    page.says(hostile)

    assert (got, capfd.readouterr()) == ([], ("", ""))


@pytest.mark.parametrize(
    "buffers",
    [
        (),
        (b"one", b"two"),
        (CANARY,),
        (None,),
        (7,),
        ({"a": 1},),
        (b"\xff\xfe",),
        (b"x" * (LONGEST + 1),),
        (b"x" * 10_000_000,),
    ],
    ids=["none", "two", "text", "nothing", "number", "object", "no text", "too long", "10 MB"],
)
def test_an_answer_that_cannot_be_a_secret_is_ignored(
    field: SecretInput, page: Page, buffers: tuple[object, ...]
) -> None:
    got: list[Secret] = []
    field.ask(got.append)
    page.says({"t": "secret", "n": page.heard[-1]["n"]}, *buffers)
    assert got == []

    page.answers(CANARY)
    assert got == [Secret(CANARY)]


def test_a_secret_in_the_content_of_a_message_is_ignored(field: SecretInput, page: Page) -> None:
    """There, a kernel whose logging is at DEBUG would write it down."""
    got: list[Secret] = []
    field.ask(got.append)
    page.says({"t": "secret", "n": page.heard[-1]["n"], "value": CANARY})

    assert got == []


def test_enter_in_the_field_is_passed_on(field: SecretInput, page: Page) -> None:
    pressed: list[str] = []
    field.on_press(lambda press: pressed.append(press.page))
    page.says({"t": "press", "id": "1-1"})
    page.says({"t": "act", "id": "1-1", "turn": 0, "page": "this one", "fields": []})

    assert pressed == ["this one"]


def test_the_page_cannot_change_what_the_field_shows(field: SecretInput) -> None:
    """Nor does the kernel repeat to other pages what it was sent."""
    field._handle_msg(
        {"content": {"data": {"method": "update", "state": {"label": CANARY}}}, "buffers": []}
    )

    assert field.label == "Secret"
