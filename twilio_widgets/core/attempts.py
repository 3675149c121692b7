"""When a raw request is repeated, and what is said of a change whose answer was lost.

Sources: Twilio errors 20429 (a 429 was never processed) and 20500 (a repeat after a 500 can act
twice); RFC 9110 (safe and idempotent methods).
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from twilio_widgets.core.answers import error_of, leaves_open, passes_soon, retry_after_of
from twilio_widgets.core.flow import Patience, answered, left_open_by, refuse_redirect, unknown
from twilio_widgets.core.messages import timed
from twilio_widgets.core.request import Flow, Pause, Reply, Request
from twilio_widgets.core.response import Attempt, RawResponse, response_of
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    TwilioWidgetsError,
)

if TYPE_CHECKING:
    from twilio_widgets.core.ask import Ask
    from twilio_widgets.core.connection import Connection

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

REPEATABLE = SAFE | {"PUT", "DELETE"}
"""Methods for which twice is the same as once."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Who is told what while a raw request goes on."""

    before_attempt: Callable[[int], None] | None = None
    """Before each attempt, with its number; raising ends the request, and this one never leaves."""
    attempt_seen: Callable[[Attempt], None] | None = None
    """After each attempt; raising ends the request."""
    page_seen: Callable[[int, int], None] = lambda _rows, _pages: None
    """After each page of a list: rows and pages so far."""
    created: Callable[[str], None] = lambda _sid: None
    """The SID of a message that was created."""
    left_open: Callable[[OutcomeUnknown], None] = lambda _outcome: None
    """The outcome of a send that was ended from outside on its way."""


