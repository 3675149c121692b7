"""Fifty runs of one cell leave no more in the page than two: no model, no element, no listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(1200)]

SETUP = """
import twilio_widgets as tw
from ipywidgets.widgets.widget import _instances
sandbox = tw.Sandbox(messages=50)
twilio = tw.Twilio(sandbox.connection)
"""

COUNTS = """async () => {
  const widgets = window.jupyterapp.shell.currentWidget.content.widgets;
  const output = widgets[1].node.querySelector(".jp-OutputArea");
  const manager = await (async () => {
    for (const area of widgets[1].outputArea.widgets)
      for (const child of area.children?.() ?? [])
        for (const one of [child, ...(child.widgets ?? [])])
          if (one.manager) return one.manager;
          else if (one._manager) return (await one._manager.promise) ?? null;
    return null;
  })();
  return {
    elements: output.querySelectorAll("*").length,
    styles: document.querySelectorAll("style").length,
    models: manager ? Object.keys(manager._models ?? {}).length : -1,
  };
}"""


@pytest.mark.parametrize("made", ["tw.SendPanel(twilio)", "tw.MessagesPanel(twilio)"])
def test_fifty_runs_of_a_cell_leave_no_growth_in_the_page(notebook: Notebook, made: str) -> None:
    notebook.open([SETUP, f"panel = {made}\npanel.join(30)\npanel"])
    notebook.run(0)

    def run_again() -> dict[str, Any]:
        notebook.run(1)
        notebook.page.locator(".tw-card .tw-foot").wait_for()
        notebook.page.wait_for_timeout(300)  # the models of the panel before are being closed
        counts = dict(notebook.page.evaluate(COUNTS))
        return {**counts, "kernel": int(notebook.execute("print(len(_instances))"))}

    counts = [run_again() for _ in range(50)]

    assert counts[1]["models"] > 0
    assert counts[-1] == counts[1]
