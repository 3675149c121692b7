"""Draw the pictures of the README, `docs/workbench.png` and `docs/explore.png`, in JupyterLab."""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page

from tests.browser.harness import Notebook, Watch, launch_chromium
from tests.browser.server import JupyterLab

DOCS = Path(__file__).parent.parent / "docs"
SIZE = {"width": 1240, "height": 2400}
WORKBENCH = 'import twilio_widgets as tw\nbench = tw.demo(seed=7, now="2026-01-15T12:00:00Z")'
EXPLORE = """
import twilio_widgets as tw
sandbox = tw.Sandbox(seed=9, messages=40_000, stories=True, now="2026-01-15T12:00:00Z")
twilio = tw.Twilio(sandbox.connection)
frame = twilio.messages.list(sent_after="2025-11-10", limit=None, progress=False)
panel = tw.ExplorePanel(messages=frame, period="30 days")
panel.join()
"""
HEIGHT = 980
"""Pixels of the explore card that its picture shows: its figures and most charts."""


def draw_workbench(page: Page) -> None:
    """Send a message, and draw all cards when it is delivered."""
    bench = page.locator(".tw-workbench").first
    bench.get_by_role("button", name="Send", exact=True).click(timeout=120_000)
    bench.get_by_text("Delivered.").first.wait_for(timeout=120_000)
    page.wait_for_timeout(1_000)  # the log shows the message
    bench.screenshot(path=DOCS / "workbench.png", animations="disabled")


def draw_explore(page: Page) -> None:
    """Draw the upper part of the card."""
    card = page.locator(".tw-explore").first
    card.locator(".tw-bar").first.wait_for(timeout=60_000)
    page.wait_for_timeout(1_000)  # the table follows the charts
    box = card.bounding_box()
    assert box is not None
    clip = box | {"height": min(HEIGHT, box["height"])}
    page.screenshot(path=DOCS / "explore.png", clip=clip, animations="disabled", full_page=True)


PICTURES: dict[str, tuple[list[str], Callable[[Page], None]]] = {
    "workbench": ([WORKBENCH, "bench"], draw_workbench),
    "explore": ([EXPLORE, "panel"], draw_explore),
}


def main(names: list[str]) -> None:
    """Draw the pictures with these names, or all."""
    lab = JupyterLab()
    try:
        with launch_chromium() as browser:
            for name in names or PICTURES:
                cells, draw = PICTURES[name]
                page = browser.new_page(viewport=SIZE)
                notebook = Notebook(lab, page, Watch.over(page), name)
                notebook.open(cells)
                notebook.run_all()
                draw(page)
                page.close()
    finally:
        lab.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
