"""A commit in two parts: written at once, durable when another thread has waited for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.arrivals import ACCOUNT, a_status, at
from twilio_widgets.errors import ListenerError, StoreUnavailable
from twilio_widgets.listener.events.batch import Receipt
from twilio_widgets.listener.events.event import Rejection
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.process.committing import MOST_AT_HAND, Committer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, account_sid=ACCOUNT, world="live", now=lambda: at(0)) as opened:
        yield opened


def ids(path: Path) -> list[int]:
    with Reader(path) as reader:
        return [event.id for event in reader.events()]


def a_rejection() -> Rejection:
    return Rejection(at=at(0), status=403, reason="No match.", cause="signature")


def test_what_is_begun_is_there_for_nobody_until_it_is_finished(store: Store, path: Path) -> None:
    finish = store.begin([a_status(1, "sent"), a_status(1, "sent"), a_status(2, "sent")])
    assert finish is not None
    assert ids(path) == []
    assert finish() == [
        Receipt(id=1, new=True),
        Receipt(id=1, new=False),
        Receipt(id=2, new=True),
    ]
    assert ids(path) == [1, 2]
    assert store.commit([a_status(3, "sent")]) == [Receipt(id=3, new=True)]


def test_another_thread_may_finish_and_a_third_one_waits_for_it(store: Store, path: Path) -> None:
    finish = store.begin([a_status(1, "sent")])
    assert finish is not None
    rejecting = threading.Thread(target=store.reject, args=([a_rejection()],))
    rejecting.start()
    assert store.begin([a_status(2, "sent")]) is None
    with ThreadPoolExecutor(1) as disk:
        disk.submit(finish).result()
    rejecting.join()
    with Reader(path) as reader:
        assert [one.cause for one in reader.rejections()] == ["signature"]
    assert ids(path) == [1]


def test_a_store_that_somebody_else_locks_is_not_waited_for(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert store.begin([a_status(1, "sent")]) is None
        with pytest.raises(StoreUnavailable, match="locked"):
            store.commit([a_status(1, "sent")])
        other.execute("rollback")
    assert store.commit([a_status(1, "sent")]) == [Receipt(id=1, new=True)]


def test_what_cannot_be_finished_leaves_nothing_and_the_next_one_can(
    store: Store, path: Path
) -> None:
    finish = store.begin([a_status(1, "sent")])
    assert finish is not None
    refused = (sqlite3.SQLITE_TRANSACTION, "COMMIT")
    store._db.set_authorizer(
        lambda *asked: sqlite3.SQLITE_DENY if asked[:2] == refused else sqlite3.SQLITE_OK
    )
    with pytest.raises(StoreUnavailable):
        finish()
    store._db.set_authorizer(None)
    assert ids(path) == []
    assert store.commit([a_status(2, "sent")]) == [Receipt(id=1, new=True)]


def test_what_cannot_be_begun_leaves_nothing_and_the_next_one_can(store: Store) -> None:
    store._db.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
    assert store.begin([a_status(1, "sent")]) is None
    store._db.set_authorizer(None)
    finish = store.begin([a_status(1, "sent")])
    assert finish is not None
    assert finish() == [Receipt(id=1, new=True)]


def test_a_closed_store_is_not_begun_and_commit_says_so(path: Path) -> None:
    store = Store.open(path, account_sid=ACCOUNT, world="live")
    store.close()
    assert store.begin([a_status(1, "sent")]) is None
    with pytest.raises(ListenerError, match="is closed"):
        store.commit([a_status(1, "sent")])


def test_the_committer_does_the_work_itself_and_waits_elsewhere(store: Store, path: Path) -> None:
    """Many at once are stored elsewhere as a whole: they would hold up the loop."""
    threads: list[str] = []
    begin, commit = store.begin, store.commit

    class Watched:
        def begin(self, arrivals):  # type: ignore[no-untyped-def]
            threads.append(threading.current_thread().name)
            return begin(arrivals)

        def commit(self, arrivals):  # type: ignore[no-untyped-def]
            threads.append(threading.current_thread().name)
            return commit(arrivals)

    async def prove() -> None:
        told: list[str | None] = []
        done: list[Receipt | None] = []
        with ThreadPoolExecutor(1, "disk") as disk:
            committer = Committer(Watched(), disk, told.append)
            committer.take(a_status(1, "sent"), 10, done.append)
            await committer.idle()
            for n in range(MOST_AT_HAND + 1):
                committer.take(a_status(10 + n, "sent"), 10, done.append)
            await committer.idle()
        assert [one.id for one in done if one] == list(range(1, MOST_AT_HAND + 3))
        assert told == [None, None]

    asyncio.run(prove())
    assert threads == [threading.main_thread().name, "disk_0"]
    assert len(ids(path)) == MOST_AT_HAND + 2
