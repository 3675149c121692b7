"""The store's file: private, recognised, never silently lost, and empty after forgetting."""

from __future__ import annotations

import functools
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest

from tests.arrivals import ACCOUNT, a_look, a_status, an_inbound, at, sid
from twilio_widgets.errors import ListenerError, StoreUnavailable
from twilio_widgets.listener.events import database, schema
from twilio_widgets.listener.events.event import Rejection
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.files.durable import is_gone


def a_store(path, **more):
    settings = {"account_sid": ACCOUNT, "world": "live", "now": lambda: at(0)}
    return Store.open(path, **(settings | more))


def bytes_beside(path):
    """Everything the folder holds, as one string of bytes."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


# As it is made


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_everything_is_for_its_owner_only_whatever_the_umask(tmp_path):
    path = tmp_path / "events" / "events.sqlite"
    before = os.umask(0)
    try:
        with a_store(path) as store, Reader(path) as reader:
            store.commit([a_status(1, "sent")])
            assert len(reader.events()) == 1
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {
        "events.sqlite": 0o600,
        "events.sqlite-wal": 0o600,
        "events.sqlite-shm": 0o600,
        "events.sqlite.writer": 0o600,
    }
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_commit_waits_for_the_disk(tmp_path):
    """FULL, since NORMAL loses commits at a power cut; and nothing is read by memory mapping."""
    with a_store(tmp_path / "events.sqlite") as store:
        found = {
            name: store._db.execute(f"pragma {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete", "fullfsync")
        }
        assert found == {
            "journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "fullfsync": 1
        }  # fmt: skip
        assert store._db.execute("pragma mmap_size").fetchall() in ([], [(0,)])
        assert (store.journal_mode, store.notices) == ("wal", ())


def test_on_a_network_drive_it_is_as_durable_and_says_that_it_is_slower(tmp_path, monkeypatch):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store:
        store.commit([a_status(1, "queued")])
    monkeypatch.setattr(database, "on_network", lambda path: True)
    with a_store(path) as store, Reader(path) as reader:
        assert (store.journal_mode, store._db.execute("pragma synchronous").fetchone()) == (
            "delete",
            (3,),
        )
        store.commit([a_status(1, "sent")])
        assert [event.status for event in reader.events()] == ["queued", "sent"]
        (notice,) = store.notices
        assert "network drive" in notice


class WithoutSharedMemory(sqlite3.Connection):
    """A file system on which SQLite cannot have its write-ahead log."""

    def execute(self, sql, *values):
        if sql == "pragma journal_mode = wal":
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *values)


def test_where_the_log_is_refused_the_old_journal_serves(tmp_path, monkeypatch):
    connect = functools.partial(sqlite3.connect, factory=WithoutSharedMemory)
    monkeypatch.setattr(database.sqlite3, "connect", connect)
    with a_store(tmp_path / "events.sqlite") as store:
        assert store.commit([a_status(1, "sent")])[0].new
        assert store._db.execute("pragma synchronous").fetchone() == (3,)
        assert (store.journal_mode, len(store.notices)) == ("delete", 1)


@pytest.mark.parametrize(
    ("mount", "answer"),
    [
        ("/dev/sda1 {folder} ext4 rw 0 0\nnas:/home {folder} nfs4 rw 0 0", True),
        ("nas:/home {folder} nfs4 rw 0 0\n/dev/sda1 {folder} ext4 rw 0 0", False),
        ("nas:/home {folder} nfs4 rw 0 0", True),
        ("//nas/home {folder} cifs rw 0 0", True),
        ("/dev/sda1 {folder} ext4 rw 0 0", False),
        ("nas:/other {folder}-other nfs rw 0 0", False),
        ("nas:/home /nowhere\\040here nfs rw 0 0", False),
        ("host {folder} virtiofs rw 0 0", True),
        ("gluster:/v {folder} fuse.glusterfs rw 0 0", True),
        ("pool/data {folder} zfs rw 0 0", False),
        ("", False),
    ],
)
def test_a_network_file_system_is_recognized_by_its_mount(tmp_path, mount, answer):
    mounts = tmp_path / "mounts"
    lines = ["/dev/root / ext4 rw 0 0", mount.format(folder=tmp_path)]
    mounts.write_text("\n".join(lines), "utf-8")
    assert database.on_network(tmp_path / "events.sqlite", mounts) is answer
    assert database.on_network(tmp_path / "events.sqlite", tmp_path / "none") is False


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_does_not_keep_the_store_of_a_writer_that_has_closed_it(tmp_path):
    goes_on, stop = os.pipe()
    with a_store(tmp_path / "events.sqlite"):
        if (fork := os.fork()) == 0:
            os.close(stop)
            os.read(goes_on, 1)
            os._exit(0)
    with a_store(tmp_path / "events.sqlite"):
        pass
    os.close(goes_on)
    os.close(stop)
    os.waitpid(fork, 0)


def test_one_process_writes_at_a_time(tmp_path):
    path = tmp_path / "events.sqlite"
    with a_store(path), pytest.raises(ListenerError, match="listener or poller already writes"):
        a_store(path)
    a_store(path).close()


# As it is found


def test_it_is_as_it_was_when_opened_again(tmp_path):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store, Reader(path) as reader:
        store.commit([a_status(1, "sent"), a_status(1, "sent"), an_inbound(2)])
        before = reader.events(), reader.messages(), reader.counts(), reader.store_id
    with a_store(path), Reader(path) as reader:
        assert (reader.events(), reader.messages(), reader.counts(), reader.store_id) == before


@pytest.mark.parametrize(
    "other",
    [{"account_sid": "AC" + "b" * 32}, {"world": "sandbox"}],
)
def test_another_accounts_store_is_refused_and_left_as_it_is(tmp_path, other):
    path = tmp_path / "events.sqlite"
    a_store(path).close()
    before = path.read_bytes()
    with pytest.raises(ListenerError, match="contains events of account ACaa…aaaa") as told:
        a_store(path, **other)
    assert "store=" in str(told.value)
    assert path.read_bytes() == before


def test_a_newer_releases_store_is_refused(tmp_path):
    path = tmp_path / "events.sqlite"
    a_store(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"pragma user_version = {schema.VERSION + 1}")
    for opening in (a_store, Reader):
        with pytest.raises(ListenerError, match="newer release"):
            opening(path)


def a_text(path):
    path.write_bytes(b"name,number\n" * 99)


def an_image(path):
    path.write_bytes(bytes(range(256)) * 40)


def somebodys_database(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table t (x)")


@pytest.mark.parametrize("make", [a_text, an_image, somebodys_database])
def test_a_file_that_is_not_a_store_is_rejected_and_unchanged(tmp_path, make):
    path = tmp_path / "events.sqlite"
    make(path)
    before, mode = path.read_bytes(), path.stat().st_mode
    with pytest.raises(ListenerError, match=r"is not an event store\. It was not changed"):
        a_store(path)
    assert (path.read_bytes(), path.stat().st_mode) == (before, mode)
    with pytest.raises(ListenerError):
        Reader(path)


def test_a_database_of_another_program_with_its_own_mark_is_refused(tmp_path):
    path = tmp_path / "events.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma application_id = 7")
    with pytest.raises(ListenerError, match="is not an event store"):
        a_store(path)


def test_a_damaged_store_is_set_aside_and_a_new_one_created(tmp_path):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store:
        store.commit([a_status(n, "sent") for n in range(500)])
    damaged = bytearray(path.read_bytes())
    damaged[8_192:40_000] = bytes(40_000 - 8_192)
    path.write_bytes(damaged)
    with a_store(path) as store, Reader(path) as reader:
        assert store.set_aside.name.startswith("events.sqlite.damaged-")
        assert store.set_aside.read_bytes() == bytes(damaged)
        assert str(store.set_aside) in store.notices[0]
        assert reader.events() == []
        assert store.commit([a_status(1, "sent")])[0].new
    with a_store(path) as store:
        assert store.set_aside is None


def flipped(content, draw):
    at_ = draw.randrange(len(content))
    content[at_] ^= 1 << draw.randrange(8)


def zeroed(content, draw):
    at_ = draw.randrange(len(content))
    content[at_ : at_ + 512] = bytes(len(content[at_ : at_ + 512]))


def cut(content, draw):
    del content[draw.randrange(1, len(content)) :]


@pytest.fixture(scope="module")
def well(tmp_path_factory):
    """A folder with a store whose log is not folded in yet."""
    path = tmp_path_factory.mktemp("well") / "events.sqlite"
    copy = path.parent / "copy"
    copy.mkdir()
    with a_store(path) as store:
        store.commit([a_status(n, "sent") for n in range(300)])
        store._db.execute("pragma wal_checkpoint")
        store.commit([a_status(n, "delivered") for n in range(100)])
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", copy)
    return copy


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_to_the_files_gives_a_store_or_a_clear_refusal(tmp_path, well, seed):
    """Bits flipped, blocks zeroed, ends cut off: in the file or in its log."""
    folder = shutil.copytree(well, tmp_path / "events")
    path = folder / "events.sqlite"
    draw = random.Random(seed)
    victim = draw.choice([path, folder / "events.sqlite-wal"])
    content = bytearray(victim.read_bytes())
    draw.choice([flipped, zeroed, cut])(content, draw)
    victim.write_bytes(content)
    try:
        store = a_store(path)
    except ListenerError as refusal:
        assert "is not an event store" in str(refusal)  # noqa: PT017 — either is right
        assert victim.read_bytes() == bytes(content)
        return
    with store, Reader(path) as reader:
        kept = {event.message_sid for event in reader.events()}
        assert store.set_aside is not None or kept <= {sid(n) for n in range(300)}
        if store.set_aside is not None:
            assert store.set_aside.exists()
        assert store.commit([a_status(999, "sent")])[0].new


def test_a_crash_during_creation_does_not_prevent_the_next_open(tmp_path):
    path = tmp_path / "events.sqlite"
    path.touch()
    with a_store(path) as store:
        assert store.commit([a_status(1, "sent")])[0].id == 1


def test_a_read_only_folder_is_reported(tmp_path):
    (tmp_path / "events").write_text("a file where a folder should be")
    with pytest.raises(StoreUnavailable) as told:
        a_store(tmp_path / "events" / "events.sqlite")
    assert told.value.cause == "disk"


# Forgetting

SECRET = "a body that must not remain"


def test_forgetting_leaves_no_byte(tmp_path):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store, Reader(path) as reader:
        store.commit([an_inbound(n, f"{SECRET} {n}", To="+14155550123") for n in range(2_000)])
        store.commit([a_status(n, "sent", Note=SECRET) for n in range(2_000, 2_100)])
        store.reject(
            [Rejection(at=at(0), status=403, reason=SECRET, cause="signature", from_=SECRET)]
        )
        assert len(reader.events()) == 2_100
        assert bytes_beside(path).count(SECRET.encode()) > 2_000
        assert store.forget() == 2_100
        left = bytes_beside(path)
        assert len(left) < 200_000
        assert (left.count(SECRET.encode()), left.count(b"4155550123")) == (0, 0)
        assert (reader.events(), reader.messages(), reader.rejections()) == ([], [], [])
        assert reader.counts().total == reader.counts().total_rejected == 0


def test_forgetting_old_events_erases_their_bytes_and_keeps_the_rest(tmp_path):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store, Reader(path) as reader:
        store.commit(
            [an_inbound(n, SECRET if n % 2 else "kept", seconds=n % 2 and -60) for n in range(900)]
        )
        rest = [event for event in reader.events() if event.body == "kept"]
        assert store.forget(before=at(0)) == 450
        assert reader.events() == rest
        assert [each.body for each in reader.messages()] == ["kept"] * 450
        assert bytes_beside(path).count(SECRET.encode()) == 0


def test_an_id_is_never_given_twice(tmp_path):
    """A reader's cursor would pass over the new event."""
    path = tmp_path / "events.sqlite"
    with a_store(path) as store:
        assert store.commit([a_status(1, "sent"), a_status(2, "sent")])[1].id == 2
        store.forget()
        assert store.commit([a_status(1, "sent")])[0].id == 3
    with a_store(path) as store:
        store.forget()
        assert store.commit([a_status(1, "sent")])[0].id == 4


