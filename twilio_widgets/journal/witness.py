"""Evidence outside the database of how many attempts a job has made.

A journal can be older than the messages that were sent: restored from a backup, copied from another
machine, or short of its last commits because the ``-wal`` file is damaged. SQLite does not notice
that, and the seals of the rows are right. So the number of attempts is also kept in the job's lock
file, with the job's id, the host and the journal's inode.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from twilio_widgets.core.system.folders import identity

BYTES = 512
"""A lock file is written whole by one call, so a killed process leaves the old text or the new."""

Doubt = Literal["older", "foreign"]
"""``older``: attempts are missing from the journal. ``foreign``: it is not known whether any is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _WitnessRecord:
    """What was last noted about a journal."""

    job: str
    attempts: int
    inode: int
    host: str
    closed_at: int | None
    """The journal's ctime in ns when it was closed, which no tool restores; None while open."""


class Witness:
    """The lock file's evidence about one open journal.

    Args:
        lock_file: The job's; the caller owns the job.
        journal: The journal's file, which is open.
        job: The job's id.
        attempts: How many attempts the journal has.
        is_new: Whether the journal was made just now, so that nothing can be missing from it.

    Raises:
        OSError: The lock file cannot be made.
    """

    def __init__(
        self, lock_file: Path, journal: Path, job: str, attempts: int, *, is_new: bool = False
    ) -> None:
        self._lock_file, self._journal, self._job = lock_file, journal, job
        self._wal = journal.with_name(f"{journal.name}-wal")
        self.attempts = attempts
        os.close(_opened(lock_file, os.O_CREAT))
        self._found = {path: identity(path) for path in (journal, lock_file, self._wal)}
        self.doubt: Doubt | None = None if is_new else self._doubt()

    def _doubt(self) -> Doubt | None:
        try:
            noted, state = _WitnessRecord(**read(self._lock_file)["witness"]), self._journal.stat()
        except (KeyError, TypeError, OSError):
            return "foreign"
        if noted.job == self._job and noted.attempts > self.attempts:
            return "older"
        is_same = (noted.job, noted.inode, noted.host) == (self._job, state.st_ino, _host())
        return None if is_same and noted.closed_at in {None, state.st_ctime_ns} else "foreign"

    def is_in_place(self) -> bool:
        """Return whether the names of the files still lead to the files that are open."""
        if self._found[self._wal] is None:  # SQLite makes it with the first commit
            self._found[self._wal] = identity(self._wal)
        return all(identity(path) == found for path, found in self._found.items())

    def note(self) -> None:
        """Write down durably how many attempts there are, unless the journal is in doubt.

        Raises:
            OSError: It cannot be written.
        """
        if self.doubt is None:
            self._write(None, durable=True)

    def close(self) -> None:
        """Note that all commits are in the journal's own file, which is closed."""
        with suppress(OSError):
            state = self._journal.stat()
            if self.doubt is None and self._found[self._journal] == (state.st_dev, state.st_ino):
                self._write(state.st_ctime_ns, durable=False)

    def _write(self, closed_at: int | None, *, durable: bool) -> None:
        noted = _WitnessRecord(
            job=self._job,
            attempts=self.attempts,
            inode=self._journal.stat().st_ino,
            host=_host(),
            closed_at=closed_at,
        )
        handle = _opened(self._lock_file)
        try:
            write(handle, read(self._lock_file) | {"witness": asdict(noted)})
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)


def read(lock_file: Path) -> dict[str, Any]:
    """Return what a lock file says; empty when it says nothing that can be read."""
    try:
        found = json.loads(lock_file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(handle: int, text: dict[str, Any]) -> None:
    """Replace the text of an open lock file.

    Raises:
        OSError: It cannot be written.
    """
    data = json.dumps(text).encode().ljust(BYTES - 1) + b"\n"
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, data)
    os.ftruncate(handle, len(data))


def _opened(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | flags | getattr(os, "O_CLOEXEC", 0), 0o600)


def _host() -> str:
    return socket.gethostname()
