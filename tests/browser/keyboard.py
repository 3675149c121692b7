"""Reach and use the controls of a page with the keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MOST_TABS = 300
"""Presses of Tab after which a control counts as not reachable."""

_FOCUSED = "(element) => element === document.activeElement"


def tab_to(page: Page, control: Locator) -> None:
    """Press Tab until the focus is on a control."""
    control.wait_for()
    for _ in range(MOST_TABS):
        if control.evaluate(_FOCUSED):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {control}")


def press(page: Page, control: Locator, key: str = "Enter") -> None:
    """Go to a control and press a key."""
    tab_to(page, control)
    page.keyboard.press(key)


def write(page: Page, control: Locator, text: str) -> None:
    """Go to a field and replace its text."""
    tab_to(page, control)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
