"""The attempts of a raw request: what its inputs allow, and the callbacks that follow them.

Sources: Twilio errors 20429 (a 429 was never processed) and 20500 (a repeat after a 500 can act
twice); RFC 9110 (safe and idempotent methods).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.flow import RetryPolicy, RetryRule, send_with_retries
from twilio_widgets.core.flows.messages import timed
from twilio_widgets.core.raw.decoding import response_of
from twilio_widgets.core.raw.response import Attempt, RawResponse
from twilio_widgets.core.request import SAFE_METHODS, Flow, Reply, Request
from twilio_widgets.errors import InvalidRequest, OutcomeUnknown, TwilioWidgetsError

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.raw.request import RawRequest

REPEATABLE = SAFE_METHODS | {"PUT", "DELETE"}
"""Idempotent methods: repeating the request has the same effect as sending it once."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Functions that are called during a raw request."""

    before_attempt: Callable[[int], None] | None = None
    """Called before each attempt with its number; raising ends the request before it is sent."""
    attempt_seen: Callable[[Attempt], None] | None = None
    """Called after each attempt; raising ends the request."""
    page_seen: Callable[[int, int], None] = lambda _rows, _pages: None
    """Called after each page of a list with the numbers of rows and pages so far."""
    created: Callable[[str], None] = lambda _sid: None
    """Called with the SID of a message that was created."""
    left_open: Callable[[OutcomeUnknown], None] = lambda _outcome: None
    """Called if the creation of a message is interrupted after it may have been sent."""

    def __post_init__(self) -> None:
        for name in ("before_attempt", "attempt_seen"):
            if getattr(self, name) is not None and not callable(getattr(self, name)):
                raise InvalidRequest(f"{name} must be a function, or None.", field=name)


class RetryLoop:
    """The attempts of one request, until a response or an error."""

    def __init__(
        self, connection: Connection, ask: RawRequest, hooks: Hooks, request: Request
    ) -> None:
        self.ask, self.hooks, self.request = ask, hooks, request
        self.attempts = 0
        self.elapsed = _stopwatch(connection)
        self._connection = connection
        self._started = connection.moment()

    def turn_to(self, request: Request) -> None:
        """Continue with the request for another page, which has the full timeout again."""
        self.request = request

    def response(self, reply: Reply) -> tuple[RawResponse, str | None]:
        """Decode a reply as the response type asked for; see `response_of`."""
        return response_of(
            reply, self.ask.response_type, elapsed=self.elapsed(), attempts=self.attempts
        )

    def reply(self) -> Flow[Reply]:
        """Send the request until it succeeds or no further attempt is allowed."""
        method = self.request.method
        return send_with_retries(
            self.request,
            RetryPolicy(
                self.ask.timeout,
                attempts=self.ask.max_retries + 1,
                delay=None if self.ask.use_exponential_backoff else self.ask.retry_delay_ms / 1000,
                monotonic=self.elapsed,
            ),
            RetryRule(
                changes=method not in SAFE_METHODS,
                repeatable=self.ask.repeat_unsafe or method in REPEATABLE,
                all_errors=self.ask.retry_all_errors,
            ),
            about=self.request.parameters.get("To", ("",))[0] or None,
            left_open=self._leave_open,
            before=self._announce,
            after=self._notify,
        )

    def _leave_open(self, outcome: OutcomeUnknown) -> None:
        """Record the outcome of an interrupted send, so that `messages.find` can look for it."""
        self._date(outcome)
        self.hooks.left_open(outcome)

    def _date(self, outcome: OutcomeUnknown) -> None:
        timed(outcome, self._started, self._connection.moment())

    def _announce(self) -> None:
        if self.hooks.before_attempt is not None:
            self.hooks.before_attempt(self.attempts + 1)
        self.attempts += 1

    def _notify(
        self, reply: Reply | None, error: TwilioWidgetsError | None, wait: float | None
    ) -> None:
        if error is not None and wait is None:
            if isinstance(error, OutcomeUnknown):
                self._date(error)
            if reply is not None:
                error.response = self.response(reply)[0]
        if self.hooks.attempt_seen is None:
            return
        status, problem = reply.status if reply else None, str(error) if error else None
        try:
            self.hooks.attempt_seen(Attempt(self.attempts, status, problem, wait))
        except BaseException as stop:
            raise stop from error


def _stopwatch(connection: Connection) -> Callable[[], float]:
    """Return a function that returns the seconds since this call.

    A pause in a sandbox may advance its clock without taking real time; that time counts too.
    """
    began, world = time.monotonic(), connection.now()

    def elapsed() -> float:
        here = time.monotonic() - began
        if connection.wire is None:
            return here
        return max(here, (connection.now() - world).total_seconds())

    return elapsed
