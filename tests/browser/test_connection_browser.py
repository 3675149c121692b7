"""The connection panel in a real JupyterLab, by mouse and by keyboard, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

ACCOUNT = "AC" + "0f3b" * 8
KEY = "SK" + "12ab" * 8


@pytest.fixture
def card(notebook: Notebook) -> Locator:
    """A connection panel, drawn."""
    notebook.open(["from twilio_widgets.panels.connection import ConnectionPanel\npanel = ConnectionPanel()\npanel"])
    notebook.run_all()
    card = notebook.page.locator(".tw-card")
    card.wait_for()
    return card


def pictures(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("light", "dark"):
        notebook.screenshot(f"connection-{state}", theme, of=card)
    notebook.theme("light")


def test_looks(notebook: Notebook, card: Locator) -> None:
    pictures(notebook, card, "empty")
    card.get_by_label("Account SID").fill(ACCOUNT)
    card.get_by_label("API key SID").fill("AC77120c1d77120c1d77120c1d77120c1d")
    card.get_by_label("Secret").focus()
    card.get_by_text("An API key SID is SK").wait_for()
    pictures(notebook, card, "problem")
    card.get_by_role("button", name="More").click()
    card.get_by_label("Region").wait_for()
    pictures(notebook, card, "more")
    card.get_by_role("button", name="Less").click()
    card.get_by_role("button", name="Show the code").click()
    card.get_by_role("tab", name="curl").click()
    pictures(notebook, card, "code")
    card.get_by_role("button", name="Hide the code").click()
    card.get_by_role("button", name="Try the sandbox").click()
    card.get_by_text("connected ·").wait_for()
    pictures(notebook, card, "connected")
