"""One JupyterLab and one Chromium a test run; a fresh page, notebook and kernel a test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import harness
from tests.browser.press_desk import Desk
from tests.browser.press_trials import summary_of
from tests.browser.server import JupyterLab
from tests.browser.slow_wire import SlowWire
from tests.tools import without
from twilio_widgets import Sandbox

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.press_desk import Judge
    from tests.browser.press_trials import Outcome

FAILED = pytest.StashKey[bool]()


expect.set_options(timeout=20_000)
"""Milliseconds. A machine under load draws late; a test that passes does not wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last.

    Playwright's blocking face keeps an event loop running in the main thread for as long as the
    browser lives, and a test that calls ``asyncio.run`` cannot follow it there.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember a failure, so that the page can be drawn before it closes."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield the system's Chromium."""
    if harness.CHROMIUM is None:
        without("chromium", consequence="nothing was drawn")
    with harness.launch_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def lab(chromium: Browser) -> Iterator[JupyterLab]:
    """Yield a running JupyterLab; asking for the browser first skips before anything starts."""
    with JupyterLab() as server:
        yield server


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Yield an empty browser page with a clean profile."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def watch(page: Page, request: pytest.FixtureRequest) -> Iterator[harness.Watch]:
    """Yield what the page does; an error, a dialog or a request off this machine fails the test."""
    watch = harness.Watch.over(page)
    yield watch
    if request.node.stash.get(FAILED, False):
        harness.SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=harness.SHOTS / f"failed-{request.node.name}.png")
    assert watch.problems() == {}


@pytest.fixture
def notebook(
    lab: JupyterLab, page: Page, watch: harness.Watch, request: pytest.FixtureRequest
) -> Iterator[harness.Notebook]:
    """Yield a notebook of the test's own, and so a kernel of its own."""
    yield harness.Notebook(lab, page, watch, request.node.name)
    lab.end_kernels()


@pytest.fixture
def desk(
    lab: JupyterLab,
    page: Page,
    watch: harness.Watch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Desk]:
    """Yield a notebook of the test's own, not yet open."""
    with (
        Sandbox(messages=50) as sandbox,
        SlowWire(lab.url) as wire,
        SlowWire(sandbox.url) as account,
    ):
        notebook = harness.Notebook(lab, page, watch, request.node.name, url=wire.url)
        yield Desk(notebook, wire, account, sandbox, tmp_path)
        lab.end_kernels()


@pytest.fixture
def judge(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Judge:
    """Print what presses came to and how long they took; return those that are not allowed."""
    began = time.monotonic()

    def check(about: str, outcomes: list[Outcome]) -> list[Outcome]:
        nonlocal began
        seconds, began = time.monotonic() - began, time.monotonic()
        with capsys.disabled():
            line = f"{request.node.name}, {about}: {summary_of(outcomes)}; {seconds:.0f} s"
            request.config.get_terminal_writer().line(f"\n{line}")
        return [outcome for outcome in outcomes if not outcome.is_allowed]

    return check
