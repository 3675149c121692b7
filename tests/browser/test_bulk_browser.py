"""The card for many messages, in a real JupyterLab: from a frame to its outcomes."""

from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from twilio_widgets import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

BEGIN = """\
import pandas as pd
from twilio_widgets import BulkPanel, Sandbox, Twilio
sandbox = Sandbox()
twilio = Twilio(sandbox.connection)
guests = pd.DataFrame({
    "name": ["Ada", "Grace", "Zoë", "Linus", "Mallory", "Ada again"]
            + [f"Guest {n}" for n in range(20)],
    "phone": ["+14155550101", "+14155550102", "+14155550103", "4.42E+11", "+14155550104",
              "+14155550101"] + [f"+141555510{n}" for n in range(10, 30)],
    "table": list(range(1, 27)),
})
guests.loc[4, "name"] = HOSTILE"""
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script> $x$'
BUSY = """\
import time
while panel.job.under_way:
    time.sleep(0.05)
panel.job.progress.state"""
BODY = "Hi {name}, table {table} is yours at 8 pm."


@pytest.fixture
def open_panel(notebook: Notebook) -> Callable[..., Locator]:
    """Open a notebook whose second cell makes a panel, and return the panel's card."""

    def open_it(options: str = "", before: str = "", begin: str = BEGIN) -> Locator:
        notebook.page.set_viewport_size({"width": 1200, "height": 1700})  # the card as a whole
        first = begin.replace("HOSTILE", repr(HOSTILE))
        make = f"panel = BulkPanel(twilio, guests, from_=sandbox.numbers[0]{options})\npanel"
        notebook.open([f"{first}\n{before}", make, BUSY])
        notebook.run(0)
        notebook.run(1)
        card = notebook.page.locator(".tw-card")
        card.wait_for()
        return card

    return open_it


def button(card: Locator, name: str) -> Locator:
    return card.get_by_role("button", name=name, exact=True)


def pill(card: Locator) -> Locator:
    return card.locator(".tw-head .tw-pill")


def draw(notebook: Notebook, card: Locator, state: str) -> None:
    for theme in ("light", "dark"):
        notebook.screenshot(f"bulk-{state}", theme, of=card)
    notebook.theme("light")


