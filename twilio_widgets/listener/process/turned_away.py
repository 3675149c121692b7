"""What was turned away: counted exactly, shown with its reason, looked into when there is time.

A forged request costs its sender nothing. So the doctor sees a few of them a second, in a thread of
his own and the latest ones first, and the store hears of them in lots.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.listener.events.event import Rejection
from twilio_widgets.listener.process.refusal import SIGNATURE, Refusal

if TYPE_CHECKING:
    from twilio_widgets.listener.signature.presented import Presented
    from twilio_widgets.listener.signature.verdict import Verdict

_EVERY = 0.25
_MOST_NOTED = 1_000
_MOST_KEPT = 2
"""Requests of one lot that are kept whole for the doctor: about eight a second."""

_LARGEST = 64_000
"""Bytes of a body that is kept for him."""


@dataclass(slots=True)
class _Noted:
    refusal: Refusal
    at: datetime
    method: str
    path: str
    presented: Presented | None


class TurnedAway:
    """Notes refusals.

    Args:
        diagnose: Says why a signature was wrong.
        reject: Stores rejections; it runs in the `writer`.
        writer: The store's thread.
        doctor: The thread to look into signatures in.
        stored: Called in the loop's thread after some were stored.
    """

    def __init__(
        self,
        diagnose: Callable[[Presented], Verdict],
        reject: Callable[[Sequence[Rejection]], None],
        writer: Executor,
        doctor: Executor,
        stored: Callable[[], None],
    ) -> None:
        self.counts: Counter[str] = Counter()
        """How many there were, by cause."""
        self._diagnose = diagnose
        self._reject = reject
        self._writer = writer
        self._doctor = doctor
        self._stored = stored
        self._noted: deque[_Noted] = deque(maxlen=_MOST_NOTED)
        self._kept: deque[_Noted] = deque()
        self._showing: asyncio.Task[None] | None = None

    def note(self, refusal: Refusal, *, method: str = "", path: str = "") -> None:
        """Count a refusal, and show it soon; of a flood the latest are shown."""
        self.counts[refusal.cause] += 1
        noted = _Noted(refusal, datetime.now(UTC), method, path, refusal.presented)
        if refusal.presented is not None:
            noted.refusal = replace(refusal, presented=None)
            self._keep(noted)
        self._noted.append(noted)
        if self._showing is None:
            self._showing = asyncio.get_running_loop().create_task(self._show())

    async def idle(self) -> None:
        """Wait until everything noted is stored."""
        while self._showing is not None:
            await asyncio.wait({self._showing})

    def _keep(self, noted: _Noted) -> None:
        if noted.presented is not None and len(noted.presented.body) > _LARGEST:
            noted.presented = None
            return
        self._kept.append(noted)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popleft().presented = None

    async def _show(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._noted:
                lot = list(self._noted)
                self._noted.clear()
                self._kept.clear()
                told = await loop.run_in_executor(self._doctor, self._told, lot)
                try:
                    await loop.run_in_executor(self._writer, self._reject, told)
                except TwilioWidgetsError:
                    continue  # they are counted; a store that cannot be written is said elsewhere
                self._stored()
                await asyncio.sleep(_EVERY)
        finally:
            self._showing = None

    def _told(self, lot: Sequence[_Noted]) -> list[Rejection]:
        return [self._rejection(noted) for noted in lot]

    def _rejection(self, noted: _Noted) -> Rejection:
        refusal, presented = noted.refusal, noted.presented
        if presented is not None and refusal.cause == SIGNATURE:
            refusal = self._looked_into(refusal, presented)
        try:
            parameters = presented.parameters if presented is not None else ()
        except UnicodeDecodeError:
            parameters = ()
        return Rejection.of_request(
            at=noted.at,
            status=refusal.status,
            reason=refusal.reason,
            cause=refusal.cause,
            mend=refusal.mend,
            method=noted.method,
            url=noted.path,
            parameters=parameters,
        )

    def _looked_into(self, refusal: Refusal, presented: Presented) -> Refusal:
        verdict = self._diagnose(presented)
        cause = f"{SIGNATURE}: {verdict.cause}" if verdict.cause else SIGNATURE
        return replace(refusal, reason=verdict.reason, cause=cause, mend=verdict.mend)
