"""Reading an event store from any process, while another process writes it.

The connection is read-only, never checkpoints the write-ahead log (two processes doing so at once
could damage the file), and runs each query in its own transaction, so that it does not delay the
writer's checkpoints.
"""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, SupportsIndex

from twilio_widgets.core.closing import ClosesOnExit
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.events import schema
from twilio_widgets.listener.events.database import check_owner
from twilio_widgets.listener.events.event import Event, MessageState, Rejection
from twilio_widgets.listener.events.payload import micros
from twilio_widgets.listener.events.sqlite_errors import unavailable

LAST_ID: Final = 2**63 - 1
"""The highest row id in SQLite."""

_PATIENCE: Final = 5.0
"""Seconds to wait for the writer if there is no write-ahead log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Counts since the store was created or everything was forgotten."""

    events: Mapping[str, int]
    """Events by kind, without duplicates."""
    duplicates: Mapping[str, int]
    """Repeated deliveries by kind."""
    proofs: Mapping[str, int]
    """Events by proof: ``auth token``, ``shared key``, or ``poll``."""
    rejected: Mapping[str, int]
    """Rejected requests by cause."""

    @property
    def total(self) -> int:
        """The number of all events."""
        return sum(self.events.values())

    @property
    def total_rejected(self) -> int:
        """The number of all rejected requests."""
        return sum(self.rejected.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Counts of changes to events that may have been read before."""

    confirmed: int = 0
    """Events from Twilio's log that were replaced by a webhook."""
    forgotten: int = 0
    """The number of deletions."""


class Reader(ClosesOnExit):
    """One reader of an event store. Close it, or use it as a context manager.

    Its methods may be called from any thread.

    Args:
        path: The store's file; it must exist.

    Raises:
        ListenerError: There is no store, or this release cannot read it.
        StoreUnavailable: Reading failed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = ThreadLock()
        self._db = self._open()
        self._file = self._identity()
        try:
            self._check()
        except BaseException:
            self._db.close()
            raise

    # Events

    def events(
        self, after: SupportsIndex = 0, limit: int | None = None, *, newest: bool = False
    ) -> list[Event]:
        """Return events in the order of their arrival.

        Args:
            after: Only those with a higher id.
            limit: The maximum number; None returns all.
            newest: With a limit, return the last ones instead of the first.
        """
        return [schema.event_of(row) for row in self._page("event", after, limit, newest)]

    def event(self, event_id: SupportsIndex) -> Event | None:
        """Return one event; None if it does not exist or was forgotten."""
        rows = self._rows(f"{_EVENTS} where id = ?", event_id)
        return schema.event_of(rows[0]) if rows else None

    def events_of(self, message_sid: str) -> list[Event]:
        """Return the events of one message, in the order of arrival."""
        rows = self._rows(f"{_EVENTS} where message_sid = ? order by id", message_sid)
        return [schema.event_of(row) for row in rows]

    def last_id(self) -> int:
        """Return the id of the newest event; 0 if there is none."""
        return int(self._rows("select coalesce(max(id), 0) from event")[0][0])

    # Messages

    def messages(self, after: SupportsIndex = 0, limit: int | None = None) -> list[MessageState]:
        """Return the state of each message, the most recently changed last.

        Args:
            after: Only messages with an event of a higher id.
            limit: The maximum number; None returns all.
        """
        query = f"{_MESSAGES} where last_event > ? order by last_event limit ?"
        return [schema.message_of(row) for row in self._rows(query, after, _most(limit))]

    def message(self, sid: str) -> MessageState | None:
        """Return the state of one message; None if it has no events."""
        rows = self._rows(f"{_MESSAGES} where sid = ?", sid)
        return schema.message_of(rows[0]) if rows else None

    def unsettled(self, *, since: datetime, quiet_since: datetime) -> list[MessageState]:
        """Return messages to look up at Twilio: not final or in conflict, without recent events.

        Args:
            since: Only messages whose first event is at or after this moment.
            quiet_since: Only messages without events since this moment.

        Returns:
            The messages, the one with the oldest last event first.
        """
        query = (
            f"{_MESSAGES} where (rank < 4 or conflict = 1) and last_at < ? and first_at >= ? "
            "order by last_at"
        )
        rows = self._rows(query, micros(quiet_since), micros(since))
        return [schema.message_of(row) for row in rows]

    # Rows of a job

    def sid_of_token(self, token: str) -> str | None:
        """Return the SID of the message whose status callback URL carried this row token."""
        query = "select message_sid from event where row_token = ? order by id limit 1"
        rows = self._rows(query, token)
        return str(rows[0][0]) if rows else None

    # Rejections and counts

    def rejections(
        self, after: SupportsIndex = 0, limit: int | None = None, *, newest: bool = False
    ) -> list[Rejection]:
        """Return rejected requests in order; the last 1,000 are kept."""
        return [schema.rejection_of(row) for row in self._page("rejected", after, limit, newest)]

    def counts(self) -> Counts:
        """Return counts by kind, proof and cause."""
        tally: dict[str, dict[str, int]] = {}
        query = "select subject, word, n from tally where n > 0 order by word"
        for subject, word, n in self._rows(query):
            tally.setdefault(subject, {})[word] = n
        return Counts(
            events=tally.get("event", {}),
            duplicates=tally.get("duplicate", {}),
            proofs=tally.get("proof", {}),
            rejected=tally.get("rejected", {}),
        )

    # Changes to earlier events

    def revisions(self) -> Revisions:
        """Return counts of changes to events that may have been read before."""
        n = dict(self._rows("select word, n from tally where subject = 'revised'"))
        return Revisions(confirmed=n.get("confirmed", 0), forgotten=n.get("forgotten", 0))

    def confirmed_among(self, polled: Iterable[int]) -> list[Event]:
        """Return those polled events that a webhook has replaced since.

        Args:
            polled: The ids of polled events.
        """
        found = list[Event]()
        for query, some in schema.in_chunks(f"{_EVENTS} where source <> 'poll' and id", polled):
            found += map(schema.event_of, self._rows(query, *some))
        return found

    # The file

    @property
    def store_id(self) -> str:
        """A random id of this store; a new store at the same path has another one."""
        return str(self._rows("select value from meta where name = 'store'")[0][0])

    def check_owner(self, account_sid: str, world: str) -> None:
        """Check that the store belongs to an account.

        Raises:
            ListenerError: It belongs to another account.
        """
        meta = dict(self._rows("select name, value from meta"))
        check_owner(meta, self._path, account_sid=account_sid, world=world)

    def data_version(self) -> int:
        """Return a number that changes whenever the writer commits."""
        return int(self._rows("pragma data_version")[0][0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # Inside

    def _page(self, table: str, after: SupportsIndex, limit: int | None, newest: bool) -> list[Any]:
        order = "desc" if newest else "asc"
        query = f"{_FROM[table]} where id > ? order by id {order} limit ?"
        rows = self._rows(query, after, _most(limit))
        return rows[::-1] if newest else rows

    def _rows(self, query: str, *values: str | SupportsIndex) -> list[Any]:
        bound = [_bound(value) for value in values]
        with self._lock:
            try:
                if (file := self._identity()) != self._file:
                    # A damaged file was set aside and a new one was created at the same path.
                    self._db.close()
                    self._db, self._file = self._open(), file
                return self._db.execute(query, bound).fetchall()
            except sqlite3.ProgrammingError as error:
                raise ListenerError(f"The reader of {self._path} is closed.") from error
            except sqlite3.Error as error:
                raise unavailable(error, self._path) from error

    def _identity(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise ListenerError(
                f"There is no event store at {self._path}. A listener creates one when it starts."
            ) from error
        return found.st_dev, found.st_ino

    def _open(self) -> sqlite3.Connection:
        self._identity()
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        try:
            db = sqlite3.connect(
                address, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise unavailable(error, self._path) from error
        db.execute("pragma query_only = on")
        db.execute("pragma mmap_size = 0")
        return db

    def _check(self) -> None:
        application = self._rows("pragma application_id")[0][0]
        version = self._rows("pragma user_version")[0][0]
        if application != schema.APPLICATION:
            raise ListenerError(f"{self._path} is not an event store. Choose another file.")
        if version > schema.VERSION:
            raise ListenerError(
                f"{self._path} was written by a newer release of twilio_widgets (version "
                f"{version}; this one reads {schema.VERSION}). Upgrade to read it."
            )


_EVENTS: Final = f"select {schema.EVENT} from event"  # noqa: S608 — our own names
_MESSAGES: Final = f"select {schema.MESSAGE} from message"  # noqa: S608
_REJECTED: Final = f"select {schema.REJECTION} from rejected"  # noqa: S608
_FROM: Final = {"event": _EVENTS, "rejected": _REJECTED}


def _bound(value: str | SupportsIndex) -> str | int:
    """Return a value as a str or int: SQLite would bind a numpy integer as bytes."""
    if isinstance(value, str):
        return value
    return max(-LAST_ID, min(operator.index(value), LAST_ID))


def _most(limit: int | None) -> int:
    return -1 if limit is None else limit
