"""A kernel that is killed or restarted in the middle of a job, and the same cell run again.

The kernel is a real one; the sandbox is in this process, on a socket, and its ledger is the judge.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from tests.faults.killing import ROOT
from twilio_widgets import Sandbox

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it kills")

ROWS, AT_ONCE = 60, 4
ENDS = ("killed", "restarted", "interrupted and restarted")

BEGIN = """
import json
import twilio_widgets as tw
from tests.faults.killing import Quick

twilio = tw.Twilio(Quick({sid!r}, {token!r}), base_url={url!r}, timeout=5)
people = "phone,n\\n" + "".join(f"+1415555{{1000 + n}},{{n}}\\n" for n in range({rows}))
made = tw.plan(people, to="phone", body="{name}/{{n}}", from_={sender!r}, rate=None)
job = made.send(twilio, {name!r}, folder={folder!r}, undo_seconds=0, concurrency={at_once})
"""
SHOW = 'print(json.dumps([job.under_way, job.progress.state, job.outcomes["status"].tolist()]))'
GO_ON = """
job = tw.Job.open({name!r}, folder={folder!r}).resume(twilio)
while job.wait(60).state != "finished":
    job.resume()
"""


class Kernel:
    """A kernel, as a notebook has one."""

    def __init__(self, folder: Path) -> None:
        self._manager = KernelManager(connection_file=str(folder / "kernel.json"))
        self._manager.start_kernel(cwd=str(ROOT), env={**os.environ, "PYTHONPATH": str(ROOT)})
        self._join()

    def _join(self) -> None:
        self._client = self._manager.blocking_client()
        self._client.start_channels(hb=False)
        self._client.wait_for_ready(60)

    def begin(self, code: str) -> None:
        """Ask for a cell, and wait for nothing."""
        self._client.execute(code)

    def run(self, code: str) -> str:
        printed: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            printed.append(content.get("text") or "\n".join(content.get("traceback", ())))

        self._client.execute_interactive(code, output_hook=hear, timeout=90)
        return "".join(printed).strip()

    def end(self, how: str) -> None:
        """Have another kernel in its place, as from the menu of a notebook."""
        if how == "interrupted and restarted":
            self._manager.interrupt_kernel()
        self._client.stop_channels()
        self._manager.restart_kernel(now=how == "killed")
        self._join()

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


@pytest.fixture
def kernel(tmp_path) -> Iterator[Kernel]:
    started = Kernel(tmp_path)
    yield started
    started.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as world:
        world.open()
        yield world


def until(condition: Callable[[], object]) -> None:
    last = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.002)


def one_round(
    kernel: Kernel, sandbox: Sandbox, folder: Path, *, name: str, how: str, at: int
) -> int:
    """End a kernel when so many rows were accepted; return how many rows stayed unknown."""
    account = sandbox.accounts[0]
    cell = BEGIN.format(
        sid=account.sid, token=account.auth_token, url=sandbox.url, sender=sandbox.numbers[0],
        rows=ROWS, name=name, folder=str(folder), at_once=AT_ONCE,
    )  # fmt: skip

    def sent() -> Counter[str]:
        return Counter(one.body for one in sandbox.ledger if one.body.startswith(f"{name}/"))

    def shown() -> tuple[bool, str, list[str]]:
        under_way, state, statuses = json.loads(kernel.run(SHOW))
        return under_way, state, statuses

    sandbox.fail(fault="delay", delay=0.01, method="POST", times=ROWS)
    kernel.begin(cell)
    until(lambda: sum(sent().values()) >= at)
    kernel.end(how)
    sandbox._faults._waiting.clear()

    assert kernel.run(cell) == ""
    under_way, _state, statuses = shown()
    assert not under_way, "running the cell again sends nothing"
    assert len(statuses) == ROWS
    waiting = {f"{name}/{row}" for row, status in enumerate(statuses) if status == "pending"}
    assert waiting, "it was ended in the middle"
    assert not waiting & set(sent()), "what it shows as pending is not sent"

    assert kernel.run(GO_ON.format(name=name, folder=str(folder))) == ""
    _under_way, state, statuses = shown()
    unknown = {f"{name}/{row}" for row, status in enumerate(statuses) if status == "unknown"}
    assert (state, set(statuses) - {"accepted", "unknown"}) == ("finished", set())
    everyone = Counter(f"{name}/{row}" for row in range(ROWS))
    assert sent() == everyone - Counter(unknown), "each once, or known not to be sure"

    assert kernel.run(cell) == ""
    assert shown() == (False, "finished", statuses)
    assert sum(sent().values()) == ROWS - len(unknown)
    return len(unknown)


def rounds(kernel: Kernel, sandbox: Sandbox, folder: Path, count: int) -> None:
    chance = random.Random(5)
    for number in range(count):
        how, at = ENDS[number % len(ENDS)], chance.randint(1, ROWS // 2)
        unknown = one_round(kernel, sandbox, folder, name=f"round {number}", how=how, at=at)
        assert unknown <= AT_ONCE, (number, how, at)


def test_a_kernel_that_ends_in_the_middle_sends_no_row_twice(kernel, sandbox, tmp_path):
    rounds(kernel, sandbox, tmp_path, 2)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_kernel_that_ends_twenty_times_sends_no_row_twice(kernel, sandbox, tmp_path):
    rounds(kernel, sandbox, tmp_path, 20)
