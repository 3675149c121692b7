"""The store's file: private to its owner, verified when opened, set aside if damaged.

Sources: SQLite, "Write-Ahead Logging" (not over a network file system; with ``synchronous=FULL`` a
commit survives a power cut), "PRAGMA statements", "Database file format" (the application id).
"""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.core.system.mounts import on_network
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.events import schema
from twilio_widgets.listener.events.sqlite_errors import cannot_open, is_damage, unavailable

OWNER_ONLY: Final = 0o600
_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")
_PATIENCE: Final = 500
"""Milliseconds to wait for a lock. No other process writes here, so a lock is rare and short, and
it is better to fail soon and let Twilio retry."""

_WAL_LIMIT: Final = 64 * 1024 * 1024
_PAGE_BYTES: Final = 2_048
_CHECKPOINT_PAGES: Final = 4_000
_CACHE_KILOBYTES: Final = 16_000
_APPLICATION_AT: Final = slice(68, 72)


@dataclass(frozen=True, slots=True)
class OpenedDatabase:
    """An open store file, and how it was opened."""

    db: sqlite3.Connection
    journal_mode: str
    """``wal``, or ``delete`` if the file system does not support it."""
    set_aside: Path | None
    """The path to which a damaged file was moved; None if there was none."""


class StoreDamaged(Exception):
    """The file is an event store, but it is damaged."""


def open_store(path: Path, *, account_sid: str, world: str) -> OpenedDatabase:
    """Open the store at `path` for writing, or create it.

    Args:
        path: The file; its folder is created if missing.
        account_sid: The account of its events.
        world: ``live`` or ``sandbox``.

    Raises:
        ListenerError: The file is not a store, or contains events of another account.
        StoreUnavailable: The file cannot be opened or written.
    """
    private_folder(path.parent)
    try:
        try:
            return _open(path, account_sid, world, None)
        except StoreDamaged:
            return _open(path, account_sid, world, _set_aside(path))
    except sqlite3.Error as error:
        raise unavailable(error, path) from error
    except OSError as error:
        raise cannot_open(path, error) from error


def _open(path: Path, account_sid: str, world: str, aside: Path | None) -> OpenedDatabase:
    _make(path)
    db = sqlite3.connect(
        path,
        timeout=_PATIENCE / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _prepare(db)
        try:
            _recognise(db, path, account_sid, world)
            mode = _journal(db, path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            _refuse_unless_ours(path)
            raise StoreDamaged from error
        path.chmod(OWNER_ONLY)
    except BaseException:
        db.close()
        raise
    return OpenedDatabase(db, mode, aside)


def _make(path: Path) -> None:
    """Create an empty file that only its owner can read; SQLite copies its mode to the WAL."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
    except FileExistsError:
        return
    if sys.platform != "win32":  # Windows cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _prepare(db: sqlite3.Connection) -> None:
    for setting in (
        f"page_size = {_PAGE_BYTES}",
        "mmap_size = 0",  # a damaged page would kill the process instead of raising
        "secure_delete = on",
        "temp_store = memory",
        "fullfsync = on",  # macOS: fsync alone does not reach the disk
        "checkpoint_fullfsync = on",
        f"journal_size_limit = {_WAL_LIMIT}",
    ):
        db.execute(f"pragma {setting}")


def _recognise(db: sqlite3.Connection, path: Path, account_sid: str, world: str) -> None:
    application = _number(db, "application_id")
    if application == 0 and not db.execute("select 1 from sqlite_master limit 1").fetchone():
        _create(db, account_sid, world)
        return
    if application != schema.APPLICATION:
        _refuse(path)
    if (version := _number(db, "user_version")) > schema.VERSION:
        raise ListenerError(
            f"{path} was written by a newer release of twilio_widgets (version {version}; this "
            f"one reads {schema.VERSION}). Upgrade, or choose another file: Listener(…, store=…)."
        )
    if db.execute("pragma quick_check(1)").fetchone() != ("ok",):
        raise StoreDamaged
    check_owner(schema.meta_of(db), path, account_sid=account_sid, world=world)


def check_owner(meta: Mapping[str, str], path: Path, *, account_sid: str, world: str) -> None:
    """Check that a store belongs to an account.

    Args:
        meta: The metadata of the file.
        path: The file, for the error.
        account_sid: The expected account.
        world: ``live`` or ``sandbox``.

    Raises:
        ListenerError: The store belongs to another account.
    """
    if (meta.get("account_sid"), meta.get("world")) != (account_sid, world):
        raise ListenerError(
            f"{path} contains events of {_shown(meta)}, not of {_shown_as(account_sid, world)}. "
            "Use a separate file for each account: Listener(…, store=…)."
        )


def _create(db: sqlite3.Connection, account_sid: str, world: str) -> None:
    """Create the tables in one transaction: after a crash the file is empty or complete."""
    meta = {"store": secrets.token_hex(16), "account_sid": account_sid, "world": world}
    db.execute("begin exclusive")
    try:
        for statement in schema.TABLES.split(";\n"):
            db.execute(statement)
        db.executemany("insert into meta values (?, ?)", meta.items())
        db.execute(f"pragma application_id = {schema.APPLICATION}")
        db.execute(f"pragma user_version = {schema.VERSION}")
        db.execute("commit")
    except BaseException:
        if db.in_transaction:
            db.execute("rollback")
        raise


def _journal(db: sqlite3.Connection, path: Path) -> str:
    """Set the most suitable journal mode, and return it."""
    mode = "delete"
    if not on_network(path):
        with contextlib.suppress(sqlite3.OperationalError):  # e.g. without shared memory
            (mode,) = db.execute("pragma journal_mode = wal").fetchone()
    if mode != "wal":
        (mode,) = db.execute("pragma journal_mode = delete").fetchone()
    db.execute(f"pragma synchronous = {'full' if mode == 'wal' else 'extra'}")
    # SIDs and keys are random, so a batch of events touches pages all over the indexes. Small pages
    # mean fewer bytes to write. A larger cache keeps them in memory, and a less frequent checkpoint
    # writes each of them once.
    db.execute(f"pragma cache_size = -{_CACHE_KILOBYTES}")
    db.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return str(mode)


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"pragma {pragma}").fetchone()[0])


def _refuse_unless_ours(path: Path) -> None:
    """Raise if a damaged file lacks our application id: then it must not be set aside."""
    with path.open("rb") as file:
        if file.read(100)[_APPLICATION_AT] != schema.APPLICATION.to_bytes(4, "big"):
            _refuse(path)


def _refuse(path: Path) -> NoReturn:
    raise ListenerError(
        f"{path} is not an event store. It was not changed. "
        "Choose another file: Listener(…, store=…)."
    )


def _set_aside(path: Path) -> Path:
    """Rename a damaged file and its WAL, adding a timestamp; return the new path."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for ending in _COMPANIONS:
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + ending))
    return aside


def set_aside_files(path: Path) -> list[Path]:
    """Return the damaged files that were set aside from this store, with their WAL files."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}.damaged-*"))


def _shown(meta: Mapping[str, str]) -> str:
    return _shown_as(meta.get("account_sid", "?"), meta.get("world", "?"))


def _shown_as(account_sid: str, world: str) -> str:
    which = "a sandbox's " if world == "sandbox" else ""
    return f"{which}account {account_sid[:4]}…{account_sid[-4:]}"
