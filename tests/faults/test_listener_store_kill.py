"""A writer that is killed at any moment loses nothing it has acknowledged."""

from __future__ import annotations

import functools
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.arrivals import ACCOUNT, at, sid
from twilio_widgets.listener.events.message_state import join, state_of
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store

ROOT = Path(__file__).parents[2]

WRITER = """
import itertools, random, sys
from pathlib import Path
from tests.arrivals import ACCOUNT, a_status, at
from twilio_widgets.listener.events.store import Store
path, first, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
with Store.open(path, account_sid=ACCOUNT, world="live", now=lambda: at(0)) as store:
    n = first
    while True:
        batch = [
            a_status(m, status)
            for m in range(n, n + draw.randint(1, 30))
            for status in ("delivered", "sent")
        ]
        store.commit(batch)
        n += len(batch) // 2
        print(n, flush=True)
"""
"""Commits without end; says after each commit which messages are safe."""


def acknowledged_by_a_killed_writer(path: Path, first: int, draw: random.Random) -> int:
    """Run a writer, kill it among its commits, and return the number after its last message."""
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(draw.randrange(10**9))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        lines = [writer.stdout.readline() for _ in range(draw.randint(1, 60))]
        writer.kill()
        lines += writer.stdout.read().splitlines()
    return max((int(line) for line in lines if line.strip()), default=first)


def what_is_wrong(path: Path, acknowledged: int) -> list[str]:
    """Open the store again and compare it with what was acknowledged."""
    with (
        Store.open(path, account_sid=ACCOUNT, world="live", now=lambda: at(0)) as store,
        Reader(path) as reader,
    ):
        problems = [] if store.set_aside is None else ["the file was damaged"]
        events, messages = reader.events(), reader.messages()
        stored = {(event.message_sid, event.status) for event in events}
        promised = {(sid(n), word) for n in range(acknowledged) for word in ("sent", "delivered")}
        problems += [f"{word} of {message} is lost" for message, word in promised - stored]
        if any(message.status != "delivered" for message in messages):
            problems.append("a message does not stand where its events say")
        if messages and messages[0] != functools.reduce(
            join, map(state_of, reader.events_of(messages[0].sid))
        ):
            problems.append("a standing is not the join of its events")
        if len(messages) != len({event.message_sid for event in events}):
            problems.append("a message has no standing")
        if reader.counts().total != len(events):
            problems.append("the counts differ from the events")
    return problems


def kill(times: int, path: Path) -> None:
    draw = random.Random(times)
    acknowledged = 0
    for _ in range(times):
        acknowledged = acknowledged_by_a_killed_writer(path, acknowledged, draw)
        assert what_is_wrong(path, acknowledged) == []
    assert acknowledged > times


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_five_kills_lose_nothing_acknowledged(tmp_path):
    kill(5, tmp_path / "events.sqlite")


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_fifty_kills_lose_nothing_acknowledged(tmp_path):
    kill(50, tmp_path / "events.sqlite")
