"""The app of the notebooks in Voilà: it only reads, and sends only what a policy permits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import findings
from tests.browser.front_ends import FrontEnd, forget_own_requests
from tests.browser.harness import PATIENCE, SHOTS
from tests.browser.server import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(600)]

APP = REPOSITORY / "notebooks/app-delivery-health.ipynb"
POLICY = 'policy = tw.Policy(allow=["+1415555*"])'


@pytest.fixture
def voila(notebook: Notebook) -> Iterator[FrontEnd]:
    front_end = FrontEnd("voila", notebook)
    front_end.require()
    yield front_end
    forget_own_requests(notebook.watch)


def cells(policy: str = "policy = None") -> list[str]:
    """Return the code of the app, with another policy."""
    notebook = nbformat.read(APP, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [source.replace("policy = None", policy) for source in code]


def test_the_app_reads_and_has_nothing_to_send_with(voila: FrontEnd) -> None:
    page = voila.notebook.page
    voila.show(cells())
    expect(page.locator(".tw-tile-value").first).to_have_text("721", timeout=PATIENCE)
    expect(page.get_by_text("Sending is off: this page has no policy.")).to_be_visible()
    expect(page.get_by_text("Checked: a message from this page is refused.")).to_be_visible()
    assert page.get_by_role("heading", name="Send a message").count() == 0

    page.locator(".tw-chart", has_text="Errors").locator(".tw-bar").first.click()
    expect(page.locator(".tw-chip")).to_have_text("Error: 30003✕")
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "app.png", full_page=True)
    assert findings(page, ".tw-card") == []


def test_with_a_policy_the_app_sends_what_it_permits(voila: FrontEnd) -> None:
    page = voila.notebook.page
    voila.show(cells(POLICY))
    card = page.locator(".tw-card", has=page.get_by_role("heading", name="Send a message"))
    card.get_by_label("From", exact=True).fill("+14155550142", timeout=PATIENCE)
    card.get_by_label("To", exact=True).fill("+12125550187")
    card.get_by_label("Message", exact=True).fill("Hello")
    card.get_by_role("button", name="Send", exact=True).click()
    expect(card.get_by_text("is not one of the recipients that your policy allows")).to_be_visible()

    card.get_by_label("To", exact=True).fill("+14155550123")
    card.get_by_role("button", name="Send", exact=True).click()
    expect(card.locator(".tw-step.tw-done").first).to_be_visible()
