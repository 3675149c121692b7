"""The choosers of the bulk card and the conversation of the messages card, in JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.long]

DEMO = "from twilio_widgets.panels.demo import demo\nbench = demo()\nbench"
BULK = """\
from twilio_widgets import BulkPanel
panel = BulkPanel(bench.twilio, from_=bench.sandbox.numbers[0], body="Hi {name}")
panel"""
GUESTS = "phone;name\n+14155550101;Zoë\n+14155550102;Café Müller\n".encode("cp1252")


def test_an_encoding_is_chosen_and_a_conversation_is_read(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1200, "height": 2600})
    notebook.open([DEMO, BULK])
    notebook.run_all()
    bench, card = notebook.page.locator(".tw-workbench"), notebook.page.locator(".tw-bulk")

    card.locator("input[type=file]").set_input_files(
        {"name": "guests.csv", "mimeType": "text/csv", "buffer": GUESTS}
    )
    expect(card.locator(".tw-first-rows td")).to_have_text(
        ["+14155550101", "Zoë", "+14155550102", "Café Müller"]
    )
    for theme in ("dark", "light"):
        notebook.screenshot("bulk-encoding", theme, of=card)
    card.get_by_label("Encoding").select_option("Mac Roman")
    expect(card.locator(".tw-first-rows td").nth(1)).to_have_text("ZoÎ")

    bench.locator(".tw-row", has_text="Confirmed, thanks!").first.click()
    bench.get_by_role("button", name="Show the conversation").click()
    bench.get_by_role("button", name="Ask Twilio for more").click()
    expect(bench.locator(".tw-chat-head")).to_contain_text("in Twilio's log.")
    expect(bench.locator(".tw-bubble[aria-current]")).to_have_count(1)
    expect(bench.locator(".tw-status-line")).to_contain_text("Balance")
    for theme in ("dark", "light"):
        notebook.screenshot("workbench-conversation", theme, of=bench)
    bench.get_by_role("button", name="Back to the message").click()
    expect(bench.locator(".tw-message-body")).to_be_visible()
