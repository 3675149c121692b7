"""Rejected requests: all are counted; the latest are stored, and diagnosed if there is time.

A forged request costs its sender nothing. So the diagnoser has its own thread and a budget of 20 %
of the time, of which it may save up `_MOST_SECONDS_SAVED`. It handles the newest rejections first;
the others are stored with a note that they were not diagnosed. They are stored in batches.
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
"""Requests of one batch that are kept for diagnosis."""

_MOST_BYTES = 2_000_000
"""Total size of these requests."""

_LARGEST = 64_000
"""Bytes. A request with a larger body is not diagnosed."""

_SHARE = 0.2
"""Share of the time spent on diagnosis."""

_MOST_SECONDS_SAVED = 0.5
"""Seconds of unused budget that can be spent at once on a burst."""


@dataclass(slots=True)
class _PendingRejection:
    refusal: RejectionCause
    at: datetime
    method: str
    path: str
    presented: SignedRequest | None
    unseen: Verdict = TOO_MANY
    """The verdict if it is not diagnosed."""

    @property
    def size(self) -> int:
        """Approximate memory used by the request, in bytes."""
        one = self.presented
        if one is None:
            return 0
        headers = sum(len(name) + len(value) for name, value in one.headers)
        return len(one.url) + len(one.body) + headers


class RejectionLog:
    """Counts, diagnoses and stores rejections.

    Args:
        diagnose: Returns why a signature is wrong.
        reject: Stores rejections.
        doctor: The executor for diagnoses.
        stored: Called in the loop's thread after rejections were stored.
        clock: Returns monotonic seconds.
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
        """Numbers of rejections by cause."""
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
        """Count a rejection and store it soon; in a flood only the latest are stored."""
        self.counts[refusal.cause] += 1
        pending = _PendingRejection(refusal, datetime.now(UTC), method, path, refusal.presented)
        if refusal.presented is not None:
            pending.refusal = replace(refusal, presented=None)
            self._keep(pending)
        self._pending.append(pending)
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def idle(self) -> None:
        """Wait until all pending rejections are stored."""
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
                batch = list(self._pending)
                self._pending.clear()
                self._kept.clear()
                self._kept_bytes = 0
                rejections = await loop.run_in_executor(self._doctor, self._build, batch)
                try:
                    await self._reject(rejections)
                except TwilioWidgetsError:
                    continue  # they were counted, and commits report a store that fails
                self._stored()
                await asyncio.sleep(_EVERY)
        finally:
            self._flushing = None

    def _build(self, batch: Sequence[_PendingRejection]) -> list[Rejection]:
        now = self._clock()
        self._seconds_left = min(
            _MOST_SECONDS_SAVED, self._seconds_left + (now - self._since) * _SHARE
        )
        self._since = now
        return [self._rejection(pending) for pending in reversed(batch)][::-1]

    def _rejection(self, pending: _PendingRejection) -> Rejection:
        refusal, presented = pending.refusal, pending.presented
        if refusal.cause == SIGNATURE:
            if presented is not None and self._seconds_left > 0:
                refusal = self._diagnosed(refusal, presented)
            elif refusal.reason == MISMATCH.reason:  # other reasons need no diagnosis
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
