"""The account panel in a real JupyterLab, by mouse and by keyboard, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.long]

SETUP = """
import twilio_widgets as tw

class RejectsAll:
    def rejections_of(self, requests):
        return [Rejected() for _ in requests]

class Rejected:
    id, reason, mend = 7, "The signature was made with another auth token.", "Update the token."

sandbox = tw.Sandbox(seed=3, messages=60, now="2026-01-15T12:00:00Z")
twilio = tw.Twilio(sandbox.connection)
number = twilio.numbers()[0]
path = f"/Accounts/$TWILIO_ACCOUNT_SID/IncomingPhoneNumbers/{number.sid}.json"
twilio.raw(path, "POST", data={"SmsUrl": "http://ada:lovelace@127.0.0.1:9/inbound"})
sandbox.receive(from_=sandbox.contacts[0], to=number.phone_number, body="Hi")
sandbox.settle()
panel = tw.AccountPanel(twilio, listener=RejectsAll())
"""


def pictures(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("dark", "light"):
        notebook.screenshot(f"account-{state}", theme, of=card)


def test_every_tab_is_read_and_an_alert_explained(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1200, "height": 1100})
    notebook.open([SETUP, "panel", "tw.Workbench(sandbox.connection)"])
    notebook.run_all()
    card = notebook.page.locator(".tw-resources").first
    load = card.get_by_role("button", name="Load", exact=True)
    expect(card.get_by_text("No phone numbers have been read yet.")).to_be_visible()
    pictures(notebook, card, "empty")

    load.click()
    expect(card.get_by_role("tab", name="Numbers (4)")).to_be_visible()
    expect(card.get_by_text("http://127.0.0.1:9/inbound")).to_be_visible()
    pictures(notebook, card, "numbers")

    card.get_by_role("tab", name="Numbers (4)").focus()
    notebook.press("ArrowRight")
    load.click()
    expect(card.get_by_role("tab", name="Messaging services (2)")).to_be_visible()
    pictures(notebook, card, "services")
    card.get_by_role("tab", name="Usage").click()
    card.get_by_label("One row for each").select_option("day")
    load.click()
    expect(card.get_by_text("All usage records that match.")).to_be_visible()
    pictures(notebook, card, "usage")

    card.get_by_role("tab", name="Alerts").click()
    load.click()
    card.locator(".tw-row[aria-rowindex='2']:visible").click()
    expect(card.get_by_text("11205: Twilio could not connect to the webhook")).to_be_visible()
    details = card.get_by_role("article", name="Details")
    expect(details.get_by_text("Update the token.")).to_be_visible()
    card.get_by_role("button", name="Show the code").click()
    pictures(notebook, card, "alerts")
    assert notebook.execute("print(len(panel.frame))") == "1\n"

    notebook.execute("sandbox.fail(status=403, path='/v1/Alerts')")
    load.click()
    expect(card.get_by_text("lack the permission to read Alerts at monitor.")).to_be_visible()
    notebook.page.set_viewport_size({"width": 700, "height": 1100})
    pictures(notebook, card, "forbidden")
    assert "lovelace" not in str(notebook.save()["cells"][1])

    notebook.page.set_viewport_size({"width": 1200, "height": 1500})
    bench = notebook.page.locator(".tw-workbench")
    bench.get_by_role("tab", name="Account").click()
    bench.get_by_role("button", name="Load", exact=True).click()
    expect(bench.get_by_role("tab", name="Numbers (4)")).to_be_visible()
    pictures(notebook, bench, "workbench")
