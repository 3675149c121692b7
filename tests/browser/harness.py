"""Drives notebooks in a real JupyterLab with the system's Chromium.

`Watch` sits on a browser page, keeps it on this machine and remembers what went wrong; `Notebook`
is one notebook in that page, with the few things a person does to it. The server is next door.
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import nbformat
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Dialog, Locator, Page, Route

    from tests.browser.server import JupyterLab

SHOTS = Path(__file__).parent / "shots"
CHROMIUM = shutil.which("chromium")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
PATIENCE = 60_000
"""Milliseconds to wait for a page or a kernel before calling it broken."""

_READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.sessionContext?.isReady
    && panel.sessionContext.session?.kernel?.status === "idle"
    && document.querySelector(".jp-Notebook .jp-Cell") !== null;
}"""

KERNEL_ENDED = (
    "The kernel of this card has ended. Actions in progress may have been carried out: check "
    "before you repeat them. Run the cell again."
)
"""What a card says when its kernel is gone."""

_EXECUTE = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false, stop_on_error: false });
  let text = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") text += content.text;
    if (header.msg_type === "execute_result") text += content.data["text/plain"];
  };
  const { content } = await future.done;
  return { text, problem: content.status === "error" ? content.traceback.join("\\n") : "" };
}"""

_RUN = """async ([command, index]) => {
  const panel = window.jupyterapp.shell.currentWidget;
  if (index !== null) panel.content.activeCellIndex = index;
  await window.jupyterapp.commands.execute(command);
}"""

_REWRITE = """([index, source]) => window.jupyterapp.shell.currentWidget.content.widgets[index]
  .model.sharedModel.setSource(source)"""

_CELL_ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap((cell) =>
  (cell.model.sharedModel.outputs ?? []).filter((output) => output.output_type === "error")
    .map((output) => output.traceback.join("\\n")))"""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class KernelError(AssertionError):
    """Code run in the kernel ended in a traceback, which is this error's text."""


@contextmanager
def launch_chromium() -> Iterator[Browser]:
    """Yield the system's Chromium, headless, closed afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page did that a test may want to know; nothing it asks for leaves the machine."""

    external: list[str] = field(default_factory=list)
    """Addresses outside this machine; each request was refused."""
    requests: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    """``alert``, ``confirm`` and ``prompt``; "leave this page?" is answered with yes."""

    @classmethod
    def over(cls, page: Page) -> Self:
        """Watch a page from now on."""
        watch = cls()
        page.context.route("**/*", watch._gate)
        page.on("pageerror", lambda error: watch.page_errors.append(str(error)))
        page.on("dialog", watch._dialog)
        page.on(
            "console",
            lambda line: watch.console_errors.append(line.text) if line.type == "error" else None,
        )
        return watch

    def _gate(self, route: Route) -> None:
        url = route.request.url
        self.requests.append(url)
        if url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            self.external.append(url)
            route.abort()

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()
        else:
            self.dialogs.append(f"{dialog.type}: {dialog.message}")
            dialog.dismiss()

    def problems(self) -> dict[str, list[str]]:
        """Return what must not happen on any page, by kind; empty when all is well."""
        kinds = {"external": self.external, "errors": self.page_errors, "dialogs": self.dialogs}
        return {kind: seen for kind, seen in kinds.items() if seen}


class Notebook:
    """One notebook, open in JupyterLab or Notebook 7: run it, look at it, save it, come back to it.

    Args:
        lab: The server.
        page: The browser page.
        watch: Watches that page.
        name: What its file is called.
        url: Where the page finds the server, when something stands between them.
    """

    def __init__(
        self, lab: JupyterLab, page: Page, watch: Watch, name: str, *, url: str | None = None
    ) -> None:
        self.lab, self.page, self.watch = lab, page, watch
        self.url = url or lab.url
        self.place = "doc/tree"
        """The page of the server that opens it; ``"notebooks"`` is Notebook 7."""
        self.path = lab.root / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())[:80]}.ipynb"

    def open(self, cells: Sequence[str], kernel: str = "python3") -> None:
        """Write a notebook of these code cells, open it, and wait for its kernel."""
        self.write(cells, kernel)
        self.visit()

    def write(self, cells: Sequence[str], kernel: str = "python3") -> None:
        """Write a notebook of these code cells."""
        spec = {"name": kernel, "display_name": kernel, "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": spec})
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
        nbformat.write(notebook, self.path)

    def visit(self) -> None:
        """Open the notebook's page, again if need be; a kernel that is alive is found again."""
        address = f"{self.url}/{self.place}/{self.path.name}?token={self.lab.token}"
        self.page.goto(address, timeout=PATIENCE)
        self.wait_idle()
        self.theme("light")

    def wait_idle(self) -> None:
        """Wait until the notebook is drawn and its kernel has nothing to do."""
        self.page.wait_for_function(_READY, timeout=PATIENCE)

    def run(self, index: int) -> None:
        """Run one cell, counted from 0, and wait for its end."""
        self.page.evaluate(_RUN, ["notebook:run-cell", index])
        self._raise_cell_errors()

    def run_all(self) -> None:
        """Run every cell and wait for the last."""
        self.page.evaluate(_RUN, ["notebook:run-all-cells", None])
        self._raise_cell_errors()

    def rewrite(self, index: int, source: str) -> None:
        """Replace the source of one cell, counted from 0."""
        self.page.evaluate(_REWRITE, [index, source])

    def start(self, index: int) -> None:
        """Start one cell and return at once."""
        self.page.evaluate(f"(call) => {{ ({_RUN})(call); }}", ["notebook:run-cell", index])

    def _raise_cell_errors(self) -> None:
        for traceback in self.page.evaluate(_CELL_ERRORS):
            raise KernelError(_ANSI.sub("", traceback))

    def execute(self, code: str) -> str:
        """Run code in the kernel without a cell; return what it printed, and its last value."""
        answer = self.page.evaluate(_EXECUTE, code)
        if answer["problem"]:
            raise KernelError(_ANSI.sub("", answer["problem"]))
        return str(answer["text"])

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the kernel, passed as JSON."""
        return json.loads(self.execute(f"import json; print(json.dumps({expression}))"))

    def save(self) -> dict[str, Any]:
        """Save the notebook and return it as it now stands in its file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return dict(json.loads(self.path.read_text()))

    def theme(self, theme: str) -> None:
        """Switch JupyterLab to the ``"light"`` or the ``"dark"`` theme."""
        light = "true" if theme == "light" else "false"
        if self.page.evaluate("() => document.body.dataset.jpThemeLight") != light:
            self.page.evaluate(
                "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
                THEMES[theme],
            )
        self.page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light", arg=light
        )
        # A second switch under the splash of the first makes JupyterLab remove the splash twice.
        self.page.wait_for_function("() => !document.getElementById('jupyterlab-splash')")

    def screenshot(self, name: str, theme: str = "light", of: str | Locator | None = None) -> Path:
        """Draw the page, or one element of it, into ``shots/<name>-<theme>.png``."""
        self.theme(theme)
        self.page.evaluate("() => new Promise((r) => requestAnimationFrame(() => setTimeout(r)))")
        SHOTS.mkdir(exist_ok=True)
        path = SHOTS / f"{name}-{theme}.png"
        if of is None:
            self.page.screenshot(path=path, animations="disabled")
        else:
            found = self.page.locator(of).first if isinstance(of, str) else of
            found.screenshot(path=path, animations="disabled")
        return path

    def press(self, *keys: str) -> None:
        """Press keys where the focus is, as playwright names them (``"Control+Home"``)."""
        for key in keys:
            self.page.keyboard.press(key)
