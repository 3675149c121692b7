"""The folders for data that outlives a kernel, private to their owner."""

from __future__ import annotations

from pathlib import Path

PRIVATE = 0o700


def user_folder() -> Path:
    """Return the folder for this user's jobs and events; it need not exist."""
    from platformdirs import user_data_path  # loaded by those who keep files

    return user_data_path("twilio_widgets", appauthor=False)


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
