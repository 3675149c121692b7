"""kill -9 wherever a message of a key is: none is sent twice, and no other one takes its key.

A process that has imported everything forks one child a kill point. The child sends a corrected
message for a key whose first one a policy refused, and kills itself at a line. Then another message
is asked for with the key, and the corrected one again; the sandbox's ledger is the judge.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.killing import ROOT, Lines, Quick
from twilio_widgets import Sandbox, Twilio
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import JobError, OutcomeUnknown, PolicyRefused

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it forks and kills")

TO = "+14155550123"


class Kept(Quick):
    """A connection whose journals are kept where a test says."""

    folder: Path

    @property
    def data_folder(self) -> Path:
        return self.folder


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One message for one key."""

    key: str
    body: str
    url: str
    account_sid: str
    auth_token: str
    sender: str
    folder: str
    at_line: int = 10**9

    def send(self, *, policy: Policy | None = None) -> str:
        connection = Kept(self.account_sid, self.auth_token)
        connection.folder = Path(self.folder)
        with Twilio(connection, base_url=self.url, timeout=5, policy=policy) as twilio:
            asked = {"from_": self.sender, "body": self.body, "once": self.key}
            return twilio.messages.send(TO, **asked).sid


def child(asked: Asked) -> int:
    """Send it, and return how many lines that took: unless it is killed."""
    lines = Lines(asked.at_line)
    lines.watch()
    asked.send()
    sys.settrace(None)
    return lines.passed


def serve() -> None:
    """Fork a child for each message that comes in; answer with its lines, or 0 when it died."""
    for line in sys.stdin:
        read, write = os.pipe()
        if os.fork() == 0:
            os.write(write, str(child(Asked(**json.loads(line)))).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as answer:
            results = answer.read()
        os.wait()
        sys.stdout.write(f"{results or 0}\n")
        sys.stdout.flush()


@pytest.fixture(scope="module")
def ask():
    """Let a child send something; return how many lines it took, 0 when it was killed."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.test_bulk_once_kill"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def ask(asked: Asked) -> int:
        server.stdin.write(json.dumps(vars(asked)) + "\n")
        server.stdin.flush()
        return int(server.stdout.readline())

    yield ask
    server.stdin.close()
    server.wait(20)
    server.stdout.close()


def wrong_after(ask, world: Sandbox, folder: Path, key: str, at_line: int) -> tuple[str, int]:
    """Kill at one line, then ask for another message and for the same; say what is wrong."""

    def asked(body: str) -> Asked:
        account = world.accounts[0]
        return Asked(
            key=key, body=f"{key}: {body}", url=world.url, account_sid=account.sid,
            auth_token=account.auth_token, sender=world.numbers[0], folder=str(folder / key),
            at_line=at_line,
        )  # fmt: skip

    with pytest.raises(PolicyRefused):
        asked("first").send(policy=Policy(dry_run=True))
    lines, results = ask(asked("corrected")), dict[str, str]()
    for body in ("other", "corrected", "first", "other"):
        try:
            results[body] = asked(body).send()
        except (JobError, OutcomeUnknown) as error:
            results[body] = type(error).__name__
    sent = Counter(one.body for one in world.ledger if one.body.startswith(f"{key}:"))
    if sum(sent.values()) > 1:
        return f"{key}: {dict(sent)} were sent ({results})", lines
    if not sent and results["corrected"] != "OutcomeUnknown":
        return f"{key}: nothing was sent ({results})", lines
    return "", lines


def killed_at(ask, folder: Path, points: int) -> tuple[list[str], int]:
    with Sandbox() as world:
        world.open()
        wrong, last = wrong_after(ask, world, folder, "whole", 10**9)
        assert wrong == ""
        assert last > 1_000
        ends = [
            wrong_after(ask, world, folder, f"key {n}", 1 + n * (last - 1) // max(1, points - 1))
            for n in range(points)
        ]
    return [wrong for wrong, _lines in ends if wrong], sum(not lines for _wrong, lines in ends)


def test_a_kill_at_any_line_leaves_a_key_to_one_message(ask, tmp_path):
    wrong, killed = killed_at(ask, tmp_path, 12)
    assert wrong == []
    assert killed >= 10


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_kill_at_any_of_many_lines_leaves_a_key_to_one_message(ask, tmp_path):
    wrong, killed = killed_at(ask, tmp_path, 200)
    assert wrong == []
    assert killed >= 190


if __name__ == "__main__":
    serve()
