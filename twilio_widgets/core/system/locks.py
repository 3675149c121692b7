"""The operating system's lock on an open file, released when the process ends for any reason.

A forked child shares the lock for as long as it has the file open, so the process that took it must
call `unlock`; closing the file is enough only if nothing was forked. Source: flock(2).
"""

from __future__ import annotations

import os
import sys

_BEYOND_THE_TEXT = 1 << 30


def lock(handle: int, *, shared: bool = False) -> bool:
    """Try to lock an open file; return whether this process now has the lock.

    It is held until `unlock`, or the end of the process.

    Args:
        handle: The file descriptor.
        shared: Whether other processes may hold a shared lock at the same time.

    Raises:
        OSError: The file system does not support locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            # Windows locks are mandatory, so lock a byte beyond the content: the file stays
            # readable for other processes.
            os.lseek(handle, _BEYOND_THE_TEXT, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        elif sys.platform != "emscripten":  # where there is no other process
            import fcntl

            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # Windows raises PermissionError
        return False
    return True


def unlock(handle: int) -> None:
    """Release the lock on an open file that is about to be closed.

    Args:
        handle: The file descriptor.
    """
    # Windows has no fork, and closing the file releases the lock.
    if sys.platform not in {"win32", "emscripten"}:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_UN)
