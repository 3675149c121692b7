"""The explore panel in a real JupyterLab: what an analyst sees, clicks and finds again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

MAKE = """
import twilio_widgets as tw
sandbox = tw.Sandbox(seed=7, messages=2_000, stories=True)
frame = tw.Twilio(sandbox.connection).messages.list(limit=None, progress=False)
panel = tw.ExplorePanel(messages=frame, period="all", tz="Europe/Berlin")
"""

SENT = re.compile(r"^Sent\d")
"""The row of a saved picture with the messages sent."""

GONE = "Error displaying widget"


def shown(notebook: Notebook, page: Page) -> None:
    """Open a notebook with the panel, and wait until it shows its figures."""
    notebook.open([MAKE, "panel"])
    notebook.run_all()
    expect(page.locator(".tw-tile-value").first).to_have_text("1,244")


def test_a_click_filters_everything_and_the_saved_notebook_shows_it(
    notebook: Notebook, page: Page
) -> None:
    shown(notebook, page)
    errors = page.locator(".tw-chart", has_text="Errors").locator(".tw-bar")
    picture = page.locator(".tw-saved")
    expect(picture).to_be_hidden()

    errors.first.click()
    expect(errors.first).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".tw-chip")).to_have_text("Error: 30007✕")
    count = notebook.execute("print(len(panel.frame))").strip()
    expect(page.locator(".tw-tile-value").first).to_have_text(count)
    expect(page.locator(".tw-count").first).to_have_text(
        f"Showing {count} of {count} · newest first"
    )

    # By keyboard: the next bar, and back.
    notebook.press("ArrowDown", "Enter")
    expect(page.locator(".tw-chip")).to_have_count(2)
    notebook.press("Escape")
    expect(page.locator(".tw-chip")).to_have_count(0)
    errors.first.click()
    expect(page.locator(".tw-chip")).to_have_count(1)

    # The whole text: the picture of two filters contains it as well.
    filters = picture.locator("tr", has_text="Filters")
    expect(filters).to_have_text("FiltersError: 30007")
    notebook.save()
    notebook.lab.end_kernels()
    notebook.visit()
    expect(picture).to_be_visible()
    expect(picture.locator("tr", has_text=SENT)).to_contain_text(count)
    assert page.locator(".tw-saved img").evaluate_all(
        "(images) => images.every((image) => image.naturalWidth > 100)"
    )
    expect(page.get_by_text(GONE)).to_be_hidden()


@pytest.mark.long
def test_a_message_opens_with_its_conversation(notebook: Notebook, page: Page) -> None:
    shown(notebook, page)
    page.locator(".tw-row:not([hidden])").nth(2).click()
    expect(page.locator(".tw-message-sid")).to_have_text(
        notebook.execute("print(panel.selection['sid'].iloc[0])").strip()
    )

    page.get_by_role("button", name="Show the conversation").click()
    expect(page.locator(".tw-bubble[aria-current]")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".tw-chat")).to_be_hidden()
    assert notebook.execute("print(len(panel.selection))").strip() == "1"


@pytest.mark.long
@pytest.mark.parametrize("width", [1240, 860, 520])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_off_at_any_width(
    notebook: Notebook, page: Page, width: int, theme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 1600})
    shown(notebook, page)
    notebook.screenshot(f"explore-{width}", theme, of=".tw-explore")

    wide = page.evaluate(
        """() => {
          const card = document.querySelector(".tw-explore").getBoundingClientRect();
          return [...document.querySelectorAll(".tw-tile, .tw-chart, .tw-chip, .tw-filters > *")]
            .filter((part) => part.getBoundingClientRect().right > card.right + 1)
            .map((part) => part.className);
        }"""
    )
    assert wide == []


@pytest.mark.long
def test_a_chart_alone_can_be_read_by_keyboard_and_screen_reader(
    notebook: Notebook, page: Page
) -> None:
    notebook.open([f"{MAKE}\ntw.analysis.volume(frame, tz='Europe/Berlin').chart()"])
    notebook.run_all()
    cells = page.locator(".tw-chart [data-mark]")
    expect(cells).to_have_count(168)
    expect(cells.first).to_have_attribute("tabindex", "0")

    cells.first.focus()
    notebook.press("ArrowRight", "ArrowDown")
    focused = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    assert focused.startswith("Tuesday 01: ")
    expect(page.locator(".tw-chart table tr")).to_have_count(25)


@pytest.mark.long
def test_an_untrusted_notebook_shows_the_pictures(notebook: Notebook, page: Page) -> None:
    shown(notebook, page)
    expect(page.locator(".tw-saved tr", has_text=SENT)).to_contain_text("1,244")
    notebook.save()
    notebook.lab.end_kernels()
    # A file that JupyterLab did not write itself is not trusted.
    notebook.path.write_text(notebook.path.read_text().replace("Figures", "The figures"))
    notebook.visit()

    expect(page.get_by_text("The figures")).to_be_visible()
    expect(page.locator(".jp-OutputArea img").first).to_be_visible()
