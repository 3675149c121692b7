"""Draw `docs/explore.png`: the explore panel on the sandbox, in JupyterLab and Chromium."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser.harness import Notebook, Watch, launch_chromium
from tests.browser.server import JupyterLab

PICTURE = Path(__file__).parent.parent / "docs/explore.png"
MAKE = """
import twilio_widgets as tw
sandbox = tw.Sandbox(seed=9, messages=40_000, stories=True, now="2026-01-15T12:00:00Z")
twilio = tw.Twilio(sandbox.connection)
frame = twilio.messages.list(sent_after="2025-11-10", limit=None, progress=False)
panel = tw.ExplorePanel(messages=frame, period="30 days")
panel.join()
"""
SIZE = {"width": 1240, "height": 2000}
HEIGHT = 980
"""Pixels of the card that the picture shows: its figures and most charts."""


def main() -> None:
    """Draw the picture."""
    lab = JupyterLab()
    try:
        with launch_chromium() as browser:
            page = browser.new_page(viewport=SIZE)
            notebook = Notebook(lab, page, Watch.over(page), "explore")
            notebook.open([MAKE, "panel"])
            notebook.run_all()
            card = page.locator(".tw-explore").first
            card.locator(".tw-bar").first.wait_for(timeout=60_000)
            page.wait_for_timeout(1_000)  # the table follows the charts
            box = card.bounding_box()
            assert box is not None
            clip = box | {"height": min(HEIGHT, box["height"])}
            page.screenshot(path=PICTURE, clip=clip, animations="disabled", full_page=True)
    finally:
        lab.stop()


if __name__ == "__main__":
    main()
