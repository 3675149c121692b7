"""The teacher's card in a real JupyterLab: the class as it talks, a fault, and its end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import findings
from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.long]

MAKE = """
import twilio_widgets as tw
world = tw.Sandbox(seed=7)
classroom = world.open_class(30)
ada = tw.Sandbox.join(classroom.url, "Ada")
grace = tw.Sandbox.join(classroom.url, "Grace")
def text(sender, to, body):
    with tw.Twilio(sender.connection) as twilio:
        twilio.messages.send(to, from_=sender.number, body=body)
def refusal(sender, to, body):
    try:
        text(sender, to, body)
    except tw.errors.RejectedMessage as error:
        return error.code
"""


def test_the_teacher_sees_the_class_and_makes_a_request_fail(notebook: Notebook) -> None:
    notebook.open([MAKE, "tw.ClassPanel(classroom)"])
    notebook.run_all()
    card = notebook.page.locator(".tw-card")
    expect(card.get_by_text("2 joined")).to_be_visible()
    expect(card.get_by_text("Nobody has sent a message yet.")).to_be_visible()
    notebook.execute("text(ada, grace.number, 'Hello Grace')")
    row = card.locator(".tw-row[aria-rowindex='2']")
    expect(row).to_contain_text("Hello Grace")
    expect(row).to_contain_text("delivered")

    card.get_by_label("Student", exact=True).select_option("Ada")
    card.get_by_label("Next request").select_option("21610")
    card.get_by_role("button", name="Inject the fault").click()
    expect(card.get_by_text("Ada's next request meets: 21610")).to_be_visible()
    refused = notebook.evaluate("refusal(ada, grace.number, 'Still there?')")
    assert refused == 21610
    expect(row).to_contain_text("failed 21610")
    for theme in ("dark", "light"):
        notebook.screenshot("class", theme, of=card)
        assert findings(notebook.page, ".tw-card") == []

    notebook.page.set_viewport_size({"width": 700, "height": 900})
    for name in ("Student", "Next request"):
        expect(card.get_by_label(name, exact=True)).to_be_in_viewport(ratio=1)
    assert card.evaluate("(element) => element.scrollWidth - element.clientWidth") == 0

    notebook.execute("world.close()")
    expect(card.get_by_text("not reachable")).to_be_visible()
    expect(card.get_by_role("button", name="Inject the fault")).to_be_disabled()
    expect(row).to_contain_text("failed 21610")
