"""`AnswerCache`: answers of Twilio that cost money or time, kept in a private file with their age.

Each answer is committed when it arrives, so that an interrupted reading continues where it stopped.
The file contains phone numbers; only its owner can read it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.core.system.thread_lock import ThreadLock

if TYPE_CHECKING:
    import sqlite3

    from twilio_widgets.core.credentials.connection import Connection

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
  kind TEXT NOT NULL, key TEXT NOT NULL, at REAL NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
"""
_BUSY = 30.0
"""Seconds to wait for another process that writes to the file."""


class CachedAnswer(NamedTuple):
    """An answer, and when Twilio gave it (seconds since 1970)."""

    at: float
    answer: Any


class AnswerCache:
    """The cache of one account. Safe to share between threads and processes.

    Args:
        file: The file; it is created with access for its owner only.
    """

    def __init__(self, file: Path) -> None:
        private_folder(file.parent)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        self.file = file
        self._lock = ThreadLock()
        with self._open() as database:
            database.executescript(_SCHEMA)

    @classmethod
    def of(cls, connection: Connection) -> AnswerCache:
        """Return the cache of a connection's account; a sandbox has its own."""
        world = connection.world_id
        name = connection.acting_sid if world is None else f"{connection.acting_sid}-{world}"
        return cls(connection.data_folder / "answers" / f"{name}.sqlite")

    def get(self, kind: str, keys: Iterable[str], *, since: float) -> dict[str, CachedAnswer]:
        """Return the answers that are not older than `since` (seconds since 1970), by key."""
        found = {}
        with self._lock, self._open() as database:
            for key in keys:
                line = database.execute(
                    "SELECT at, answer FROM answers WHERE kind = ? AND key = ? AND at >= ?",
                    (kind, key, since),
                ).fetchone()
                if line is not None:
                    found[key] = CachedAnswer(line[0], json.loads(line[1]))
        return found

    def put(self, kind: str, key: str, answer: Any, *, at: float) -> None:
        """Keep an answer, in place of an older one."""
        with self._lock, self._open() as database, database:
            database.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)",
                (kind, key, at, json.dumps(answer, ensure_ascii=False)),
            )

    def claim(self, key: str, seconds: float) -> bool:
        """Reserve the question about a key, unless another thread or process is asking it now.

        Args:
            key: The key.
            seconds: After that time the claim ends by itself, in case this process is killed.

        Returns:
            Whether this caller may ask; it then calls `release`.
        """
        now = time.time()
        with self._lock, self._open() as database, database:
            changed = database.execute(
                "INSERT INTO claims VALUES (:key, :until) "
                "ON CONFLICT (key) DO UPDATE SET until = :until WHERE until < :now",
                {"key": key, "until": now + seconds, "now": now},
            )
            return changed.rowcount == 1

    def release(self, key: str) -> None:
        """End the claim of a key."""
        with self._lock, self._open() as database, database:
            database.execute("DELETE FROM claims WHERE key = ?", (key,))

    def _open(self) -> closing[sqlite3.Connection]:
        import sqlite3  # imported here: JupyterLite may not have it, and sending does not need it

        return closing(sqlite3.connect(self.file, timeout=_BUSY))
