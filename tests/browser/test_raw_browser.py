"""The raw request card, in a real JupyterLab: by mouse and by keyboard, light and dark."""

from __future__ import annotations

import json
import re
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
from twilio_widgets.panels.raw.panel import RawRequestPanel
sandbox = Sandbox(messages=250)
twilio = Twilio(sandbox.connection)"""
BALANCE = "/Accounts/$TWILIO_ACCOUNT_SID/Balance.json"
MESSAGES = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script> $x$'


@pytest.fixture
def open_panel(notebook: Notebook) -> Callable[..., Locator]:
    """Open a notebook whose second cell makes a panel, and return the panel's card."""

    def open_it(options: str = "twilio", before: str = "") -> Locator:
        notebook.page.set_viewport_size({"width": 1200, "height": 1500})  # the card as a whole
        notebook.open([f"{BEGIN}\n{before}", f"panel = RawRequestPanel({options})\npanel"])
        notebook.run_all()
        card = notebook.page.locator(".tw-card")
        card.wait_for()
        return card

    return open_it


def button(card: Locator, name: str) -> Locator:
    return card.get_by_role("button", name=name, exact=True)


def send_message(card: Locator) -> None:
    """Send, and answer the question."""
    button(card, "Send").click()
    button(card, "Send it").click()


def tab(card: Locator, name: str) -> Locator:
    return card.get_by_role("tab", name=re.compile(rf"^{name}\b"))


def status(card: Locator) -> Locator:
    return card.locator(".tw-answer-head .tw-pill")


