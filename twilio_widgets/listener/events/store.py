"""The writer of an event store: acknowledged events survive crashes and power cuts.

SQLite syncs to disk at every commit, and an event is acknowledged only after that. One process
writes to a file at a time; for reading see `Reader`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from twilio_widgets.core.closing import ClosesOnExit
from twilio_widgets.core.system.folders import identity
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import ConfigurationError, ListenerError, StoreUnavailable
from twilio_widgets.listener.events import schema
from twilio_widgets.listener.events.batch import Batch, Receipt
from twilio_widgets.listener.events.database import OpenedDatabase, open_store, set_aside_files
from twilio_widgets.listener.events.event import Arrival, Rejection
from twilio_widgets.listener.events.payload import micros, moment
from twilio_widgets.listener.events.sqlite_errors import cannot_open, taken_away, unavailable
from twilio_widgets.listener.files import durable

RETENTION_DAYS: Final = 30
"""The default number of days an event is kept."""

LONGEST_RETENTION: Final = 36_500
"""Days: a century. A longer one could underflow `datetime`."""

_READER_TIMEOUT: Final = 5_000
"""Milliseconds to wait for readers whose snapshots keep deleted bytes in the file."""


_DELETE_IN_ORDER = (
    "delete from event where received_at < ? and "
    "id < (select coalesce(min(id), 0) from event where received_at >= ?)"
)


class Store(ClosesOnExit):
    """The only writer of an event store. Use `open`; close it, or use it as a context manager.

    The methods are thread-safe and run one after the other.
    """

    def __init__(self, path: Path, opened: OpenedDatabase, lock: contextlib.ExitStack) -> None:
        self._path = path
        self._opened = opened
        self._db = opened.db
        self._owned = lock
        self._lock = ThreadLock()
        self._found = {file: identity(file) for file in (path, path.with_name(f"{path.name}-wal"))}
        self.retired = 0
        """The number of events that were deleted by their age since it was opened."""
        self.retention_days: float | None = None
        """Days an event is kept; None means until `forget`."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        account_sid: str,
        world: Literal["live", "sandbox"],
        retention_days: float | None = RETENTION_DAYS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        lock_timeout: float = 0.0,
    ) -> Store:
        """Open a store, or create it; events older than the retention are deleted.

        Args:
            path: The file. Only its owner can read it and the files SQLite creates beside it.
            account_sid: The account of its events; a file of another account is an error.
            world: Whether the events are from Twilio or from a sandbox: they are never mixed.
            retention_days: Days an event is kept; None keeps events until `forget`.
            now: Returns the current time.
            lock_timeout: Seconds to wait for another writer to release the store.

        Raises:
            ListenerError: A listener or poller already writes here, or the file is not a store of
                this account.
            StoreUnavailable: The file cannot be opened or written.
        """
        with contextlib.ExitStack() as stack:
            lock = path.with_name(f"{path.name}.writer")
            stack.enter_context(_sole_writer(path, lock, lock_timeout))
            opened = open_store(path, account_sid=account_sid, world=world)
            stack.callback(opened.db.close)
            store = cls(path, opened, stack)
            store.keep_for(retention_days, now())
            store._owned = stack.pop_all()
            return store

    # Properties

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def journal_mode(self) -> str:
        """``wal``; or ``delete``, as durable but slower, if the file system has no support."""
        return self._opened.journal_mode

    @property
    def set_aside(self) -> Path | None:
        """The path to which a damaged file was moved; None if the file was not damaged."""
        return self._opened.set_aside

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about problems of this store."""
        notices = []
        if self.set_aside is not None:
            notices.append(
                f"The event store was damaged. It was moved to {self.set_aside} and a new one was "
                "created: call fill_gap() to fetch the messages that Twilio still has."
            )
        if self.retired:
            notices.append(
                f"{self.retired:,} events older than {self.retention_days:g} days were deleted "
                "(retention_days)."
            )
        if self.journal_mode != "wal":
            notices.append(
                f"{self._path} is on a file system without support for SQLite's write-ahead log "
                "(a network drive?). Events are stored safely, but more slowly than in a local "
                "file."
            )
        return tuple(notices)

    # Writing

    def commit(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Store arrivals in one transaction; they are on disk when this returns.

        An arrival that was stored before is counted as a duplicate. One with invalid content gets a
        receipt with the problem; the others are stored.

        Raises:
            StoreUnavailable: Nothing was stored, e.g. because the disk is full. It can be retried.
        """
        with self._transaction() as db:
            receipts = Batch(db).take(arrivals)
        if not self.is_in_place():
            raise taken_away(self._path)
        return receipts

    def is_in_place(self) -> bool:
        """Return whether the store's names still lead to the files that are open."""
        for file, found in self._found.items():
            if found is None:  # SQLite makes its log with the first commit
                self._found[file] = identity(file)
        return all(identity(file) == found for file, found in self._found.items())

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Store rejected requests: each is counted, the last 1,000 are kept.

        Raises:
            StoreUnavailable: Nothing was stored.
        """
        with self._transaction() as db:
            db.executemany(schema.INSERT_REJECTION, map(schema.rejection_values, rejections))
            db.execute(
                "delete from rejected where id <= (select max(id) from rejected) - ?",
                (schema.RING,),
            )
            db.executemany(schema.COUNT, [("rejected", each.cause, 1) for each in rejections])

    def forget(self, before: datetime | None = None) -> int:
        """Delete events received before a moment, or everything, including their bytes on disk.

        A message with later events keeps its state. Without `before`, the counts are reset too, and
        damaged files that were set aside are deleted.

        Args:
            before: An aware datetime; None deletes everything.

        Returns:
            The number of deleted events.

        Raises:
            StoreUnavailable: With cause ``locked``, the events are deleted, but a reader keeps
                their bytes in the file: try again.
        """
        deleted = self._delete(before)
        with self._lock, self._translated():
            self._checkpoint()
            # The bytes are gone. This shrinks the file, unless the disk is too full for a copy.
            with contextlib.suppress(sqlite3.OperationalError):
                self._db.execute("vacuum")
                self._checkpoint()
        if before is None:
            for path in set_aside_files(self._path):
                path.unlink(missing_ok=True)
        return deleted

    def keep_for(self, days: float | None, now: datetime) -> int:
        """Set the retention in days and delete older events now; see `retire`."""
        self.retention_days = days
        return self.retire(now)

    def retire(self, now: datetime) -> int:
        """Delete events older than the retention; return their number. Call it daily.

        The age counts back from the newest event, at most from `now`: a computer's clock that is
        ahead would otherwise delete everything. Without new events, old ones stay. An event stays
        while an earlier one does: it was received while the clock was behind.
        """
        if self.retention_days is None:
            return 0
        before = now - timedelta(days=self.retention_days)
        with self._lock, self._translated():
            (newest,) = self._db.execute("select max(received_at) from event").fetchone()
        if newest is None:
            return 0
        deleted = self._delete(min(before, moment(newest) - (now - before)), in_order=True)
        self.retired += deleted
        if deleted:
            # A busy reader is not a failure: the checkpoint of the next commit overwrites the
            # same bytes.
            with self._lock, contextlib.suppress(StoreUnavailable), self._translated():
                self._checkpoint()
        return deleted

    def close(self) -> None:
        """Close the file. SQLite then checkpoints its write-ahead log."""
        with self._lock:
            self._owned.close()

    # Inside

    def _delete(self, before: datetime | None, *, in_order: bool = False) -> int:
        with self._transaction() as db:
            if before is None:
                db.execute("delete from tally where subject <> ?", schema.FORGOTTEN[:1])
                db.execute("delete from message")
                deleted = db.execute("delete from event").rowcount
                rejected = db.execute("delete from rejected").rowcount
            else:
                until = (micros(before),)
                if in_order:
                    deleted = db.execute(_DELETE_IN_ORDER, until * 2).rowcount
                else:
                    deleted = db.execute("delete from event where received_at < ?", until).rowcount
                db.execute(
                    "delete from message where last_at < ? and sid not in "
                    "(select message_sid from event)",
                    until,
                )
                rejected = db.execute("delete from rejected where at < ?", until).rowcount
            if deleted or rejected:
                db.execute(schema.COUNT, (*schema.FORGOTTEN, 1))
            return deleted

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in a transaction: commit, or roll back after any exception."""
        with self._lock, self._translated():
            self._db.execute("begin immediate")
            try:
                yield self._db
                self._db.execute("commit")
            except BaseException:
                # SQLite has already rolled back after some errors, such as a full disk; and a
                # closed store has nothing to roll back.
                with contextlib.suppress(sqlite3.ProgrammingError):
                    if self._db.in_transaction:
                        self._db.execute("rollback")
                raise

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise ListenerError(f"The event store {self._path} is closed.") from error
        except sqlite3.Error as error:
            raise unavailable(error, self._path) from error

    def _checkpoint(self) -> None:
        """Checkpoint and truncate the write-ahead log, since it contains the deleted bytes."""
        (usual,) = self._db.execute("pragma busy_timeout").fetchone()
        self._db.execute(f"pragma busy_timeout = {_READER_TIMEOUT}")
        try:
            (busy, _, _) = self._db.execute("pragma wal_checkpoint(truncate)").fetchone()
        finally:
            self._db.execute(f"pragma busy_timeout = {usual}")
        if busy:
            raise StoreUnavailable(
                f"The events are deleted, but another program is reading {self._path}, so their "
                "bytes are still in the file. Close that program and try again.",
                cause="locked",
            )


