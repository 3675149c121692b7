"""Retries, as flows: generators that yield requests and receive replies.

A flow yields a `Request` or a `Pause` and is sent a `Reply`, or has an error thrown in. It does no
I/O and never sleeps, so the same flow runs under the blocking and the async driver, and is tested
without either.

Sources: Twilio error 20429 (a 429 was never processed: always safe to retry) and error 20500
(sending is not idempotent: a retry after a 500 can deliver twice); Marc Brooker, "Exponential
backoff and jitter" (full jitter).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from twilio_widgets.core.flows.answers import (
    IN_BETWEEN,
    TEST_CREDENTIALS,
    error_of,
    is_from_twilio,
    leaves_open,
    passes_soon,
    retry_after_of,
)
from twilio_widgets.core.flows.permission import permission_of
from twilio_widgets.core.request import Flow, Pause, Reply, Request
from twilio_widgets.core.system import clock
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    Forbidden,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    TwilioWidgetsError,
)

ATTEMPTS = 4
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
LONGEST_RETRY_AFTER = 120.0
CALL_FIND = "call twilio.messages.find(error), which"
"""The advice of an `OutcomeUnknown`; a panel names its button instead."""


@dataclass
class RetryPolicy:
    """Retry budget of one call: total deadline, attempt limit and back-off."""

    seconds: float = 30.0
    """Seconds for all attempts and the pauses between them."""

    attempts: int = ATTEMPTS
    """The most attempts."""
    delay: float | None = None
    """Seconds between two attempts; None means exponential back-off with full jitter."""
    monotonic: Callable[[], float] = clock.seconds
    uniform: Callable[[float, float], float] = random.uniform
    _started: float | None = field(default=None, init=False)
    """Set by the first attempt, because a coroutine may be awaited long after it was created."""

    def remaining(self) -> float:
        """Return the seconds until the deadline, at least 0.01: a timeout of 0 is invalid."""
        return max(0.01, self._remaining())

    def is_over(self) -> bool:
        """Return whether no time is left."""
        return self._remaining() <= 0

    def _remaining(self) -> float:
        now = self.monotonic()
        self._started = now if self._started is None else self._started
        return self.seconds - (now - self._started)

    def wait(self, attempt: int, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait after `attempt`, or None if no attempt or time is left."""
        if attempt >= self.attempts:
            return None
        if retry_after is not None:
            seconds = min(retry_after, LONGEST_RETRY_AFTER)
        elif self.delay is not None:
            seconds = self.delay
        else:
            seconds = self.uniform(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1)))
        return seconds if seconds < self._remaining() else None


