"""Daily usage is durable, shared by all processes, and never too low."""

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
def usage(tmp_path):
    usage = DailyUsage(tmp_path / "tally" / "AC0.sqlite")
    yield usage
    usage.close()


def test_totals_are_exact_and_kept_per_utc_day(usage):
    for _ in range(3):
        usage.add(ONE, NOON)
    assert usage.on(NOON) == Amount(3, 6, Decimal("0.0249"))
    usage.subtract(ONE, NOON)
    assert usage.on(NOON) == Amount(2, 4, Decimal("0.0166"))
    midnight = datetime(2026, 1, 16, tzinfo=UTC)
    assert usage.on(midnight) == Amount()
    in_berlin = datetime.fromisoformat("2026-01-16T00:59:00+01:00")
    assert usage.on(in_berlin) == usage.on(NOON)


def test_a_message_counted_before_midnight_is_subtracted_from_that_day(usage):
    late = NOON.replace(hour=23, minute=59)
    usage.add(ONE, late)
    usage.add(ONE, late + timedelta(hours=1))
    usage.subtract(ONE, late)
    assert (usage.on(late), usage.on(late + timedelta(hours=1))) == (Amount(), ONE)


def test_nothing_is_added_if_the_check_raises(usage):
    def no(_total: Amount) -> None:
        raise PolicyRefused("No.")

    usage.add(ONE, NOON)
    with pytest.raises(PolicyRefused, match=r"^No\.$"):
        usage.add(ONE, NOON, no)
    assert usage.on(NOON) == ONE
    usage.add(ONE, NOON)
    assert usage.on(NOON) == ONE + ONE


def test_the_file_is_private_and_contains_no_recipient(usage):
    usage.add(ONE, NOON)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (usage.path.parent, *usage.path.parent.iterdir())
    }
    assert modes.pop("tally") == 0o700
    assert set(modes.values()) == {0o600}
    assert usage.path.name in modes


def test_reading_creates_no_file_and_old_days_are_deleted(usage):
    assert usage.on(NOON) == Amount()
    assert not usage.path.exists()
    usage.add(ONE, NOON)
    usage.add(ONE, NOON + timedelta(days=41))
    assert usage.on(NOON) == Amount()
    assert usage.on(NOON + timedelta(days=41)) == ONE


def test_concurrent_threads_lose_no_count(usage):
    threads = [
        threading.Thread(target=lambda: [usage.add(ONE, NOON) for _ in range(25)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert usage.on(NOON).recipients == 200


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
usage, sent = DailyUsage(Path(sys.argv[1])), 0
sys.stdin.read(1)  # all begin together
for _ in range(50):
    try:
        usage.add(Amount(1), datetime.fromisoformat(sys.argv[2]), check)
    except PolicyRefused as refused:
        assert str(refused) == "full", refused
    else:
        sent += 1
print(sent)
"""


def test_processes_that_start_together_stay_below_one_limit(usage):
    """Five processes each try 50 times, with a limit of 100; the first creates the file."""
    command = [sys.executable, "-c", COUNTING, str(usage.path), NOON.isoformat()]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(5)
    ]
    for process in running:
        process.stdin.write("x")
        process.stdin.flush()
    sent = [int(process.communicate()[0]) for process in running]
    assert [process.returncode for process in running] == [0] * 5
    assert (sum(sent), usage.on(NOON).recipients) == (100, 100)


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.guardrails.daily_usage import DailyUsage
DailyUsage(Path(sys.argv[1])).add(Amount(1), datetime.fromisoformat(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_counts_survive_a_killed_process(usage):
    command = [sys.executable, "-c", KILLED, str(usage.path), NOON.isoformat()]
    assert subprocess.run(command, check=False).returncode == -9
    assert usage.on(NOON) == Amount(1)


@pytest.mark.parametrize("damage", ["no database", "read-only", "held", "a folder"])
def test_a_message_that_cannot_be_counted_is_refused(usage, damage, monkeypatch):
    monkeypatch.setattr("twilio_widgets.core.guardrails.daily_usage._LOCK_TIMEOUT", 0.05)
    usage.path.parent.mkdir()
    holder = sqlite3.connect(usage.path)
    if damage == "no database":
        usage.path.write_bytes(b"not a database at all" * 100)
    elif damage == "read-only":
        monkeypatch.setattr(os, "open", _denied)
    elif damage == "held":
        holder.execute("BEGIN EXCLUSIVE")
    else:
        usage.path.unlink()
        usage.path.mkdir()
    try:
        with pytest.raises(PolicyRefused, match=r"cannot be counted .* nothing was sent") as caught:
            usage.add(ONE, NOON)
    finally:
        holder.close()
    assert caught.value.rule == "day"
    assert str(usage.path.parent) not in str(caught.value)
    assert caught.value.__cause__ is None


def _denied(path: Path, *_rest: object) -> int:
    raise PermissionError(13, "Permission denied")


def _in_a_fork(usage: DailyUsage, told) -> None:
    usage.add(ONE, NOON)
    told.send(usage.on(NOON).recipients)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_opens_its_own_connection(usage):
    usage.add(ONE, NOON)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_a_fork, args=(usage, theirs))
    child.start()
    child.join()
    assert (child.exitcode, ours.recv()) == (0, 2)
    usage.add(ONE, NOON)
    assert usage.on(NOON).recipients == 3
    ours.close()
    theirs.close()
