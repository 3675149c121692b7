"""Small files that are complete after any crash, and locks between processes.

A file is written under a temporary name, synced, and renamed, so that a reader finds the old
content or the new one, never a part. Sources: POSIX ``rename`` (atomic within a folder) and
``fsync`` (a rename is durable once its folder is synced).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from twilio_widgets.core.system.folders import fsync_folder, private_folder
from twilio_widgets.core.system.locks import LocksUnsupported, lock, unlock
from twilio_widgets.errors import ListenerError, StoreUnavailable

OWNER_ONLY = 0o600
_PATIENCE_BETWEEN_TRIES = 0.05


def write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; it is durable when this returns.

    Args:
        path: The file; its folder is created if missing.
        content: The complete content.
    """
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def remove(path: Path) -> None:
    """Delete the file at `path` durably, if it exists."""
    if path.exists():
        path.unlink(missing_ok=True)
        fsync_folder(path.parent)


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = 60.0) -> Iterator[None]:
    """Hold the lock at `path`, exclusive between processes and threads; it ends with the process.

    Args:
        path: A file that is used only for the lock.
        seconds: How long to wait for it.

    Raises:
        ListenerError: The lock was not released in time.
    """
    private_folder(path.parent)
    handle, process = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY), os.getpid()
    try:
        hold(handle, path, seconds=seconds)
        yield
    finally:
        if process == os.getpid():  # in a fork, unlocking would release the parent's lock
            unlock(handle)
        os.close(handle)


def is_gone(path: Path) -> bool:
    """Return whether a file was deleted; one that cannot be accessed may come back."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_locked(path: Path) -> bool:
    """Return whether the lock at `path` is held. The check uses a shared lock, so that two checks
    do not see each other."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        if not lock(handle, shared=True):
            return True
        unlock(handle)
        return False
    finally:
        os.close(handle)


def _taken(handle: int, path: Path) -> bool:
    try:
        return lock(handle)
    except LocksUnsupported as error:
        problem = f"{path} cannot be locked: {error.strerror}."
    raise StoreUnavailable(problem, cause="disk")


def hold(handle: int, path: Path, *, seconds: float = 60.0) -> None:
    """Wait for the lock on an open file, and hold it until the file is closed.

    Args:
        handle: The file descriptor.
        path: The path of the file, for the error.
        seconds: How long to wait.

    Raises:
        ListenerError: The lock was not released in time.
        StoreUnavailable: The file system has no locks.
    """
    until = time.monotonic() + seconds
    while not _taken(handle, path):
        if time.monotonic() >= until:
            raise ListenerError(
                f"{path} was locked by another process for {seconds:g} s. Another notebook may be "
                "changing the same configuration: try again when it is done."
            )
        time.sleep(_PATIENCE_BETWEEN_TRIES)
