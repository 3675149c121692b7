"""What was sent today is counted durably, by every process, and never too little."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from twilio_widgets.core.guardrails.daily_usage import DailyUsage
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.errors import PolicyRefused

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
ONE = Amount(1, 2, Decimal("0.0083"))


@pytest.fixture
def tally(tmp_path):
    tally = DailyUsage(tmp_path / "tally" / "AC0.sqlite")
    yield tally
    tally.close()


def test_sums_are_exact_and_kept_by_utc_day(tally):
    for _ in range(3):
        tally.raise_by(ONE, NOON)
    assert tally.on(NOON) == Amount(3, 6, Decimal("0.0249"))
    tally.lower_by(ONE, NOON)
    assert tally.on(NOON) == Amount(2, 4, Decimal("0.0166"))
    midnight = datetime(2026, 1, 16, tzinfo=UTC)
    assert tally.on(midnight) == Amount()
    in_berlin = datetime.fromisoformat("2026-01-16T00:59:00+01:00")
    assert tally.on(in_berlin) == tally.on(NOON)


def test_what_was_counted_before_midnight_is_taken_back_there(tally):
    late = NOON.replace(hour=23, minute=59)
    tally.raise_by(ONE, late)
    tally.raise_by(ONE, late + timedelta(hours=1))
    tally.lower_by(ONE, late)
    assert (tally.on(late), tally.on(late + timedelta(hours=1))) == (Amount(), ONE)


def test_a_check_that_refuses_leaves_the_sum_as_it_was(tally):
    def no(_total: Amount) -> None:
        raise PolicyRefused("No.")

    tally.raise_by(ONE, NOON)
    with pytest.raises(PolicyRefused, match=r"^No\.$"):
        tally.raise_by(ONE, NOON, no)
    assert tally.on(NOON) == ONE
    tally.raise_by(ONE, NOON)
    assert tally.on(NOON) == ONE + ONE


def test_only_the_owner_may_look_and_no_recipient_is_in_it(tally):
    tally.raise_by(ONE, NOON)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (tally.path.parent, *tally.path.parent.iterdir())
    }
    assert modes.pop("tally") == 0o700
    assert set(modes.values()) == {0o600}
    assert tally.path.name in modes


def test_looking_makes_no_file_and_old_days_go(tally):
    assert tally.on(NOON) == Amount()
    assert not tally.path.exists()
    tally.raise_by(ONE, NOON)
    tally.raise_by(ONE, NOON + timedelta(days=41))
    assert tally.on(NOON) == Amount()
    assert tally.on(NOON + timedelta(days=41)) == ONE


def test_threads_lose_no_count(tally):
    threads = [
        threading.Thread(target=lambda: [tally.raise_by(ONE, NOON) for _ in range(25)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.on(NOON).recipients == 200


COUNTING = """
import sys
from datetime import datetime
from pathlib import Path
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.guardrails.daily_usage import DailyUsage
from twilio_widgets.errors import PolicyRefused
def check(total):
    if total.recipients > 100:
        raise PolicyRefused("full")
tally, sent = DailyUsage(Path(sys.argv[1])), 0
sys.stdin.read(1)  # all begin together
for _ in range(50):
    try:
        tally.raise_by(Amount(1), datetime.fromisoformat(sys.argv[2]), check)
    except PolicyRefused as refused:
        assert str(refused) == "full", refused
    else:
        sent += 1
print(sent)
"""


def test_processes_that_begin_together_stay_below_one_limit(tally):
    """Five ask for 50 each, of 100 there are; the first of them makes the file."""
    command = [sys.executable, "-c", COUNTING, str(tally.path), NOON.isoformat()]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(5)
    ]
    for process in running:
        process.stdin.write("x")
        process.stdin.flush()
    sent = [int(process.communicate()[0]) for process in running]
    assert [process.returncode for process in running] == [0] * 5
    assert (sum(sent), tally.on(NOON).recipients) == (100, 100)


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.guardrails.daily_usage import DailyUsage
DailyUsage(Path(sys.argv[1])).raise_by(Amount(1), datetime.fromisoformat(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_counted_outlives_a_kill(tally):
    command = [sys.executable, "-c", KILLED, str(tally.path), NOON.isoformat()]
    assert subprocess.run(command, check=False).returncode == -9
    assert tally.on(NOON) == Amount(1)


@pytest.mark.parametrize("damage", ["no database", "read-only", "held", "a folder"])
def test_what_cannot_be_counted_is_not_sent(tally, damage, monkeypatch):
    monkeypatch.setattr("twilio_widgets.core.guardrails.daily_usage._PATIENCE_SECONDS", 0.05)
    tally.path.parent.mkdir()
    holder = sqlite3.connect(tally.path)
    if damage == "no database":
        tally.path.write_bytes(b"not a database at all" * 100)
    elif damage == "read-only":
        monkeypatch.setattr(os, "open", _denied)
    elif damage == "held":
        holder.execute("BEGIN EXCLUSIVE")
    else:
        tally.path.unlink()
        tally.path.mkdir()
    try:
        with pytest.raises(PolicyRefused, match=r"cannot be counted .* nothing was sent") as caught:
            tally.raise_by(ONE, NOON)
    finally:
        holder.close()
    assert caught.value.rule == "day"
    assert str(tally.path.parent) not in str(caught.value)
    assert caught.value.__cause__ is None


def _denied(path: Path, *_rest: object) -> int:
    raise PermissionError(13, "Permission denied")


def _in_a_fork(tally: DailyUsage, told) -> None:
    tally.raise_by(ONE, NOON)
    told.send(tally.on(NOON).recipients)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_opens_the_file_anew(tally):
    tally.raise_by(ONE, NOON)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_a_fork, args=(tally, theirs))
    child.start()
    child.join()
    assert (child.exitcode, ours.recv()) == (0, 2)
    tally.raise_by(ONE, NOON)
    assert tally.on(NOON).recipients == 3
    ours.close()
    theirs.close()
