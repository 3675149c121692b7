"""The connection panel in a real JupyterLab: by mouse and by keyboard, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

SEED = 43
WRONG_KEY = "AC77120c1d77120c1d77120c1d77120c1d"
SETUP = f"""
from functools import partial
import twilio_widgets as tw
from twilio_widgets.panels.connection import open_client, panel as connection_panel
connection_panel.available_sources = lambda: ("the environment",)
sandbox = tw.Sandbox(seed={SEED})
open_client.Twilio = partial(tw.Twilio, base_url=sandbox.url)
open_client.connect = lambda within: tw.ApiKeyConnection(
    sandbox.connection.account_sid, *sandbox.api_key_connection.credentials,
    region="ie1", source="the environment")
panel = tw.ConnectionPanel()
"""


@pytest.fixture
def card(notebook: Notebook) -> Locator:
    """A connection panel, drawn; what is typed into it leads to a sandbox."""
    notebook.open([SETUP, "panel", "'a cell below'"])
    notebook.run_all()
    card = notebook.page.locator(".tw-card")
    expect(card.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    return card


def pictures(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("light", "dark"):
        notebook.screenshot(f"connection-{state}", theme, of=card)
    notebook.theme("light")


def test_the_user_sees_what_is_wrong_and_connects(notebook: Notebook, card: Locator) -> None:
    pictures(notebook, card, "empty")
    card.get_by_label("Account SID").fill("AC" + "0f3b" * 8)
    key = card.get_by_label("API Key SID")
    key.fill(WRONG_KEY)
    card.get_by_label("Secret").focus()
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(key).to_have_accessible_description(
        "This starts with AC. An API Key SID is SK followed by 32 characters 0-9 or a-f."
    )
    pictures(notebook, card, "problem")

    card.get_by_role("button", name="More").click()
    expect(card.get_by_label("Region")).to_be_visible()
    pictures(notebook, card, "more")
    card.get_by_role("button", name="Less").click()
    card.get_by_role("button", name="Show the code").click()
    expect(card.get_by_role("tabpanel")).to_contain_text("tw.ApiKeyConnection(")
    pictures(notebook, card, "code")
    card.get_by_role("button", name="Hide the code").click()

    card.get_by_role("button", name="Use the environment").click()
    expect(card.locator(".tw-pill")).to_contain_text("connected ·")
    expect(card.get_by_text("An API key cannot validate webhooks")).to_be_visible()
    expect(card.get_by_label("Account SID")).to_be_hidden()
    pictures(notebook, card, "connected")
    assert notebook.execute("print(panel.twilio.check().ok)") == "True\n"


def test_the_keyboard_alone_connects_and_leaves_the_notebook_alone(
    notebook: Notebook, card: Locator
) -> None:
    """Keys typed into the card are not shortcuts: "dd" would delete a cell, "b" add one."""
    with Sandbox(seed=SEED) as twin:
        account, token = twin.connection.credentials
    cells = notebook.page.locator(".jp-Cell")
    before = cells.count()
    card.get_by_role("radio", name="API key").focus()
    notebook.press("ArrowRight")
    expect(card.get_by_role("radio", name="Auth token")).to_be_checked()
    notebook.press("Tab")
    notebook.page.keyboard.type(account)
    notebook.press("Tab")
    expect(card.locator("input[type=password]:visible")).to_be_focused()
    notebook.page.keyboard.type("ddbbaa00wrong")
    notebook.press("Enter")
    expect(card.get_by_text("Could not connect to")).to_be_visible()
    expect(card.locator("input[type=password]:visible")).to_be_editable()
    pictures(notebook, card, "refused")
    notebook.page.keyboard.type(token.reveal())
    notebook.press("Enter")
    expect(card.locator(".tw-pill")).to_contain_text("auth token")

    assert cells.count() == before


@pytest.mark.long
def test_the_code_is_copied_and_its_tabs_follow_the_arrows(
    notebook: Notebook, card: Locator
) -> None:
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card.get_by_role("button", name="Show the code").click()
    card.get_by_role("tab", name="twilio_widgets").focus()
    notebook.press("ArrowRight", "ArrowRight")
    expect(card.get_by_role("tab", name="curl")).to_be_focused()
    card.get_by_role("button", name="Copy").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()

    shown = card.get_by_role("tabpanel").text_content()
    assert notebook.page.evaluate("() => navigator.clipboard.readText()") == shown
    assert (shown or "").startswith('curl "https://api.twilio.com/')


def test_a_strangers_text_stays_text(notebook: Notebook, card: Locator) -> None:
    """A dialog, a request off the machine or a formula would fail this."""
    hostile = "<img src=x onerror=alert(1)> $x^2$ \\(y\\) <b>bold</b>"
    notebook.execute(
        f"panel._fail(ValueError({hostile!r}))\n"
        "from twilio_widgets.panels.kit.elements import CardHeader, Facts, Stepper\n"
        f"texts = (({hostile!r}, {hostile!r}),)\n"
        "facts, track, head = Facts(), Stepper(), CardHeader()\n"
        f"facts.show(texts); track.show([({hostile!r}, 'done')]); head.show({hostile!r})\n"
        "panel.children = (*panel.children, facts, track, head)"
    )

    expect(card.get_by_text(f"ValueError: {hostile}")).to_be_visible()
    expect(card.locator(".tw-facts dd").last).to_have_text(hostile)
    expect(card.locator(".tw-step")).to_have_text(hostile)
    expect(card.locator(".tw-pill").last).to_have_text(hostile)
    assert card.locator("img, b, mjx-container").count() == 0


@pytest.mark.long
def test_a_second_view_is_the_same_panel_and_either_field_will_do(
    notebook: Notebook, card: Locator
) -> None:
    with Sandbox(seed=SEED) as twin:
        account, token = twin.connection.credentials
    notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[2]"
        ".model.sharedModel.setSource('panel')"
    )
    notebook.run(2)
    expect(card).to_have_count(2)
    card.first.get_by_role("radio", name="Auth token").click()
    card.first.get_by_label("Account SID").fill(account)
    card.last.locator("input[type=password]:visible").fill(token.reveal())
    card.last.get_by_role("button", name="Connect", exact=True).click()

    for view in (card.first, card.last):
        expect(view.locator(".tw-pill")).to_contain_text("connected ·")
