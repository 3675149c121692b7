"""The power goes: what was not synced is gone, and still no row is sent twice.

The disk is an APSW file system that remembers what every write since the last sync replaced, and
puts it back when the power goes. The journal opens through its `connecting` parameter.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from twilio_widgets.journal.journal import JobOptions, Journal, create
from twilio_widgets.journal.location import JobLocation
from twilio_widgets.journal.row import JournalRow
from twilio_widgets.journal.states import AttemptResult
from twilio_widgets.journal.witness import Witness

# APSW tells of the power cut here where SQLite has no way to hand it on.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ACCOUNT = "AC" + "0" * 31 + "1"
NOW = 1_768_478_400.0


class PowerCut(Exception):
    """The power has gone."""


class Disk:
    """What has been written and not synced, and when the power goes.

    Args:
        cut: The operation before which it goes; None lets it stay.
        chance: Keeps some of what was not synced, and tears a write in two, as real disks do.
    """

    def __init__(self, cut: int | None = None, chance: random.Random | None = None) -> None:
        self.operations, self._cut, self._chance = 0, cut, chance
        self._unsynced: list[tuple[Path, int, bytes, int, bytes]] = []

    def step(self) -> None:
        self.operations += 1
        if self._cut is not None and self.operations >= self._cut:
            raise PowerCut

    def wrote(self, path: Path, offset: int, new: bytes) -> None:
        whole = path.read_bytes()
        old = whole[offset : offset + len(new)]
        self._unsynced.append((path, offset, old, len(whole), new))

    def synced(self, path: Path) -> None:
        self._unsynced = [one for one in self._unsynced if one[0] != path]

    def forget(self) -> None:
        """Put back what was there before every write that was not synced."""
        for path, offset, old, size, new in reversed(self._unsynced):
            keep = 0 if self._chance is None else self._chance.choice([0, len(new) // 2, len(new)])
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(new[:keep] + old[keep:])
                if not keep:
                    file.truncate(max(size, 0))


class LossyFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name, flags) -> None:
        self._disk = disk
        self._path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.step()
        self._disk.wrote(self._path, offset, bytes(data))
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._disk.step()
        super().xSync(flags)
        self._disk.synced(self._path)

    def xTruncate(self, size: int) -> None:
        self._disk.step()
        super().xTruncate(size)


class LossyDisk(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__("lossy", "")

    def xDelete(self, name: str, sync: bool) -> None:
        self._disk.step()
        super().xDelete(name, sync)
        self._disk.synced(Path(name))

    def xOpen(self, name, flags) -> LossyFile:
        return LossyFile(self._disk, name, flags)


def send_all(location: JobLocation, disk: Disk, sent: Counter[int], synchronous: str) -> None:
    """Send every row as a run does: written down before, recorded after, a few a commit."""

    def connecting(path: Path) -> apsw.Connection:
        database = apsw.Connection(str(path), vfs="lossy")
        database.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()  # no shared memory
        return database

    vfs = LossyDisk(disk)
    journal = None
    try:
        journal = Journal(location, connecting, synchronous=synchronous)
        journal.recover(now=NOW)
        waiting = journal.rows("pending")
        while waiting:
            batch, waiting = waiting[:3], waiting[3:]
            leaving = journal.claim(batch, now=NOW, latest=NOW + 30)
            endings = []
            for row, _token in leaving:
                sent[row.n] += 1
                sid = f"SM{sent.total():032x}"
                endings.append((row, AttemptResult("accepted", sid=sid), NOW))
            journal.close_attempts(endings)
    finally:
        if journal is not None:
            with suppress(PowerCut, apsw.Error):
                journal._database.close()
        vfs.unregister()


def cuts(folder: Path, synchronous: str, count: int, *, torn: bool) -> tuple[int, int, int]:
    """Cut the power at so many places; return runs with a duplicate, rows lost, operations."""
    whole = Disk()
    send_all(prepared(folder / "whole"), whole, Counter(), synchronous)
    doubled = lost = 0
    for number in range(count):
        location = prepared(folder / f"{number}")
        chance = random.Random(number) if torn else None
        disk = Disk(cut=1 + number * whole.operations // count, chance=chance)
        sent: Counter[int] = Counter()
        with suppress(PowerCut):  # a cut while the file is closed is SQLite's own affair
            send_all(location, disk, sent, synchronous)
        disk.forget()
        send_all(location, Disk(), sent, "FULL")
        doubled += any(times > 1 for times in sent.values())
        with closing(Journal(location)) as journal:
            unknown = {row.n for row in journal.rows("unknown")}
            lost += len(set(range(20)) - set(sent) - unknown)
    return doubled, lost, whole.operations


def prepared(folder: Path) -> JobLocation:
    location = JobLocation(folder=folder, name="spring", account_sid=ACCOUNT)
    rows = [
        JournalRow(
            n=n, form=(("To", f"+1415555{1000 + n}"), ("From", "+15005550006"), ("Body", "Hi"))
        )
        for n in range(20)
    ]
    create(location, rows, JobOptions(), now=NOW)
    return location


def test_a_power_cut_sends_no_row_twice_and_loses_none(tmp_path: Path):
    doubled, lost, operations = cuts(tmp_path, "FULL", 15, torn=False)
    assert (doubled, lost) == (0, 0)
    assert operations > 15


def test_neither_does_one_that_keeps_and_tears_what_it_likes(tmp_path: Path):
    assert cuts(tmp_path, "FULL", 10, torn=True)[:2] == (0, 0)


def test_without_waiting_for_the_disk_the_same_cuts_send_twice(tmp_path: Path, monkeypatch):
    """The control: kill -9 cannot tell the two settings apart, this can."""
    monkeypatch.setattr(Witness, "_doubt", lambda _self: None)
    doubled, _lost, _operations = cuts(tmp_path, "NORMAL", 12, torn=False)
    assert doubled >= 3


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("torn", [False, True])
def test_five_hundred_power_cuts_send_no_row_twice(tmp_path: Path, torn):
    assert cuts(tmp_path, "FULL", 500, torn=torn)[:2] == (0, 0)