class Exchange:
    """One request and its attempts, until an answer or an error."""

    def __init__(self, connection: Connection, ask: Ask, hooks: Hooks, request: Request) -> None:
        self.ask, self.hooks, self.request = ask, hooks, request
        self.attempts = 0
        self.elapsed = _stopwatch(connection)
        self._connection = connection
        self._started = connection.moment()
        self._lost: TwilioWidgetsError | None = None
        """Why it is not known whether an earlier attempt was carried out."""

    def turn_to(self, request: Request) -> None:
        """Go on with another page; it has the whole time again."""
        self.request = request

    def response(self, reply: Reply) -> tuple[RawResponse, str | None]:
        """Decode an answer as asked."""
        return response_of(
            reply, self.ask.response_type, elapsed=self.elapsed(), attempts=self.attempts
        )

    def reply(self) -> Flow[Reply]:
        """Ask until there is a good answer, or no further attempt is allowed or worth it."""
        patience = Patience(
            self.ask.timeout,
            attempts=self.ask.max_retries + 1,
            delay=None if self.ask.use_exponential_backoff else self.ask.retry_delay_ms / 1000,
            monotonic=self.elapsed,
        )
        number = 0
        while True:
            self._announce()
            number += 1
            self.attempts += 1
            reply, failure = yield from self._once(patience)
            if failure is None and reply is not None:
                self._tell(reply, None, None)
                return reply
            failure = cast("TwilioWidgetsError", failure)
            wait = None
            if self._worth_repeating(reply, failure):
                wait = patience.wait(number, retry_after_of(reply) if reply else None)
            self._note_lost(reply, failure)
            last = self._final(failure, reply) if wait is None else failure
            self._tell(reply, last, wait)
            if wait is None:
                raise last
            yield from self._pause(wait)

    def _pause(self, seconds: float) -> Flow[None]:
        try:
            yield Pause(seconds)
        except (KeyboardInterrupt, CancelledError):
            self._leave_open(unsure=self._lost is not None)
            raise

    def _once(self, patience: Patience) -> Flow[tuple[Reply | None, TwilioWidgetsError | None]]:
        try:
            asked = replace(self.request, timeout=patience.left())
            reply = answered((yield asked))
        except (NotConnected, NoReply, BadResponse) as error:
            return None, error
        except (KeyboardInterrupt, CancelledError):
            self._leave_open(unsure=True)
            raise
        return reply, self._problem_of(reply)

    def _problem_of(self, reply: Reply) -> TwilioWidgetsError | None:
        try:
            if reply.status != 304:  # what a conditional request asked for
                refuse_redirect(self.request, reply)
        except BadResponse as error:
            return error
        gone = reply.status == 404 and self.request.method == "DELETE" and self._lost is not None
        if reply.status < 400 or gone:  # an earlier DELETE, whose answer was lost, did it
            return None
        about = self.request.parameters.get("To", ("",))[0] or None
        return error_of(reply, about=about, creates_message=self.request.creates_message)

    @property
    def _changes(self) -> bool:
        return self.request.method not in SAFE

    def _worth_repeating(self, reply: Reply | None, failure: TwilioWidgetsError) -> bool:
        """Say whether the inputs allow another attempt after this failure."""
        may = self.ask.repeat_unsafe or self.request.method in REPEATABLE
        if isinstance(failure, NotConnected):
            return True
        if isinstance(failure, BadResponse):  # damaged, too large, or a redirect
            return may and self.ask.retry_all_errors and reply is None
        if reply is None or reply.status >= 500 or self._is_open(reply):
            return may
        soon = isinstance(failure, ApiError) and passes_soon(failure)
        return soon or self.ask.retry_all_errors

    def _note_lost(self, reply: Reply | None, failure: TwilioWidgetsError) -> None:
        """Remember an attempt that may have been carried out all the same."""
        lost = reply is None and not isinstance(failure, NotConnected)
        if self._changes and (lost or self._is_open(reply)):
            self._lost = failure

    def _is_open(self, reply: Reply | None) -> bool:
        """Return whether the request may have been carried out in spite of this answer."""
        creates = self.request.creates_message
        return reply is not None and leaves_open(reply, creates_message=creates)

    def _final(self, failure: TwilioWidgetsError, reply: Reply | None) -> TwilioWidgetsError:
        """Return the error to raise: a change that may have happened is never called failed."""
        last = failure
        if self._lost is not None:
            last = self._unknown(str(failure), reply)
            last.__cause__ = failure
        if reply is not None:
            last.response = self.response(reply)[0]
        return last

    def _unknown(self, why: str, reply: Reply | None = None) -> OutcomeUnknown:
        request = self.request
        outcome = unknown(request, why) if reply is None else left_open_by(reply, request)
        return timed(outcome, self._started, self._connection.moment())

    def _leave_open(self, *, unsure: bool) -> None:
        """Keep the outcome of a send that was ended from outside, so that it can be looked for."""
        if unsure and self.request.creates_message:
            self.hooks.left_open(self._unknown("Interrupted."))

    def _announce(self) -> None:
        if self.hooks.before_attempt is None:
            return
        try:
            self.hooks.before_attempt(self.attempts + 1)
        except BaseException:
            self._leave_open(unsure=self._lost is not None)
            raise

    def _tell(
        self, reply: Reply | None, failure: TwilioWidgetsError | None, wait: float | None
    ) -> None:
        if self.hooks.attempt_seen is None:
            return
        status, problem = reply.status if reply else None, str(failure) if failure else None
        try:
            self.hooks.attempt_seen(Attempt(self.attempts, status, problem, wait))
        except BaseException as stop:
            self._leave_open(unsure=self._lost is not None)
            raise stop from failure


def _stopwatch(connection: Connection) -> Callable[[], float]:
    """Return a function that tells the seconds since now.

    A sandbox's clock may be turned by a pause that takes no time here; then its time counts too.
    """
    began, world = time.monotonic(), connection.now()

    def elapsed() -> float:
        here = time.monotonic() - began
        if connection.wire is None:
            return here
        return max(here, (connection.now() - world).total_seconds())

    return elapsed
