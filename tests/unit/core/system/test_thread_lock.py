"""An interruption leaves no lock of ours locked, whichever instruction it comes at."""

from __future__ import annotations

import signal
import threading
from random import Random

import pytest

from twilio_widgets.core.system.thread_lock import ThreadLock


def _is_free(lock: ThreadLock) -> bool:
    """Return whether another thread can take the lock now."""
    took: list[bool] = []
    other = threading.Thread(target=lambda: took.append(lock.acquire(blocking=False)))
    other.start()
    other.join()
    return took == [True]


def _nested(lock: ThreadLock) -> None:
    with lock, lock:
        pass


def _once(lock: ThreadLock) -> None:
    with lock:
        pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signal.setitimer here")
@pytest.mark.parametrize("use", [_once, _nested])
def test_an_interruption_leaves_the_lock_free(use):
    """On Python 3.14, a lock of `threading` stays locked after a third of these interruptions."""
    random, interruptions, left_locked = Random(7), 0, 0

    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _attempt in range(150):
            lock = ThreadLock()
            try:
                signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 1e-4))
                while True:
                    use(lock)
            except KeyboardInterrupt:
                interruptions += 1
            left_locked += not _is_free(lock)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (interruptions, left_locked) == (150, 0)


def test_another_thread_waits_until_the_block_ends():
    lock, order = ThreadLock(), []

    def wait() -> None:
        with lock:
            order.append("the other thread")

    other = threading.Thread(target=wait)
    with lock:
        other.start()
        assert not _is_free(lock)
        order.append("this thread")
    other.join()
    assert order == ["this thread", "the other thread"]


def test_an_error_in_the_block_releases_the_lock():
    lock = ThreadLock()
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    assert _is_free(lock)
