"""Draw `docs/workbench.png`: a message delivered in the workbench, in JupyterLab and Chromium."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser.harness import Notebook, Watch, launch_chromium
from tests.browser.server import JupyterLab

PICTURE = Path(__file__).parent.parent / "docs/workbench.png"
MAKE = 'import twilio_widgets as tw\nbench = tw.demo(seed=7, now="2026-01-15T12:00:00Z")'
SIZE = {"width": 1240, "height": 2400}


def main() -> None:
    """Draw the picture."""
    lab = JupyterLab()
    try:
        with launch_chromium() as browser:
            page = browser.new_page(viewport=SIZE)
            notebook = Notebook(lab, page, Watch.over(page), "workbench")
            notebook.open([MAKE, "bench"])
            notebook.run_all()
            bench = page.locator(".tw-workbench").first
            bench.get_by_role("button", name="Send", exact=True).click(timeout=120_000)
            bench.get_by_text("Delivered.").first.wait_for(timeout=120_000)
            page.wait_for_timeout(1_000)  # the log shows the message
            bench.screenshot(path=PICTURE, animations="disabled")
    finally:
        lab.stop()


if __name__ == "__main__":
    main()
