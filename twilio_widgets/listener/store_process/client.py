"""The listener's client of its store process, which it starts, and restarts after a crash.

The store has its own process because of the GIL: verifying and storing requests then each use a
core. Events that are lost in a crash of the process were not acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

import msgspec

from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.events.event import Rejection
from twilio_widgets.listener.files import bootstrap as booting
from twilio_widgets.listener.store_process.protocol import (
    Answer,
    Deleted,
    Forget,
    Frames,
    KeepFor,
    Reject,
    Request,
    StoreError,
    StoreOpened,
    answer_of,
    frame,
)

MODULE: Final = "twilio_widgets.listener.store_process.main"
DIED: Final = StoreError("The event store's process died. It is being restarted.", "disk")
_ENDED: Final = StoreError("The event store's process ended before the store was open.", "disk")
_SHUTTING_DOWN: Final = StoreError("The listener is shutting down.")

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_CLOSE_SECONDS: Final = 5.0
"""Time limit to close the file. If the process is killed then, no stored event is lost."""

_KILL_SECONDS: Final = 1.0

OnAnswer = Callable[[Answer], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLocation:
    """The store to open; see `Store.open`."""

    path: Path
    account_sid: str
    world: str


class _StoreConnection(asyncio.SubprocessProtocol):
    """The connection to one run of the process.

    Args:
        config: The configuration, which is the first line the process reads.
    """

    def __init__(self, config: bytes) -> None:
        self._config = config
        self._frames = Frames()
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[Answer] = loop.create_future()
        """The first answer of the process: whether the store is open."""
        self.over = asyncio.Event()
        """Set when the process has ended."""
        self._waiting: deque[OnAnswer] = deque([_resolving(self.opened)])
        self._end = DIED
        """The answer to requests that are still pending when the process ends."""
        self._unwanted = False
        self._transport: asyncio.SubprocessTransport | None = None
        self._pipe: asyncio.WriteTransport

    def send(self, request: Request, answered: OnAnswer) -> None:
        """Send a request; it is answered even if the process dies or has already died."""
        if self.over.is_set():
            answered(self._end)
            return
        framed = frame(request)  # before it is queued, since encoding may raise
        self._waiting.append(answered)
        self._pipe.write(framed)

    async def close(self) -> None:
        """Let the process close the file and exit; kill it if it does not exit in time."""
        self._end = _SHUTTING_DOWN
        self._pipe.close()
        for seconds in (_CLOSE_SECONDS, _KILL_SECONDS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.over.wait()
                    return
            self.kill()

    def kill(self) -> None:
        """Kill the process if it is still running, and ignore its output."""
        self._unwanted = True
        if self._transport is not None:
            self._transport.close()

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the configuration."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        if self._unwanted:
            self._transport.close()
        else:
            self._pipe.write(self._config)

    def pipe_data_received(self, _number: int, data: bytes) -> None:
        """Parse answers and pass them on."""
        try:
            for body in self._frames.feed(data):
                self._answer(answer_of(body))
        except (msgspec.MsgspecError, IndexError):
            self.kill()  # after a malformed answer the stream cannot be trusted

    def connection_lost(self, _error: Exception | None) -> None:
        """Answer all pending requests: the process has ended and all its output was read."""
        self.kill()
        self.over.set()
        while self._waiting:
            self._answer(self._end)

    def _answer(self, answer: Answer) -> None:
        """Answer the oldest request in its own loop iteration, so that exceptions stay separate."""
        asyncio.get_running_loop().call_soon(self._waiting.popleft(), answer)


class StoreClient:
    """The store of one listener. Use it only in the event loop's thread.

    Args:
        location: The store to open.
        retention_days: Days an event is kept; None means until it is forgotten.
        on_health: Called with a sentence when the process has died, and with None once restarted.
    """

    def __init__(
        self,
        location: StoreLocation,
        retention_days: float | None,
        on_health: Callable[[str | None], object],
    ) -> None:
        self._location = location
        self.retention_days = retention_days
        self._on_health = on_health
        self._connection: _StoreConnection | None = None
        self._unavailable = DIED
        self._supervising: asyncio.Task[None] | None = None
        self.journal_mode = ""
        """``wal``; or ``delete``, as durable but slower, if the file system has no support."""
        self.notices: tuple[str, ...] = ()
        """Sentences about problems of the store."""

    @property
    def path(self) -> Path:
        """The file."""
        return self._location.path

    async def open(self) -> None:
        """Start the process, and wait until it has opened the file.

        Raises:
            ListenerError: The file could not be opened; the process has ended.
        """
        connection = await self._start()
        self._supervising = asyncio.get_running_loop().create_task(self._supervise(connection))

    def send(self, request: Request, answered: OnAnswer) -> None:
        """Send a request.

        Args:
            request: The request.
            answered: Called once, possibly at once; with a `StoreError` if the request failed.
        """
        if self._connection is None:
            answered(self._unavailable)
        else:
            self._connection.send(request, answered)

    async def reject(self, rejections: Sequence[Rejection]) -> None:
        """Store rejected requests; see `Store.reject`.

        Raises:
            ListenerError: Nothing was stored.
        """
        await self._ask(Reject(list(rejections)))

    async def forget(self, before: datetime | None) -> int:
        """Delete events; see `Store.forget`.

        Raises:
            ListenerError: The events, or their bytes in the file, could not be deleted.
        """
        return await self._deleted(Forget(before))

    async def keep_for(self, days: float | None) -> int:
        """Set the retention in days, and return the number of events deleted now.

        Raises:
            ListenerError: No event was deleted yet.
        """
        self.retention_days = days
        return await self._deleted(self._retention)

    def retire(self) -> None:
        """Delete events older than the retention, without waiting. Call it daily."""
        self.send(self._retention, lambda _: None)

    async def close(self) -> None:
        """Close the file and stop the process."""
        if self._supervising is not None:
            self._supervising.cancel()
            await asyncio.wait({self._supervising})
        connection, self._connection, self._unavailable = self._connection, None, _SHUTTING_DOWN
        if connection is not None:
            await connection.close()

    # Inside

    @property
    def _retention(self) -> KeepFor:
        return KeepFor(self.retention_days, datetime.now(UTC))

    async def _ask(self, request: Request) -> Answer:
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.send(request, _resolving(waiting))
        answer = await waiting
        if isinstance(answer, StoreError):
            raise answer.error
        return answer

    async def _deleted(self, request: Request) -> int:
        return cast("Deleted", await self._ask(request)).events

    async def _start(self) -> _StoreConnection:
        config = booting.encode_config(
            {
                "path": str(self._location.path),
                "account_sid": self._location.account_sid,
                "world": self._location.world,
                "retention_days": self.retention_days,
            }
        )
        connection = _StoreConnection(config)
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: connection,
                *booting.command(MODULE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                **booting.process_options(session=False),
            )
        except BaseException as error:
            # The process may be running even if starting the thread that waits for it failed.
            connection.kill()
            if isinstance(error, OSError):
                raise ListenerError(
                    f"The event store's process cannot be started: {error.strerror}."
                ) from error
            raise
        try:
            reply = await connection.opened
        except BaseException:
            connection.kill()
            await connection.close()
            raise
        if isinstance(reply, StoreError):
            await connection.close()
            raise _ENDED.error if reply is DIED else reply.error
        opened = cast("StoreOpened", reply)
        self.journal_mode = opened.journal_mode
        self.notices = tuple(dict.fromkeys((*self.notices, *opened.notices)))
        self._connection = connection
        return connection

    async def _supervise(self, connection: _StoreConnection) -> None:
        """Restart the process whenever it dies, with exponential back-off if it dies soon."""
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
        while True:
            began = loop.time()
            await connection.over.wait()
            self._mark_unavailable(DIED)
            if loop.time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            connection, pause = await self._restart(pause)
            self._on_health(None)

    async def _restart(self, pause: float) -> tuple[_StoreConnection, float]:
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                return await self._start(), pause
            except Exception as error:  # noqa: BLE001 — any failure may be temporary
                self._mark_unavailable(StoreError.of(error))

    def _mark_unavailable(self, why: StoreError) -> None:
        self._connection, self._unavailable = None, why
        self._on_health(why.text)


def _resolving(waiting: asyncio.Future[Answer]) -> OnAnswer:
    """Return a callback that sets the result of a future, unless it was cancelled."""

    def answered(answer: Answer) -> None:
        if not waiting.done():
            waiting.set_result(answer)

    return answered
