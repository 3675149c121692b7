"""A saved notebook, opened again without its kernel, shows the last state of every card."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

BEGIN = """\
import twilio_widgets as tw
from twilio_widgets import Sandbox, Twilio
sandbox = Sandbox(messages=5)
twilio = Twilio(sandbox.connection)"""
MESSAGES = "messages = tw.MessagesPanel(twilio)\nmessages"
LOAD = "messages.load()\nmessages.join()"


def reopened(notebook: Notebook) -> Locator:
    """Save, end the kernel, and open the notebook again; return its first saved picture."""
    notebook.save()
    notebook.lab.end_kernels()
    notebook.watch.page_errors.clear()
    notebook.visit()
    return notebook.page.locator(".tw-saved").first


def test_a_reopened_notebook_shows_the_last_rows_and_no_error(notebook: Notebook) -> None:
    notebook.open([BEGIN, MESSAGES, LOAD])
    notebook.run_all()
    page = notebook.page
    card, picture = page.locator(".tw-card"), page.locator(".tw-saved").first
    expect(card.get_by_text("Saved with the notebook, numbers masked")).to_be_visible()
    expect(picture).to_contain_text("Showing all 5, newest first.", timeout=20_000)
    expect(picture).to_be_hidden()
    notebook.screenshot("saved-live", of=card)

    picture = reopened(notebook)

    expect(picture).to_be_visible()
    expect(picture).to_contain_text("Showing all 5, newest first.")
    assert page.get_by_text("model not found").filter(visible=True).count() == 0
    assert "•••" in picture.inner_text()
    notebook.screenshot("saved-reopened", of=picture)


CARDS = {
    "send": "tw.SendPanel(twilio)",
    "bulk": "tw.BulkPanel(twilio)",
    "raw": "tw.RawRequestPanel(twilio)",
    "events": "tw.EventsPanel(twilio)",
    "connection": "tw.ConnectionPanel(sandbox.connection)",
    "demo": "tw.demo(messages=5)",
}


@pytest.mark.long
def test_every_card_has_a_picture_when_it_is_reopened(notebook: Notebook) -> None:
    notebook.open([BEGIN, *CARDS.values()])
    notebook.run_all()
    page = notebook.page
    expect(page.locator(".tw-saved")).to_have_count(len(CARDS))
    reopened(notebook)

    pictures = page.locator(".tw-saved")
    expect(pictures).to_have_count(len(CARDS))
    for place in range(len(CARDS)):
        expect(pictures.nth(place)).to_be_visible()
    assert page.get_by_text("model not found").filter(visible=True).count() == 0


@pytest.mark.long
@pytest.mark.parametrize("execute", [True, False])
def test_an_exported_page_shows_the_rows(notebook: Notebook, execute: bool) -> None:
    notebook.open([BEGIN, MESSAGES, LOAD])
    if not execute:
        notebook.run_all()
        expect(notebook.page.locator(".tw-saved").first).to_contain_text("Showing all 5")
        notebook.save()
    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(notebook.path)]
    command += ["--execute"] if execute else []
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    exported = notebook.path.with_suffix(".html")
    page = notebook.page
    page.set_content(exported.read_text(), wait_until="domcontentloaded")

    picture = page.locator(".tw-saved").first
    expect(picture).to_contain_text("Showing all 5" if not execute else "Messages")
    notebook.watch.external.clear()  # nbconvert's own page asks for MathJax and for scripts


@pytest.mark.long
def test_a_variable_turns_every_picture_off(notebook: Notebook) -> None:
    off = "import os\nos.environ['TWILIO_WIDGETS_STATIC'] = '0'\n"
    notebook.open([off + BEGIN, MESSAGES])
    notebook.run_all()
    expect(notebook.page.get_by_text("Not saved with the notebook")).to_be_visible()

    outputs = notebook.save()["cells"][1]["outputs"]
    assert len(outputs) == 1
