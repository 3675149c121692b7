"""Small private files that are valid only while the process that wrote them lives.

The writer holds an operating-system lock on its file. A reader trusts only a file that is locked,
that belongs to this user, and that no other user can write; it ignores any other file.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.core.system.locks import lock
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.files import durable

_LARGEST = 4096
_OTHERS = 0o077
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_MAKE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


class HeldFile:
    """A locked file that exists as long as this object is open.

    Args:
        path: The file; its folder is created if missing.
        content: The content, as JSON values.

    Raises:
        ListenerError: Another process has locked the file, or others can access the folder.
    """

    def __init__(self, path: Path, content: Mapping[str, object]) -> None:
        private_folder(path.parent)
        if not _is_private(path.parent.lstat(), stat.S_ISDIR):
            raise ListenerError(
                f"{path.parent} is accessible to other users, so nothing is stored there. Restrict "
                "its permissions (chmod 700), or remove it."
            )
        self._path = path
        self._handle: int | None = None
        with _changing(path.parent):
            if read_held(path) is not None:
                raise ListenerError(
                    f"{path.name} is locked by another process, which has to end first."
                )
            path.unlink(missing_ok=True)
            self._handle = os.open(path, _MAKE, durable.OWNER_ONLY)
            durable.hold(self._handle, path)
        try:
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, json.dumps(content).encode())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Unlock and delete the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
            self._path.unlink(missing_ok=True)


def read_held(path: Path) -> dict[str, Any] | None:
    """Return the content of a held file; None if it is missing, not locked or not private."""
    with contextlib.suppress(OSError, ValueError), _opened(path) as handle:
        private = _is_private(path.parent.lstat(), stat.S_ISDIR) and _is_private(
            os.fstat(handle), stat.S_ISREG
        )
        if private and not lock(handle, shared=True):
            os.lseek(handle, 0, os.SEEK_SET)
            found = json.loads(os.read(handle, _LARGEST))
            return found if isinstance(found, dict) else None
    return None


def sweep(where: Path) -> None:
    """Delete the files of processes that have ended from a folder."""
    if where.is_dir():
        with _changing(where):
            for path in where.glob("*.json"):
                if read_held(path) is None:
                    path.unlink(missing_ok=True)


def _changing(where: Path) -> contextlib.AbstractContextManager[None]:
    """Return a lock that keeps `sweep` from deleting a file between its creation and locking."""
    return durable.locked(where / "changing.lock")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    handle = os.open(path, _READ)
    try:
        yield handle
    finally:
        os.close(handle)


def _is_private(found: os.stat_result, is_kind: Any) -> bool:
    """Return whether a file or folder is of the expected kind, ours, and closed to other users."""
    if not is_kind(found.st_mode):
        return False
    # Windows permissions are not in `st_mode`; there the user's own folder protects the file.
    return os.name == "nt" or (found.st_uid == os.getuid() and not found.st_mode & _OTHERS)
