"""The workbench in a real JupyterLab: from one line to a delivered message, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

DEMO = "from twilio_widgets.panels.demo import demo\nbench = demo()\nbench"
SOON = 30_000
"""Milliseconds: a message is delivered a few seconds after it left."""


def test_a_message_becomes_delivered_before_ones_eyes(notebook: Notebook) -> None:
    notebook.page.set_viewport_size({"width": 1200, "height": 1700})
    notebook.open([DEMO])
    notebook.run_all()
    bench = notebook.page.locator(".tw-workbench")
    top = bench.locator(".tw-messages .tw-row[aria-rowindex='2']")
    expect(bench.get_by_text("connected · AC4d…4a02 · sandbox")).to_be_visible()
    expect(bench.locator(".tw-messages .tw-count")).to_have_text(
        "Showing 200 of 200 · newest first"
    )
    for theme in ("dark", "light"):
        notebook.screenshot("workbench-demo", theme, of=bench)

    bench.get_by_role("button", name="Send", exact=True).click()
    expect(top).to_contain_text("Your table at the Harbour Grill is ready.", timeout=SOON)
    expect(top).to_contain_text("delivered", timeout=SOON)
    expect(bench.locator(".tw-messages .tw-count")).to_have_text(
        "Showing 201 of 201 · newest first"
    )
    top.click()
    expect(bench.locator(".tw-messages .tw-message-body")).to_have_text(
        "Your table at the Harbour Grill is ready. See you at 8 pm!"
    )
    for theme in ("dark", "light"):
        notebook.screenshot("workbench-delivered", theme, of=bench)
    assert notebook.execute("print(bench.message.status)") == "delivered\n"
    assert notebook.execute("print(len(bench.frame))") == "200\n"


@pytest.mark.long
def test_a_saved_notebook_shows_the_cards_with_no_kernel(notebook: Notebook) -> None:
    notebook.open([DEMO])
    notebook.run_all()
    expect(notebook.page.locator(".tw-messages .tw-count")).to_have_text(
        "Showing 200 of 200 · newest first"
    )
    notebook.page.locator(".tw-saved", has_text="Showing all 200").wait_for(state="attached")
    saved = notebook.save()
    data = saved["cells"][0]["outputs"][1]["data"]

    assert "".join(data["text/plain"]) == (
        "Workbench(ConnectionPanel(AC4d…4a02 · sandbox), SendPanel(sandbox · nothing sent yet), "
        "MessagesPanel(AC4d…4a02 · 200 read, incomplete), AccountPanel(AC4d…4a02 · not read yet))"
    )
    assert "".join(data["text/html"]).count("<tr><td") == 200
    assert "widgets" not in saved["metadata"]