def test_from_a_frame_to_the_outcomes(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(
        ", undo_seconds=2", "sandbox.fail(code=21610)\nsandbox.fail(code=30005, method='POST')"
    )
    expect(card.get_by_text("guests: 26 rows")).to_be_visible()
    expect(card.get_by_label("Recipient")).to_have_value("phone")
    card.get_by_label("Message").fill(BODY)
    preview = card.locator(".tw-preview")
    expect(preview.get_by_text("Hi Ada, table 1 is yours at 8 pm.")).to_be_visible()
    preview.get_by_label("Row of the preview").fill("4")
    notebook.press("Enter")
    expect(preview.get_by_text(HOSTILE)).to_be_visible()
    button(card, "More").click()
    card.get_by_label("Rate").fill("")
    button(card, "Check").click()

    expect(card.get_by_text("24 of 26 rows are ready")).to_be_visible()
    expect(card.get_by_text("is already the recipient of row 0")).to_be_visible()
    confirmation = card.get_by_placeholder("send 24")
    confirmation.fill("send 25")
    button(card, "Send").click()
    expect(card.get_by_text("Nothing was sent. Type “send 24” to confirm.")).to_be_visible()
    confirmation.fill("send 24")
    expect(card.get_by_text("Nothing was sent. Type “send 24” to confirm.")).to_be_hidden()
    draw(notebook, card, "checked")
    button(card, "Send").click()
    expect(card.get_by_role("button", name="Undo (")).to_be_visible()

    expect(pill(card)).to_have_text("finished")
    expect(card.locator(".tw-triage-group", has_text="21610")).to_be_visible()
    button(card, "Show the code").click()
    draw(notebook, card, "outcomes")
    assert notebook.evaluate("panel.job.progress.counts")["accepted"] == 22
    assert notebook.evaluate("len({one.to for one in sandbox.ledger}) == len(sandbox.ledger) == 22")


@pytest.mark.long
def test_cancel_works_while_a_cell_runs(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    card = open_panel(f", body={BODY!r}, undo_seconds=0")
    button(card, "Check").click()
    card.get_by_placeholder("send 24").fill("send 24")
    button(card, "Send").click()
    expect(card.locator(".tw-job-text", has_text=re.compile(r"^[1-9]\d* of 24"))).to_be_visible()
    notebook.start(2)
    running = notebook.page.locator(".jp-InputPrompt", has_text="[*]")
    expect(running).to_be_visible()
    button(card, "Cancel").click()
    # The cell ends with the job: had it kept the button waiting, both would go on to the end.
    expect(pill(card)).to_have_text("cancelled")
    expect(running).to_have_count(0)
    counts = notebook.evaluate("panel.job.progress.counts")
    assert counts["skipped"] == 24 - counts["accepted"] > 0
    assert notebook.evaluate("len(sandbox.ledger)") == counts["accepted"]


OUTSIDE = """\
import pandas as pd
from twilio_widgets import AuthTokenConnection, BulkPanel, Twilio
twilio = Twilio(AuthTokenConnection(SID, TOKEN), base_url=URL)
guests = pd.DataFrame({"phone": [f"+1415555{n}" for n in range(1000, 1105)]})"""


@pytest.mark.long
def test_a_killed_kernel_leaves_a_resumable_job(
    notebook: Notebook, open_panel: Callable[..., Locator], tmp_path: Path
) -> None:
    """The sandbox is in this process and survives; 105 recipients are more than go unasked."""
    with Sandbox() as sandbox:
        connection = sandbox.connection
        begin = OUTSIDE.replace("SID", repr(connection.account_sid)).replace(
            "URL", repr(sandbox.url)
        )
        begin = begin.replace("TOKEN", repr(connection.auth_token.reveal()))
        notebook.page.set_viewport_size({"width": 620, "height": 1700})  # a narrow page, too
        make = (
            f"panel = BulkPanel(twilio, guests, from_={sandbox.numbers[0]!r}, body='Once', "
            f"folder={str(tmp_path)!r}, undo_seconds=0)\npanel"
        )
        notebook.open([begin, make])
        notebook.run_all()
        card = notebook.page.locator(".tw-card")
        button(card, "More").click()
        card.get_by_label("Rate").fill("40")
        button(card, "Check").click()
        expect(card.get_by_text("The guard rails allow 100 without confirmation")).to_be_visible()
        card.get_by_placeholder("send 105").fill("send 105")
        button(card, "Send").click()
        expect(
            card.locator(".tw-job-text", has_text=re.compile(r"^[1-9]\d+ of 105"))
        ).to_be_visible()
        os.kill(int(notebook.execute("import os; print(os.getpid())")), signal.SIGKILL)
        notebook.page.locator(".jp-Dialog").get_by_role("button").first.click()
        notebook.wait_idle()

        notebook.run_all()
        expect(card.get_by_text('Job "guests" is paused')).to_be_visible()
        button(card, "Open it").click()
        button(card, "Go on").click()
        confirmation = card.get_by_placeholder(re.compile(r"^send \d+$"))
        confirmation.fill(confirmation.get_attribute("placeholder") or "")
        card.locator(".tw-confirm").get_by_role("button", name="Go on").click()
        # What was in the socket at the kill is settled by the log, which takes its minute.
        expect(pill(card)).to_have_text(re.compile("checking the log|finished"))
        accepted = Counter(one.to for one in sandbox.ledger)
        assert set(accepted.values()) == {1}
        assert len(accepted) + notebook.evaluate("panel.job.progress.unknown") >= 105


@pytest.mark.long
def test_a_chosen_file_and_the_keyboard_alone(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    """The file travels once and is no part of the notebook; words and Tab send what it holds."""
    card = open_panel(f", body={'Hello ' + HOSTILE!r}, undo_seconds=0")
    content = f'name,mobile\n"{HOSTILE.replace(chr(34), chr(34) * 2)}",+14155550101\n'
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": content.encode()}
    card.get_by_label("CSV or Excel file").set_input_files(file)
    expect(card.get_by_text("people.csv: 1 row")).to_be_visible()
    expect(card.get_by_label("Recipient")).to_have_value("mobile")
    card.get_by_label("Message").fill("Hello {name}")
    button(card, "Check").focus()
    notebook.press("Enter")
    confirmation = card.get_by_placeholder("send 1")
    confirmation.focus()
    notebook.page.keyboard.type("send 1")
    draw(notebook, card, "file")
    notebook.press("Tab")
    expect(button(card, "Send")).to_be_focused()
    notebook.press("Enter")
    expect(pill(card)).to_have_text("finished")
    assert notebook.evaluate("[one.body for one in sandbox.ledger]") == [f"Hello {HOSTILE}"]
    assert "alert(2)" not in json.dumps(notebook.save()["cells"][1]["outputs"])


@pytest.mark.long
def test_a_job_at_the_end_of_a_cell_is_a_live_bar(
    notebook: Notebook, open_panel: Callable[..., Locator]
) -> None:
    send = (
        f"plan = tw.plan(guests, to='phone', body={BODY!r}, from_=sandbox.numbers[0], rate=2)\n"
        "job = plan.send(twilio, name='spring', undo_seconds=4)\njob"
    )
    notebook.open([BEGIN.replace("HOSTILE", "'M'") + "\nimport twilio_widgets as tw", send])
    notebook.run_all()
    card = notebook.page.locator(".tw-card")
    expect(card.get_by_role("button", name="Undo (")).to_be_visible()
    expect(card.get_by_text("per second")).to_be_visible()
    draw(notebook, card, "bar")
    button(card, "Pause").click()
    expect(pill(card)).to_have_text("paused")
    button(card, "Go on").click()
    expect(button(card, "Pause")).to_be_visible()
    button(card, "Cancel").click()
    expect(pill(card)).to_have_text("cancelled")
    counts = notebook.evaluate("job.progress.counts")
    assert notebook.evaluate("len(sandbox.ledger)") == counts["accepted"]
