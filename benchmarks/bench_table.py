"""Measure the live table in a real JupyterLab: lost rows, display latency, long tasks, scrolling.

The last measurement repeats this with signed webhooks, from a listener's socket through its store.

Run it with ``python -m benchmarks.bench_table`` from the repository. The figures are printed with
their targets; the exit status is 1 when one is missed. A busy machine misses some, so two figures
show the load: the frame rate of the idle page, and the CPU time of the most expensive task, which
is its duration on an idle machine.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from benchmarks.generate_load import sends, signed
from tests.browser import harness
from tests.browser.server import JupyterLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

RATE, SECONDS, MANY = 1_000, 10, 100_000

SETUP = """
import json, threading, time
from datetime import datetime, UTC
from twilio_widgets.panels.table.table import VirtualTable
from twilio_widgets.panels.table.cells import TableColumn

STATUSES = ("delivered", "sent", "undelivered 30006", "received", "queued")
table = VirtualTable(
    [TableColumn("at", "Time", kind="time"), TableColumn("status", "Status", kind="status"),
     TableColumn("from", "From", kind="phone"), TableColumn("to", "To", kind="phone"),
     TableColumn("number", "Number", kind="number"), TableColumn("body", "Body")],
    label="Events", live=True)
sent = []

def row(number):
    return {"at": datetime.now(UTC), "status": STATUSES[number % 5], "from": "+15005550006",
            "to": f"+1415555{number % 10000:04}", "number": number,
            "body": f"Your table {number} is ready at the Harbour Grill. Reply STOP to opt out."}

def drive(rate, seconds):
    start = time.time()
    for number in range(rate * seconds):
        if (pause := start + number / rate - time.time()) > 0:
            time.sleep(pause)
        sent.append(time.time() * 1000)
        table.append([row(number)])
"""

LISTENING = """
import json
import twilio_widgets as tw

