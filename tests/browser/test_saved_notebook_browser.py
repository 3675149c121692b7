"""A saved notebook, opened again without its kernel, shows the last state of every card."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.saved_cards import CARDS, run_every_card

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

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


@pytest.fixture(scope="module")
def every_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook with every card, run, with its widgets' state."""
    path = tmp_path_factory.mktemp("saved") / "cards.ipynb"
    with pytest.MonkeyPatch.context() as patch:
        run_every_card(path, patch)
    return path


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", ["doc/tree", "notebooks"], ids=["lab", "notebook"])
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_every_card_is_there_without_its_kernel(
    notebook: Notebook, every_card: Path, place: str, trusted: bool
) -> None:
    saved = nbformat.read(every_card, as_version=4)
    del saved.metadata["widgets"]
    nbformat.write(saved, notebook.path)
    if trusted:
        notebook.lab.trust(notebook.path)
    notebook.place = place
    notebook.visit()

    notebook.watch.page_errors.clear()  # what the front end does by itself
    pictures(notebook.page, notebook.page.locator(".jp-OutputArea-output"))
    notebook.screenshot(f"saved-{place.partition('/')[0]}-{trusted}", of=".jp-Notebook")


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("state", [True, False], ids=["with state", "without state"])
def test_an_exported_page_shows_every_card(
    notebook: Notebook, every_card: Path, tmp_path: Path, state: bool
) -> None:
    saved = nbformat.read(every_card, as_version=4)
    if not state:
        del saved.metadata["widgets"]
    nbformat.write(saved, tmp_path / "cards.ipynb")
    exported = export(tmp_path / "cards.ipynb")

    notebook.page.set_content(exported, wait_until="domcontentloaded")
    pictures(notebook.page, notebook.page.locator(".tw-saved"))
    notebook.watch.external.clear()  # nbconvert's own page asks for MathJax and for scripts


def pictures(page: Page, outputs: Locator) -> None:
    """Expect the last state of every card, and neither an error nor an endless wait."""
    for name, (_code, text) in CARDS.items():
        expect(outputs.filter(has_text=text, visible=True).first, name).to_be_visible()
    for text in ("Error displaying widget", "model not found", "Loading rows from the kernel"):
        assert page.get_by_text(text).filter(visible=True).count() == 0


@pytest.mark.long
def test_an_exported_page_that_was_run_shows_the_rows(notebook: Notebook) -> None:
    notebook.write([BEGIN, MESSAGES, LOAD, "import time\ntime.sleep(4)"])
    exported = export(notebook.path, "--execute")

    notebook.page.set_content(exported, wait_until="domcontentloaded")
    expect(notebook.page.locator(".tw-saved").first).to_contain_text("Showing all 5")
    notebook.watch.external.clear()  # nbconvert's own page asks for MathJax and for scripts


def export(path: Path, *options: str) -> str:
    """Return a notebook as nbconvert's HTML page."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", *options, str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return path.with_suffix(".html").read_text()


@pytest.mark.long
def test_a_variable_turns_every_picture_off(notebook: Notebook) -> None:
    off = "import os\nos.environ['TWILIO_WIDGETS_STATIC'] = '0'\n"
    notebook.open([off + BEGIN, MESSAGES])
    notebook.run_all()
    expect(notebook.page.get_by_text("Not saved with the notebook")).to_be_visible()

    outputs = notebook.save()["cells"][1]["outputs"]
    assert len(outputs) == 1
