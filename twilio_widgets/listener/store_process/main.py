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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.store_process.protocol import (
    Answer,
    Commit,
    Deleted,
    Forget,
    Frames,
    KeepFor,
    Reject,
    Request,
    StoreAck,
    Stored,
    StoreError,
    StoreOpened,
    decode,
    frame,
    request_of,
)

_READ_BYTES: Final = 1 << 18
"""Bytes read at a time."""

_ABANDONED_SECONDS: Final = 2.0
"""How long what is under way may take when nobody asks any more. Cut off, it has lost nothing."""

_LOCK_SECONDS: Final = 5.0
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
        threading.Thread(target=_exit_when_abandoned, daemon=True).start()
    say = _answer_writer()
    try:
        given = {name: told[name] for name in ("account_sid", "world", "retention_days")}
        store = Store.open(Path(told["path"]), **given, patience=_LOCK_SECONDS)
    except Exception as error:  # noqa: BLE001 — whoever started us waits for a word
        say(StoreError.of(error))
        return
    with store:
        say(StoreOpened.of(store.journal_mode, store.notices))
        for requests in _incoming_requests():
            for answers in _handle(store, requests):
                say(*answers)
            if not store.is_in_place():
                return  # the listener starts another process, which opens what is there then


def _handle(store: Store, requests: Iterable[Request]) -> Iterator[list[Answer]]:
    """Do what was asked for, in its order; arrivals that follow each other, in one commit."""
    commits: list[Commit] = []
    for request in requests:
        if isinstance(request, Commit):
            commits.append(request)
            continue
        yield _stored(store, commits)
        commits = []
        yield [_handle_other(store, request)]
    yield _stored(store, commits)


def _stored(store: Store, commits: Sequence[Commit]) -> list[Answer]:
    """Store what has gathered while the disk was waited for: it shares the next wait."""
    if not commits:
        return []
    try:
        lots = [[decode(each) for each in commit.arrivals] for commit in commits]
        receipts = iter(store.commit(list(chain.from_iterable(lots))))
        return [Stored(list(islice(receipts, len(lot)))) for lot in lots]
    except Exception as error:  # noqa: BLE001 — whoever waits is told, and the next one is served
        return [StoreError.of(error)] * len(commits)


def _handle_other(store: Store, request: Reject | Forget | KeepFor) -> Answer:
    try:
        match request:
            case Reject(rejections):
                store.reject(rejections)
                return StoreAck()
            case Forget(before):
                return Deleted(store.forget(before))
            case KeepFor(days, now):
                return Deleted(store.keep_for(days, now))
    except Exception as error:  # noqa: BLE001 — whoever waits is told, and the next one is served
        return StoreError.of(error)


def _incoming_requests() -> Iterator[list[Request]]:
    """Yield what has come in since."""
    frames = Frames()
    while data := os.read(0, _READ_BYTES):
        yield [request_of(body) for body in frames.feed(data)]


def _exit_when_abandoned() -> None:
    """Be out of the next one's way, though a large file is being opened or made smaller."""
    asking = select.poll()
    asking.register(0, 0)  # only its end is waited for
    asking.poll()
    time.sleep(_ABANDONED_SECONDS)
    os._exit(1)


def _answer_writer() -> Callable[..., None]:
    """Keep the way back for answers alone, whatever else is printed."""
    back = os.dup(1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nothing, number)
    os.close(nothing)

    def say(*answers: Answer) -> None:
        left = memoryview(b"".join(map(frame, answers)))
        with contextlib.suppress(OSError):  # the listener has gone; what it asked for is done
            while left:
                left = left[os.write(back, left) :]

    return say
