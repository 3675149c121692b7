"""A cell that is run again closes the panel it made before, unless something else uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets.widget import _instances
shell = InteractiveShell.instance()
shell.display_pub.publish = lambda *args, **kwargs: None

def run(code, cell):
    result = shell.run_cell(code, cell_id=cell)
    result.raise_error()

def alive(name):
    return shell.user_ns[name]._open

run('''
from twilio_widgets import ConnectionPanel, MessagesPanel, Sandbox, SendPanel, Twilio, demo
sandbox = Sandbox(messages=3)
twilio = Twilio(sandbox.connection)
made = []
MessagesPanel(twilio).close()  # from here on the ids of cells are known without a kernel
''', "begin")
"""


def told(code: str) -> list[str]:
    """Run code in a process with an IPython shell; return what it printed."""
    command = [sys.executable, "-c", BEGIN + code]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return [line for line in ran.stdout.splitlines() if line.startswith("> ")]


BOX = "run('import ipywidgets; box = ipywidgets.VBox([made[0]])', 'other')"
CASES = [
    ("a panel that its cell makes again", "", False),
    ("a panel that another cell displayed", "run('made[0]', 'other')", True),
    ("a panel in a box", BOX, True),
]


@pytest.mark.parametrize(("what", "meanwhile", "stays"), CASES, ids=[case[0] for case in CASES])
def test_a_panel_stays_only_if_something_else_shows_it(
    what: str, meanwhile: str, stays: bool
) -> None:
    code = f"""
cell = "made.append(MessagesPanel(twilio)); made[-1]"
run(cell, "panel")
{meanwhile}
run(cell, "panel")
print(">", [panel._open for panel in shell.user_ns["made"]])
"""
    assert told(code) == [f"> [{stays}, True]"]


def test_a_connection_panel_that_others_use_stays() -> None:
    code = """
run("made.append(ConnectionPanel()); made[-1]", "connect")
run("messages = MessagesPanel(made[0]); messages", "messages")
run("made.append(ConnectionPanel()); made[-1]", "connect")
print(">", [panel._open for panel in shell.user_ns["made"]])
"""
    assert told(code) == ["> [True, True]"]


@pytest.mark.long
def test_a_cell_that_fails_or_only_reads_closes_nothing() -> None:
    code = """
run("made.append(MessagesPanel(twilio)); made[-1]", "panel")
shell.run_cell("made.append(MessagesPanel(twilio)); 1 / 0", cell_id="panel", silent=False)
run("len(made)", "panel")
print(">", [panel._open for panel in shell.user_ns["made"]])
"""
    assert told(code)[-1] == "> [True, True]"


@pytest.mark.long
def test_a_message_that_is_not_settled_keeps_its_panel() -> None:
    code = """
from tests.panel_driver import PanelDriver
options = "to='+14155550123', from_=sandbox.numbers[0], body='Hello', undo_seconds=60"
cell = f"made.append(SendPanel(twilio, {options})); made[-1]"
run(cell, "send")
first = shell.user_ns["made"][0]
first.join(30)
PanelDriver(first).press("Send")
run(cell, "send")
print(">", first._open, first._state.phase)
first.close()
"""
    assert told(code) == ["> True counting"]


@pytest.mark.long
@pytest.mark.parametrize("made", ["SendPanel(twilio)", "demo(messages=3)", "MessagesPanel(twilio)"])
def test_fifty_runs_of_a_cell_leave_no_growth(made: str) -> None:
    code = f"""
import threading
cell = "panel = {made}; panel.join(30); panel"
counts = []
for number in range(50):
    run(cell, "panel")
    counts.append((len(_instances), threading.active_count()))
print(">", counts[1] == counts[-1], counts[1], counts[-1])
"""
    (line,) = told(code)
    assert line.startswith("> True"), line
