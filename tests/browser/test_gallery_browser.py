"""Every card in every state, in JupyterLab: drawn for a person, and checked by axe-core.

The pictures are in ``tests/browser/shots``, light and dark, on a wide page and on one of 700 px.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.gallery import CARDS, OPENED, SETUP
from tests.tools import without

if TYPE_CHECKING:
    from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(1200)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {"wide": 1240, "narrow": 700}
CHECKED = {("wide", "light"), ("narrow", "dark")}
"""The pages that are checked: both widths and both themes."""

FAULTS = """async () => {
  const ours = ".tw-workbench, .tw-card:not(.tw-workbench .tw-card), .jp-RenderedHTML > *";
  const include = [...document.querySelectorAll(ours)].filter((one) => one.checkVisibility());
  const { violations } = await axe.run({ include }, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact !== "minor")
    .map(({ id, impact, nodes }) => [id, impact, nodes.map(({ html, any }) =>
      `${html.slice(0, 160)} ${any.map(({ message }) => message).join(" ")}`)]);
}"""
CUT = """() => [...document.querySelectorAll(".tw-card, .tw-workbench")].flatMap((card) => {
  const right = card.getBoundingClientRect().right;
  return [...card.querySelectorAll("*")]
    .filter((part) => !part.closest(".tw-table, pre, .tw-unseen, .tw-tree, svg"))
    .filter((part) => part.getBoundingClientRect().width > 0)
    .filter((part) => part.getBoundingClientRect().right > right + 1)
    .map((part) => `${part.className} ${part.textContent.slice(0, 60)}`);
})"""


@pytest.mark.parametrize("card", CARDS)
def test_every_state_is_drawn_whole_and_has_no_axe_finding(notebook: Notebook, card: str) -> None:
    if not AXE.exists():
        without("axe-core (npm ci)", consequence="no card was checked for accessibility")
    notebook.open([SETUP, "pass"])
    notebook.run(0)
    found: dict[str, Any] = {}
    themes = ["light", "dark"]
    for state, scene in CARDS[card].items():
        notebook.rewrite(1, scene)
        notebook.run(1)
        if (card, state) in OPENED:
            notebook.page.locator(".tw-row[aria-rowindex='2']").click()
        for theme in themes:
            for name, width in WIDTHS.items():
                notebook.page.set_viewport_size({"width": width, "height": 1600})
                notebook.screenshot(f"{card}-{state}-{name}", theme, of=".jp-Cell >> nth=1")
                if (name, theme) in CHECKED and (faults := faults_of(notebook)):
                    found[f"{card} {state} {name} {theme}"] = faults
        themes.reverse()  # a switch takes seconds
    # anywidget says this when a panel is closed while the page still loads it: by the next scene.
    closed = "[anywidget] Failed to initialize model."
    errors = notebook.watch.page_errors
    errors[:] = [error for error in errors if error != closed]
    assert found == {}


def faults_of(notebook: Notebook) -> list[Any]:
    if notebook.page.evaluate("() => typeof axe") == "undefined":
        notebook.page.add_script_tag(path=AXE)
    return [*notebook.page.evaluate(FAULTS), *notebook.page.evaluate(CUT)]