def test_a_message_with_later_events_keeps_its_state_when_older_ones_are_forgotten(tmp_path):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store, Reader(path) as reader:
        store.commit([a_status(1, "delivered", seconds=-9), a_status(1, "sent", seconds=9)])
        store.forget(before=at(0))
        assert [event.status for event in reader.events()] == ["sent"]
        assert reader.message(sid(1)).status == "delivered"


def test_forgetting_everything_deletes_damaged_files_set_aside(tmp_path):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store:
        store.commit([an_inbound(n, SECRET) for n in range(200)])
    damaged = path.read_bytes().replace(b"\x0d\x00\x00\x00", b"\xff\x00\x00\x00")
    path.write_bytes(damaged)
    with a_store(path) as store:
        assert SECRET.encode() in store.set_aside.read_bytes()
        store.forget()
        assert bytes_beside(path).count(SECRET.encode()) == 0


def test_events_beyond_the_retention_are_deleted_on_open_and_daily(tmp_path):
    path = tmp_path / "events.sqlite"
    old = [a_status(1, "sent"), a_look(2, "sent")]
    with a_store(path) as store, Reader(path) as reader:
        store.commit([*old, an_inbound(3, SECRET, seconds=60)])
        month = timedelta(days=30)
        assert store.retire(at(0) + month) == 0
        assert store.retire(at(30) + month) == 0, "only the clock says so"
        store.commit([a_status(4, "sent", seconds=30 + month.total_seconds())])
        assert store.retire(at(30) + month) == 2
        assert [event.id for event in reader.events()] == [3, 4]
        assert store.notices == ("2 events older than 30 days were deleted (retention_days).",)
    month = timedelta(days=31)
    a_store(path, now=lambda: at(0) + month, retention_days=None).close()
    with Reader(path) as reader:
        assert reader.last_id() == 4
    with a_store(path, retention_days=None) as store:
        store.commit([a_status(5, "sent", seconds=month.total_seconds())])
    with a_store(path, now=lambda: at(0) + month), Reader(path) as reader:
        assert [event.id for event in reader.events()] == [4, 5]
        assert bytes_beside(path).count(SECRET.encode()) == 0


