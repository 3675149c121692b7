"""The messages panel in a real JupyterLab, by mouse and by keyboard, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

SANDBOX = """
from twilio_widgets.client import Twilio
from twilio_widgets.panels.messages.panel import MessagesPanel
from twilio_widgets.sandbox import Sandbox

sandbox = Sandbox(messages=5_000, now="2026-01-31T12:00:00Z")
twilio = Twilio(sandbox.connection)
panel = MessagesPanel(twilio)
"""
SLOW = SANDBOX.replace('now="2026-01-31T12:00:00Z"', "latency=1.5")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script><iframe src=javascript:alert(1)>",
    "$\\href{javascript:alert(1)}{x}$ $$\\unicode{x}$$",
    "safe \u202egnp.exe",
    "one\r\ntwo\n\n<b>three</b>",
)


def opened(notebook: Notebook, setup: str = SANDBOX) -> Locator:
    """Make a panel in one cell, show it in the next, and return its card."""
    notebook.page.set_viewport_size({"width": 1300, "height": 1400})
    notebook.open([setup, "panel"])
    notebook.run_all()
    card = notebook.page.locator(".tw-messages")
    card.get_by_role("heading", name="Messages").wait_for()
    return card


def says(card: Locator, count: str, note: str) -> None:
    """Wait until the footer says so: what is shown, and what is not."""
    expect(card.locator(".tw-count")).to_have_text(count)
    expect(card.locator(".tw-table .tw-note")).to_have_text(note)


def pictures(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("dark", "light"):
        notebook.screenshot(f"messages-{state}", theme, of=card)


def focused(notebook: Notebook) -> str:
    """Return what a screen reader would call the element that has the focus."""
    return str(
        notebook.page.evaluate(
            "() => document.activeElement.getAttribute('aria-label') "
            "|| document.activeElement.labels?.[0]?.textContent "
            "|| document.activeElement.textContent"
        )
    )


def test_a_log_is_read_narrowed_and_one_message_explained(notebook: Notebook) -> None:
    card = opened(notebook)
    expect(card.get_by_text("No messages have been read yet.")).to_be_visible()
    pictures(notebook, card, "empty")

    card.get_by_label("At most").select_option("10,000")
    card.get_by_role("button", name="Load", exact=True).click()
    says(card, "Showing 5,000 of 5,000 · newest first", "All messages in the log.")
    expect(card.get_by_text("complete", exact=True)).to_be_visible()
    pictures(notebook, card, "loaded")

    undelivered = int(notebook.execute("(panel.frame.error_code == 30003).sum().item()"))
    inbound = int(notebook.execute("(panel.frame.direction == 'inbound').sum().item()"))
    card.get_by_label("Filter by Direction").select_option("in")
    left = f"Showing {inbound:,} of 5,000 · filtered from 5,000 loaded · newest first"
    says(card, left, "All messages in the log.")
    card.get_by_label("Filter by Direction").select_option("")
    card.get_by_label("Filter by Status").select_option("undelivered 30003")
    left = f"Showing {undelivered:,} of 5,000 · filtered from 5,000 loaded · newest first"
    says(card, left, "All messages in the log.")

    card.locator(".tw-row[aria-rowindex='2']").click()
    expect(card.locator(".tw-why strong")).to_have_text(
        "30003: the recipient's phone cannot be reached"
    )
    expect(card.locator(".tw-why-who")).to_have_text(
        "Who can fix it: the recipient · Retry: yes, later · More at Twilio"
    )
    pictures(notebook, card, "detail")
    body = card.locator(".tw-message-body").text_content()
    assert notebook.execute("print(panel.message.body)") == f"{body}\n"

    card.locator(".tw-detail").get_by_role("button", name="Code for this message").click()
    expect(card.locator(".tw-detail pre")).to_contain_text("twilio.messages.get(")
    card.get_by_role("button", name="Show the code").last.click()
    pictures(notebook, card, "code")
    card.get_by_role("button", name="Close").click()
    expect(card.locator(".tw-message")).to_be_hidden()


@pytest.mark.long
def test_a_filter_that_twilio_supports_starts_a_new_query(notebook: Notebook) -> None:
    card = opened(notebook)
    card.get_by_role("button", name="Load", exact=True).click()
    says(
        card,
        "Showing 1,000 of 1,000 · newest first",
        "There are more messages: increase “At most”.",
    )
    recipient = notebook.execute("print(panel.frame['to'].iloc[0])").strip()
    card.get_by_label("To", exact=True).fill(recipient)
    card.get_by_label("Period").select_option("Choose days")
    card.get_by_label("First day (UTC)").fill("2026-01-01")
    stale = "Filters changed. Press Load to update the rows."
    expect(card.get_by_text(stale)).to_be_visible()
    pictures(notebook, card, "stale")

    card.get_by_role("button", name="Load", exact=True).click()
    expect(card.get_by_text(stale)).to_be_hidden()
    few = int(notebook.execute("len(panel.frame)"))
    assert 0 < few < 1_000
    says(
        card,
        f"Showing {few} of {few} · newest first",
        "All messages that match these filters.",
    )
    card.get_by_label("To", exact=True).fill("+12025550000")
    card.get_by_role("button", name="Load", exact=True).click()
    expect(card.get_by_text("No message in the log matches these filters.")).to_be_visible()
    pictures(notebook, card, "none")


@pytest.mark.long
def test_a_reading_is_cancelled_while_a_cell_runs(notebook: Notebook) -> None:
    """The button speaks over a comm of the page's own, which does not wait for the cell."""
    card = opened(notebook, f"{SLOW}import time")
    card.get_by_label("At most").select_option("Everything")
    card.get_by_role("button", name="Load", exact=True).click()
    expect(card.locator(".tw-reading output")).to_contain_text("1,000 messages · 1 page")
    pictures(notebook, card, "reading")
    notebook.page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({ code: 'time.sleep(20); ended = True' }); }"
    )
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("incomplete")).to_be_visible(timeout=15_000)
    expect(card.locator(".tw-table .tw-note")).to_contain_text("Stopped after")
    pictures(notebook, card, "cancelled")

    read = int(notebook.execute("assert ended; print(len(panel.frame))"))
    assert 1_000 <= read < 5_000
    expect(card.locator(".tw-count")).to_have_text(f"Showing {read:,} of {read:,} · newest first")


