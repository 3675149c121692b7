"""The service that runs in the listener's process, and the operations that kernels can call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.control import protocol as wire
from twilio_widgets.listener.control.address import Address, check_public_url
from twilio_widgets.listener.control.runtime_file import Runtime
from twilio_widgets.listener.control.spec import (
    IDLE_SECONDS,
    SANDBOX_IDLE_SECONDS,
    check_idle,
    check_reply,
)
from twilio_widgets.listener.events.store import RETENTION_DAYS, check_retention
from twilio_widgets.listener.files.durable import is_gone
from twilio_widgets.listener.jupyter.registry import Registration, register
from twilio_widgets.listener.process.connections import ConnectionLimiter
from twilio_widgets.listener.process.control_server import ControlServer
from twilio_widgets.listener.process.gate import Gate
from twilio_widgets.listener.process.group_commit import GroupCommitter
from twilio_widgets.listener.process.handler import WebhookHandler
from twilio_widgets.listener.process.http_connection import HttpConnection
from twilio_widgets.listener.process.rejections import RejectionLog
from twilio_widgets.listener.process.replies import Replies
from twilio_widgets.listener.store_process.client import StoreClient, StoreLocation
from twilio_widgets.listener.webhooks.restore_on_exit import WebhookRestorer
from twilio_widgets.signature.keys import Keys

if TYPE_CHECKING:
    from twilio_widgets.listener.control.spec import Spec
    from twilio_widgets.listener.events.batch import Receipt
    from twilio_widgets.listener.events.event import Arrival
    from twilio_widgets.listener.process.log import Log

_EMPTY_SECONDS = 3.0
_TICK_SECONDS = 5.0
_A_DAY = 86_400.0

_Operation = Callable[..., Awaitable[dict[str, Any]]]


class ListenerService:
    """One listener: webhook server, control server, store process and diagnosis thread.

    Args:
        spec: The settings of the listener.
        log: Receives errors.
    """

    def __init__(self, spec: Spec, log: Log) -> None:
        self.spec = spec
        self.store = StoreClient(
            StoreLocation(
                path=spec.store, account_sid=spec.connection.acting_sid, world=spec.world
            ),
            RETENTION_DAYS if spec.retention_days is ... else spec.retention_days,
            self._committed,
        )
        usual = SANDBOX_IDLE_SECONDS if spec.world == "sandbox" else IDLE_SECONDS
        self.idle_seconds = usual if spec.idle_seconds is None else spec.idle_seconds
        self.problem: str | None = None
        """Why the last commit failed, until one succeeds."""
        self.last_id = 0
        """The id of the newest event stored since the start."""
        self.stopped = asyncio.Event()
        """Set when the shutdown is complete, except for the last control responses."""
        self._log = log
        self._ending = asyncio.Event()
        self._way: Registration | None = None
        # Diagnosing signatures takes CPU time and must not delay events, so it has its own thread.
        self._doctor = ThreadPoolExecutor(1, "doctor")
        self._webhooks = WebhookRestorer(spec, self._doctor, log)
        self._operations: dict[str, _Operation] = {
            "status": self._status,
            "set_reply": self._set_reply,
            "set_public_url": self._set_public_url,
            "set_forward": self._set_forward,
            "set_idle": self._set_idle,
            "set_retention": self._set_retention,
            "poll_commit": self._poll_commit,
            "forget": self._forget,
            "stop": self._stop,
        }

    async def start(self, webhooks: socket.socket, control: socket.socket) -> Runtime:
        """Start serving on two listening sockets, and return the runtime entry for kernels."""
        loop = asyncio.get_running_loop()
        self.runtime = Runtime(
            pid=os.getpid(),
            port=webhooks.getsockname()[1],
            control_port=control.getsockname()[1],
            control_token=secrets.token_urlsafe(32),
            started_at=datetime.now(UTC).isoformat(),
        )
        self.address = Address(self.runtime.port, self.spec.public_url)
        self.control = ControlServer(
            self.runtime.control_token,
            self.greeting,
            self.state,
            self.operate,
            self.news,
        )
        await self.store.open()
        await self._webhooks.at_start()
        self.replies = Replies(lambda: self.control.answers, self.control.ask, self.spec.reply)
        self.committer = GroupCommitter(self.store, self._committed)
        keys = Keys.of(self.spec.connection, self.spec.shared_keys)
        self.gate = gate = Gate(self.address, keys, self.spec.accounts)
        self.rejections = RejectionLog(
            gate.diagnosed, self.store.reject, self._doctor, self.control.notify
        )
        self.handler = WebhookHandler(
            gate, self.committer, self.replies, self.rejections, self.stored
        )
        self._connections = ConnectionLimiter()
        self._server = await loop.create_server(
            lambda: HttpConnection(self._connections, self.handler), sock=webhooks, backlog=512
        )
        await self.control.serve(control)
        self._ticking = loop.create_task(self._tick())
        return self.runtime

    def request_shutdown(self) -> None:
        """Request shutdown; honoured as soon as start-up has finished."""
        self._ending.set()

    async def serve_until_stopped(self, release_lock: Callable[[], None]) -> None:
        """Serve until shutdown is requested, then shut down without losing acknowledged events.

        Args:
            release_lock: Releases the listener lock for the next process. The ``stop`` operation
                is answered after that, so that its caller can start the next one.
        """
        await self._ending.wait()
        self.control.close()
        self._ticking.cancel()
        # Requests that arrive in the meantime are still accepted.
        await self._webhooks.at_end()
        if self._way is not None:
            self._way.close()
        self._server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_EMPTY_SECONDS):
                await self.committer.idle()
                await self.rejections.idle()
        await asyncio.sleep(0)
        self._connections.close()
        await self.store.close()
        await self._webhooks.after_end()
        release_lock()
        self.stopped.set()
        await self.control.finish()

    # Events

    def stored(self, event_id: int) -> None:
        """Notify the kernels of a new event."""
        self.last_id = max(self.last_id, event_id)
        self.control.notify()

    def log_exception(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log an uncaught exception by its class only: its text may contain private data."""
        error = context.get("exception")
        self._log.say("error", type(error).__name__ if error else "")

    def _committed(self, problem: str | None) -> None:
        if problem is not None:
            self._log.say("store", problem)
        if problem != self.problem:
            self.problem = problem
            self.control.notify()

    async def _tick(self) -> None:
        """Shut down when the listener is unused for `idle_seconds` or its store was deleted.

        Also deletes events beyond the retention period once a day.
        """
        seen = retired = time.monotonic()
        last = self.handler.last_request_at
        while True:
            await asyncio.sleep(min(_TICK_SECONDS, self.idle_seconds / 4))
            now = time.monotonic()
            if self.control.kernels or self.handler.last_request_at != last:
                seen, last = now, self.handler.last_request_at
            if now - seen > self.idle_seconds or is_gone(self.store.path):
                self.request_shutdown()
            if now - retired > _A_DAY:
                retired = now
                self.store.retire()

    # Operations, called by kernels by name; they take and return JSON values

    def greeting(self, nonce: str) -> dict[str, Any]:
        """Return the proofs for a kernel's challenge."""
        return {"proofs": sorted(self.spec.proofs(nonce))}

    def news(self) -> dict[str, Any]:
        """Return the short summary that is sent to kernels after changes."""
        return {
            "last_id": self.last_id,
            "rejected": self.rejections.counts.total(),
            "problem": self.problem,
        }

    async def operate(self, op: str, what: dict[str, Any]) -> dict[str, Any]:
        """Run an operation.

        Raises:
            ListenerError: The operation is unknown or failed.
        """
        operation = self._operations.get(op)
        if operation is None:
            raise ListenerError(
                f"The running listener does not support {op!r}: it may belong to another release "
                "of twilio_widgets. Close it and start it again."
            )
        return await operation(**what)

    def state(self) -> dict[str, Any]:
        """Return the settings of the listener that kernels share."""
        return {
            "pid": self.runtime.pid,
            "port": self.runtime.port,
            "started_at": self.runtime.started_at,
            "root_url": self.spec.root_url,
            "public_url": self.address.public_url,
            "forward_key": self.address.forward_key,
            "reply": self.replies.text,
            "idle_seconds": self.idle_seconds,
            "retention_days": self.store.retention_days,
        }

    async def _status(self) -> dict[str, Any]:
        last = self.handler.last_request_at
        return {
            **self.state(),
            **self.news(),
            "kernels": self.control.kernels,
            "waiting": len(self.committer),
            "last_request_at": last.isoformat() if last else None,
            "counts": dict(self.handler.counts),
            "rejections": dict(self.rejections.counts),
            "store": str(self.store.path),
            "journal_mode": self.store.journal_mode,
            "notices": [*self._webhooks.notices, *self.store.notices, *self.gate.notices],
        }

    async def _set_reply(self, text: str | None = None, ask: bool = False) -> dict[str, Any]:
        del ask  # handled by the control server, which knows the kernel
        self.replies.text = check_reply(text)
        return {}

    async def _set_public_url(self, url: str | None) -> dict[str, Any]:
        self.address.state(None if url is None else check_public_url(url))
        return {"public_url": self.address.public_url}

    async def _set_forward(
        self, key: str | None, token: str | None = None, where: str | None = None
    ) -> dict[str, Any]:
        """Trust the Jupyter server extension, which forwards by `key` and proves itself by `token`.

        With `where`, the key is registered there while this process lives. None revokes the trust.
        """
        if self._way is not None:
            self._way.close()
        self._way = None
        trusted = Secret(token) if token else None
        if key and trusted and where:
            self._way = register(
                self.runtime.port, key=key, forward_token=trusted, where=Path(where)
            )
        self.address.forward(key, trusted)
        return {"forward_key": self.address.forward_key}

    async def _set_idle(self, seconds: float) -> dict[str, Any]:
        self.idle_seconds = check_idle(seconds)
        return {}

    async def _set_retention(self, days: float | None) -> dict[str, Any]:
        kept = check_retention(days)
        return {"deleted": await self.store.keep_for(kept)}

    async def _poll_commit(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        receipts = await asyncio.gather(*map(self._taken, wire.arrivals_of(rows)))
        if None in receipts:
            problem = self.problem or "The event store is busy."
            raise ListenerError(f"Some events could not be stored. {problem} Try again.")
        for receipt in receipts:
            if receipt is not None and receipt.new and receipt.id is not None:
                self.stored(receipt.id)
        return {"new": sum(receipt.new for receipt in receipts if receipt is not None)}

    async def _taken(self, arrival: Arrival) -> Receipt | None:
        done: asyncio.Future[Receipt | None] = asyncio.get_running_loop().create_future()
        if not self.committer.take(arrival, done.set_result):
            return None
        return await done

    async def _forget(self, before: str | None = None) -> dict[str, Any]:
        until = None if before is None else datetime.fromisoformat(before)
        return {"deleted": await self.store.forget(until)}

    async def _stop(self) -> dict[str, Any]:
        self.request_shutdown()
        await self.stopped.wait()
        return self._webhooks.outcome
