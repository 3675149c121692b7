"""The location of a job's journal, and the lock of the process that runs the job.

One file for each job: ``<folder>/<account SID>/<name>.sqlite``. A sandbox's journals are one folder
deeper, in a folder for its world: each world has its own messages.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.core.system.locks import LocksUnsupported, lock, unlock
from twilio_widgets.errors import ConfigurationError, JobError
from twilio_widgets.journal import witness

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

LONGEST_NAME = 80

_MOST_BYTES = 200
"""A file's name has at most 255 on most systems; a damaged journal's adds some 30."""

JOBS, ONCE = "jobs", "once"
"""The folder of all jobs, and the folder of messages sent with ``once=``, within an account's."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows reserves for devices, in every folder."""

SET_ASIDE = ".damaged-"
"""Part of the file name of a damaged journal that was renamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLocation:
    """The files of one job."""

    folder: Path
    name: str
    account_sid: str
    world: str | None = None
    """A sandbox's world; None for Twilio itself."""
    region: str | None = None
    """The region of its messages, such as ``"us1"``; None if not known."""

    @property
    def file(self) -> Path:
        """The journal."""
        return self.folder / f"{self.name}.sqlite"

    @property
    def lock_file(self) -> Path:
        """The file that the process running the job has locked."""
        return self.folder / f"{self.name}.lock"

    @property
    def home(self) -> Path:
        """The folder of the jobs of all accounts."""
        above = [self.folder, *self.folder.parents]
        return above[1 + (self.world is not None) + (self.folder.name == ONCE)]

    def beside(self) -> list[JobLocation]:
        """Return the other jobs of the account: no message may be assigned to two of them."""
        shelf = self.folder.parent if self.folder.name == ONCE else self.folder
        files = [*shelf.glob("*.sqlite"), *(shelf / ONCE).glob("*.sqlite")]
        others = [replace(self, folder=file.parent, name=file.stem) for file in sorted(files)]
        return [other for other in others if other != self and SET_ASIDE not in other.name]

    def damaged(self) -> list[Path]:
        """Return the renamed damaged journals of this job."""
        return sorted(self.folder.glob(f"{_literally(self.name)}{SET_ASIDE}*.sqlite"))