sandbox = tw.Sandbox(seed=3)
listener = tw.Listener(sandbox.connection)
account = sandbox.accounts[0]
listener.table
"""

RECEIVED = """print(json.dumps([
    (int(event.body), 1000 * event.received_at.timestamp())
    for event in listener.reader.events(limit=100_000)]))"""

# In the page, every frame: the newest number on screen and when. Long tasks are the browser's own.
PROBE = """(column) => {
  const probe = window.probe = { seen: [], newest: -1, tasks: [], frames: [] };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) probe.tasks.push(duration);
  }).observe({ type: "longtask" });
  const look = (now) => {
    probe.frames.push(now);
    const top = document.querySelector('.tw-row[aria-rowindex="2"]:not([hidden])');
    const number = top ? Number(top.children[column].textContent) : -1;
    if (number > probe.newest) {
      probe.newest = number;
      probe.seen.push([number, performance.timeOrigin + performance.now()]);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""

RESET = "() => { Object.assign(probe, { seen: [], newest: -1, tasks: [], frames: [] }); }"

READ = "() => probe"

# Three screens a frame from top to bottom, as a fast wheel does, and then in leaps across all rows.
SCROLL = """(seconds) => new Promise((done) => {
  const grid = document.querySelector(".tw-grid"), start = performance.now();
  const step = () => {
    const gone = (performance.now() - start) / 1000;
    const far = grid.scrollHeight - grid.clientHeight;
    grid.scrollTop = gone < seconds / 2 ? gone * 60 * 900 : far * ((gone * 7) % 1);
    if (gone < seconds) requestAnimationFrame(step);
    else done();
  };
  step();
})"""

HELD = """() => document.querySelector(".tw-count").textContent"""


@dataclass(frozen=True)
class Figure:
    """One measured figure with its target."""

    name: str
    value: float
    unit: str
    least: float = float("-inf")
    most: float = float("inf")

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.least <= self.value <= self.most

    def __str__(self) -> str:
        bounds = (("≥", self.least), ("≤", self.most))
        target = " ".join(f"{sign} {bound:g}" for sign, bound in bounds if abs(bound) < 1e9)
        verdict = f"target {target}: {'met' if self.met else 'MISSED'}" if target else ""
        return f"{self.name:<42}{self.value:>10,.1f} {self.unit:<7}{verdict}"


def quantile(values: list[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def frames_per_second(probe: dict[str, Any]) -> float:
    """Return the frames per second, over the time the probe ran."""
    frames = probe["frames"]
    return 1000 * (len(frames) - 1) / (frames[-1] - frames[0])


def longest(probe: dict[str, Any]) -> float:
    """Return the duration of the longest task in ms; the browser lists those of at least 50 ms."""
    return max(probe["tasks"], default=0.0)


@contextmanager
def traced(page: Page) -> Iterator[list[float]]:
    """Yield a list; on exit it is filled with the CPU milliseconds of each task of the page."""
    tasks: list[float] = []
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=["toplevel"])
    yield tasks
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks.extend(
        event.get("tdur", 0) / 1000
        for event in events
        if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in main
    )


def delays(sent: list[float], seen: list[tuple[int, float]]) -> list[float]:
    """Return for each row the milliseconds until it or a newer row was on screen."""
    found, position = [], 0
    for number, at in enumerate(sent):
        while position < len(seen) and seen[position][0] < number:
            position += 1
        if position < len(seen):
            found.append(seen[position][1] - at)
    return found


def idle(page: Page) -> list[Figure]:
    """Measure the idle page, as a baseline for this machine and its current load."""
    page.evaluate(RESET)
    page.wait_for_timeout(2_000)
    return [Figure("frames with nothing to do", frames_per_second(page.evaluate(READ)), "/s")]


def live(notebook: harness.Notebook, page: Page) -> list[Figure]:
    """Measure a thousand events per second for ten seconds."""
    rows = RATE * SECONDS
    page.evaluate(RESET)
    with traced(page) as tasks:
        notebook.execute(f"threading.Thread(target=drive, args=({RATE}, {SECONDS})).start()")
        page.wait_for_function(f"() => probe.newest === {rows - 1}", timeout=60_000)
    probe = page.evaluate(READ)
    sent = json.loads(notebook.execute("print(json.dumps(sent))"))
    waited = delays(sent, probe["seen"])
    held = int(page.evaluate(HELD).split()[1].replace(",", ""))
    return [
        Figure("rows a second, driven", 1000 * (rows - 1) / (sent[-1] - sent[0]), "/s"),
        Figure("rows lost", rows - held, "rows", most=0),
        Figure("kernel to visible, median", quantile(waited, 0.5), "ms"),
        Figure("kernel to visible, p95", quantile(waited, 0.95), "ms", most=250),
        Figure("longest task while live", longest(probe), "ms", most=50),
        Figure("costliest task, processor time", max(tasks), "ms", most=50),
        Figure("frames while live", frames_per_second(probe), "/s"),
    ]


def through_a_listener(notebook: harness.Notebook, page: Page) -> list[Figure]:
    """Measure the same for signed webhooks: from the listener's socket through its store."""
    rows = RATE * SECONDS
    notebook.open([LISTENING])
    notebook.run_all()
    page.wait_for_selector(".tw-count", state="attached")
    page.evaluate(PROBE, 5)
    page.wait_for_timeout(3_000)
    code = "print(json.dumps([listener.inbound_url, account.sid, account.auth_token]))"
    url, account, token = json.loads(notebook.execute(code))
    requests = [inbound(url.partition("#")[0], account, token, number) for number in range(rows)]
    port = int(url.split(":")[2].split("/")[0])
    with ThreadPoolExecutor(1) as beside:
        load = beside.submit(sends, port, requests, 32, keep=True, seconds=60, pace=RATE)
        # Not the last one on top: those of many connections need not be taken in their order.
        page.wait_for_function(
            f"() => ({HELD})().startsWith('Showing {rows:,} of')", timeout=60_000
        )
    taken = load.result()
    probe = page.evaluate(READ)
    received = [at for _number, at in sorted(json.loads(notebook.execute(RECEIVED)))]
    waited = delays(received, probe["seen"])
    held = int(page.evaluate(HELD).split()[1].replace(",", ""))
    notebook.execute("listener.close(); sandbox.close()")
    return [
        Figure("webhooks a second, acknowledged", taken.rate, "/s"),
        Figure("acknowledged and not in the table", taken.ok - held, "rows", most=0),
        Figure("received to visible, median", quantile(waited, 0.5), "ms"),
        Figure("received to visible, p95", quantile(waited, 0.95), "ms"),
        Figure("longest task meanwhile", longest(probe), "ms"),
    ]


def inbound(url: str, account: str, token: str, number: int) -> bytes:
    """Return a signed inbound message whose body is its number."""
    parameters = {
        "AccountSid": account,
        "Body": str(number),
        "From": "+15005550006",
        "NumMedia": "0",
    }
    parameters |= {"MessageSid": f"SM{number:032x}", "SmsStatus": "received", "To": "+14155550105"}
    return signed(url, parameters, token, keep=True)


def many(notebook: harness.Notebook, page: Page) -> list[Figure]:
    """Measure loading a hundred thousand rows and scrolling through them."""
    notebook.execute(f"rows = [row(number) for number in range({MANY})]")
    page.evaluate(RESET)
    shown = f"Showing {MANY:,} of {MANY:,} · newest first"
    started = page.evaluate("() => performance.now()")
    notebook.execute("table.replace(reversed(rows))")
    page.wait_for_function(
        "(shown) => document.querySelector('.tw-count').textContent === shown", arg=shown
    )
    loaded = page.evaluate(READ)
    took = page.evaluate("() => performance.now()") - started
    page.evaluate(RESET)
    page.evaluate(SCROLL, 6)
    scrolled = page.evaluate(READ)
    with traced(page) as tasks:  # again, because tracing itself takes time
        page.evaluate(SCROLL, 3)
    gaps = [later - sooner for sooner, later in pairwise(scrolled["frames"])]
    return [
        Figure("100,000 rows replaced and all in the page", took, "ms"),
        Figure("longest task while they come", longest(loaded), "ms", most=50),
        Figure("scrolling through them", frames_per_second(scrolled), "/s", least=55),
        Figure("longest frame while scrolling", max(gaps), "ms"),
        Figure("longest task while scrolling", longest(scrolled), "ms", most=50),
        Figure("costliest task, processor time", max(tasks), "ms", most=50),
        Figure("row elements", page.locator(".tw-row").count(), "", most=60),
    ]


def main() -> int:
    """Run all measurements and print them; return the exit status."""
    with harness.launch_chromium() as chromium, JupyterLab() as lab:
        page = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
        watch = harness.Watch.over(page)
        notebook = harness.Notebook(lab, page, watch, "bench-table")
        notebook.open([SETUP, "table"])
        notebook.run_all()
        page.wait_for_selector(".tw-count")
        page.evaluate(PROBE, 4)
        page.wait_for_timeout(3_000)  # do not measure the start of JupyterLab itself
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},")
        print(f"Python {platform.python_version()}, Chromium {chromium.version}\n")
        figures = [*idle(page), *live(notebook, page), *many(notebook, page)]
        figures += through_a_listener(
            harness.Notebook(lab, page, watch, "bench-listener-table"), page
        )
        print(*figures, sep="\n")
        print(f"load at the end {os.getloadavg()[0]:.1f}; problems on the page: {watch.problems()}")
    return 0 if all(figure.met for figure in figures) and not watch.problems() else 1


if __name__ == "__main__":
    sys.exit(main())
