"""The panel that sends, in a real JupyterLab: by mouse and by keyboard, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

BEGIN = """\
from twilio_widgets import Sandbox, Twilio
from twilio_widgets.panels.send.panel import SendPanel
sandbox = Sandbox()
twilio = Twilio(sandbox.connection)"""
TO = "+14155550123"
TABLE = (
    "Your table for “Chloé” is ready at the Harbour Grill. Come before 8 pm. Reply STOP to opt out."
)
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script> $x$'


@pytest.fixture
def open_panel(notebook: Notebook) -> Callable[..., Locator]:
    """Open a notebook whose second cell makes a panel, and return the panel's card."""

    def open_it(options: str = "twilio, from_=sandbox.numbers[0], undo_seconds=0") -> Locator:
        notebook.open([BEGIN, f"panel = SendPanel({options})\npanel"])
        notebook.run_all()
        card = notebook.page.locator(".tw-card")
        card.wait_for()
        return card

    return open_it


def ledger(notebook: Notebook) -> list[list[str]]:
    """What the sandbox accepted, as (recipient, body)."""
    accepted: list[list[str]] = notebook.evaluate("[(one.to, one.body) for one in sandbox.ledger]")
    return accepted


def button(card: Locator, name: str) -> Locator:
    return card.get_by_role("button", name=name, exact=True)


