"""The pages for JupyterLite run in Chromium, with every request to another machine blocked."""

from __future__ import annotations

import json
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.harness import _ANSI, _CELL_ERRORS, _EXECUTE, SHOTS, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.name for path in (ROOT / "notebooks").glob("lite-*.ipynb"))
PATIENCE = 240_000
"""Milliseconds: the first page loads and compiles the whole of Python."""

_READY = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  return context?.isReady && context.session?.kernel?.status === "idle";
}"""
_RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
_PRINTED = """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap((cell) =>
  (cell.model.sharedModel.outputs ?? []).filter((output) => output.output_type === "stream")
    .map((output) => [output.text].flat().join("")))"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the site, freshly built."""
    folder = tmp_path_factory.mktemp("site") / "lite"
    built = subprocess.run(
        [ROOT / "scripts/lite", folder], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr[-2000:]
    settings = folder / "jupyter-lite.json"
    content = json.loads(settings.read_text())
    content["jupyter-config-data"]["exposeAppInBrowser"] = True  # as in the tests of JupyterLab
    settings.write_text(json.dumps(content))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1200, "height": 1700})
    watch = Watch.over(page)
    yield page
    page.close()
    assert watch.problems() == {}


def visit(page: Page, site: str, name: str) -> None:
    """Open a notebook and wait for its kernel."""
    page.goto(f"{site}/lab/index.html?path={name}", timeout=PATIENCE)
    page.wait_for_function(_READY, timeout=PATIENCE)


def execute(page: Page, code: str) -> str:
    """Run code in the kernel; return what it printed, or its error."""
    answer = page.evaluate(_EXECUTE, code)
    return _ANSI.sub("", answer["problem"] or answer["text"])


@pytest.mark.parametrize("name", PAGES)
def test_the_whole_notebook_runs_in_the_page(site: str, page: Page, name: str) -> None:
    visit(page, site, name)
    page.evaluate(_RUN_ALL)
    assert page.evaluate(_CELL_ERRORS) == []
    last = json.loads((ROOT / "notebooks" / name).read_text())["cells"][-1]["outputs"][0]["text"]
    assert page.evaluate(_PRINTED)[-1] == "".join(last)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name.removesuffix('.ipynb')}.png")


def test_a_message_sent_from_the_workbench_becomes_delivered(site: str, page: Page) -> None:
    visit(page, site, PAGES[0])
    page.evaluate(
        """() => {
          const cell = window.jupyterapp.shell.currentWidget.content.widgets[1];
          cell.model.sharedModel.setSource("import twilio_widgets as tw\\ntw.demo(messages=20)");
          window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
          return window.jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    bench = page.locator(".tw-workbench")
    top = bench.locator(".tw-messages .tw-row[aria-rowindex='2']")
    expect(bench.locator(".tw-messages .tw-count")).to_have_text(
        "Showing 20 of 20 · newest first", timeout=PATIENCE
    )
    bench.get_by_role("button", name="Send", exact=True).click()
    expect(top).to_contain_text("Your table at the Harbour Grill is ready.", timeout=60_000)
    expect(top).to_contain_text("delivered", timeout=60_000)
    bench.screenshot(path=SHOTS / "lite-workbench.png")


def test_a_job_runs_as_a_task_of_the_kernels_loop(site: str, page: Page) -> None:
    visit(page, site, PAGES[0])
    execute(page, "import asyncio\nimport twilio_widgets as tw\nsandbox = tw.Sandbox()")
    execute(page, "twilio = tw.Twilio(sandbox.connection)")
    execute(page, "rows = [{'phone': f'+1415555010{n}'} for n in range(3)]")
    execute(page, "plan = tw.plan(rows, to='phone', body='Hello', from_=sandbox.numbers[0])")
    started = execute(page, "job = plan.send(twilio, name='x', rate=None, undo_seconds=0)")
    assert started == ""
    assert execute(page, "while job.under_way: await asyncio.sleep(0.1)") == ""
    assert execute(page, "print(job)") == 'Job "x" is finished: 3 accepted.\n'
    assert execute(page, "job.wait().state") == "'finished'"
    assert execute(page, "sorted(one.to for one in twilio.messages.iterate())[0]") == (
        "'+14155550100'"
    )


def test_unsupported_features_of_a_page_raise_an_error_that_says_so(site: str, page: Page) -> None:
    visit(page, site, PAGES[0])
    execute(page, "import twilio_widgets as tw\nsandbox = tw.Sandbox()")
    execute(page, "twilio = tw.Twilio(sandbox.connection)")
    errors = {
        "twilio.messages.list()": "Message frames require pandas",
        "tw.Listener(sandbox.connection)": "need processes and sockets",
        "sandbox.url": "use sandbox.connection, which needs no socket",
    }
    found = {code: execute(page, code) for code in errors}
    assert [code for code, text in errors.items() if text not in found[code]] == []
