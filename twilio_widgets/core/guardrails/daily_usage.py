"""How much has been sent today: durable, and shared by every process of this user.

One small SQLite file an account, for its owner's eyes only. It holds three sums a day (UTC) and no
recipient. Each sum is raised before a message leaves and lowered only when it certainly did not, so
a crash in between counts a message that was not sent, never the other way round.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from twilio_widgets.core.guardrails import refusals
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.errors import PolicyRefused

_DAYS_KEPT = 40
_PATIENCE_SECONDS = 5.0
"""How long another process may take to count; after it a message is refused, not left uncounted."""

_TABLE = """
CREATE TABLE IF NOT EXISTS days (
    day TEXT PRIMARY KEY, recipients INTEGER NOT NULL, segments INTEGER NOT NULL, cost TEXT NOT NULL
) WITHOUT ROWID
"""


def day_of(moment: datetime) -> str:
    """Name the day a moment is counted on: ``2026-01-15``, in UTC."""
    return moment.astimezone(UTC).date().isoformat()


class DailyUsage:
    """The sums of each day. Safe to share between threads; opened when it is first needed.

    Args:
        path: The file; its folder is made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._abandoned: list[sqlite3.Connection] = []

    def on(self, moment: datetime) -> Amount:
        """Return what has been counted on the day of a moment (aware)."""
        if not self.path.exists():
            return Amount()
        with self._transaction() as database:
            return _read(database, day_of(moment))

    def raise_by(
        self, amount: Amount, moment: datetime, check: Callable[[Amount], None] = lambda _sum: None
    ) -> None:
        """Add to a day's sums.

        Args:
            amount: What is about to be sent.
            moment: When (aware).
            check: Is given the new sums; when it raises, they stay as they were.

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

    def lower_by(self, amount: Amount, moment: datetime) -> None:
        """Take back what was added at a moment, since it certainly was not sent."""
        with suppress(PolicyRefused), self._transaction() as database:  # too much is no harm
            _write(database, day_of(moment), _read(database, day_of(moment)) - amount)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            database, self._database = self._database, None
            if database is not None:
                database.close()

    def __del__(self) -> None:
        """Close the file of a client that was let go of without a word, unless it is a fork's."""
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
            # A fork: the parent's handle must be neither used here nor closed by being forgotten.
            self._abandoned.append(self._database)
            self._database = None
        if self._database is None:
            private_folder(self.path.parent)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            database = sqlite3.connect(
                self.path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
            )
            # Reached by any thread, one at a time; a power cut must not undo what was counted.
            try:
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=FULL")
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
