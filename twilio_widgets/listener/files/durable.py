"""Small files that are whole after any crash, and a lock that two processes share.

A file is written beside its place, made durable, and moved there in one step, so that a reader
finds the old text or the new one and never a part. Sources: POSIX ``rename`` (atomic within a
folder) and ``fsync`` (a rename is durable once its folder is).
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.core.system.locks import lock, unlock
from twilio_widgets.errors import ListenerError

OWNER_ONLY = 0o600
_PATIENCE_BETWEEN_TRIES = 0.05


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`, for its owner's eyes only, durable when this returns.

    Args:
        path: Where; its folder is made when it is missing.
        content: The whole content.
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
    _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Take the file at `path` away, durably; nothing happens when there is none."""
    if path.exists():
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # there a folder cannot be opened, and a rename is written through
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = 60.0) -> Iterator[None]:
    """Hold the lock at `path` against every other process and thread; it ends with its holder.

    Args:
        path: A file that is there for the lock alone.
        seconds: How long to wait for it.

    Raises:
        ListenerError: Somebody else held it all that time.
    """
    private_folder(path.parent)
    handle, process = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY), os.getpid()
    try:
        hold(handle, path, seconds=seconds)
        yield
    finally:
        if process == os.getpid():  # in a fork it is not ours to let go of
            unlock(handle)
        os.close(handle)


def is_gone(path: Path) -> bool:
    """Say whether a file has been taken away; one that cannot be looked at may come back."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_locked(path: Path) -> bool:
    """Say whether somebody holds the lock at `path`; who only asks does not, for anybody else."""
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


def hold(handle: int, path: Path, *, seconds: float = 60.0) -> None:
    """Wait for the lock on an open file, and hold it until the file is closed.

    Args:
        handle: The number of the open file.
        path: The same file, for the error.
        seconds: How long to wait.

    Raises:
        ListenerError: Somebody else held it all that time.
    """
    until = time.monotonic() + seconds
    while not lock(handle):
        if time.monotonic() >= until:
            raise ListenerError(
                f"{path} was locked by another process for {seconds:g} s. Another notebook may be "
                "changing the same configuration: try again when it is done."
            )
        time.sleep(_PATIENCE_BETWEEN_TRIES)
