"""Where a job's journal is kept, and who has it.

One file a job: ``<folder>/<account SID>/<name>.sqlite``. A sandbox's journals stand one folder
deeper, under the world's own name: another world is another ledger.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from twilio_widgets.core.system.folders import private_folder
from twilio_widgets.core.system.locks import lock, unlock
from twilio_widgets.errors import ConfigurationError, JobError
from twilio_widgets.journal import witness

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

LONGEST_NAME = 80

_MOST_BYTES = 200
"""A file's name has at most 255 on most systems; a damaged journal's adds some 30."""

JOBS, ONCE = "jobs", "once"
"""The folder of all jobs, and the one beside an account's jobs for its single messages."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever the folder."""

SET_ASIDE = ".damaged-"
"""What the name of a damaged journal's copy holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLocation:
    """The files of one job."""

    folder: Path
    name: str
    account_sid: str
    world: str | None = None
    """A sandbox's world; None for Twilio itself."""
    region: str | None = None
    """Where its messages are, such as ``"us1"``; None when that is not known."""

    @property
    def file(self) -> Path:
        """The journal."""
        return self.folder / f"{self.name}.sqlite"

    @property
    def lock_file(self) -> Path:
        """What the process that runs the job holds."""
        return self.folder / f"{self.name}.lock"

    @property
    def home(self) -> Path:
        """The folder of the jobs of all accounts."""
        above = [self.folder, *self.folder.parents]
        return above[1 + (self.world is not None) + (self.folder.name == ONCE)]

    def beside(self) -> list[JobLocation]:
        """Return every other job of the account: no message may be counted to two of them."""
        shelf = self.folder.parent if self.folder.name == ONCE else self.folder
        files = [*shelf.glob("*.sqlite"), *(shelf / ONCE).glob("*.sqlite")]
        others = [replace(self, folder=file.parent, name=file.stem) for file in sorted(files)]
        return [other for other in others if other != self and SET_ASIDE not in other.name]

    def damaged(self) -> list[Path]:
        """Return what was kept aside of this job's damaged journals."""
        return sorted(self.folder.glob(f"{_literally(self.name)}{SET_ASIDE}*.sqlite"))


def _literally(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def place_of(connection: Connection, name: str, folder: str | Path | None = None) -> JobLocation:
    """Return where the job of this name is kept for this account.

    Args:
        connection: Whose job it is.
        name: The job's name.
        folder: Instead of the user's data folder, or of the sandbox's temporary one.

    Raises:
        ConfigurationError: The name cannot be a file's.
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
    """Return the folder a person names, wherever the process goes later.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        return Path(given).expanduser().absolute()
    except (TypeError, RuntimeError):  # "~somebody", of whom nobody knows
        raise ConfigurationError(
            f"folder is the path of a folder: not {given!r}.", field="folder"
        ) from None


def check_name(name: str) -> str:
    """Return a job's name that can be a file's on every system.

    Raises:
        ConfigurationError: It is none.
    """
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
            "A job's name becomes a file's: letters, digits, spaces and . _ @ + -, beginning with "
            f'a letter or digit, at most {LONGEST_NAME} characters, such as "spring-invite".',
            field="name",
        )
    if len(name.encode()) > _MOST_BYTES:
        raise ConfigurationError(
            "A job's name becomes a file's, and this one is too long: at most "
            f"{_MOST_BYTES} bytes, of which a letter may take up to 4.",
            field="name",
        )
    return name


_TRIES = 5
_BETWEEN_TRIES = 0.02


class JobLock:
    """The right to run a job, held by one process at a time.

    It is a lock of the operating system, so it goes with the process, however that ends; a fork
    puts its copy away. What the lock file says about its holder is for people; the lock alone is
    the proof.

    Args:
        place: Whose lock.
        what: What it is kept for, in words; the job of that place when not given.

    Raises:
        JobError: Somebody else holds it (`JobError.held_by` says who), or it cannot be written.
    """

    _handle = -1
    _is_ours = False

    def __init__(self, place: JobLocation, what: str = "") -> None:
        what = what or f'Job "{place.name}"'
        self._process = os.getpid()
        self.handed_over = False
        """A run has it, and releases it at its end."""
        _owners.add(self)
        self._path = path = place.lock_file
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        try:
            private_folder(place.folder)
            self._handle = os.open(path, flags, 0o600)
            held_by = self._taken(path)
            if held_by is None:
                witness.write(self._handle, _ourselves() | _kept(path))
        except OSError as error:
            self.release()
            raise JobError(
                f"{what} cannot be kept in {place.folder} ({error.strerror}). Is there room on the "
                f"disk, and may you write there? {_other_folder(place)}Nothing is sent without it."
            ) from None
        except BaseException:  # interrupted; a notebook keeps the frames, and us in them
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
        """Take the lock, or return who holds it, in words."""
        for _ in range(_TRIES):
            if lock(self._handle):
                self._is_ours = True
                return None
            if holder := _holder_of(path):
                return _described(holder)
            time.sleep(_BETWEEN_TRIES)  # somebody is just taking it, or letting go of it
        return _described({})

    def release(self) -> None:
        """Let go of it. The file stays, so that two never lock two files of one name."""
        if self._handle >= 0 and self._process == os.getpid():  # a fork's copy is not its own
            try:
                if self._is_ours:  # else what it says is of somebody else
                    with contextlib.suppress(OSError):
                        witness.write(self._handle, _kept(self._path))
            finally:
                unlock(self._handle)
        self._close()

    def _close(self) -> None:
        """Close the file; while a fork has it open too, that leaves the lock as it is."""
        handle, self._handle = self._handle, -1  # first: soon it may be another file's number
        if handle >= 0:
            os.close(handle)

    def __del__(self) -> None:
        """Let go of what an interrupted caller never got hold of."""
        self.release()


_owners: WeakSet[JobLock] = WeakSet()


def _close_copies() -> None:
    """Close, in a fork, what it has of its parent's locks: they would be held as long as it is."""
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


def _other_folder(place: JobLocation) -> str:
    """Advise another folder only where there is no journal: there, all rows would be sent again."""
    if place.file.exists() or place.damaged():
        return "Its journal is there, so make that folder writable. "
    return "A job can be given another folder=. "


def _kept(path: Path) -> dict[str, Any]:
    """Return what stays in a lock file, whoever owns the job."""
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


def runner_of(place: JobLocation) -> str | None:
    """Say which process seems to run a job, in words; None when none does.

    For people only: a lock is the proof, and asking for it would keep others out.
    """
    holder = _holder_of(place.lock_file)
    pid = holder.get("pid")
    if not isinstance(pid, int):
        return None
    if holder.get("host") == socket.gethostname() and not _is_there(pid):
        return None
    return _described(holder)


def _is_there(pid: int) -> bool:
    """Say whether a process of this number runs on this machine."""
    if os.name != "posix":
        return True  # there, asking would end it
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
