"""A notebook with every card, run without a browser, as a colleague or a build server leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient

from tests.browser.server import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

BEGIN = """\
from tempfile import mkdtemp
import twilio_widgets as tw
from tests.panel_driver import PanelDriver
sandbox = tw.Sandbox(messages=5)
twilio = tw.Twilio(sandbox.connection)
classroom = tw.Sandbox().open_class(2)
ada = tw.Sandbox.join(classroom.url, "Ada")"""

CARDS = {
    "connection": ("tw.ConnectionPanel(sandbox.connection)", "sandbox"),
    "send": (
        "send = tw.SendPanel(twilio, to='+14155550123', from_=sandbox.numbers[0], body='Hello')\n"
        "send",
        "delivered",
    ),
    "messages": ("messages = tw.MessagesPanel(twilio)\nmessages", "All messages in the log."),
    "raw": ("raw = tw.RawRequestPanel(twilio)\nraw", "200 OK"),
    "events": ("events = tw.EventsPanel(twilio)\nevents", "Are you open today?"),
    "account": ("account = tw.AccountPanel(twilio)\naccount", "4 phone numbers, complete"),
    "explore": ("tw.ExplorePanel(messages=twilio.messages.list(), period='all')", "Figures"),
    "bulk": ("tw.BulkPanel(twilio)", "none chosen"),
    "job": (
        "plan = tw.plan([{'to': '+14155550123'}], body='Hi', from_=sandbox.numbers[0])\n"
        "job = plan.send(twilio, name='spring', folder=mkdtemp(), undo_seconds=0)\n"
        "job",
        "1 accepted",
    ),
    "chart": ("tw.analysis.delivery(twilio.messages.list()).chart()", "Outbound messages by day"),
    "class": ("tw.ClassPanel(classroom)", "1 joined"),
    "demo": ("demo = tw.demo(messages=5)\ndemo", "Showing all 5, newest first."),
}
"""The cell that shows each card, and a text of its last state."""

WORK = """\
import time
PanelDriver(send).press("Send")
driver = PanelDriver(raw)
driver.type("URL or path", "/Accounts/$TWILIO_ACCOUNT_SID/Balance.json")
driver.press("Send")
events.start()
events.join(30)
PanelDriver(events).press("Simulate an inbound message")
account.load("numbers")
messages.load()
job.wait(30)
for panel in (send, raw, events, account, messages, demo):
    panel.join(30)
time.sleep(6)  # longer than a picture takes to follow
events.stop()
events.join(30)"""


def run_every_card(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a notebook with every card to a path, run it, and save it with its widgets' state."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    cells = [BEGIN, *(code for code, _text in CARDS.values()), WORK]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": spec})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    nbformat.write(notebook, path)
