"""When to try again: generators that ask for I/O and are sent the answer.

A flow yields a `Request` or a `Pause` and is sent a `Reply`, or has an error thrown in. It does no
I/O and never sleeps, so each rule is written once, driven by a blocking and an async driver, and
tested with neither.

Sources: Twilio error 20429 (a 429 was never processed: always safe to retry) and error 20500
(sending is not idempotent: a retry after a 500 can deliver twice); Marc Brooker, "Exponential
backoff and jitter" (full jitter).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from twilio_widgets.core import clock
from twilio_widgets.core.answers import (
    error_of,
    is_from_twilio,
    leaves_open,
    passes_soon,
    retry_after_of,
)
from twilio_widgets.core.request import Flow, Pause, Reply, Request
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    TwilioWidgetsError,
)

ATTEMPTS = 4
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
LONGEST_RETRY_AFTER = 120.0


@dataclass
class Patience:
    """How long one call may go on, and how it waits between attempts."""

    seconds: float = 30.0
    """Time for all attempts and the pauses between them."""

    attempts: int = ATTEMPTS
    delay: float | None = None
    """Seconds between two attempts; None grows them, with jitter."""
    monotonic: Callable[[], float] = clock.seconds
    uniform: Callable[[float, float], float] = random.uniform
    _started: float | None = field(default=None, init=False)
    """It starts when it is first needed: a call may be awaited long after it was made."""

    def left(self) -> float:
        """Return the seconds left, never less than a hundredth."""
        return max(0.01, self._remaining())

    def is_over(self) -> bool:
        """Return whether no time is left."""
        return self._remaining() <= 0

    def _remaining(self) -> float:
        now = self.monotonic()
        self._started = now if self._started is None else self._started
        return self.seconds - (now - self._started)

    def wait(self, attempt: int, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait after `attempt`, or None when no further one is worth it."""
        if attempt >= self.attempts:
            return None
        if retry_after is not None:
            seconds = min(retry_after, LONGEST_RETRY_AFTER)
        elif self.delay is not None:
            seconds = self.delay
        else:
            seconds = self.uniform(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1)))
        return seconds if seconds < self._remaining() else None


NewPatience = Callable[[], Patience]
"""Makes the patience for one exchange; a call of several exchanges makes one for each."""


def read(request: Request, patience: Patience, *, about: str | None = None) -> Flow[Reply]:
    """Ask for something that changes nothing, or that may be repeated, such as a DELETE.

    Tries again when Twilio was not reached, did not answer, asked us to slow down, or failed.
    """
    for attempt in range(1, patience.attempts + 1):
        failure: TwilioWidgetsError
        retry_after = None
        try:
            reply = answered((yield replace(request, timeout=patience.left())))
        except (NotConnected, NoReply) as error:
            failure = error
        else:
            refuse_redirect(request, reply)
            gone = reply.status == 404 and request.method == "DELETE" and attempt > 1
            if reply.status < 400 or gone:  # an earlier DELETE, whose answer was lost, did it
                return reply
            failure = error_of(reply, about=about)
            retry_after = retry_after_of(reply)
            if reply.status not in {408, 429} and reply.status < 500:
                raise failure
        wait = patience.wait(attempt, retry_after)
        if wait is None:
            break
        yield Pause(wait)
    raise failure


def change(
    request: Request,
    patience: Patience,
    *,
    about: str | None = None,
    left_open: Callable[[OutcomeUnknown], None] = lambda _outcome: None,
) -> Flow[Reply]:
    """Ask for a change; try again only when Twilio cannot have made it.

    Only a 429 and a connection that was never established mean that. Whatever else leaves us
    without a usable answer is `OutcomeUnknown`: a second POST could be a second message.

    Args:
        request: The change.
        patience: How long it may take.
        about: What it is about, for errors.
        left_open: Is told when it was ended from outside while the request was on its way.
    """
    on_its_way = False
    try:
        for attempt in range(1, patience.attempts + 1):
            failure: TwilioWidgetsError
            _refuse_late(patience)
            asked, retry_after = replace(request, timeout=patience.left()), None
            on_its_way = True
            try:
                reply = answered((yield asked))
            except NotConnected as error:
                failure = error
            except (NoReply, BadResponse) as error:
                raise unknown(request, str(error)) from error
            else:
                if reply.status < 300:
                    return reply
                failure = _refusal(request, reply, about)
                retry_after = retry_after_of(reply)
            on_its_way = False
            wait = patience.wait(attempt, retry_after)
            if wait is None:
                break
            yield Pause(wait)
    except BaseException as stop:
        if on_its_way and not isinstance(stop, Exception):
            left_open(stopped(request, stop))
        raise
    raise failure


def _refuse_late(patience: Patience) -> None:
    """Refuse to begin when this process was stopped, or the computer was asleep, for too long."""
    if patience.is_over():
        raise NotConnected("The time for this request was over, so nothing was sent.")


def _refusal(request: Request, reply: Reply, about: str | None) -> ApiError:
    """Return a 429, which was not processed and passes soon; raise every other refusal."""
    if leaves_open(reply, creates_message=request.creates_message):
        raise left_open_by(reply, request)
    refusal = error_of(reply, about=about, creates_message=request.creates_message)
    if not passes_soon(refusal):
        raise refusal
    return refusal


def answered(answer: Reply | None) -> Reply:
    """Return what a driver sent for a request; it owes one."""
    if answer is None:
        raise TypeError("the driver answered a request with nothing")
    return answer


def refuse_redirect(request: Request, reply: Reply) -> None:
    """Twilio's API has no redirects; following one could carry credentials away."""
    if 300 <= reply.status < 400:
        raise BadResponse(
            f"{request.method} {request.path} was answered with a redirect (HTTP {reply.status}), "
            "which is never followed. Is a proxy between you and Twilio asking for a login?"
        )


def stopped(request: Request, stop: BaseException) -> OutcomeUnknown:
    """Return what a person or a cancelled task left open, and tell the person in `stop` itself."""
    outcome = unknown(request, "Interrupted.")
    if isinstance(stop, KeyboardInterrupt):
        where = " It is in twilio.messages.unanswered." if request.creates_message else ""
        stop.args = (f"{outcome}{where}",)
    return outcome


def left_open_by(reply: Reply, request: Request) -> OutcomeUnknown:
    """Return the error for an answer that does not prove whether a change was made."""
    if 300 <= reply.status < 400:
        kind = "a redirect"
    elif request.creates_message and reply.status < 500 and not is_from_twilio(reply):
        kind = "not Twilio's"
    else:
        return unknown(request, f"Twilio answered HTTP {reply.status}.")
    outcome = unknown(
        request,
        f"The answer was {kind} (HTTP {reply.status}). Is a proxy, or a network that asks for a "
        "login, between you and Twilio?",
    )
    outcome.intercepted = True
    return outcome


def unknown(request: Request, why: str) -> OutcomeUnknown:
    """Say that a change may or may not have happened, and what to do next."""
    if request.creates_message:
        advice = (
            "The message may have been sent. Do not send it again yet: ask "
            "twilio.messages.find(error), which looks for it in the message log."
        )
    else:
        advice = "The change may have been made. Read it again to see."
    outcome = OutcomeUnknown(f"{why} {advice}", parameters=request.parameters)
    outcome.why = why
    return outcome
