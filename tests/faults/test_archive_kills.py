"""A sync that is killed anywhere is continued without a hole, a duplicate or a torn file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.archives import archived_sids, sids_of
from twilio_widgets import Archive, AuthTokenConnection, Sandbox, Twilio

ROOT = Path(__file__).parents[2]
SINCE, NOON = "2026-01-05", "2026-01-15T12:00:00Z"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it kills with SIGKILL")

CHILD = """
import os, signal, sys
from twilio_widgets import Archive, AuthTokenConnection, Twilio
from twilio_widgets.archive import manifest, store

url, account, token, folder, point, count = sys.argv[1:]
calls = 0

def deadly(owner, name, before):
    real = getattr(owner, name)
    def replacement(*args, **options):
        global calls
        calls += 1
        if before and calls == int(count):
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **options)
        if calls == int(count):
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, replacement)

POINTS = {
    "before a page": lambda: deadly(Paginator, "next_page", True),
    "before a file": lambda: deadly(store.ArchiveFolder, "write", True),
    "after a file": lambda: deadly(store.ArchiveFolder, "write", False),
    "before a sync of the disk": lambda: deadly(os, "fsync", True),
    "before a rename": lambda: deadly(store.Path, "replace", True),
    "after a rename": lambda: deadly(store.Path, "replace", False),
    "before files are deleted": lambda: deadly(store.ArchiveFolder, "remove", True),
}
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.archive import commit
commit.COMMIT_WITHIN = 0.0
POINTS[point]()

class Now(AuthTokenConnection):
    def now(self):
        from datetime import datetime
        return datetime.fromisoformat("2026-01-15T12:00:00+00:00")

twilio = Twilio(Now(account, token), base_url=url)
Archive(folder).sync(twilio, since="2026-01-05", look_back=0, progress=False)
"""


class AtNoon(AuthTokenConnection):
    """A connection over the socket whose time is the sandbox's."""

    def now(self):
        from datetime import datetime

        return datetime.fromisoformat(NOON)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(messages=300, now=NOON) as sandbox:
        sandbox.open()
        yield sandbox


def killed(sandbox: Sandbox, folder: Path, point: str, count: int) -> bool:
    """Sync in a process that kills itself at a point; return whether it came so far."""
    account = sandbox.accounts[0]
    arguments = [sandbox.url, account.sid, account.auth_token, str(folder), point, str(count)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
    return done.returncode != 0


def check(sandbox: Sandbox, folder: Path) -> None:
    """Every listed file is whole; the next sync completes the archive."""
    archive = Archive(folder)
    account = sandbox.accounts[0]
    twilio = Twilio(AtNoon(account.sid, account.auth_token), base_url=sandbox.url)
    for path in folder.rglob("*.parquet"):
        pq.read_table(path, partitioning=None)
    kept = set(archive.days["day"])
    report = archive.sync(twilio, since=SINCE, look_back=0, progress=False)
    twilio.close()
    assert report.complete
    today = report.until
    assert {one.day for one in report.slices if one.state == "kept"} == kept - {today}
    assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))
    assert sorted(path.name for path in folder.iterdir()) == [
        "archive.lock",
        "days",
        "manifest.json",
    ]


FAST = [("before a page", 4), ("after a file", 4), ("before a rename", 3)]


@pytest.mark.parametrize(("point", "count"), FAST)
def test_a_killed_sync_is_continued(point, count, sandbox, tmp_path):
    assert killed(sandbox, tmp_path / "messages", point, count)
    check(sandbox, tmp_path / "messages")


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "point",
    [
        "before a page",
        "before a file",
        "after a file",
        "before a sync of the disk",
        "before a rename",
        "after a rename",
        "before files are deleted",
    ],
)
def test_a_sync_killed_at_every_step_is_continued(point, sandbox, tmp_path):
    """One kill after another in the same folder: each starts from what the last one left."""
    count = 1
    while killed(sandbox, tmp_path / f"{count}", point, count):
        check(sandbox, tmp_path / f"{count}")
        count += 1
    assert count > 5
