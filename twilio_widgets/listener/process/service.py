"""Everything that lives in the listener's process, put together."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.durable import is_gone
from twilio_widgets.listener.events.store import RETENTION_DAYS
from twilio_widgets.listener.jupyter.registry import Registration, register
from twilio_widgets.listener.link.runtime import Runtime
from twilio_widgets.listener.link.spec import IDLE_SECONDS
from twilio_widgets.listener.process.address import Address
from twilio_widgets.listener.process.committing import Committer
from twilio_widgets.listener.process.control import Control
from twilio_widgets.listener.process.door import Door
from twilio_widgets.listener.process.gate import Gate
from twilio_widgets.listener.process.intake import Intake
from twilio_widgets.listener.process.operations import Operations
from twilio_widgets.listener.process.protocol import HttpConnection
from twilio_widgets.listener.process.putting_back import PUT_BACK_SECONDS, put_back
from twilio_widgets.listener.process.replying import Replies
from twilio_widgets.listener.process.turned_away import TurnedAway
from twilio_widgets.listener.signature.keys import Keys
from twilio_widgets.listener.storing.store_process import Place, StoreProcess

if TYPE_CHECKING:
    from pathlib import Path

    from twilio_widgets.core.secret import Secret
    from twilio_widgets.listener.link.spec import Spec
    from twilio_widgets.listener.process.log import Log

_LEFTOVER_SECONDS = 5.0
"""At the start somebody waits for us."""

_EMPTY_SECONDS = 3.0
_TICK_SECONDS = 5.0
_A_DAY = 86_400.0


class Service:
    """One listener.

    Args:
        spec: What it is to be.
        log: Where it notes what went wrong.
    """

    def __init__(self, spec: Spec, log: Log) -> None:
        self.spec = spec
        self.store = StoreProcess(
            Place(path=spec.store, account_sid=spec.connection.acting_sid, world=spec.world),
            RETENTION_DAYS if spec.retention_days is ... else spec.retention_days,
            self._committed,
        )
        self.idle_seconds = IDLE_SECONDS if spec.idle_seconds is None else spec.idle_seconds
        self.problem: str | None = None
        """Why the last commit failed, until one succeeds."""
        self.last_id = 0
        """The newest event that was stored since the start."""
        self.outcome: dict[str, Any] = {}
        """What became of the webhooks that were pointed here, once it is over."""
        self.put_back: list[dict[str, Any]] = []
        """What became of the webhooks that a listener before this one had left behind."""
        self.over = asyncio.Event()
        """Set when nothing is left to do."""
        self._log = log
        self._ending = asyncio.Event()
        self._way: Registration | None = None
        # What the doctor looks into may not keep an event waiting.
        self._doctor = ThreadPoolExecutor(1, "doctor")

    async def begin(self, webhooks: socket.socket, control: socket.socket) -> Runtime:
        """Serve on two listening sockets, and return where a kernel finds us."""
        loop = asyncio.get_running_loop()
        self.runtime = Runtime(
            pid=os.getpid(),
            port=webhooks.getsockname()[1],
            control_port=control.getsockname()[1],
            control_token=secrets.token_urlsafe(32),
            started_at=datetime.now(UTC).isoformat(),
        )
        self.address = Address(self.runtime.port, self.spec.public_url)
        operations = Operations(self)
        self.control = Control(
            self.runtime.control_token,
            operations.greeting,
            operations.state,
            operations.operate,
            operations.news,
        )
        await self.store.open()
        # Whoever left them can no longer do it.
        self.put_back = await self._put_back(_LEFTOVER_SECONDS)
        self.replies = Replies(lambda: self.control.answers, self.control.ask, self.spec.reply)
        self.committer = Committer(self.store, self._committed)
        keys = Keys.of(self.spec.connection, self.spec.shared_keys)
        gate = Gate(self.address, keys, self.spec.accounts)
        self.turned_away = TurnedAway(
            gate.diagnosed, self.store.reject, self._doctor, self.control.tell
        )
        self.intake = Intake(gate, self.committer, self.replies, self.turned_away, self.stored)
        self._door = Door()
        self._server = await loop.create_server(
            lambda: HttpConnection(self._door, self.intake), sock=webhooks, backlog=512
        )
        await self.control.serve(control)
        self._ticking = loop.create_task(self._tick())
        return self.runtime

    def end(self) -> None:
        """Begin to end, at once or as soon as it has begun."""
        self._ending.set()

    async def until_over(self, let_go: Callable[[], None]) -> None:
        """Serve until the end, and end in good order: nothing acknowledged is lost.

        Args:
            let_go: Gives our place to the next listener; whoever asked us to end is answered after
                that.
        """
        await self._ending.wait()
        self.control.close()
        self._ticking.cancel()
        # What comes in meanwhile is still taken.
        self.outcome = {"restored": await self._put_back(PUT_BACK_SECONDS)}
        if self._way is not None:
            self._way.close()
        self._server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_EMPTY_SECONDS):
                await self.committer.idle()
                await self.turned_away.idle()
        await asyncio.sleep(0)
        self._door.close()
        await self.store.close()
        await self._put_back_what_came_since()
        let_go()
        self.over.set()
        await self.control.finish()

    # What happens

    @property
    def notices(self) -> list[str]:
        """What a person should know, as sentences."""
        gone = [each for each in self.put_back if each["state"] == "restored"]
        again = self._pointed() if gone else set()
        left = [
            f"The listener before this one could not put this back: {each['text']} Point it here "
            "again if it is to come here."
            for each in gone
            if each["sid"] not in again
        ]
        return [*left, *self.store.notices]

    def forward(self, key: str | None, token: Secret | None, where: Path | None) -> None:
        """Trust Jupyter's server, which forwards to us under a key by a token; None trusts none.

        With `where`, the key leads to us until we end, however that happens.
        """
        if self._way is not None:
            self._way.close()
        self._way = None
        if key and token and where:
            self._way = register(self.runtime.port, key=key, forward_token=token, where=where)
        self.address.forward(key, token)

    def stored(self, event_id: int) -> None:
        """Tell the kernels of a new event."""
        self.last_id = max(self.last_id, event_id)
        self.control.tell()

    def wrong(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note an exception nobody caught, by its class alone: its text may hold anything."""
        error = context.get("exception")
        self._log.say("error", type(error).__name__ if error else "")

    def _committed(self, problem: str | None) -> None:
        if problem is not None:
            self._log.say("store", problem)
        if problem != self.problem:
            self.problem = problem
            self.control.tell()

    def _pointed(self) -> set[str]:
        from twilio_widgets.listener.webhooks import pointing

        with contextlib.suppress(ListenerError):
            return {each.sid for each in pointing.pointed(pointing.folder_of(self.spec.store))}
        return set()

    async def _put_back(self, seconds: float) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        call = functools.partial(put_back, self.spec, seconds)
        outcomes = await loop.run_in_executor(self._doctor, call)
        for each in outcomes:
            if each["state"] == "failed":
                self._log.say(f"webhook {each['sid']}", each["text"])
        return outcomes

    async def _put_back_what_came_since(self) -> None:
        """Put back what a kernel has pointed here while we ended: with our lock it is ours to."""
        seen = {each["sid"] for each in self.outcome["restored"]}
        if "" not in seen and self._pointed() - seen:
            self.outcome["restored"] += await self._put_back(_LEFTOVER_SECONDS)

    async def _tick(self) -> None:
        """End when nobody has been there for long, or the store has been taken away."""
        seen = retired = time.monotonic()
        last = self.intake.last_request_at
        while True:
            await asyncio.sleep(min(_TICK_SECONDS, self.idle_seconds / 4))
            now = time.monotonic()
            if self.control.kernels or self.intake.last_request_at != last:
                seen, last = now, self.intake.last_request_at
            if now - seen > self.idle_seconds or is_gone(self.store.path):
                self.end()
            if now - retired > _A_DAY:
                retired = now
                self.store.retire()
