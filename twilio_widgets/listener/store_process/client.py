"""The listener's line to its store: it starts the process, asks it, and starts it again if it dies.

A process of its own, because two threads of one Python wait for each other: what judges requests
and what stores them each have a core to themselves. What dies with it was not acknowledged.
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
"""How long it may take to close the file. Killed then, it has lost nothing either."""

_KILL_SECONDS: Final = 1.0

OnAnswer = Callable[[Answer], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLocation:
    """Which store to keep; see `Store.open`."""

    path: Path
    account_sid: str
    world: str


class _StoreConnection(asyncio.SubprocessProtocol):
    """One life of the process.

    Args:
        told: The first line it reads.
    """

    def __init__(self, told: bytes) -> None:
        self._told = told
        self._frames = Frames()
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[Answer] = loop.create_future()
        """What it says first."""
        self.over = asyncio.Event()
        """Set when it has ended."""
        self._waiting: deque[OnAnswer] = deque([_resolving(self.opened)])
        self._end = DIED
        """What is said to those who still wait when it has ended."""
        self._unwanted = False
        self._transport: asyncio.SubprocessTransport | None = None
        self._pipe: asyncio.WriteTransport

    def send(self, request: Request, answered: OnAnswer) -> None:
        """Ask for something; it is answered even if it dies, and if it has died just now."""
        if self.over.is_set():
            answered(self._end)
            return
        said = frame(request)  # what cannot be said is not waited for
        self._waiting.append(answered)
        self._pipe.write(said)

    async def close(self) -> None:
        """Let it close the file and end; kill it when it does not."""
        self._end = _SHUTTING_DOWN
        self._pipe.close()
        for seconds in (_CLOSE_SECONDS, _KILL_SECONDS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.over.wait()
                    return
            self.kill()

    def kill(self) -> None:
        """End it at once, if it is still there, and hear nothing more of it."""
        self._unwanted = True
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell it what it is to be."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        if self._unwanted:
            self._transport.close()
        else:
            self._pipe.write(self._told)

    def pipe_data_received(self, _number: int, data: bytes) -> None:
        """Take answers."""
        try:
            for body in self._frames.feed(data):
                self._answer(answer_of(body))
        except (msgspec.MsgspecError, IndexError):
            self.kill()  # it cannot be understood, so nothing of it is believed

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell those who wait that it has ended: all it said has been heard."""
        self.kill()
        self.over.set()
        while self._waiting:
            self._answer(self._end)

    def _answer(self, answer: Answer) -> None:
        """Tell who waits longest, in a turn of its own: what goes wrong there stays there."""
        asyncio.get_running_loop().call_soon(self._waiting.popleft(), answer)


class StoreClient:
    """The store of one listener. Use it in the loop's thread alone.

    Args:
        place: Which store.
        retention_days: Days an event is kept; None: until it is forgotten.
        told: Called with a sentence when the process has died, and with None when another one has
            taken its place.
    """

    def __init__(
        self,
        place: StoreLocation,
        retention_days: float | None,
        told: Callable[[str | None], object],
    ) -> None:
        self._place = place
        self.retention_days = retention_days
        self._told = told
        self._line: _StoreConnection | None = None
        self._unavailable = DIED
        self._supervising: asyncio.Task[None] | None = None
        self.journal_mode = ""
        """``wal``; or ``delete``, slower and as durable, where the file system needs it."""
        self.notices: tuple[str, ...] = ()
        """What a person should know about the store, as sentences."""

    @property
    def path(self) -> Path:
        """The file."""
        return self._place.path

    async def open(self) -> None:
        """Start the process, and wait until it has opened the file.

        Raises:
            ListenerError: It could not; the process has ended.
        """
        line = await self._start()
        self._supervising = asyncio.get_running_loop().create_task(self._supervise(line))

    def send(self, request: Request, answered: OnAnswer) -> None:
        """Ask for something.

        Args:
            request: What for.
            answered: Called once, maybe at once; with `StoreError` when it could not be done.
        """
        if self._line is None:
            answered(self._unavailable)
        else:
            self._line.send(request, answered)

    async def reject(self, rejections: Sequence[Rejection]) -> None:
        """Note requests that were turned away; see `Store.reject`.

        Raises:
            ListenerError: Nothing was noted.
        """
        await self._ask(Reject(list(rejections)))

    async def forget(self, before: datetime | None) -> int:
        """Delete events; see `Store.forget`.

        Raises:
            ListenerError: They, or their bytes in the file, are still there.
        """
        return await self._deleted(Forget(before))

    async def keep_for(self, days: float | None) -> int:
        """Keep events for so many days from now on, and return how many are gone at once.

        Raises:
            ListenerError: None is gone yet.
        """
        self.retention_days = days
        return await self._deleted(self._retention)

    def retire(self) -> None:
        """Have what is older than its retention deleted, without waiting. Meant to be daily."""
        self.send(self._retention, lambda _: None)

    async def close(self) -> None:
        """Have the file closed, and end the process."""
        if self._supervising is not None:
            self._supervising.cancel()
            await asyncio.wait({self._supervising})
        line, self._line, self._unavailable = self._line, None, _SHUTTING_DOWN
        if line is not None:
            await line.close()

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
        told = booting.encode_config(
            {
                "path": str(self._place.path),
                "account_sid": self._place.account_sid,
                "world": self._place.world,
                "retention_days": self.retention_days,
            }
        )
        line = _StoreConnection(told)
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: line,
                *booting.command(MODULE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                **booting.process_options(session=False),
            )
        except BaseException as error:
            line.kill()  # it may run all the same, without the thread that waits for its end
            if isinstance(error, OSError):
                raise ListenerError(
                    f"The event store's process cannot be started: {error.strerror}."
                ) from error
            raise
        try:
            said = await line.opened
        except BaseException:
            line.kill()
            await line.close()
            raise
        if isinstance(said, StoreError):
            await line.close()
            raise _ENDED.error if said is DIED else said.error
        opened = cast("StoreOpened", said)
        self.journal_mode = opened.journal_mode
        self.notices = tuple(dict.fromkeys((*self.notices, *opened.notices)))
        self._line = line
        return line

    async def _supervise(self, line: _StoreConnection) -> None:
        """Start the process again whenever it dies; the slower, the sooner it dies."""
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
        while True:
            began = loop.time()
            await line.over.wait()
            self._mark_unavailable(DIED)
            if loop.time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            line, pause = await self._restart(pause)
            self._told(None)

    async def _restart(self, pause: float) -> tuple[_StoreConnection, float]:
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                return await self._start(), pause
            except Exception as error:  # noqa: BLE001 — whatever it is, it may pass
                self._mark_unavailable(StoreError.of(error))

    def _mark_unavailable(self, why: StoreError) -> None:
        self._line, self._unavailable = None, why
        self._told(why.text)


def _resolving(waiting: asyncio.Future[Answer]) -> OnAnswer:
    """Return what answers a future, unless whoever waited has gone."""

    def answered(answer: Answer) -> None:
        if not waiting.done():
            waiting.set_result(answer)

    return answered
