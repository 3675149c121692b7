"""Content templates in the send panel and the bulk panel, in a real JupyterLab, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

BEGIN = """\
import twilio_widgets as tw
sandbox = tw.Sandbox()
twilio = tw.Twilio(sandbox.connection)"""
THEM = "whatsapp:+14155550123"


def draw(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("light", "dark"):
        notebook.screenshot(f"templates-{state}", theme, of=card)
    notebook.theme("light")


def draw_narrow(notebook: Notebook, card: Locator, state: str) -> None:
    """Draw the card in a window of 700 px, where nothing may be cut off."""
    size = notebook.page.viewport_size or {"width": 1200, "height": 900}
    notebook.page.set_viewport_size({"width": 700, "height": size["height"]})
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")
    notebook.screenshot(f"templates-{state}-700", of=card)
    notebook.page.set_viewport_size(size)


def ledger(notebook: Notebook) -> list[list[str]]:
    accepted: list[list[str]] = notebook.evaluate("[(one.to, one.body) for one in sandbox.ledger]")
    return accepted


def test_an_approved_template_is_filled_in_and_sent(notebook: Notebook) -> None:
    """The text that was previewed is the text that was sent."""
    panel = "panel = tw.SendPanel(twilio, from_=sandbox.whatsapp_sender, undo_seconds=0)\npanel"
    notebook.open([BEGIN, panel])
    notebook.run_all()
    card = notebook.page.locator(".tw-card")
    card.get_by_label("To").fill(THEM)
    expect(card.get_by_text("free text fails (63016)")).to_be_visible()
    draw(notebook, card, "window-closed")

    card.get_by_label("Template").select_option(label="appointment (en) · approved")
    expect(card.get_by_text("can be sent outside the 24-hour window")).to_be_visible()
    card.get_by_label("name", exact=True).fill("Chloé")
    card.get_by_label("time", exact=True).fill("9:30")
    text = "Hello Chloé, see you at 9:30 tomorrow?"
    expect(card.get_by_text(text)).to_be_visible()
    draw(notebook, card, "filled")
    draw_narrow(notebook, card, "filled")
    card.get_by_role("button", name="Send", exact=True).click()
    expect(card.get_by_text("Delivered.").or_(card.get_by_text("Read."))).to_be_visible()

    draw(notebook, card, "sent")
    assert ledger(notebook) == [[THEM, text]]


@pytest.mark.long
def test_a_template_is_sent_to_a_list_after_its_numbers_were_looked_up(notebook: Notebook) -> None:
    """Columns fill the variables, the cost of the lookup is typed, and landlines are left out."""
    table = """\
guests = [
    {"name": "Ada", "when": "9:30", "phone": "+14155550101"},
    {"name": "Grace", "when": "10:00", "phone": "+442079460123"},
    {"name": "Zoë", "when": "11:15", "phone": "+447700900123"},
]"""
    panel = (
        "panel = tw.BulkPanel(twilio, guests, from_=sandbox.numbers[0], undo_seconds=0, "
        "prices=tw.prices(twilio, progress=False))\npanel"
    )
    notebook.page.set_viewport_size({"width": 1200, "height": 1700})
    notebook.open([f"{BEGIN}\n{table}", panel])
    notebook.run_all()
    card = notebook.page.locator(".tw-card")

    card.get_by_role("button", name="More", exact=True).click()
    card.get_by_label("Template").select_option(label="appointment (en) · approved")
    card.get_by_label("time", exact=True).select_option("when")
    expect(card.get_by_text("Hello Ada, see you at 9:30 tomorrow?")).to_be_visible()
    draw(notebook, card, "bulk-columns")
    card.get_by_role("button", name="Check", exact=True).click()
    card.get_by_role("button", name="Look up numbers…").click()
    confirmation = card.get_by_placeholder("pay $0.0240")
    confirmation.fill("pay $0.0240")
    draw(notebook, card, "bulk-lookup")
    draw_narrow(notebook, card, "bulk-lookup")
    card.get_by_role("button", name="Look up", exact=True).click()
    expect(card.get_by_text("Looked up 3 numbers for about $0.0240.")).to_be_visible()
    expect(card.get_by_text("is a landline")).to_be_visible()
    draw(notebook, card, "bulk-looked-up")
    draw_narrow(notebook, card, "bulk-looked-up")
    card.get_by_placeholder("send 2").fill("send 2")
    card.get_by_role("button", name="Send", exact=True).click()
    expect(card.get_by_text("finished").first).to_be_visible()

    assert [body for _to, body in ledger(notebook)] == [
        "Hello Ada, see you at 9:30 tomorrow?",
        "Hello Zoë, see you at 11:15 tomorrow?",
    ]