@pytest.mark.parametrize("ahead", [40, 4000])
def test_a_clock_that_is_ahead_deletes_nothing(tmp_path, ahead):
    path = tmp_path / "events.sqlite"
    with a_store(path) as store:
        store.commit([a_status(1, "sent"), an_inbound(2)])
    with a_store(path, now=lambda: at(0) + timedelta(days=ahead)) as store, Reader(path) as reader:
        assert [event.id for event in reader.events()] == [1, 2]
        assert store.notices == ()


def test_an_event_received_while_the_clock_was_behind_is_kept(tmp_path):
    path, month = tmp_path / "events.sqlite", timedelta(days=31).total_seconds()
    with a_store(path, retention_days=None) as store:
        store.commit([a_status(1, "sent", seconds=month)])
        store.commit([a_status(2, "sent")])
        store.commit([a_status(3, "sent", seconds=month + 60)])
    with a_store(path, now=lambda: at(month + 60)), Reader(path) as reader:
        assert [event.id for event in reader.events()] == [1, 2, 3]
        assert len(reader.messages()) == 3


def test_a_reader_that_keeps_deleted_bytes_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("twilio_widgets.listener.events.store._READER_TIMEOUT", 1)
    path = tmp_path / "events.sqlite"
    with a_store(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        store.commit([an_inbound(1, SECRET)])
        other.execute("begin")
        other.execute("select * from event").fetchone()
        with pytest.raises(StoreUnavailable, match="another program is reading") as told:
            store.forget()
        assert told.value.cause == "locked"
        other.execute("rollback")
        assert (store.forget(), bytes_beside(path).count(SECRET.encode())) == (0, 0)


DISK = """
import resource, signal, sys
from pathlib import Path
from tests.arrivals import ACCOUNT, a_status, at
from twilio_widgets.errors import StoreUnavailable
from twilio_widgets.listener.events.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
with Store.open(path, account_sid=ACCOUNT, world="live", now=lambda: at(0)) as store:
    store.commit([a_status(0, "sent")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    acknowledged, causes = 1, set()
    for n in range(1, 2_000):
        try:
            store.commit([a_status(n, "sent", Note="x" * 900)])
            acknowledged += 1
        except StoreUnavailable as error:
            causes.add(error.cause)
            break
print(acknowledged, *causes)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is of POSIX")
def test_a_disk_that_ends_loses_nothing_that_was_acknowledged(tmp_path):
    path = tmp_path / "events.sqlite"
    command = [sys.executable, "-c", DISK, str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    with a_store(path) as store, Reader(path) as reader:
        assert store.set_aside is None
        assert (len(reader.events()), output[1:]) == (int(output[0]), ["disk"])


@pytest.mark.parametrize("name", ["events.sqlite", "events.sqlite-wal"])
@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_an_event_is_not_acknowledged_when_its_file_is_not_in_its_place(tmp_path, name, replaced):
    with a_store(tmp_path / "events.sqlite") as store:
        store.commit([a_status(1, "sent")])
        file = tmp_path / name
        content = file.read_bytes()
        file.unlink()
        if replaced:
            file.write_bytes(content)
        with pytest.raises(StoreUnavailable, match="deleted, moved or replaced"):
            store.commit([a_status(2, "sent")])


def test_a_store_is_gone_when_it_is_not_there_and_not_when_it_cannot_be_looked_at(tmp_path):
    """What cannot be looked at now, such as on a drive that is away, may come back."""
    there = tmp_path / "events.sqlite"
    there.touch()
    places = (there, tmp_path / "none", there / "below", tmp_path / ("x" * 5_000))
    assert [is_gone(place) for place in places] == [False, True, True, False]
