"""Entry point of the store process: open the store, handle requests, close it at end of input.

It exits when its standard input is closed, however the listener has ended. It therefore ignores the
signals that stop the listener. It receives no credentials.
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
"""How long the current request may take after the listener has gone. No stored event is lost when
it is interrupted."""

_LOCK_SECONDS: Final = 5.0
"""How long the store process of a killed listener may take to release the file."""


def main(config: Mapping[str, Any]) -> None:
    """Serve a store until standard input is closed.

    Args:
        config: ``path``, ``account_sid``, ``world`` and ``retention_days``.
    """
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if sys.platform != "win32":  # Windows cannot wait for the end of a pipe that is being read
        threading.Thread(target=_exit_when_abandoned, daemon=True).start()
    say = _answer_writer()
    try:
        given = {name: config[name] for name in ("account_sid", "world", "retention_days")}
        store = Store.open(Path(config["path"]), **given, lock_timeout=_LOCK_SECONDS)
    except Exception as error:  # noqa: BLE001 — the listener waits for an answer
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
    """Handle requests in order; consecutive commits share one transaction."""
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
    """Store all commits in one transaction, so that they share one wait for the disk."""
    if not commits:
        return []
    try:
        batches = [[decode(each) for each in commit.arrivals] for commit in commits]
        receipts = iter(store.commit(list(chain.from_iterable(batches))))
        return [Stored(list(islice(receipts, len(batch)))) for batch in batches]
    except Exception as error:  # noqa: BLE001 — answer with the error and handle the next request
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
    except Exception as error:  # noqa: BLE001 — answer with the error and handle the next request
        return StoreError.of(error)


def _incoming_requests() -> Iterator[list[Request]]:
    """Yield the requests of each read from standard input."""
    frames = Frames()
    while data := os.read(0, _READ_BYTES):
        yield [request_of(body) for body in frames.feed(data)]


def _exit_when_abandoned() -> None:
    """Exit soon after the listener has gone, even during a long operation on a large file.

    Otherwise the store process of the next listener could not get the lock.
    """
    asking = select.poll()
    asking.register(0, 0)  # no events: poll reports only that the pipe was closed
    asking.poll()
    time.sleep(_ABANDONED_SECONDS)
    os._exit(1)


def _answer_writer() -> Callable[..., None]:
    """Return a function that writes answers, and redirect all other output to the null device."""
    back = os.dup(1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nothing, number)
    os.close(nothing)

    def say(*answers: Answer) -> None:
        left = memoryview(b"".join(map(frame, answers)))
        with contextlib.suppress(OSError):  # the listener has gone; its request was completed
            while left:
                left = left[os.write(back, left) :]

    return say