def _literally(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def location_of(connection: Connection, name: str, folder: str | Path | None = None) -> JobLocation:
    """Return the location of the job of this name in this account.

    Args:
        connection: The job's account.
        name: The job's name.
        folder: Used instead of the user's data folder, or the sandbox's temporary folder.

    Raises:
        ConfigurationError: The name cannot be a file name.
    """
    home = connection.data_folder / JOBS if folder is None else folder_of(folder)
    account = home / connection.acting_sid
    world = connection.world_id
    return JobLocation(
        folder=account if world is None else account / world,
        name=check_name(name),
        account_sid=connection.acting_sid,
        world=world,
        region=connection.served_in,
    )


def folder_of(given: str | Path) -> Path:
    """Return the absolute path of a folder, so that a later ``chdir`` has no effect.

    Raises:
        ConfigurationError: It is not a path.
    """
    try:
        return Path(given).expanduser().absolute()
    except (TypeError, RuntimeError):  # "~name" of an unknown user
        raise ConfigurationError(
            f"folder must be the path of a folder: got {given!r}.", field="folder"
        ) from None


def check_name(name: str) -> str:
    """Return a job's name, if it can be a file name on every system, with composed letters (NFC).

    Raises:
        ConfigurationError: It cannot.
    """
    if isinstance(name, str):  # names typed or listed on macOS may have separate accents (NFD)
        name = unicodedata.normalize("NFC", name)
    fits = (
        isinstance(name, str)
        and 0 < len(name) <= LONGEST_NAME
        and re.fullmatch(r"\w[\w .@+-]*", name) is not None
        and name[-1] not in " ."
        and _DEVICES.fullmatch(name) is None
        and SET_ASIDE not in name
    )
    if not fits:
        raise ConfigurationError(
            "name must be a valid file name: letters, digits, spaces and . _ @ + -, starting with "
            f'a letter or digit, at most {LONGEST_NAME} characters, such as "spring-invite".',
            field="name",
        )
    if len(name.encode()) > _MOST_BYTES:
        raise ConfigurationError(
            f"name is too long for a file name: at most {_MOST_BYTES} bytes in UTF-8, where a "
            "letter takes up to 4.",
            field="name",
        )
    return name


_TRIES = 5
_BETWEEN_TRIES = 0.02


class JobLock:
    """The lock of a job: one process at a time may run it.

    It is a lock of the operating system, so it is released when the process ends, in any way; a
    forked child closes its copy. The text in the lock file only describes the process to users.

    Args:
        location: The job's location.
        what: A description of what is locked; by default the job.

    Raises:
        JobError: Another process has the lock (`JobError.held_by` describes it), or the lock file
            cannot be written.
    """

    _handle = -1
    _is_ours = False

    def __init__(self, location: JobLocation, what: str = "") -> None:
        what = what or f'Job "{location.name}"'
        self._process = os.getpid()
        self.handed_over = False
        """Whether a run has taken the lock over, and releases it at its end."""
        _owners.add(self)
        self._path = path = location.lock_file
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        try:
            private_folder(location.folder)
            self._handle = os.open(path, flags, 0o600)
            held_by = self._taken(path)
            if held_by is None:
                witness.write(self._handle, _ourselves() | _kept(path))
        except LocksUnsupported as error:
            self.release()
            raise JobError(
                f"{what} cannot be kept in {location.folder}: {error.strerror}. Nothing is sent "
                "without it."
            ) from None
        except OSError as error:
            self.release()
            raise JobError(
                f"{what} cannot be kept in {location.folder} ({error.strerror}). Is there space on "
                f"the disk, and may you write there? {_other_folder(location)}Nothing is sent "
                "without it."
            ) from None
        except BaseException:  # interrupted: a notebook keeps the traceback, which refers to us
            self.release()
            raise
        if held_by is not None:
            self._close()
            held = JobError(
                f"{what} is running {held_by}. Wait for it there, or cancel or pause "
                "it there first; nothing was sent here."
            )
            held.held_by = held_by
            raise held

    def _taken(self, path: Path) -> str | None:
        """Take the lock, or return a description of the process that has it."""
        for _ in range(_TRIES):
            if lock(self._handle):
                self._is_ours = True
                return None
            if holder := _holder_of(path):
                return _described(holder)
            time.sleep(_BETWEEN_TRIES)  # another process is just taking or releasing it
        return _described({})

    def release(self) -> None:
        """Release the lock. The file stays, so that all processes always lock the same file."""
        if self._handle >= 0 and self._process == os.getpid():  # a fork's copy is not its own
            try:
                if self._is_ours:  # else what it says is of somebody else
                    with contextlib.suppress(OSError):
                        witness.write(self._handle, _kept(self._path))
            finally:
                unlock(self._handle)
        self._close()

    def _close(self) -> None:
        """Close the file; the lock stays as long as a forked process has the file open too."""
        handle, self._handle = self._handle, -1  # first: the number is reused once it is closed
        if handle >= 0:
            os.close(handle)

    def __del__(self) -> None:
        """Release the lock if the caller was interrupted before it got this object."""
        self.release()


_owners: WeakSet[JobLock] = WeakSet()


def _close_copies() -> None:
    """Close a forked child's copies of its parent's locks, which would keep them locked."""
    for own in list(_owners):
        own._close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_copies)


def _ourselves() -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _other_folder(location: JobLocation) -> str:
    """Suggest another folder if there is no journal: in a new folder, all rows are sent again."""
    if location.file.exists() or location.damaged():
        return "Its journal is there, so make that folder writable. "
    return "A job can be given another folder=. "


def _kept(path: Path) -> dict[str, Any]:
    """Return the part of a lock file that is kept when the owner changes."""
    return {name: text for name, text in witness.read(path).items() if name == "witness"}


def _holder_of(path: Path) -> dict[str, Any]:
    holder = witness.read(path)
    return holder if "pid" in holder else {}


def _described(holder: dict[str, Any]) -> str:
    if not isinstance(holder.get("pid"), int):
        return "in another process"
    if holder["pid"] == os.getpid() and holder.get("host") == socket.gethostname():
        return f"in this process (since {holder.get('since')})"
    return f"in process {holder['pid']} on {holder.get('host')} (since {holder.get('since')})"


def runner_of(location: JobLocation) -> str | None:
    """Return a description of the process that seems to run a job, or None.

    It reads the lock file's text only: trying the lock could keep another process from taking it.
    """
    holder = _holder_of(location.lock_file)
    pid = holder.get("pid")
    if not isinstance(pid, int):
        return None
    if holder.get("host") == socket.gethostname() and not _is_there(pid):
        return None
    return _described(holder)


def _is_there(pid: int) -> bool:
    """Return whether a process with this id runs on this machine."""
    if os.name != "posix":
        return True  # on Windows, os.kill would terminate it
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