def draw(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("light", "dark"):
        notebook.screenshot(f"send-{state}", theme, of=card)
    notebook.theme("light")


@pytest.mark.long
def test_a_message_becomes_delivered_before_our_eyes(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    draw(notebook, card, "empty")
    card.get_by_label("To").fill(TO)
    card.get_by_label("Message").fill(TABLE)
    expect(card.get_by_text("27 of 67 in the second")).to_be_visible()
    draw(notebook, card, "typing")
    button(card, "Replace 2 quotes").click()
    expect(card.get_by_text("1 segment", exact=True)).to_be_visible()

    button(card, "Send").click()
    expect(card.locator(".tw-step.tw-done", has_text="delivered")).to_be_visible()
    expect(card.get_by_text("Delivered.")).to_be_visible()

    draw(notebook, card, "delivered")
    assert ledger(notebook) == [[TO, TABLE.replace("“", '"').replace("”", '"')]]
    assert notebook.execute("panel.message.status") == "'delivered'"


def test_a_double_click_and_running_the_cell_again_send_once(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    card.get_by_label("To").fill(TO)
    card.get_by_label("Message").fill("Hello")
    expect(card.get_by_text("5 characters")).to_be_visible()

    button(card, "Send").dblclick()
    expect(card.get_by_text("Delivered.")).to_be_visible()
    expect(button(card, "Send")).to_be_disabled()
    notebook.execute("first = panel")
    notebook.run(1)
    notebook.execute("first.join(), panel.join()")

    assert ledger(notebook) == [[TO, "Hello"]]


@pytest.mark.long
def test_undo_calls_it_back_by_keyboard_alone(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    """Tab goes as one reads; Enter in "To" does not send."""
    card = open_panel("twilio, from_=sandbox.numbers[0], undo_seconds=30")
    card.get_by_label("From").focus()
    notebook.press("Tab")
    notebook.page.keyboard.type(TO)
    notebook.press("Enter")
    notebook.press("Tab")
    notebook.page.keyboard.type("Hello, see you at 8")
    expect(card.get_by_text("19 characters")).to_be_visible()
    notebook.press("Tab")
    expect(button(card, "Send")).to_be_focused()
    notebook.press("Enter")
    expect(card.get_by_role("button", name="Undo (")).to_be_visible()
    draw(notebook, card, "undo")
    expect(card.get_by_label("Message")).to_be_disabled()
    notebook.press("Tab")
    expect(card.get_by_role("button", name="Undo (")).to_be_focused()
    notebook.press("Enter")

    expect(card.get_by_text("Undone: nothing was sent.")).to_be_visible()
    expect(button(card, "Send")).to_be_enabled()
    notebook.execute("panel.join()")
    assert ledger(notebook) == []


@pytest.mark.long
def test_a_late_undo_says_so_beside_the_button(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    """The button is hidden by the time its press is answered; the answer is still seen."""
    card = open_panel()
    card.get_by_label("To", exact=True).fill(TO)
    card.get_by_label("Message").fill("Hello")
    button(card, "Send").click()
    expect(button(card, "Send another")).to_be_visible()
    card.locator("button", has_text="Undo").dispatch_event("click")
    answer = card.locator(".tw-foot").get_by_text("Too late to undo: the message has been sent.")
    expect(answer).to_be_visible()
    draw(notebook, card, "too-late")
    button(card, "More").click()

    expect(answer).to_be_hidden()
    assert ledger(notebook) == [[TO, "Hello"]]


@pytest.mark.long
def test_a_hostile_text_is_shown_as_text(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    card.get_by_label("To").fill(TO)
    card.get_by_label("Message").fill(HOSTILE)
    button(card, "Show the code").click()
    button(card, "Send").click()
    expect(card.get_by_text("Delivered.")).to_be_visible()

    assert ledger(notebook) == [[TO, HOSTILE]]
    expect(card.locator(".tw-code pre")).to_contain_text("<script>alert(2)</script>")
    assert card.locator("img, script").count() == 0


@pytest.mark.long
def test_a_refusal_stands_under_the_recipient(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    card.get_by_label("To").fill("+442079460123")
    card.get_by_label("Message").fill("Hello")
    button(card, "Send").click()

    field = card.get_by_label("To")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "+44 2••• ••• 123 cannot receive SMS (Twilio 21614). Check that it is a mobile number."
    )
    draw(notebook, card, "rejected")


@pytest.mark.long
def test_the_fields_under_more_and_the_code(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel("twilio, from_=sandbox.services[0], undo_seconds=0")
    card.get_by_label("To").fill(TO)
    card.get_by_label("Message").fill("Your table is ready.")
    button(card, "More").click()
    card.get_by_label("Media").fill("https://example.com/table.png")
    card.get_by_label("Send at").fill("2030-01-15T12:30")
    card.get_by_label("Validity").fill("600")
    button(card, "Send").click()
    expect(card.get_by_text("more than 35 days ahead")).to_be_visible()
    draw(notebook, card, "more")
    button(card, "Less").click()
    button(card, "Show the code").click()
    expect(card.locator(".tw-code pre")).to_contain_text("send_at=datetime(2030, 1, 15, 12, 30")
    draw(notebook, card, "code")


@pytest.mark.long
def test_a_long_message_is_asked_about(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel("twilio, from_=sandbox.numbers[0], undo_seconds=0, confirm_segments=1")
    card.get_by_label("To").fill(TO)
    card.get_by_label("Message").fill("Bring a friend. 🙂 " * 20)
    button(card, "Send").dblclick()
    expect(card.get_by_text("Send it?")).to_be_visible()
    draw(notebook, card, "asked")
    assert ledger(notebook) == []
    card.get_by_role("button", name="segments").click()
    expect(card.get_by_text("Delivered.")).to_be_visible()
    assert len(ledger(notebook)) == 1


def test_a_lost_reply_offers_to_find_out_and_nothing_else(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    notebook.execute("sandbox.fail(fault='reset_after_accept')")
    card.get_by_label("To").fill(TO)
    card.get_by_label("Message").fill("Hello")
    button(card, "Send").click()
    expect(button(card, "Find out")).to_be_visible()
    expect(button(card, "Send")).to_be_hidden()
    draw(notebook, card, "unknown")
    button(card, "Find out").click()

    expect(card.get_by_text("Delivered.")).to_be_visible()
    assert ledger(notebook) == [[TO, "Hello"]]


@pytest.mark.long
def test_a_message_that_does_not_arrive_is_explained(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    card.get_by_label("To").fill("+14155550194")
    card.get_by_label("Message").fill("Hello")
    button(card, "Send").click()

    expect(card.locator(".tw-step.tw-failed", has_text="undelivered")).to_be_visible()
    expect(card.get_by_text("(Twilio 30007)")).to_be_visible()
    draw(notebook, card, "undelivered")


@pytest.mark.long
def test_a_panel_with_no_connection_says_how_to_get_one(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel("")

    expect(card.get_by_text("Create this panel with a connection")).to_be_visible()
    expect(button(card, "Send")).to_be_disabled()
    draw(notebook, card, "not-connected")