@contextlib.contextmanager
def _sole_writer(path: Path, lock: Path, lock_timeout: float) -> Iterator[None]:
    """Hold the writer lock: two writing processes could damage the file."""
    with contextlib.ExitStack() as holding:
        try:
            holding.enter_context(durable.locked(lock, seconds=lock_timeout))
        except OSError as error:
            raise cannot_open(path, error) from error
        except ListenerError as error:
            raise ListenerError(
                f"A listener or poller already writes to the event store {path}. Use that one, "
                "close it, or choose another file: store=…."
            ) from error
        yield


def check_retention(days: float | None) -> float | None:
    """Return the retention in days if it is valid; 0 is not, because it would delete everything.

    Raises:
        ConfigurationError: It is not a number, or out of range.
    """
    is_number = isinstance(days, int | float) and not isinstance(days, bool)
    if days is not None and not (is_number and 0 < days <= LONGEST_RETENTION):
        raise ConfigurationError(
            "retention_days must be more than 0 and at most "
            f"{LONGEST_RETENTION:,}, or None to keep events until forget() is called.",
            field="retention_days",
        )
    return days


def check_moment(before: datetime | None) -> None:
    """Check the `before` argument of `forget`.

    Raises:
        ConfigurationError: It is not a datetime, or has no time zone.
    """
    if before is not None and not isinstance(before, datetime):
        raise ConfigurationError(
            "before must be a datetime with a time zone; leave it out to forget everything.",
            field="before",
        )
    if before is not None and before.tzinfo is None:
        raise ConfigurationError("before has no time zone. Add one.", field="before")
