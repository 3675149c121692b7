"""The store's process: it opens the file, does what it is asked, and closes it when nobody asks.

It ends when its standard input does, however the listener has ended; so it needs no signal, and
leaves those that end the listener to it. It is told no credential.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.storing.messages import (
    Answer,
    Commit,
    Deleted,
    Failed,
    Forget,
    Frames,
    KeepFor,
    Noted,
    Opened,
    Reject,
    Request,
    Stored,
    framed,
    request_of,
    unpacked,
)

_AT_ONCE: Final = 1 << 18
"""Bytes read at a time."""

_LEAVE_SECONDS: Final = 2.0
"""How long what is under way may take when nobody asks any more. Cut off, it has lost nothing."""

_PATIENCE_SECONDS: Final = 5.0
"""How long the one before, whose listener was killed, may take to let go of the file."""


def main(told: Mapping[str, Any]) -> None:
    """Keep a store until standard input ends.

    Args:
        told: ``path``, ``account_sid``, ``world`` and ``retention_days``.
    """
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if sys.platform != "win32":  # there nobody can wait for the end of a pipe beside its reader
        threading.Thread(target=_leave_in_time, daemon=True).start()
    say = _speaking()
    try:
        given = {name: told[name] for name in ("account_sid", "world", "retention_days")}
        store = Store.open(Path(told["path"]), **given, patience=_PATIENCE_SECONDS)
    except Exception as error:  # noqa: BLE001 — whoever started us waits for a word
        say(Failed.of(error))
        return
    with store:
        say(Opened.of(store.journal_mode, store.notices))
        for request in _asked():
            say(_done(store, request))


def _done(store: Store, request: Request) -> Answer:
    try:
        match request:
            case Commit(arrivals):
                return Stored(store.commit([unpacked(each) for each in arrivals]))
            case Reject(rejections):
                store.reject(rejections)
                return Noted()
            case Forget(before):
                return Deleted(store.forget(before))
            case KeepFor(days, now):
                return Deleted(store.keep_for(days, now))
    except Exception as error:  # noqa: BLE001 — whoever waits is told, and the next one is served
        return Failed.of(error)


def _asked() -> Iterator[Request]:
    frames = Frames()
    while data := os.read(0, _AT_ONCE):
        yield from map(request_of, frames.feed(data))


def _leave_in_time() -> None:
    """Be out of the next one's way, though a large file is being opened or made smaller."""
    asking = select.poll()
    asking.register(0, 0)  # only its end is waited for
    asking.poll()
    time.sleep(_LEAVE_SECONDS)
    os._exit(1)


def _speaking() -> Callable[[Answer], None]:
    """Keep the way back for answers alone, whatever else is printed."""
    back = os.dup(1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nothing, number)
    os.close(nothing)

    def say(answer: Answer) -> None:
        left = memoryview(framed(answer))
        with contextlib.suppress(OSError):  # the listener has gone; what it asked for is done
            while left:
                left = left[os.write(back, left) :]

    return say