@pytest.mark.long
def test_everything_can_be_done_with_the_keyboard(notebook: Notebook) -> None:
    card = opened(notebook)
    card.get_by_label("Period").focus()
    names = [focused(notebook)]
    for _ in range(4):
        notebook.press("Tab")
        names.append(focused(notebook))
    notebook.press("Enter")
    says(
        card,
        "Showing 1,000 of 1,000 · newest first",
        "There are more messages: increase “At most”.",
    )
    assert names == ["Period", "To", "From", "At most", "Load"]

    card.get_by_label("Search Messages").focus()
    notebook.page.keyboard.type("30003")
    expect(card.locator(".tw-count")).to_contain_text("filtered from 1,000 loaded")
    while focused(notebook) != "Messages":
        notebook.press("Tab")
    notebook.press("ArrowDown", "ArrowDown", "Enter")
    expect(card.locator(".tw-why strong")).to_contain_text("30003")
    while focused(notebook) != "Close":
        notebook.press("Tab")
    notebook.press("Enter")
    expect(card.locator(".tw-message")).to_be_hidden()

    sid = notebook.execute("print(panel.frame.sid.iloc[-1])").strip()
    card.get_by_label("SID").focus()
    notebook.page.keyboard.type(sid)
    notebook.press("Enter")
    expect(card.locator(".tw-message-sid")).to_have_text(sid)


@pytest.mark.long
def test_a_body_from_a_stranger_stays_text(notebook: Notebook) -> None:
    setup = SANDBOX.replace("messages=5_000", "messages=0")
    setup += f"""
for body in {HOSTILE!r}:
    sandbox.receive(from_="+14155550188", body=body)
    sandbox.clock.advance("1 min")
"""
    card = opened(notebook, setup)
    card.get_by_role("button", name="Load", exact=True).click()
    says(card, "Showing 5 of 5 · newest first", "All messages in the log.")
    shown = []
    for index in range(len(HOSTILE)):
        row = card.locator(f".tw-row[aria-rowindex='{len(HOSTILE) + 1 - index}']")
        row.click()
        sid = notebook.execute(f"print(panel.frame.sid.iloc[{len(HOSTILE) - 1 - index}])").strip()
        expect(card.locator(".tw-message-sid")).to_have_text(sid)
        expect(card.locator(".tw-message-state")).to_have_text("")
        shown.append(card.locator(".tw-message-body").text_content())
    pictures(notebook, card, "hostile")
    notebook.execute("panel.load(); panel.join()")

    assert shown == [*HOSTILE[:3], "safe ⟨U+202E⟩gnp.exe", "one\ntwo\n\n<b>three</b>"]
    assert card.locator("img, script, iframe, b, .MathJax, mjx-container").count() == 0
    assert [url for url in notebook.watch.requests if url.endswith("/x")] == []


@pytest.mark.long
def test_rows_are_all_there_after_the_page_has_moved_the_card(notebook: Notebook) -> None:
    """JupyterLab takes outputs off the page and puts them back, also between two drawings."""
    card = opened(notebook)
    card.get_by_role("button", name="Load", exact=True).click()
    expect(card.locator(".tw-count")).to_have_text("Showing 1,000 of 1,000 · newest first")
    before, after = notebook.page.evaluate(
        """() => {
          const table = document.querySelector(".tw-table"), place = table.parentNode;
          const inSight = () => table.querySelectorAll(".tw-row:not([hidden])").length;
          const before = inSight();
          table.remove();
          table.querySelector(".tw-grid").dispatchEvent(new Event("scroll"));
          return new Promise((resolve) => requestAnimationFrame(() => {
            place.append(table);
            requestAnimationFrame(() => requestAnimationFrame(() => resolve([before, inSight()])));
          }));
        }"""
    )
    assert before == after > 11  # eleven fill the height, and some stand ready around them
