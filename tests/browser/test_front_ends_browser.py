"""The main job in the other front ends: Notebook 7 and Voilà. Part of the long run."""

from __future__ import annotations

import importlib.util

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.harness import PATIENCE, SHOTS, Notebook
from tests.tools import without

pytestmark = [pytest.mark.browser, pytest.mark.long]

DEMO = "import twilio_widgets as tw\ntw.demo()"
SOON = 30_000


@pytest.fixture(params=["notebook", "voila"])
def front_end(request: pytest.FixtureRequest) -> str:
    """The name of a front end's package; both serve pages from the server that runs anyway."""
    name = str(request.param)
    if importlib.util.find_spec(name) is None:
        without(name, consequence="nothing was drawn in it")
    return name


def test_a_message_becomes_delivered_in_every_front_end(front_end: str, notebook: Notebook) -> None:
    page, lab = notebook.page, notebook.lab
    document = nbformat.v4.new_notebook()
    document.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    document.cells = [nbformat.v4.new_code_cell(DEMO)]
    nbformat.write(document, notebook.path)
    page.set_viewport_size({"width": 1200, "height": 1700})
    place = {"notebook": "notebooks", "voila": "voila/render"}[front_end]
    page.goto(f"{lab.url}/{place}/{notebook.path.name}?token={lab.token}", timeout=PATIENCE)
    if front_end == "notebook":
        # Running cells before there is a kernel asks which one is meant.
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
        notebook.watch.page_errors.clear()  # what the front end does by itself is not ours
        page.locator(".jp-Cell .cm-content").click()
        page.keyboard.press("Shift+Enter")

    bench = page.locator(".tw-workbench")
    top = bench.locator(".tw-row[aria-rowindex='2']")
    expect(bench.locator(".tw-count")).to_have_text(
        "Showing 200 of 200 · newest first", timeout=PATIENCE
    )
    bench.get_by_role("button", name="Send", exact=True).click()
    expect(top).to_contain_text("Your table at the Harbour Grill is ready.", timeout=SOON)
    expect(top).to_contain_text("delivered", timeout=SOON)
    SHOTS.mkdir(exist_ok=True)
    bench.screenshot(path=SHOTS / f"front-end-{front_end}.png")
    if front_end == "voila":
        # Voilà's own page asks for two icon fonts and MathJax; it does without them.
        own = ("fontawesome", "mathjax")
        assert [url for url in notebook.watch.external if not any(x in url for x in own)] == []
        notebook.watch.external.clear()
