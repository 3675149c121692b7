"""One notebook in JupyterLab, Notebook 7 or Voilà."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.browser.harness import PATIENCE
from tests.tools import without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.browser.harness import Notebook, Watch

PLACES = {"lab": "doc/tree", "notebook": "notebooks", "voila": "voila/render"}
PACKAGES = {"lab": "jupyterlab", "notebook": "notebook", "voila": "voila"}
VOILA_ASKS_FOR = ("fontawesome", "mathjax")
"""Voilà's own page asks other machines for two icon fonts and MathJax; it does without them."""


@dataclass(frozen=True)
class FrontEnd:
    """A notebook in one front end."""

    name: str
    notebook: Notebook

    def show(self, cells: Sequence[str], kernel: str = "python3") -> None:
        """Open a notebook of these cells and run it."""
        self.notebook.write(cells, kernel)
        self.notebook.page.set_viewport_size({"width": 1200, "height": 2400})
        self.notebook.place = PLACES[self.name]
        if self.name == "voila":
            self.theme("light")
        else:
            self.notebook.visit()
            self.notebook.watch.page_errors.clear()  # what the front end does by itself
            self.notebook.run_all()

    def theme(self, theme: str) -> None:
        """Switch to the light or the dark theme. Voilà runs the notebook again for it."""
        notebook = self.notebook
        if self.name != "voila":
            notebook.theme(theme)
            return
        where = f"{notebook.url}/{notebook.place}/{notebook.path.name}"
        notebook.page.goto(f"{where}?token={notebook.lab.token}&theme={theme}", timeout=PATIENCE)

    def require(self) -> None:
        """Skip the test if the front end is not installed."""
        package = PACKAGES[self.name]
        if importlib.util.find_spec(package) is None:
            without(package, consequence="nothing was drawn in it")


def forget_own_requests(watch: Watch) -> None:
    """Forget what Voilà's own page asked other machines for."""
    watch.external[:] = [
        url for url in watch.external if not any(name in url for name in VOILA_ASKS_FOR)
    ]
