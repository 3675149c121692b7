"""Measure the explore panel in a real JupyterLab: from a click to the new picture.

Run it with ``python -m benchmarks.bench_explore [rows]`` from the repository. The figures are
printed with their targets; the exit status is 1 when one is missed. The click is timed in the page,
from the event to the frame in which the clicked bar, another chart and the tiles have changed. Two
figures show the load: the frame rate of the idle page, and the time of a call to the kernel.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

from benchmarks.bench_table import Figure, quantile
from tests.browser import harness
from tests.browser.server import JupyterLab

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROWS = 1_000_000
TRIALS = 24

SETUP = """
import time
import pandas as pd
import twilio_widgets as tw

sandbox = tw.Sandbox(seed=3, messages=20_000, stories=True)
twilio = tw.Twilio(sandbox.connection)
few = twilio.messages.list(limit=None, progress=False)
frame = pd.concat([few] * (ROWS // len(few)), ignore_index=True)
began = time.perf_counter()
panel = tw.ExplorePanel(messages=frame, period="PERIOD", tz="Europe/Berlin")
panel.join()
print(len(frame), round(1000 * (time.perf_counter() - began)))
""".strip()

# One click: wait until the clicked mark is pressed and the tiles and another chart differ, then for
# the frame that shows it.
CLICK = """async ([chart, mark, other]) => {
  const charts = document.querySelectorAll(".tw-chart");
  const target = charts[chart].querySelector(`[data-mark="${mark}"]`);
  const pressed = target.getAttribute("aria-pressed");
  const tiles = document.querySelector(".tw-tiles"), seen = charts[other];
  const before = [tiles.textContent, seen.querySelector(".tw-chart-total").textContent];
  const done = () => target.getAttribute("aria-pressed") !== pressed
    && tiles.textContent !== before[0]
    && seen.querySelector(".tw-chart-total").textContent !== before[1];
  const start = performance.now();
  target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  while (!done() && performance.now() - start < 10_000) {
    await new Promise((next) => requestAnimationFrame(next));
  }
  return performance.now() - start;
}"""

FRAMES = """() => new Promise((done) => {
  let frames = 0;
  const start = performance.now();
  const step = () => {
    frames += 1;
    const gone = performance.now() - start;
    if (gone < 1000) requestAnimationFrame(step); else done(1000 * frames / gone);
  };
  requestAnimationFrame(step);
})"""

ECHO = """async () => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const start = performance.now();
  await kernel.requestExecute({ code: "pass", store_history: false }).done;
  return performance.now() - start;
}"""

CLICKS = {
    "a day": (0, 5, 1),
    "an error code": (1, 1, 0),
    "a cell of hour and weekday": (2, 36, 0),
    "a country": (3, 0, 0),
    "a sender": (4, 1, 0),
}
"""The chart, its mark, and another chart that must follow."""


def clicks(page: Page) -> list[Figure]:
    """Measure a click on each chart, and the click that takes it back."""
    found, every = [], list[float]()
    for name, click in CLICKS.items():
        times = []
        for _ in range(TRIALS // 4):
            for _ in range(2):  # select and deselect
                times.append(page.evaluate(CLICK, list(click)))
                page.wait_for_timeout(900)  # let the table and the frame follow
        every += times
        found.append(Figure(f"a click on {name}, median", quantile(times, 0.5), "ms", most=150))
    return [*found, Figure("all clicks, p90", quantile(every, 0.9), "ms")]


def main() -> int:
    """Run all measurements and print them; return the exit status."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with harness.launch_chromium() as chromium, JupyterLab() as lab:
        page = chromium.new_context(viewport={"width": 1200, "height": 1800}).new_page()
        watch = harness.Watch.over(page)
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},")
        print(f"Python {platform.python_version()}, Chromium {chromium.version}\n")
        figures = []
        for period in ("30 days", "all"):
            notebook = harness.Notebook(lab, page, watch, f"bench-explore-{period}")
            setup = SETUP.replace("ROWS", str(rows)).replace("PERIOD", period)
            notebook.open([setup, "panel"])
            notebook.run_all()
            page.wait_for_selector(".tw-tile-value", timeout=60_000)
            page.wait_for_timeout(3_000)
            print(f"Period {period}: {notebook.execute('print(len(panel.frame))').strip()} rows")
            measured = [
                Figure("frames with nothing to do", page.evaluate(FRAMES), "/s"),
                Figure("a call to the kernel", page.evaluate(ECHO), "ms"),
                *clicks(page),
            ]
            print(*measured, sep="\n")
            figures += measured
            lab.end_kernels()
        print(f"load at the end {os.getloadavg()[0]:.1f}; problems on the page: {watch.problems()}")
    return 0 if all(figure.met for figure in figures) and not watch.problems() else 1


if __name__ == "__main__":
    sys.exit(main())