RetryPolicyFactory = Callable[[], RetryPolicy]
"""Returns the retry policy for one request; a call of several requests needs one for each."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt without a usable reply."""

    request: Request
    error: TwilioWidgetsError
    reply: Reply | None = None

    @property
    def leaves_open(self) -> bool:
        """Whether Twilio may have processed the request despite the failure."""
        if self.reply is None:
            return not isinstance(self.error, NotConnected)
        return leaves_open(self.reply, creates_message=self.request.creates_message)

    @property
    def retry_after(self) -> float | None:
        """The seconds to wait, from the ``Retry-After`` header."""
        return None if self.reply is None else retry_after_of(self.reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """Which failures are followed by another attempt."""

    changes: bool
    """Whether the request changes something, so that a lost reply becomes `OutcomeUnknown`."""

    repeatable: bool
    """Whether it may be repeated although Twilio may have processed it."""

    all_errors: bool = False
    """Whether to retry after every error status, and after a bad response if `repeatable`."""

    def allows(self, failure: Failure) -> bool:
        """Return whether another attempt may follow."""
        if isinstance(failure.error, NotConnected):
            return True
        if isinstance(failure.error, BadResponse):  # damaged, too large, or a redirect
            return self.repeatable and self.all_errors and failure.reply is None
        if failure.leaves_open:
            return self.repeatable
        return self.all_errors or (
            isinstance(failure.error, ApiError) and passes_soon(failure.error)
        )


_READ = RetryRule(changes=False, repeatable=True)
_CHANGE = RetryRule(changes=True, repeatable=False)


def read(request: Request, retry_policy: RetryPolicy, *, about: str | None = None) -> Flow[Reply]:
    """Send a request that may be repeated: a read, or an idempotent change such as a DELETE.

    It is retried if Twilio was not reached, did not reply, or replied with 408, 429 or a 5xx
    status.
    """
    return send_with_retries(request, retry_policy, _READ, about=about)


def change(
    request: Request,
    retry_policy: RetryPolicy,
    *,
    about: str | None = None,
    left_open: Callable[[OutcomeUnknown], None] = lambda _outcome: None,
) -> Flow[Reply]:
    """Send a change; retry only if Twilio cannot have made it.

    That is certain only after a 429 and after a connection that was never established. Any other
    failure without a usable reply from Twilio is `OutcomeUnknown`: a second POST could be a second
    message.
    """
    return send_with_retries(request, retry_policy, _CHANGE, about=about, left_open=left_open)


def send_with_retries(
    request: Request,
    retry_policy: RetryPolicy,
    rule: RetryRule,
    *,
    about: str | None = None,
    left_open: Callable[[OutcomeUnknown], None] = lambda _outcome: None,
    before: Callable[[], None] = lambda: None,
    after: Callable[[Reply | None, TwilioWidgetsError | None, float | None], None] = (
        lambda _reply, _error, _wait: None
    ),
) -> Flow[Reply]:
    """Send a request until it succeeds or no further attempt is allowed.

    Args:
        request: The request.
        retry_policy: The retry policy.
        rule: Which failures are followed by another attempt.
        about: The subject of the request, for errors.
        left_open: Called with the outcome if this is interrupted while a message may have been
            sent.
        before: Called before each attempt; raising ends the request before it is sent.
        after: Called after each attempt with the reply, the error, and the seconds until the next
            attempt; without those, the error is final. Raising ends the request.
    """
    on_its_way = lost = False
    earlier: Failure | None = None
    try:
        for attempt in itertools.count(1):
            before()
            on_its_way = True
            outcome = yield from _attempt(request, retry_policy, rule, about, earlier, lost=lost)
            if isinstance(outcome, Reply):
                after(outcome, None, None)
                return outcome
            earlier, lost = outcome, lost or outcome.leaves_open
            on_its_way = False
            wait = None
            if rule.allows(outcome):
                wait = retry_policy.wait(attempt, outcome.retry_after)
            final = wait is None and rule.changes and lost
            error = _unknown_after(outcome) if final else outcome.error
            after(outcome.reply, error, wait)
            if wait is None:
                break
            yield Pause(wait)
    except BaseException as stop:
        if rule.changes and (lost or (on_its_way and not isinstance(stop, Exception))):
            interrupted = stopped(request, stop)
            if request.creates_message:
                left_open(interrupted)
        raise
    raise error


def _attempt(
    request: Request,
    retry_policy: RetryPolicy,
    rule: RetryRule,
    about: str | None,
    earlier: Failure | None,
    *,
    lost: bool,
) -> Flow[Reply | Failure]:
    # The process was stopped, the computer was asleep, or a pause took longer than planned. The
    # failure before it says more than the deadline does.
    if rule.changes and retry_policy.is_over():
        error = NotConnected("The deadline of this request had passed. Nothing was sent.")
        return earlier or Failure(request, error)
    try:
        reply = _answered((yield replace(request, timeout=retry_policy.remaining())))
    except (NotConnected, NoReply, BadResponse) as failure:
        return Failure(request, failure)
    is_unchanged = reply.status == 304 and not rule.changes  # it answers a conditional request
    if 300 <= reply.status < 400 and not is_unchanged:
        return Failure(request, _redirect_error(request, reply), reply)
    gone = reply.status == 404 and request.method == "DELETE" and lost
    if reply.status < 400 or gone:  # an earlier attempt, whose reply was lost, deleted it
        return reply
    refusal = error_of(reply, about=about, creates_message=request.creates_message)
    if (
        isinstance(refusal, Forbidden)
        and refusal.code != TEST_CREDENTIALS
        and is_from_twilio(reply)
    ):
        refusal.permission = permission_of(request)
    return Failure(request, refusal, reply)


def _unknown_after(failure: Failure) -> OutcomeUnknown:
    request, reply = failure.request, failure.reply
    intercepted = None if reply is None else _interception(request, reply)
    if reply is None:
        why = str(failure.error)
    else:
        why = intercepted or f"Twilio answered HTTP {reply.status}."
    outcome = unknown(request, why)
    outcome.intercepted = intercepted is not None
    outcome.__cause__ = failure.error
    return outcome


def _interception(request: Request, reply: Reply) -> str | None:
    """Return how an answer shows that something in between gave it; None when nothing shows it."""
    if 300 <= reply.status < 400:
        kind = "a redirect"
    elif request.creates_message and reply.status < 500 and not is_from_twilio(reply):
        kind = "not Twilio's"
    else:
        return None
    return f"The response was {kind} (HTTP {reply.status}). {IN_BETWEEN}"


def _answered(answer: Reply | None) -> Reply:
    """Return the reply that the driver sent into the flow."""
    if answer is None:
        raise TypeError("the driver sent None instead of a reply")
    return answer


def _redirect_error(request: Request, reply: Reply) -> BadResponse:
    """Return the error for a redirect: following one could send credentials to another host."""
    return BadResponse(
        f"The response to {request.method} {request.path} was a redirect (HTTP {reply.status}), "
        "which is never followed. Is a proxy between you and Twilio asking for a login?"
    )


def stopped(request: Request, stop: BaseException) -> OutcomeUnknown:
    """Return the outcome of an interrupted change, and add its text to a `KeyboardInterrupt`."""
    outcome = unknown(request, "Interrupted.")
    if isinstance(stop, KeyboardInterrupt):
        where = " It is in twilio.messages.unanswered." if request.creates_message else ""
        stop.args = (f"{outcome}{where}",)
    return outcome


def unknown(request: Request, why: str) -> OutcomeUnknown:
    """Return the error for a change that may or may not have happened, with advice."""
    if request.creates_message:
        advice = (
            f"The message may have been sent. Do not send it again yet: {CALL_FIND} looks for it "
            "in the message log."
        )
    else:
        advice = "The change may have been made. Read the resource again to check."
    outcome = OutcomeUnknown(f"{why} {advice}", parameters=request.parameters)
    outcome.why = why
    return outcome
