"""The operating system's lock on an open file: it goes with the process, however that ends.

A fork shares its parent's lock for as long as it has the same file open, so the process that took
it lets go by `unlock`; closing is enough only where nobody has forked. Source: flock(2).
"""

from __future__ import annotations

import os
import sys

_BEYOND_THE_TEXT = 1 << 30


def lock(handle: int, *, shared: bool = False) -> bool:
    """Take the lock on an open file; say whether it is ours now.

    It is held until `unlock`, or the end of the process.

    Args:
        handle: The number of the open file.
        shared: Whether others may hold it in the same way at the same time.

    Raises:
        OSError: The file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _BEYOND_THE_TEXT, os.SEEK_SET)  # what is locked cannot be read there
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second is how Windows says it
        return False
    return True


def unlock(handle: int) -> None:
    """Let go of the lock on an open file that is about to be closed.

    Args:
        handle: The number of the open file.
    """
    if sys.platform != "win32":  # there is no fork there, and closing lets go of it
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_UN)