def draw(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("light", "dark"):
        notebook.screenshot(f"raw-{state}", theme, of=card)
    notebook.theme("light")


def fill_rows(card: Locator, label: str, rows: list[tuple[str, str]]) -> None:
    for number, (name, value) in enumerate(rows, 1):
        card.get_by_label(f"{label} name {number}").fill(name)
        card.get_by_label(f"{label} value {number}").fill(value)


def test_a_path_is_completed_and_its_answer_is_a_tree(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    draw(notebook, card, "empty")
    path = card.get_by_role("combobox", name="URL or path")
    path.click()
    path.press_sequentially("mess")
    offered = card.locator(".tw-path-list [role=option]")
    expect(offered.first).to_be_visible()
    notebook.press("ArrowDown")
    draw(notebook, card, "completion")
    assert [one.locator("code").inner_text() for one in offered.all()][:2] == [
        MESSAGES,
        "/Accounts/$TWILIO_ACCOUNT_SID/Messages/{Sid}.json",
    ]
    notebook.press("Enter")
    expect(path).to_have_value(MESSAGES)
    expect(card.get_by_text("List messages.")).to_be_visible()
    fill_rows(card, "Query parameter", [("PageSize", "3"), ("PageSize", "120")])
    card.get_by_label("Use query parameter 1").uncheck()
    draw(notebook, card, "query")
    button(card, "Send").click()

    expect(status(card)).to_have_text("200 OK")
    tree = card.get_by_role("tree")
    tree.get_by_text("[ 120 items ]").click()
    expect(tree.get_by_text("showing 100 of 120")).to_be_visible()
    tree.get_by_role("treeitem", name="0:").first.click()
    draw(notebook, card, "tree")
    expect(card.locator(".tw-tree-where")).to_have_text('panel.response.data["messages"][0]')
    button(card, "Show more").click()
    expect(tree.get_by_text("showing")).to_have_count(0)
    expect(tree.locator('[aria-level="3"]')).to_have_count(120)
    expect(tree.locator('[aria-level="4"]')).to_have_count(20)
    tab(card, "Table").click()
    expect(card.locator(".tw-table")).to_be_visible()
    draw(notebook, card, "page")
    tab(card, "Headers").last.click()
    draw(notebook, card, "headers")
    assert notebook.evaluate("len(panel.response.data['messages'])") == 120


@pytest.mark.long
def test_a_list_is_read_into_a_frame(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel('twilio, path="/Accounts/$TWILIO_ACCOUNT_SID/Usage/Records/Daily.json"')
    tab(card, "Response").click()
    card.get_by_role("radio", name="Table").click()
    draw(notebook, card, "response")
    button(card, "Send").click()

    expect(status(card)).to_have_text("200 OK")
    expect(card.locator(".tw-table .tw-row").first).to_be_visible()
    draw(notebook, card, "frame")
    assert notebook.evaluate("type(panel.response.data).__name__") == "DataFrame"


@pytest.mark.long
def test_a_media_file_is_shown_as_an_image(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    before = (
        "message = twilio.messages.send('+14155550123', from_=sandbox.numbers[0], body='Look', "
        "media_url=['https://example.com/menu.png'])\n"
        "media = twilio.messages.media(message.sid)[0]"
    )
    card = open_panel("twilio, path=media.uri.removesuffix('.json')", before)
    tab(card, "Response").click()
    card.get_by_role("radio", name="Binary").click()
    button(card, "Send").click()

    expect(status(card)).to_have_text("200 OK")
    image = card.locator(".tw-blob img")
    expect(image).to_be_visible()
    notebook.page.wait_for_function("() => document.querySelector('.tw-blob img').naturalWidth > 0")
    draw(notebook, card, "image")
    with notebook.page.expect_download() as download:
        card.get_by_role("button", name="Save…").click()
    assert download.value.suggested_filename.endswith(".png")
    content = download.value.path().read_bytes()
    assert notebook.evaluate("list(panel.response.data)") == list(content)


@pytest.mark.long
def test_an_error_is_explained_and_shown_with_its_body(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f'twilio, path="{MESSAGES}", method="POST"')
    tab(card, "Body").click()
    card.get_by_role("radio", name="Form").click()
    rows = [("To", "+442079460123"), ("From", "+15005550006"), ("Body", "Hello")]
    fill_rows(card, "Body field", rows)
    draw(notebook, card, "body")
    send_message(card)

    expect(status(card)).to_have_text("400 Bad Request")
    expect(card.locator(".tw-why strong")).to_be_visible()
    expect(card.get_by_role("tree").get_by_text("message:")).to_be_visible()
    draw(notebook, card, "error")
    assert notebook.evaluate("panel.response.status") == 400


@pytest.mark.long
def test_attempts_are_counted_down_and_cancelled(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f'twilio, path="{BALANCE}"')
    notebook.execute("sandbox.fail(status=503, times=9)")
    tab(card, "Retries").click()
    card.get_by_label("Max retry count").fill("5")
    notebook.press("Tab")
    card.get_by_label("Delay (ms)").fill("900")
    notebook.press("Tab")
    draw(notebook, card, "retries")
    button(card, "Send").click()
    expect(card.locator(".tw-step", has_text="1: 503")).to_be_visible()
    expect(card.get_by_text(re.compile(r"Next attempt in [\d.]+ s\."))).to_be_visible()
    expect(card.locator(".tw-step", has_text="2: 503")).to_be_visible()
    notebook.screenshot("raw-retrying", "light", of=card)
    button(card, "Cancel").click()

    expect(status(card)).to_have_text("cancelled")
    notebook.execute("panel.join()")
    attempts = notebook.evaluate("len(panel._state.tries)")
    assert attempts < 6
    draw(notebook, card, "cancelled")


@pytest.mark.long
def test_the_history_asks_before_it_sends_a_change_again(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f'twilio, path="{BALANCE}"')
    button(card, "Send").click()
    expect(status(card)).to_have_text("200 OK")
    card.get_by_label("Method").select_option("POST")
    card.get_by_role("combobox", name="URL or path").fill(MESSAGES)
    tab(card, "Body").click()
    card.get_by_role("radio", name="Form").click()
    sender = notebook.evaluate("sandbox.numbers[0]")
    fill_rows(card, "Body field", [("To", "+14155550123"), ("From", sender), ("Body", HOSTILE)])
    button(card, "Send").dblclick()
    expect(card.get_by_text("This request can send a message.")).to_be_visible()
    assert notebook.evaluate("len(sandbox.ledger)") == 0  # the second click did not confirm
    draw(notebook, card, "message-question")
    button(card, "Send it").click()
    expect(status(card)).to_have_text("201 Created")
    assert notebook.evaluate("[one.body for one in sandbox.ledger]") == [HOSTILE]

    button(card, "History (2)").click()
    button(card, f"Send POST {MESSAGES} again").click()
    expect(card.get_by_text("This request can change data.")).to_be_visible()
    draw(notebook, card, "history")
    assert notebook.evaluate("len(sandbox.ledger)") == 1
    button(card, "Send again").click()
    expect(button(card, "Hide the history (3)")).to_be_visible()
    assert notebook.evaluate("len(sandbox.ledger)") == 2
    assert card.locator("img, script").count() == card.locator(".tw-blob img").count()
    button(card, "Show the code").click()
    card.get_by_role("tab", name="httpx").click()
    draw(notebook, card, "code")


@pytest.mark.long
def test_a_lost_answer_offers_to_find_out(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f'twilio, path="{MESSAGES}", method="POST"')
    notebook.execute("sandbox.fail(fault='reset_after_accept')")
    tab(card, "Body").click()
    card.get_by_role("radio", name="Form").click()
    sender = notebook.evaluate("sandbox.numbers[0]")
    fill_rows(card, "Body field", [("To", "+14155550123"), ("From", sender), ("Body", "Hello")])
    send_message(card)
    expect(status(card)).to_have_text("outcome unknown")
    draw(notebook, card, "unknown")
    assert notebook.evaluate("[one.body for one in sandbox.ledger]") == ["Hello"]
    button(card, "Send").click()
    expect(
        card.get_by_text("It is not known whether the last POST was carried out")
    ).to_be_visible()
    button(card, "Back").click()
    button(card, "Find out").click()

    expect(status(card)).to_have_text("was sent")
    assert notebook.evaluate("len(sandbox.ledger)") == 1


@pytest.mark.long
def test_a_file_is_uploaded_once_and_not_saved_in_the_notebook(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f'twilio, path="{MESSAGES}", method="POST"')
    tab(card, "Body").click()
    card.get_by_role("radio", name="Multipart").click()
    fill_rows(card, "Form field", [("To", "+14155550123")])
    content = bytes(range(256)) * 10_000  # three pieces
    card.get_by_label("Files to send").set_input_files(
        {"name": "menu.png", "mimeType": "image/png", "buffer": content}
    )
    expect(card.get_by_text("2.6 MB")).to_be_visible()
    card.get_by_label("Field name", exact=True).fill("Picture")
    draw(notebook, card, "files")

    assert notebook.evaluate("[one.name for one in panel._state.draft.files]") == ["Picture"]
    assert notebook.evaluate("panel._state.draft.files[0].content == bytes(range(256)) * 10_000")
    held = notebook.evaluate(
        "max(len(str(widget.get_state())) for widget in __import__('ipywidgets').widgets.widget"
        "._instances.values())",
    )
    assert held < 200_000


@pytest.mark.long
def test_everything_can_be_done_with_the_keyboard(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    """Method, path, rows, sections, send, tree: no mouse; and the notebook stays as it is."""
    card = open_panel()
    page = notebook.page
    card.get_by_label("Method").focus()
    notebook.press("Tab")
    page.keyboard.type("messages")
    notebook.press("ArrowDown", "Enter", "Tab")
    expect(button(card, "Send")).to_be_focused()
    notebook.press("Tab")
    expect(tab(card, "Query")).to_be_focused()
    notebook.press("Tab")
    expect(card.get_by_label("Query parameter name 1")).to_be_focused()
    page.keyboard.type("PageSize")
    notebook.press("Tab")
    page.keyboard.type("2")
    notebook.press("Enter")
    expect(card.get_by_label("Query parameter name 2")).to_be_focused()
    page.keyboard.type("Gone")
    notebook.press("Tab", "Tab")
    expect(card.get_by_label("Remove query parameter 2")).to_be_focused()
    notebook.press("Enter")
    expect(card.get_by_label("Query parameter name 2")).to_be_focused()
    expect(card.get_by_label("Query parameter name 2")).to_have_value("")
    notebook.press("ArrowUp")
    expect(card.get_by_label("Query parameter name 1")).to_be_focused()
    notebook.press("Shift+Tab", "Shift+Tab")
    expect(tab(card, "Query")).to_be_focused()
    notebook.press("End")
    expect(tab(card, "Response")).to_be_focused()
    expect(card.get_by_label("Timeout (s)")).to_be_visible()
    notebook.press("Home", "Shift+Tab", "Enter")
    expect(status(card)).to_have_text("200 OK")
    tree = card.get_by_role("tree")
    tree.locator("[tabindex='0']").focus()
    notebook.press("ArrowDown")
    while page.evaluate("() => document.activeElement.innerText.split(':')[0]") != "messages":
        notebook.press("ArrowDown")
    notebook.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown")
    expect(card.locator(".tw-tree-where")).to_contain_text('["messages"][0]["')
    notebook.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    expect(card.locator(".tw-tree-where")).to_have_text('panel.response.data["messages"]')
    assert notebook.evaluate("len(panel.response.data['messages'])") == 2
    assert len(notebook.save()["cells"]) == 2


@pytest.mark.long
def test_an_authorization_header_is_refused_and_its_value_is_not_kept(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f'twilio, path="{BALANCE}"')
    tab(card, "Headers").click()
    fill_rows(card, "Header", [("Authorization", "Basic canary")])
    expect(card.get_by_text("Authorization is not allowed here")).to_be_visible()
    expect(card.get_by_label("Header value 1")).to_have_value("")
    draw(notebook, card, "refused")
    button(card, "Send").click()

    assert notebook.evaluate("panel.response is None")
    assert "canary" not in json.dumps(notebook.evaluate("panel._form.tables['headers'].rows"))


@pytest.mark.long
def test_in_a_narrow_place_nothing_is_cut_off(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f'twilio, path="{MESSAGES}?PageSize=2"')
    button(card, "Send").click()
    expect(status(card)).to_have_text("200 OK")
    button(card, "History (1)").click()
    notebook.page.set_viewport_size({"width": 560, "height": 1500})
    expect(button(card, "Send")).to_be_visible()
    draw(notebook, card, "narrow")

    wide = """(card) => [...card.querySelectorAll("button, input, select, .tw-sent-path, .tw-note")]
      .filter((part) => part.checkVisibility())
      .filter((part) => part.getBoundingClientRect().right > card.getBoundingClientRect().right)
      .map((part) => part.outerHTML)"""
    assert card.evaluate(wide) == []


@pytest.mark.long
def test_a_panel_with_no_connection_says_how_to_get_one(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel("")

    expect(card.get_by_text("Create this panel with RawRequestPanel(twilio)")).to_be_visible()
    expect(button(card, "Send")).to_be_disabled()
    draw(notebook, card, "not-connected")


@pytest.mark.long
def test_another_host_is_completed_and_a_call_is_sent_after_a_question(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel()
    path = card.get_by_role("combobox", name="URL or path")
    path.click()
    path.press_sequentially("messaging")
    notebook.page.get_by_role("option", name="https://messaging.twilio.com/").first.click()
    services = notebook.page.get_by_role("option", name="v1/Services Read services")
    expect(services).to_be_visible()  # the list follows the host that was chosen
    draw(notebook, card, "hosts")
    path.click()
    services.click()
    expect(path).to_have_value("https://messaging.twilio.com/v1/Services")
    button(card, "Send").click()
    expect(status(card)).to_have_text("200 OK")
    draw(notebook, card, "other-host")

    card.get_by_label("Method").select_option("POST")
    path.fill("/Accounts/$TWILIO_ACCOUNT_SID/Calls.json")
    button(card, "Send").click()
    expect(card.get_by_text("This request can make a call.")).to_be_visible()
    draw(notebook, card, "question")
    button(card, "Back").click()
    assert notebook.evaluate("len(panel._state.history)") == 1
