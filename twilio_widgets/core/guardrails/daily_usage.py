"""`DailyUsage`: the usage of each day, on disk and shared by all processes of this user.

One small SQLite file per account, readable by its owner only, with three totals per day (UTC) and
no recipients. A message is added before it is sent and subtracted only if it was certainly not
sent, so a crash in between counts a message that was not sent, never the reverse.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from twilio_widgets.core.guardrails import refusals
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import PolicyRefused

_DAYS_KEPT = 40
_LOCK_TIMEOUT = 5.0
"""Seconds to wait for another process's write; then the message is refused, never uncounted."""

_TABLE = """
CREATE TABLE IF NOT EXISTS days (
    day TEXT PRIMARY KEY, recipients INTEGER NOT NULL, segments INTEGER NOT NULL, cost TEXT NOT NULL
) WITHOUT ROWID
"""


def day_of(moment: datetime) -> str:
    """Return the day (UTC) on which a time is counted: ``2026-01-15``."""
    return moment.astimezone(UTC).date().isoformat()


class DailyUsage:
    """The totals of each day. Safe to share between threads; opened when first needed.

    Args:
        path: The file; its folder is created if necessary.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = ThreadLock()
        self._database: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._abandoned: list[sqlite3.Connection] = []

    def on(self, moment: datetime) -> Amount:
        """Return the amount counted on the day of a time (aware)."""
        if not self.path.exists():
            return Amount()
        with self._transaction() as database:
            return _read(database, day_of(moment))

    def add(
        self, amount: Amount, moment: datetime, check: Callable[[Amount], None] = lambda _sum: None
    ) -> None:
        """Add to the totals of a day.

        Args:
            amount: The amount about to be sent.
            moment: The time of sending (aware).
            check: Called with the new totals; if it raises, nothing is added.

        Raises:
            PolicyRefused: The file cannot be written.
        """
        day = day_of(moment)
        with self._transaction() as database:
            total = _read(database, day) + amount
            check(total)
            _write(database, day, total)
            oldest = day_of(moment - timedelta(days=_DAYS_KEPT))
            database.execute("DELETE FROM days WHERE day < ?", (oldest,))

    def subtract(self, amount: Amount, moment: datetime) -> None:
        """Subtract an amount that was added at a given time but was certainly not sent."""
        # A failure is ignored: counting too much does no harm.
        with suppress(PolicyRefused), self._transaction() as database:
            _write(database, day_of(moment), _read(database, day_of(moment)) - amount)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            database, self._database = self._database, None
            if database is not None:
                database.close()

    def __del__(self) -> None:
        """Close the file of a client that was not closed, except in a forked child."""
        if self._process == os.getpid():
            self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        problem = ""
        with self._lock:
            try:
                database = self._opened()
                database.execute("BEGIN IMMEDIATE")
                try:
                    yield database
                    database.execute("COMMIT")
                finally:
                    if database.in_transaction:
                        database.execute("ROLLBACK")
            except sqlite3.Error as error:
                problem = str(error)
            except OSError as error:
                problem = error.strerror or type(error).__name__
        if problem:
            raise refusals.uncountable(problem)

    def _opened(self) -> sqlite3.Connection:
        if self._database is not None and self._process != os.getpid():
            # In a forked child: SQLite forbids using or closing the parent's connection here, so
            # keep a reference that prevents its finalizer from closing it.
            self._abandoned.append(self._database)
            self._database = None
        if self._database is None:
            private_folder(self.path.parent)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            database = sqlite3.connect(
                self.path, timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            # Any thread may use it (check_same_thread=False), one at a time under `_lock`.
            try:
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=FULL")  # counts must survive a power failure
                database.execute(_TABLE)
            except BaseException:
                database.close()
                raise
            self._database, self._process = database, os.getpid()
        return self._database


def _read(database: sqlite3.Connection, day: str) -> Amount:
    found = database.execute(
        "SELECT recipients, segments, cost FROM days WHERE day = ?", (day,)
    ).fetchone()
    return Amount(found[0], found[1], Decimal(found[2])) if found else Amount()


def _write(database: sqlite3.Connection, day: str, total: Amount) -> None:
    database.execute(
        "INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)",
        (day, total.recipients, total.segments, str(total.cost)),
    )
