"""What a kernel can ask of its listener, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.secret import Secret
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.events.store import check_retention
from twilio_widgets.listener.link import wire
from twilio_widgets.listener.link.spec import check_idle, check_reply
from twilio_widgets.listener.process.address import check_public_url

if TYPE_CHECKING:
    from twilio_widgets.listener.events.batch import Receipt
    from twilio_widgets.listener.events.event import Arrival
    from twilio_widgets.listener.process.service import Service

_Operation = Callable[..., Awaitable[dict[str, Any]]]


class Operations:
    """The operations of one listener; each takes and returns what JSON can hold.

    Args:
        service: The listener.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: dict[str, _Operation] = {
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

    def greeting(self, nonce: str) -> dict[str, Any]:
        """Answer a kernel's challenge."""
        return {"proofs": sorted(self._service.spec.proofs(nonce))}

    def news(self) -> dict[str, Any]:
        """Say where things stand, in short."""
        service = self._service
        return {
            "last_id": service.last_id,
            "rejected": service.turned_away.counts.total(),
            "problem": service.problem,
        }

    async def operate(self, op: str, what: dict[str, Any]) -> dict[str, Any]:
        """Do one of them.

        Raises:
            ListenerError: There is none of this name, or it could not be done.
        """
        operation = self._known.get(op)
        if operation is None:
            raise ListenerError(
                f"The listener that runs does not know {op!r}: it may be of another release of "
                "twilio_widgets. Close it and start it again."
            )
        return await operation(**what)

    def state(self) -> dict[str, Any]:
        """Say what the listener is, as far as kernels decide it."""
        service = self._service
        return {
            "pid": service.runtime.pid,
            "port": service.runtime.port,
            "started_at": service.runtime.started_at,
            "root_url": service.spec.root_url,
            "public_url": service.address.public_url,
            "forward_key": service.address.forward_key,
            "reply": service.replies.text,
            "idle_seconds": service.idle_seconds,
            "retention_days": service.store.retention_days,
        }

    async def _status(self) -> dict[str, Any]:
        service = self._service
        last = service.intake.last_request_at
        return {
            **self.state(),
            **self.news(),
            "kernels": service.control.kernels,
            "waiting": len(service.committer),
            "last_request_at": last.isoformat() if last else None,
            "counts": dict(service.intake.counts),
            "rejections": dict(service.turned_away.counts),
            "store": str(service.store.path),
            "journal_mode": service.store.journal_mode,
            "notices": service.notices,
        }

    async def _set_reply(self, text: str | None = None, ask: bool = False) -> dict[str, Any]:
        del ask  # the control line remembers which kernel is asked
        self._service.replies.text = check_reply(text)
        return {}

    async def _set_public_url(self, url: str | None) -> dict[str, Any]:
        self._service.address.state(None if url is None else check_public_url(url))
        return {"public_url": self._service.address.public_url}

    async def _set_forward(
        self, key: str | None, token: str | None = None, where: str | None = None
    ) -> dict[str, Any]:
        """Be forwarded to under a key; with `where`, tell Jupyter's server so, while we live."""
        self._service.forward(key, Secret(token) if token else None, Path(where) if where else None)
        return {"forward_key": self._service.address.forward_key}

    async def _set_idle(self, seconds: float) -> dict[str, Any]:
        self._service.idle_seconds = check_idle(seconds)
        return {}

    async def _set_retention(self, days: float | None) -> dict[str, Any]:
        kept = check_retention(days)
        return {"deleted": await self._service.store.keep_for(kept)}

    async def _poll_commit(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        receipts = await asyncio.gather(*map(self._taken, wire.arrivals_of(rows)))
        if None in receipts:
            problem = self._service.problem or "The event store is busy."
            raise ListenerError(f"Not everything could be stored. {problem} Try again.")
        for receipt in receipts:
            if receipt is not None and receipt.new and receipt.id is not None:
                self._service.stored(receipt.id)
        return {"new": sum(receipt.new for receipt in receipts if receipt is not None)}

    async def _taken(self, arrival: Arrival) -> Receipt | None:
        done: asyncio.Future[Receipt | None] = asyncio.get_running_loop().create_future()
        if not self._service.committer.take(arrival, done.set_result):
            return None
        return await done

    async def _forget(self, before: str | None = None) -> dict[str, Any]:
        until = None if before is None else datetime.fromisoformat(before)
        return {"deleted": await self._service.store.forget(until)}

    async def _stop(self) -> dict[str, Any]:
        self._service.end()
        await self._service.over.wait()
        return self._service.outcome
