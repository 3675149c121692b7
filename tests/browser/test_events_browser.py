"""The events card and the events table in a real JupyterLab, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.harness import KERNEL_ENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

BEGIN = """
from urllib.request import Request, urlopen
from urllib.error import HTTPError
from twilio_widgets.client import Twilio
from twilio_widgets.listener.listener import Listener
from twilio_widgets.panels.events.panel import EventsPanel
from twilio_widgets.sandbox import Sandbox

sandbox = Sandbox(seed=3)
twilio = Twilio(sandbox.connection)
"""
PANEL = "panel = EventsPanel(twilio)"
STARTED = f"{PANEL}\npanel.start()\npanel.join(20)"
FORGED = """
def forge(url):
    try:
        urlopen(Request(url, b"Body=hi&From=%2B14155550100", {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        }))
    except HTTPError as error:
        print(error.code)

forge(panel.listener.inbound_url)
"""
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script> $\\\\unicode{x}$'


@pytest.fixture
def show(notebook: Notebook) -> Iterator[Callable[..., Locator]]:
    """Show a panel in a notebook; its listener's process is ended with the test."""

    def make(second: str = f"{PANEL}\npanel") -> Locator:
        notebook.page.set_viewport_size({"width": 1250, "height": 1500})
        notebook.open([BEGIN, second])
        notebook.run_all()
        card = notebook.page.locator(".tw-card").first
        card.get_by_role("heading", name="Events").wait_for()
        return card

    yield make
    notebook.execute("panel.stop(); panel.join(30); panel.close(); twilio.close(); sandbox.close()")


def button(card: Locator, name: str) -> Locator:
    return card.get_by_role("button", name=name, exact=True)


