"""The archive's folder: private files that are whole or absent, and the lock of a sync.

Data files never change: a new version gets a new name, and the manifest, which is replaced by one
rename, lists the current names. A process that is killed therefore leaves files that no manifest
lists; the next sync deletes them.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from twilio_widgets.core.system.folders import fsync_folder, private_folder
from twilio_widgets.core.system.locks import lock, unlock
from twilio_widgets.errors import ArchiveError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The errors of a full disk, an exceeded quota and a limit on file sizes."""

DAYS, UNSENT, CHANGES, SCRATCH = "days", "unsent", "changes", "scratch"
"""The folders within an archive's."""


class ArchiveFolder:
    """The files of one archive, by names relative to its folder.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, fill: Callable[[BinaryIO], object], *, durable: bool = True) -> None:
        """Write a file: it is whole or absent.

        Args:
            name: Replaced if it exists.
            fill: Writes the content.
            durable: Whether that holds after a power failure, too; otherwise call `make_durable`
                before a manifest lists the file.

        Raises:
            ArchiveError: It cannot be written; the file of this name is as it was.
        """
        target = self.path / name
        unfinished = target.with_name(f"{target.name}.unfinished")
        with self.translated_errors():
            private_folder(target.parent)
            try:
                with self.create(unfinished) as file:
                    fill(file)
                    file.flush()
                    if durable:
                        os.fsync(file.fileno())
                unfinished.replace(target)
                if durable:
                    fsync_folder(target.parent)
            except BaseException:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)
                raise

    def make_durable(self, names: Iterable[str]) -> None:
        """Write files that exist to the disk, and their names: fast for many at once."""
        folders: dict[Path, None] = {}
        with self.translated_errors():
            for name in names:
                path = self.path / name
                handle = os.open(path, os.O_RDWR)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
                folders |= dict.fromkeys([path.parent, path.parent.parent])
            for folder in folders:
                fsync_folder(folder)

    @contextmanager
    def create(self, path: Path) -> Iterator[BinaryIO]:
        """Open a new file that only its owner can read, for writing."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            yield file

    def scratch(self) -> Path:
        """Return the path of a new temporary file, which a sync deletes when it ends."""
        with self.translated_errors():
            return private_folder(self.path / SCRATCH) / secrets.token_hex(8)

    def new_name(self, folder: str) -> str:
        """Return the name of a data file that does not exist yet."""
        return f"{folder}/{secrets.token_hex(8)}.parquet"

    def names(self) -> Iterator[str]:
        """Yield the names of the data files and of what an interrupted process left."""
        for folder in (DAYS, UNSENT, CHANGES, SCRATCH):
            for path in sorted((self.path / folder).rglob("*")):
                if path.is_file():
                    yield path.relative_to(self.path).as_posix()

    def rename(self, name: str, new_name: str) -> None:
        """Rename a file."""
        with self.translated_errors():
            (self.path / name).replace(self.path / new_name)

    def sweep(self, keep: set[str]) -> None:
        """Delete the files of an interrupted process: archive files that no manifest lists."""
        ours = [
            name
            for name in self.names()
            if name.startswith(f"{SCRATCH}/") or name.endswith((".parquet", ".unfinished"))
        ]
        self.remove(set(ours) - keep)

    def remove(self, names: Iterable[str]) -> None:
        """Delete files, and the archive folders that become empty."""
        for name in names:
            with suppress(OSError):  # Windows: still open in another process; the next sync retries
                path = self.path / name
                path.unlink(missing_ok=True)
                for folder in path.parents:
                    if folder == self.path:
                        break
                    folder.rmdir()  # fails, and ends the loop, unless it is empty

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for one writer.

        The lock file stays empty: a sync that finds nothing new changes no file.

        Raises:
            ArchiveError: Another sync has the lock, or the folder cannot be written.
        """
        with self.translated_errors():
            private_folder(self.path)
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            handle = os.open(self.path / "archive.lock", flags, 0o600)
        try:
            with self.translated_errors():
                is_ours = lock(handle)
            if not is_ours:
                raise ArchiveError(
                    f"Another sync is writing to {self.path}. Wait until it has finished or cancel "
                    "it, then try again; reading the archive is possible meanwhile.",
                    cause="in use",
                )
            try:
                yield
            finally:
                unlock(handle)
        finally:
            os.close(handle)

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Raise `ArchiveError`, with a remedy, for an `OSError`."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno in _FULL:
                raise ArchiveError(
                    f"There is no room left for {self.path} ({reason}). The days archived so far "
                    "are safe: free some space, then call sync again; it continues there.",
                    cause="full",
                ) from error
            raise ArchiveError(
                f"The archive in {self.path} cannot be read or written ({reason}). Check that you "
                "may write there, or use another folder.",
                cause="disk",
            ) from error
