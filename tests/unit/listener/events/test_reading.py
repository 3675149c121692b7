"""Readers change nothing, miss nothing and hold nothing back."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing

import numpy as np
import pytest

from tests.arrivals import ACCOUNT, a_look, a_status, an_inbound, at, sid
from twilio_widgets.errors import ListenerError, StoreUnavailable
from twilio_widgets.listener.consumers.cursors import Cursors
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.sqlite"


@pytest.fixture
def store(path):
    with a_store(path) as opened:
        yield opened


@pytest.fixture
def reader(store, path):
    with Reader(path) as opened:
        yield opened


def a_store(path):
    return Store.open(path, account_sid=ACCOUNT, world="live", now=lambda: at(0))


def ids(rows):
    return [row.id for row in rows]


def test_pages_of_events_are_in_the_order_of_arrival(store, reader):
    assert (reader.events(), reader.last_id(), reader.event(1)) == ([], 0, None)
    store.commit([a_status(n, "sent") for n in range(10)])
    assert ids(reader.events()) == list(range(1, 11))
    assert ids(reader.events(after=7)) == [8, 9, 10]
    assert ids(reader.events(after=2, limit=3)) == [3, 4, 5]
    assert ids(reader.events(limit=3, newest=True)) == [8, 9, 10]
    assert ids(reader.events(after=8, limit=3, newest=True)) == [9, 10]
    assert ids(reader.events(limit=0)) == []
    assert reader.event(4) == reader.events()[3]


def test_an_id_from_a_frame_is_an_id(store, reader):
    """A frame's ids are numpy's, which SQLite would take for bytes; a number may be any."""
    store.commit([a_status(n, "sent") for n in range(3)])
    second = np.array(ids(reader.events()))[1]

    assert reader.event(second).id == 2
    assert ids(reader.events(after=second)) == [3]
    assert ids(reader.events(limit=second)) == [1, 2]
    assert [one.sid for one in reader.messages(after=second)] == [sid(2)]
    assert [reader.event(far) for far in (10**30, -(10**30))] == [None, None]
    assert reader.events(after=10**30) == []


def test_the_events_of_one_message_can_be_read(store, reader):
    store.commit([a_status(1, "sent"), a_status(2, "sent"), a_status(1, "delivered")])
    assert [event.status for event in reader.events_of(sid(1))] == ["sent", "delivered"]
    assert reader.events_of(sid(9)) == []
    assert (reader.message(sid(9)), reader.message(sid(1)).status) == (None, "delivered")


def test_messages_are_sorted_by_their_last_event(store, reader):
    store.commit([a_status(1, "queued"), a_status(2, "queued"), a_status(3, "queued")])
    store.commit([a_status(1, "sent")])
    assert [each.sid for each in reader.messages()] == [sid(2), sid(3), sid(1)]
    assert [each.sid for each in reader.messages(after=3)] == [sid(1)]
    assert [each.sid for each in reader.messages(limit=2)] == [sid(2), sid(3)]
    store.commit([a_status(1, "queued", token="again")])
    assert reader.messages(after=4) == []


def test_the_unsettled_are_those_one_may_ask_twilio_about(store, reader):
    store.commit(
        [
            a_status(1, "sent", seconds=60),
            a_status(2, "queued", seconds=30),
            a_status(3, "delivered", seconds=30),
            a_status(4, "delivered", seconds=10),
            a_status(4, "failed", seconds=20),
            a_status(5, "sent", seconds=100),
            a_status(6, "sent", seconds=-100),
            an_inbound(7, seconds=30),
            a_look(8, "sent", seconds=40),
        ]
    )
    found = reader.unsettled(since=at(0), quiet_since=at(90))
    assert [each.sid for each in found] == [sid(4), sid(2), sid(8), sid(1)]
    (plan,) = reader._db.execute(
        "explain query plan select sid from message where (rank < 4 or conflict = 1)"
        " and last_at < 1"
    )
    assert "message_unsettled" in plan[-1]


def test_the_data_version_changes_with_every_commit_and_only_then(store, reader):
    first = reader.data_version()
    assert reader.data_version() == first
    store.commit([a_status(1, "sent")])
    second = reader.data_version()
    reader.events()
    assert first != second == reader.data_version()


def test_a_reader_cannot_write(store, reader):
    for harm in ("delete from event", "create table x (y)", "pragma user_version = 9"):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._db.execute(harm)


def test_a_reader_never_folds_the_log_in(store, path):
    """Two processes doing so at once can damage the file, with the SQLite of many Pythons."""
    store.commit([a_status(n, "sent") for n in range(50)])
    log, before = path.with_name(f"{path.name}-wal"), path.read_bytes()
    with Reader(path) as reader:
        assert len(reader.events()) == 50
    assert (log.stat().st_size > 0, path.read_bytes()) == (True, before)


def test_a_reader_reads_the_log_of_a_dead_writer_without_changing_it(path, tmp_path):
    """The log of a writer that was killed is read, and kept for the next writer."""
    store = a_store(path)
    store.commit([a_status(n, "sent") for n in range(50)])
    dead = tmp_path / "dead"
    dead.mkdir()
    for ending in ("", "-wal"):
        left = path.with_name(path.name + ending)
        (dead / left.name).write_bytes(left.read_bytes())
    store.close()
    log = dead / f"{path.name}-wal"
    before = log.read_bytes()
    with Reader(dead / path.name) as reader:
        assert len(reader.events()) == 50
    assert log.read_bytes() == before
    with a_store(dead / path.name) as again, Reader(dead / path.name) as reader:
        assert again.set_aside is None
        assert len(reader.events()) == 50


def test_a_reader_works_without_a_writer(path):
    with a_store(path) as store:
        store.commit([a_status(1, "sent")])
    with Reader(path) as reader:
        assert ids(reader.events()) == [1]
        with a_store(path) as store:
            store.commit([a_status(2, "sent")])
            assert ids(reader.events()) == [1, 2]


def test_a_reader_follows_a_recreated_store(path):
    with a_store(path) as store, Reader(path) as reader:
        store.commit([a_status(1, "sent"), a_status(2, "sent")])
        before, _ = reader.store_id, reader.events()
        store.close()
        path.rename(path.with_name("aside"))
        with a_store(path) as anew:
            anew.commit([a_status(9, "sent")])
            assert [event.message_sid for event in reader.events()] == [sid(9)]
            assert reader.store_id != before


def test_a_reader_says_when_there_is_nothing_to_read(path, tmp_path):
    with pytest.raises(ListenerError, match="There is no event store at"):
        Reader(path)
    assert list(tmp_path.iterdir()) == []
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table t (x)")
    with pytest.raises(ListenerError, match="is not an event store"):
        Reader(path)
    path.write_bytes(b"no database at all" * 99)
    with pytest.raises(StoreUnavailable) as told:
        Reader(path)
    assert told.value.cause == "damaged"


def test_a_closed_reader_says_so(store, path):
    reader = Reader(path)
    reader.close()
    reader.close()
    with pytest.raises(ListenerError, match="is closed"):
        reader.events()


# Cursors


@pytest.fixture
def cursors(path):
    return Cursors(path, "store 1")


def test_a_cursor_goes_forward_only(cursors, path):
    assert cursors.get("table") == 0
    cursors.move("table", 5)
    cursors.move("table", 3)
    cursors.move("rules", 2)
    again = Cursors(path, "store 1")
    assert (again.get("table"), again.get("rules")) == (5, 2)


def test_the_cursors_of_another_store_do_not_hold(cursors, path):
    cursors.move("table", 5)
    anew = Cursors(path, "store 2")
    assert anew.get("table") == 0
    anew.move("table", 1)
    assert (anew.get("table"), cursors.get("table")) == (1, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"store": "store 1"}',
        b'{"store": "store 1", "cursors": 3}',
        b'{"store": "store 1", "cursors": {"table": "x"}}',
    ],
)
def test_cursors_that_cannot_be_read_mean_to_use_events_again(cursors, path, content):
    kept = path.with_name("events.sqlite.cursors")
    kept.write_bytes(content)
    assert cursors.get("table") == 0
    cursors.move("table", 4)
    assert json.loads(kept.read_bytes()) == {"store": "store 1", "cursors": {"table": 4}}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
