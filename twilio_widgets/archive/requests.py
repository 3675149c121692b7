"""The requests of a sync: retried, and counted by the gate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from twilio_widgets.archive.gate import RequestGate
from twilio_widgets.core.flows import messages
from twilio_widgets.core.flows.answers import passes_soon
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.request import Flow
from twilio_widgets.errors import ApiError, BadResponse, NoReply, NotConnected, NotFound
from twilio_widgets.frames.decode import MessageRecord

if TYPE_CHECKING:
    from twilio_widgets.client.twilio import AsyncTwilio
    from twilio_widgets.core.message.message import Message

T = TypeVar("T")

ATTEMPTS, ATTEMPTS_LIMITED = 4, 10
"""Attempts for one request: after failures, and after 429s, which slow the whole sync down."""

FIRST_WAIT = 0.5
"""Seconds before the second attempt; doubled for each further one."""


class SyncClient:
    """Makes the requests of one sync.

    Args:
        twilio: The client; it belongs to the running event loop.
        gate: Passed by every request.
    """

    def __init__(self, twilio: AsyncTwilio, gate: RequestGate) -> None:
        self._twilio = twilio
        self._gate = gate

    async def page(self, pages: Paginator[MessageRecord]) -> Sequence[MessageRecord]:
        """Read the next page of a list."""
        return await self._run(pages.next_page)

    async def message(self, sid: str) -> Message | None:
        """Read one message; None if Twilio has deleted it."""
        try:
            return await self._run(
                lambda retry_policy: messages.get(self._twilio.connection, retry_policy, sid)
            )
        except NotFound:
            return None

    async def _run(self, flow_of: Callable[[RetryPolicy], Flow[T]]) -> T:
        """Run a flow of one request until it succeeds.

        A flow is not retried by its own policy: after a 429 all slices must pause, not only one.
        """
        failed = limited = 0
        while True:
            async with self._gate.request() as started:
                retry_policy = RetryPolicy(self._twilio.timeout, attempts=1)
                try:
                    result = await cast("Awaitable[T]", self._twilio.run(flow_of(retry_policy)))
                except (NotConnected, NoReply, BadResponse, ApiError) as error:
                    if isinstance(error, ApiError) and passes_soon(error):
                        limited += 1
                        self._gate.slow_down(started, getattr(error, "retry_after", None))
                    else:
                        failed += 1
                    if limited >= ATTEMPTS_LIMITED or failed >= ATTEMPTS or not _may_pass(error):
                        raise
                else:
                    self._gate.succeeded()
                    return result
            if failed:
                await self._twilio.connection.sleep_async(FIRST_WAIT * 2.0 ** (failed - 1))


def _may_pass(error: Exception) -> bool:
    """Return whether another attempt can succeed."""
    if isinstance(error, ApiError):
        return passes_soon(error) or error.status >= 500 or error.status == 408
    return True
