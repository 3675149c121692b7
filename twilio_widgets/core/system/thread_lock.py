"""A lock between threads that Ctrl+C cannot leave locked.

Python 3.14 can raise KeyboardInterrupt when ``with`` has taken a lock of `threading` but has not
yet entered its block, so that nothing releases the lock (observed in a third of the interruptions
of a loop that does nothing else; 3.11 to 3.13 check for signals elsewhere). The next cell that
needs the lock would then wait forever.
"""

from __future__ import annotations

from _thread import RLock


class ThreadLock(RLock):  # type: ignore[misc]  # final for typeshed; CPython allows subclasses
    """A lock for ``with``; the thread that has it can take it again.

    `__exit__` is inherited: it is written in C, so no interruption comes before the release. A
    Python function could be interrupted on its first line.
    """

    def __enter__(self) -> bool:  # type: ignore[override]  # typeshed: __enter__ = acquire
        taken: list[bool] = []
        try:
            # One call in C both takes the lock and records it: a signal is handled before or after.
            taken.extend(map(self.acquire, (True,)))
        except BaseException:
            if taken:
                self.release()
            raise
        return True
