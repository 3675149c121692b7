"""The folders for data that outlives a kernel, private to their owner."""

from __future__ import annotations

import os
from pathlib import Path

from twilio_widgets.errors import ConfigurationError

PRIVATE = 0o700


def home_folder() -> Path | None:
    """Return the user's home folder; None without HOME and without an entry in the user list."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def user_folder() -> Path:
    """Return the folder for this user's jobs and events; it need not exist.

    Raises:
        ConfigurationError: This user has no home folder.
    """
    from platformdirs import user_data_path  # loaded by those who keep files

    try:
        folder = user_data_path("twilio_widgets", appauthor=False)
    except RuntimeError:
        folder = Path()
    if folder.is_absolute():  # some versions of platformdirs return "~" as it is
        return folder
    raise ConfigurationError(
        "This user has no home folder for jobs and events: set HOME or XDG_DATA_HOME, or give "
        "folder= to a job and store= to a listener."
    )


def identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file, or None when there is none.

    While a process has a file open, no other file has the same.
    """
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def private_folder(path: Path) -> Path:
    """Create a folder and its missing parents with access for their owner only.

    An existing folder keeps its mode, which its creator may have chosen.
    """
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=PRIVATE, exist_ok=True)
            folder.chmod(PRIVATE)  # because mkdir's mode is reduced by the umask
    return path


def fsync_folder(folder: Path) -> None:
    """Make new, renamed or deleted names in a folder durable.

    Windows cannot open a folder, and writes such changes through.
    """
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
