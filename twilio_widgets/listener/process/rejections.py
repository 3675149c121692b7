"""What was turned away: counted exactly, shown with its reason, looked into when there is time.

A forged request costs its sender nothing. So the doctor, who works in a thread of his own, has a
fifth of the time and what he saved of it; he sees the latest first, and of the others it is said
that they were not looked into. The store hears of all in lots.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.listener.events.event import Rejection
from twilio_widgets.listener.process.refusal import SIGNATURE, RejectionCause
from twilio_widgets.signature.findings import MISMATCH, TOO_LARGE, TOO_MANY
from twilio_widgets.signature.verdict import Verdict

if TYPE_CHECKING:
    from twilio_widgets.signature.presented import SignedRequest

_EVERY = 0.25
_MOST_NOTED = 1_000
_MOST_KEPT = 100
"""Requests of one lot that are kept whole for the doctor."""

_MOST_BYTES = 2_000_000
"""Of all these together."""

_LARGEST = 64_000
"""Bytes of a body that is kept for him."""

_SHARE = 0.2
"""How much of the time he may work."""

_MOST_SECONDS_SAVED = 0.5
"""How many seconds of it he has at most when many come at once."""


@dataclass(slots=True)
class _PendingRejection:
    refusal: RejectionCause
    at: datetime
    method: str
    path: str
    presented: SignedRequest | None
    unseen: Verdict = TOO_MANY
    """What to say when it is not looked into."""

    @property
    def size(self) -> int:
        """About how many bytes are kept of it."""
        one = self.presented
        if one is None:
            return 0
        headers = sum(len(name) + len(value) for name, value in one.headers)
        return len(one.url) + len(one.body) + headers


class RejectionLog:
    """Notes refusals.

    Args:
        diagnose: Says why a signature was wrong.
        reject: Stores rejections.
        doctor: The thread to look into signatures in.
        stored: Called in the loop's thread after some were stored.
        clock: Returns seconds that only grow.
    """

    def __init__(
        self,
        diagnose: Callable[[SignedRequest], Verdict],
        reject: Callable[[Sequence[Rejection]], Awaitable[None]],
        doctor: Executor,
        stored: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts: Counter[str] = Counter()
        """How many there were, by cause."""
        self._diagnose = diagnose
        self._reject = reject
        self._doctor = doctor
        self._stored = stored
        self._pending: deque[_PendingRejection] = deque(maxlen=_MOST_NOTED)
        self._kept: deque[_PendingRejection] = deque()
        self._kept_bytes = 0
        self._clock = clock
        self._seconds_left = _MOST_SECONDS_SAVED
        self._since = clock()
        self._flushing: asyncio.Task[None] | None = None

    def note(self, refusal: RejectionCause, *, method: str = "", path: str = "") -> None:
        """Count a refusal, and show it soon; of a flood the latest are shown."""
        self.counts[refusal.cause] += 1
        pending = _PendingRejection(refusal, datetime.now(UTC), method, path, refusal.presented)
        if refusal.presented is not None:
            pending.refusal = replace(refusal, presented=None)
            self._keep(pending)
        self._pending.append(pending)
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def idle(self) -> None:
        """Wait until everything noted is stored."""
        while self._flushing is not None:
            await asyncio.wait({self._flushing})

    def _keep(self, pending: _PendingRejection) -> None:
        if pending.presented is not None and len(pending.presented.body) > _LARGEST:
            pending.presented, pending.unseen = None, TOO_LARGE
            return
        self._kept.append(pending)
        self._kept_bytes += pending.size
        while len(self._kept) > _MOST_KEPT or self._kept_bytes > _MOST_BYTES:
            oldest = self._kept.popleft()
            self._kept_bytes -= oldest.size
            oldest.presented = None

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._pending:
                lot = list(self._pending)
                self._pending.clear()
                self._kept.clear()
                self._kept_bytes = 0
                told = await loop.run_in_executor(self._doctor, self._build, lot)
                try:
                    await self._reject(told)
                except TwilioWidgetsError:
                    continue  # they are counted; a store that cannot be written is said elsewhere
                self._stored()
                await asyncio.sleep(_EVERY)
        finally:
            self._flushing = None

    def _build(self, lot: Sequence[_PendingRejection]) -> list[Rejection]:
        now = self._clock()
        self._seconds_left = min(
            _MOST_SECONDS_SAVED, self._seconds_left + (now - self._since) * _SHARE
        )
        self._since = now
        return [self._rejection(pending) for pending in reversed(lot)][::-1]

    def _rejection(self, pending: _PendingRejection) -> Rejection:
        refusal, presented = pending.refusal, pending.presented
        if refusal.cause == SIGNATURE:
            if presented is not None and self._seconds_left > 0:
                refusal = self._diagnosed(refusal, presented)
            elif refusal.reason == MISMATCH.reason:  # any other says already why
                refusal = replace(refusal, reason=pending.unseen.reason)
        try:
            parameters = presented.parameters if presented is not None else ()
        except UnicodeDecodeError:
            parameters = ()
        return Rejection.of_request(
            at=pending.at,
            status=refusal.status,
            reason=refusal.reason,
            cause=refusal.cause,
            mend=refusal.mend,
            method=pending.method,
            url=pending.path,
            parameters=parameters,
        )

    def _diagnosed(self, refusal: RejectionCause, presented: SignedRequest) -> RejectionCause:
        began = self._clock()
        verdict = self._diagnose(presented)
        self._seconds_left -= self._clock() - began
        cause = f"{SIGNATURE}: {verdict.cause}" if verdict.cause else SIGNATURE
        return replace(refusal, reason=verdict.reason, cause=cause, mend=verdict.mend)
