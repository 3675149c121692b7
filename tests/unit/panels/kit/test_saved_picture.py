"""A saved notebook shows a widget's picture, masked and current, unless it is turned off."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import traitlets

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.printable import inert
from twilio_widgets.panels.kit import saved_picture
from twilio_widgets.panels.kit.elements import Element, close_tree
from twilio_widgets.panels.kit.saved_picture import SWITCH, VIEW, SavedPicture, masked

NUMBER = "+14155550123"
MASKED = mask(NUMBER)


class Badge(SavedPicture, Element):
    """A text with a picture."""

    _esm = "export default { render() {} }"
    text = traitlets.Unicode().tag(sync=True)

    def __init__(self, text: str, static: Any = True) -> None:
        super().__init__(text=text)
        self._begin_picture(static)

    def show(self, text: str) -> None:
        self.text = text
        self._picture_changed()

    def _picture_html(self) -> str:
        return f'<p title="kept">{inert(self.text)}</p>'

    def close(self) -> None:
        self._end_picture()
        close_tree(self)


class Outputs:
    """The outputs of a cell, in place of IPython's."""

    def __init__(self) -> None:
        self.shown: list[tuple[dict[str, Any], str | None]] = []
        self.updated = threading.Event()

    def display(self, bundle: dict[str, Any], *, raw: bool, display_id: str | None = None) -> None:
        assert raw
        self.shown.append((bundle, display_id))

    def update(self, bundle: dict[str, Any], *, raw: bool, display_id: str) -> None:
        assert raw
        place = next(i for i, (_, known) in enumerate(self.shown) if known == display_id)
        self.shown[place] = (bundle, display_id)
        self.updated.set()


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> Outputs:
    monkeypatch.setattr(saved_picture, "SOONEST", 0.01)
    outputs = Outputs()
    monkeypatch.setattr("IPython.display.display", outputs.display)
    monkeypatch.setattr("IPython.display.update_display", outputs.update)
    return outputs


def test_a_widget_is_followed_by_its_picture(outputs: Outputs) -> None:
    badge = Badge("Ahoy")
    badge._ipython_display_()
    badge.close()

    (widget, no_id), (picture, display_id) = outputs.shown
    assert set(widget) == {VIEW, "text/plain"}
    assert (widget["text/plain"], no_id) == ("", None)
    assert display_id is not None
    assert picture["text/plain"] == "Badge()"
    assert picture["text/html"].endswith('</style><p title="kept">Ahoy</p></div>')


def test_the_picture_has_rules_for_this_widget_only() -> None:
    one, other = Badge("one"), Badge("two")

    for badge in (one, other):
        (live,) = (name for name in badge._dom_classes if name.startswith("tw-live-"))
        assert f"body:has(.{live})" in badge._saved_html()
    assert set(one._dom_classes).isdisjoint(other._dom_classes)


def test_the_picture_in_the_notebook_follows_the_widget(outputs: Outputs) -> None:
    badge = Badge("Ahoy")
    badge._ipython_display_()
    badge.show("Farewell")

    assert outputs.updated.wait(5)
    badge.close()
    assert '<p title="kept">Farewell</p>' in outputs.shown[1][0]["text/html"]


def test_a_widget_that_is_not_displayed_starts_no_thread() -> None:
    badge = Badge("Ahoy")
    badge.show("Farewell")

    assert "twilio_widgets-picture" not in {thread.name for thread in threading.enumerate()}


def test_phone_numbers_in_the_picture_are_masked() -> None:
    badge = Badge(f"From {NUMBER}")

    assert NUMBER not in badge._saved_html()
    assert f"From {MASKED}" in badge._saved_html()


def test_the_user_can_ask_for_whole_numbers() -> None:
    assert f"From {NUMBER}" in Badge(f"From {NUMBER}", static="unmasked")._saved_html()


def test_masking_changes_texts_and_no_tags() -> None:
    html = f'<td title="14155550123">{NUMBER}</td><td>{NUMBER}</td>'

    assert masked(html) == f'<td title="14155550123">{MASKED}</td><td>{MASKED}</td>'


@pytest.mark.parametrize("static", [False, True])
def test_turned_off_the_widget_is_displayed_as_usual(
    static: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if static:
        monkeypatch.setenv(SWITCH, "0")
    badge = Badge("Ahoy", static=static)

    with pytest.raises(NotImplementedError):  # IPython then uses the MIME bundle
        badge._ipython_display_()
    assert badge._dom_classes == ()


def test_inline_the_masked_picture_is_in_the_output_of_the_widget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SWITCH, "inline")
    badge = Badge(f"From {NUMBER}")

    with pytest.raises(NotImplementedError):  # IPython then uses the MIME bundle
        badge._ipython_display_()
    assert badge._bundle_with_picture({}) == {
        "text/plain": "Badge()",
        "text/html": f'<p title="kept">From {MASKED}</p>',
    }


def test_another_value_of_static_is_refused() -> None:
    with pytest.raises(TypeError, match="True, False or \"unmasked\", not 'masked'"):
        Badge("Ahoy", static="masked")
