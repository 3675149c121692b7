"""Other ways than keys and mouse to fill in a message and press a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.pressing import Person


def compose(person: Person, text: str, button: str) -> None:
    """Type with an input method, and press while its last word is not confirmed."""
    _focus(person)
    session = person.page.context.new_cdp_session(person.page)
    at = {"selectionStart": len(text), "selectionEnd": len(text)}
    session.send("Input.imeSetComposition", {"text": text, **at})
    person.press(button)


def paste(person: Person, text: str, button: str) -> None:
    """Paste the text."""
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    _focus(person)
    person.page.keyboard.press("Control+V")
    person.press(button)


def autofill(person: Person, text: str, button: str) -> None:
    """Set the text without an event, as some password managers do."""
    _focus(person)
    person.page.evaluate("(text) => { document.activeElement.value = text; }", text)
    person.press(button)


def touch(person: Person, text: str, button: str) -> None:
    """Type, and tap the button."""
    _focus(person)
    person.type(text)
    box = person.card.get_by_role("button", name=button, exact=True).bounding_box()
    assert box is not None
    session = person.page.context.new_cdp_session(person.page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


WAYS: tuple[Callable[[Person, str, str], None], ...] = (compose, paste, autofill, touch)


def _focus(person: Person) -> None:
    person.card.get_by_label("Message", exact=True).click()
    person.page.keyboard.press("Control+A")
