"""What a stored notebook may hold, and that it says the same each time it is run.

That its stored outputs are true is checked by nbval, strictly, in the same run of pytest.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from tempfile import gettempdir

import nbformat
import pytest
from nbclient import NotebookClient

from twilio_widgets import Sandbox

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SID = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")
NUMBER = re.compile(r"\+\d{8,15}")
NOBODYS = re.compile(
    r"\+1\d{3}55501\d\d"  # kept for fiction in North America
    r"|\+1500555\d{4}"  # Twilio's magic numbers
    r"|\+447700900\d{3}"  # Ofcom's numbers for drama
)

SAMPLE = {"01-connect-send-list"}
"""The notebook that runs twice for every change: nbval already runs each of them once."""

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
each_slowly = pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[] if path.stem in SAMPLE else [pytest.mark.long])
        for path in NOTEBOOKS
    ],
)


@pytest.fixture(autouse=True)
def inline_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show pictures as `refresh_notebooks` does: a second output differs from run to run."""
    monkeypatch.setenv("TWILIO_WIDGETS_STATIC", "inline")


def run(path: Path) -> list[object]:
    """Run a notebook in a fresh kernel; return its outputs but for the names of live views."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        store_widget_state=False,
        coalesce_streams=True,  # what is printed comes in as many pieces as the kernel had time for
    )
    client.execute(cwd=str(path.parent))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    for output in outputs:
        output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return [dict(output) for output in outputs]


def test_there_are_notebooks():
    assert NOTEBOOKS


@cache
def first_run(path: Path) -> list[object]:
    """Return the outputs of one run, which several tests read."""
    return run(path)


@each_slowly
def test_it_says_the_same_twice_on_one_machine(path):
    """Nothing of the first run is left for the second to find."""
    assert first_run(path) == run(path)


@each
def test_it_holds_nobodys_number_and_no_machines_path(path):
    text = path.read_text("utf-8")
    assert [number for number in NUMBER.findall(text) if not NOBODYS.fullmatch(number)] == []
    for place in (str(Path.home()), gettempdir(), "/home/", "/Users/", "C:\\\\", "site-packages"):
        assert place not in text


@each
def test_it_holds_no_secret_and_no_sid_but_the_sandboxs(path):
    text = path.read_text("utf-8")
    seeds = [int(seed) for seed in re.findall(r"Sandbox\(seed=(\d+)", text)]
    tokens = [Sandbox(seed=seed).connection.auth_token.reveal() for seed in seeds]
    assert seeds
    assert all(token not in text for token in tokens)
    if stored := set(SID.findall(text)):
        assert stored <= set(SID.findall(json.dumps(first_run(path), default=str)))


@each
def test_it_holds_no_widget_state_and_every_panel_left_a_picture(path):
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    shown = [
        output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())
    ]
    panels = [
        data for data in shown if re.match(r"\w+Panel\(|Workbench\(", data.get("text/plain", ""))
    ]
    assert panels
    assert all("text/html" in data for data in panels)