def draw(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("dark", "light"):
        notebook.screenshot(f"events-{state}", theme, of=card)


def row(card: Locator, index: int = 0) -> Locator:
    """Return a row of the table, the newest first."""
    return card.locator(f".tw-row[aria-rowindex='{index + 2}']")


def test_a_simulated_message_is_received_and_looked_at(
    notebook: Notebook, show: Callable[..., Locator]
) -> None:
    card = show()
    draw(notebook, card, "idle")
    button(card, "Start").click()
    expect(card.get_by_text("listening", exact=True)).to_be_visible()
    button(card, "Settings").click()
    url = card.get_by_label("Copy the Inbound URL").locator("xpath=preceding-sibling::code")
    expect(url).to_have_text(notebook.execute("print(panel.listener.inbound_url)").strip())
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card.get_by_label("Copy the Inbound URL").click()
    expect(card.get_by_text("Copied", exact=True)).to_be_visible()
    copied = notebook.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == url.text_content()
    draw(notebook, card, "listening")
    button(card, "Simulate an inbound message").click()
    expect(row(card)).to_contain_text("Are you open today?")
    expect(row(card)).to_contain_text("valid")
    expect(card.get_by_text("now sends its messages here (before: not set).")).to_be_visible()
    row(card).click()
    expect(card.get_by_role("article", name="Event")).to_contain_text("Parameters (")
    draw(notebook, card, "opened")
    notebook.execute(FORGED)
    expect(row(card)).to_contain_text("rejected")
    row(card).click()
    draw(notebook, card, "rejected")


@pytest.mark.long
def test_hostile_text_stays_text_and_a_forgery_is_explained(
    notebook: Notebook, show: Callable[..., Locator]
) -> None:
    card = show(f"{STARTED}\npanel")
    notebook.execute(
        "panel.listener.point(sandbox.numbers[0])\n"
        f'sandbox.receive(from_="+14155550123", body={HOSTILE!r})'
    )
    expect(row(card)).to_contain_text(HOSTILE)
    row(card).click()
    detail = card.get_by_role("article", name="Event")
    expect(detail.locator("blockquote")).to_have_text(HOSTILE)
    assert card.locator("img, script").count() == 0

    notebook.execute(r"sandbox.receive(from_='+14155550123', body='a' + '\n' * 1500 + 'z')")
    expect(row(card)).to_contain_text("a⏎")
    row(card).click()
    expect(detail.locator("blockquote")).to_contain_text("z")
    box = detail.locator("blockquote").bounding_box()
    assert box is not None
    assert box["height"] < 360

    assert notebook.execute(FORGED).strip() == "403"
    expect(row(card)).to_contain_text("rejected")
    expect(card.get_by_text("1 request was rejected.")).to_be_visible()
    row(card).click()
    expect(detail).to_contain_text("The request is not trusted")
    expect(detail.locator(".tw-why strong")).to_have_text(
        notebook.execute("print(panel.listener.rejected['reason'].iloc[-1])").strip()
    )


@pytest.mark.long
def test_the_rows_are_there_again_after_a_reload_and_the_keyboard_opens_one(
    notebook: Notebook, show: Callable[..., Locator]
) -> None:
    show(f"{STARTED}\npanel.listener.table")
    card = notebook.page.locator(".tw-card.tw-events-table")
    notebook.execute(
        "panel.listener.point(sandbox.numbers[0])\n"
        "for n in range(3): sandbox.receive(from_='+14155550123', body=f'Message {n}')"
    )
    expect(row(card)).to_contain_text("Message 2")
    notebook.save()
    notebook.visit()
    expect(row(card, 2)).to_contain_text("Message 0")

    card.get_by_role("grid").focus()
    notebook.press("ArrowDown", "ArrowDown", "Enter")
    detail = card.get_by_role("article", name="Event")
    expect(detail.locator("blockquote")).to_have_text("Message 1")
    draw(notebook, card, "alone")
    detail.get_by_role("button", name="Copy as curl").focus()
    notebook.press("Enter")
    expect(detail.locator("pre")).to_contain_text("--header 'X-Twilio-Signature: ")
    notebook.press("Escape")
    expect(detail).to_be_hidden()


@pytest.mark.long
def test_a_listener_with_the_old_token_is_taken_over_by_keyboard_and_on_purpose(
    notebook: Notebook, show: Callable[..., Locator]
) -> None:
    card = show(
        "left = Listener(twilio)\n"
        "left.point(sandbox.numbers[0])\n"
        "sandbox._world.account.auth_token = 'e' * 32\n"
        "panel = EventsPanel(Twilio(sandbox.connection))\n"
        "panel"
    )
    question = card.get_by_text("It has a different auth token")
    expect(card.get_by_text(": not set")).to_be_visible()
    expect(card.get_by_text("another listener is running", exact=True)).to_be_visible()
    expect(button(card, "Start")).to_be_disabled()
    button(card, "Show the code").click()
    expect(card.get_by_text("tw.Listener(twilio, take_over=True)")).to_be_visible()
    draw(notebook, card, "another")
    button(card, "Hide the code").click()
    button(card, "Back").click()
    expect(question).to_be_hidden()
    assert notebook.execute("print(left.heartbeat.alive)").strip() == "True"

    button(card, "Start").focus()
    notebook.press("Enter")
    expect(question).to_be_visible()
    notebook.press("Shift+Tab", "Shift+Tab")
    expect(button(card, "Take over")).to_be_focused()
    notebook.press("Enter")
    expect(card.get_by_text("listening", exact=True)).to_be_visible()
    expect(card.get_by_text("The other listener was stopped")).to_be_visible()
    draw(notebook, card, "taken-over")
    notebook.execute("left.detach()")


@pytest.mark.long
def test_a_card_says_that_its_source_or_its_kernel_has_ended(
    notebook: Notebook, show: Callable[..., Locator]
) -> None:
    card = show(f"{STARTED}\npanel")
    button(card, "Simulate an inbound message").click()
    expect(row(card)).to_contain_text("Are you open today?")
    notebook.execute("other = Listener(twilio); other.close()")
    expect(card.get_by_text("ended", exact=True)).to_be_visible()
    expect(card.get_by_text("not receiving")).to_be_visible()
    expect(card.locator(".tw-beat-heart")).to_have_attribute("data-tone", "idle")
    expect(card.get_by_text("The listener keeps running when this card is closed.")).to_be_hidden()
    for name in ("Stop", "Simulate an inbound message", "Connect number"):
        expect(button(card, name)).to_be_hidden()
    draw(notebook, card, "ended")
    button(card, "Start again").focus()
    notebook.press("Enter")
    expect(card.get_by_text("listening", exact=True)).to_be_visible()
    expect(card.get_by_text("no request since the start")).to_be_visible()
    notebook.execute("panel.stop(); panel.join(30); sandbox.close()")

    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    notebook.page.evaluate(f"() => {kernel}.restart()")
    gone = f'"{KERNEL_ENDED}"'
    notebook.page.wait_for_function(
        "(content) => getComputedStyle(document.querySelector('.tw-card'), '::before').content"
        " === content",
        arg=gone,
    )
    expect(card.locator(".tw-head .tw-pill")).to_be_hidden()
    draw(notebook, card, "without-kernel")
    notebook.wait_idle()
    notebook.run_all()


@pytest.mark.long
def test_it_is_handsome_when_narrow_and_when_it_polls(
    notebook: Notebook, show: Callable[..., Locator]
) -> None:
    card = show()
    card.get_by_role("radio", name="Polling").click()
    button(card, "Start").click()
    expect(card.get_by_text("polling", exact=True)).to_be_visible()
    button(card, "Simulate an inbound message").click()
    expect(row(card)).to_contain_text("polled")
    expect(card.get_by_text("updated")).to_be_visible()
    draw(notebook, card, "polling")
    button(card, "Stop").click()
    expect(card.get_by_text("stopped", exact=True)).to_be_visible()
    card.get_by_role("radio", name="Webhooks").click()
    button(card, "Start").click()
    button(card, "Simulate a status callback").click()
    expect(row(card)).to_contain_text("delivered")
    button(card, "Settings").click()
    card.get_by_label("Reply").fill("Thank you")
    button(card, "Set").click()
    expect(card.get_by_text("Auto-reply: Thank you")).to_be_visible()
    number = notebook.execute("print(sandbox.numbers[1])").strip()
    card.get_by_label("Receive messages for").fill(number)
    button(card, "Connect number").click()
    expect(card.get_by_role("list", name="Connected numbers and services")).to_contain_text(
        "before: not set"
    )
    button(card, "Restore previous setting").click()
    expect(card.get_by_role("list", name="Connected numbers and services")).to_be_hidden()
    button(card, "Show the code").click()
    row(card).click()
    card.evaluate("(element) => { element.style.width = '494px'; }")
    assert card.evaluate("(element) => element.scrollWidth - element.clientWidth") == 0
    card.evaluate("(element) => { element.style.width = '400px'; }")
    draw(notebook, card, "narrow")


@pytest.mark.long
def test_without_a_route_the_checked_routes_are_listed(
    notebook: Notebook, show: Callable[..., Locator]
) -> None:
    card = show(
        "from twilio_widgets.core.credentials.connection import AuthTokenConnection\n"
        "account = Twilio(AuthTokenConnection('AC' + '1' * 32, '2' * 32))\n"
        "panel = EventsPanel(account, store=sandbox.data_folder / 'events.sqlite')\n"
        "panel"
    )
    button(card, "Start").click()
    expect(card.get_by_text("not reachable", exact=True)).to_be_visible()
    expect(card.get_by_text("Twilio cannot reach this machine:")).to_be_visible()
    assert notebook.execute("print(panel._page_url)").startswith(notebook.lab.url)
    draw(notebook, card, "no-way-in")
    card.get_by_label("Public URL").fill("https://hooks.example")
    notebook.press("Enter")
    expect(card.get_by_text("https://hooks.example/inbound#rc=3&rp=all")).to_be_visible()
    draw(notebook, card, "tunnel")
