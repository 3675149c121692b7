"""The README's examples run as they stand."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from twilio_widgets import Listener, Poller

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_every_example_runs_in_order(tmp_path, monkeypatch):
    """In one notebook, top to bottom, as a reader would; what they open is closed here."""
    monkeypatch.chdir(tmp_path)  # the archive is written here
    assert len(EXAMPLES) >= 3
    notebook: dict[str, object] = {}
    for example in EXAMPLES:
        kept = example.replace("\ntw.demo()", "\nworkbench = tw.demo()")
        exec(compile(kept, "README.md", "exec"), notebook)
    notebook["workbench"].close()
    assert notebook["message"].status == "queued"
    assert notebook["twilio"].messages.get(notebook["message"].sid).status == "delivered"
    assert [(row, column) for row, column, *_ in notebook["plan"].rejected.to_numpy()] == [
        (2, "phone")
    ]
    assert notebook["job"].outcomes["status"].tolist() == ["accepted", "accepted"]
    assert notebook["events"]["body"].tolist() == ["C U at 8"]
    notebook["sandbox"].close()


@pytest.mark.parametrize("source", [Listener, Poller])
def test_every_setting_of_a_source_is_in_the_table(source):
    (row,) = re.findall(rf"^\| (.*) \| `{source.__name__}` \|", README, re.MULTILINE)
    _, *settings = inspect.signature(source).parameters  # the first says whose events
    assert re.findall(r"`(\w+)`", row) == settings


def test_the_two_commands_are_there_and_can_be_run():
    commands = re.search(r"```sh\n(.*?)```", README, re.DOTALL).group(1).split("\n")
    for command in filter(None, commands):
        script = Path(__file__).parents[2] / command.split()[0]
        assert script.stat().st_mode & 0o111
