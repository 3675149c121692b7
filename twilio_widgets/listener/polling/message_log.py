"""Rate-limited reading of Twilio's message log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from twilio_widgets.core.flows import account, messages
from twilio_widgets.core.flows.flow import ATTEMPTS, RetryPolicy
from twilio_widgets.core.flows.listing import Filters
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.message.message import Message, message_path
from twilio_widgets.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.request import Flow

T = TypeVar("T")


class MessageLogReader:
    """Reads messages one request at a time, and counts the requests.

    Args:
        twilio: Makes the requests.
        per_second: Maximum number of requests per second; None for no limit.
        attempts: Maximum number of attempts for each request.
        seconds: Time limit for each request, with its retries.
        before: Called before each request.
    """

    def __init__(
        self,
        twilio: Twilio,
        *,
        per_second: float | None = None,
        attempts: int = ATTEMPTS,
        seconds: float = 30.0,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._twilio = twilio
        self._connection = twilio.connection
        self._between = 1 / per_second if per_second else 0.0
        self._free_at = self._connection.monotonic()
        self._new_retry_policy = partial(RetryPolicy, seconds, attempts)
        self._before = before
        self.requests = 0
        """The number of requests made, without retries."""
        self.server_time: datetime | None = None
        """Twilio's time (UTC) in the response with the first page of a list."""

    def message(self, sid: str) -> Message | None:
        """Read the current state of one message; None if it is no longer in the log."""
        try:
            return self._ask(messages.get(self._connection, self._new_retry_policy(), sid))
        except NotFound:
            return None

    def pages(
        self, *, to: str | None = None, from_: str | None = None, size: int
    ) -> Iterator[Sequence[Message]]:
        """Read the log page by page, newest first; each page is requested when it is needed.

        Args:
            to: Only messages to this address.
            from_: Only messages from this address.
            size: Messages per page, at most 1,000.
        """
        path = message_path(self._connection.acting_sid)
        request = Filters(to=to, from_=from_).request(path, limit=size)
        paginator = Paginator(request, messages.message_page)
        while paginator.next_request is not None:
            page = self._ask(paginator.next_page(self._new_retry_policy()))
            self.server_time = self.server_time or paginator.server_time
            yield page

    def numbers(self) -> tuple[str, ...]:
        """Read the account's own phone numbers."""
        own = self._ask(account.numbers(self._connection, self._new_retry_policy))
        return tuple(number.phone_number for number in own)

    def _ask(self, flow: Flow[T]) -> T:
        self._before()
        now = self._connection.monotonic()
        if (early := self._free_at - now) > 0:
            self._connection.sleep(early)
        self._free_at = max(now, self._free_at) + self._between
        self.requests += 1
        return self._twilio.run(flow)
