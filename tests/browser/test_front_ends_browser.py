"""The main job in each front end: JupyterLab, Notebook 7 and Voilà, by keyboard alone.

One page connects, sends, sees *delivered*, filters the log, makes a raw request, receives a webhook
in the live table, and explores a log. Part of the long run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import keyboard
from tests.browser.accessibility import findings
from tests.browser.front_ends import PLACES, FrontEnd, forget_own_requests
from tests.browser.harness import PATIENCE, SHOTS
from tests.browser.older_kernel import add_older_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]

MAKE = """\
import twilio_widgets as tw
connection = tw.ConnectionPanel()
send = tw.SendPanel(connection, to="+14155550123")
messages = tw.MessagesPanel(connection)
raw = tw.RawRequestPanel(connection)
events = tw.EventsPanel(connection)
log = tw.Sandbox(seed=7, messages=2_000, stories=True)
explore = tw.ExplorePanel(
    messages=tw.Twilio(log.connection).messages.list(limit=None, progress=False), period="all"
)"""
CARDS = [MAKE, "connection", "send", "messages", "raw", "events", "explore"]
SENDER = "+14155550142"
BODY = "Your table is ready."
SOON = 90_000
"""Milliseconds: a message is delivered seconds after it was sent, and the machine may be slow."""


@pytest.fixture(params=PLACES)
def front_end(request: pytest.FixtureRequest, notebook: Notebook) -> Iterator[FrontEnd]:
    """Yield a front end; all serve pages from the server that runs anyway."""
    front_end = FrontEnd(request.param, notebook)
    front_end.require()
    yield front_end
    forget_own_requests(notebook.watch)


@dataclass(frozen=True)
class Desk:
    """The page with the six cards."""

    notebook: Notebook

    def card(self, title: str) -> Locator:
        """Return a card by its title."""
        heading = self.notebook.page.get_by_role("heading", name=title, exact=True)
        return self.notebook.page.locator(".tw-card").filter(has=heading)

    def press(self, card: Locator, name: str) -> None:
        """Go to a button and press it."""
        button = card.get_by_role("button", name=name, exact=True)
        expect(button).to_be_enabled(timeout=SOON)
        keyboard.press(self.notebook.page, button)

    def write(self, card: Locator, label: str, text: str) -> None:
        """Go to a field and replace its text."""
        keyboard.write(self.notebook.page, card.get_by_label(label, exact=True), text)


def test_the_main_job_is_done_by_keyboard(front_end: FrontEnd) -> None:
    front_end.show(CARDS)
    do_the_main_job(front_end)


def test_the_main_job_is_done_in_an_older_kernel(notebook: Notebook, tmp_path: Path) -> None:
    add_older_kernel(notebook.lab, tmp_path)
    front_end = FrontEnd("lab", notebook)
    front_end.show(CARDS, kernel="older")
    assert notebook.execute("import ipykernel; print(ipykernel.__version__)") == "6.31.0\n"
    do_the_main_job(front_end)


def do_the_main_job(front_end: FrontEnd) -> None:
    """Connect, send, filter, ask, receive and explore; look at it in both themes."""
    desk, page = Desk(front_end.notebook), front_end.notebook.page

    # The last cell: the kernel is idle when its figures are there, and answers a press.
    expect(page.locator(".tw-tile-value").first).not_to_be_empty(timeout=PATIENCE)
    connection = desk.card("Connection")
    desk.press(connection, "Try the sandbox")
    expect(connection.get_by_text("connected · ")).to_be_visible(timeout=SOON)

    send = desk.card("Send a message")
    desk.write(send, "From", SENDER)
    desk.write(send, "Message", BODY)
    desk.press(send, "Send")
    expect(send.locator(".tw-step.tw-done").last).to_have_text("delivered", timeout=SOON)

    messages = desk.card("Messages")
    desk.press(messages, "Load")
    top = messages.locator(".tw-row[aria-rowindex='2']")
    expect(top).to_contain_text(BODY, timeout=SOON)
    expect(top).to_contain_text("delivered", timeout=SOON)
    desk.write(messages, "Search Messages", "no such text")
    expect(messages.locator(".tw-count")).to_contain_text("Showing 0 of 201", timeout=SOON)
    desk.write(messages, "Search Messages", BODY)
    expect(top).to_contain_text(BODY, timeout=SOON)

    raw = desk.card("Raw request")
    desk.write(raw, "URL or path", "/Accounts/$TWILIO_ACCOUNT_SID/Balance.json")
    page.keyboard.press("Escape")
    desk.press(raw, "Send")
    expect(raw.locator(".tw-answer-head .tw-pill")).to_have_text("200 OK", timeout=SOON)

    events = desk.card("Events")
    desk.press(events, "Start")
    expect(events.get_by_text("listening", exact=True)).to_be_visible(timeout=SOON)
    desk.press(events, "Simulate an inbound message")
    arrived = events.locator(".tw-row[aria-rowindex='2']")
    expect(arrived).to_contain_text("Are you open today?", timeout=SOON)
    expect(arrived).to_contain_text("valid")

    explore = desk.card("Explore messages")
    bar = explore.locator(".tw-chart", has_text="Errors").locator(".tw-bar").first
    keyboard.press(page, bar)
    expect(explore.locator(".tw-chip")).to_have_text("Error: 30007✕", timeout=SOON)

    looked_at(front_end, "light")
    desk.press(events, "Stop")  # Voilà leaves this kernel for its dark page
    expect(events.get_by_text("stopped", exact=True)).to_be_visible(timeout=SOON)
    front_end.theme("dark")
    looked_at(front_end, "dark")


def looked_at(front_end: FrontEnd, theme: str) -> None:
    """Draw the page, and check it with axe-core."""
    page = front_end.notebook.page
    expect(page.locator(".tw-tile-value").first).not_to_be_empty(timeout=PATIENCE)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"front-end-{front_end.name}-{theme}.png", full_page=True)
    assert findings(page, ".tw-card") == []
