"""Any request to Twilio's REST API, as a flow: what is sent, when it is repeated, what comes back.

Sources: Prismatic's Raw Request action (the meaning of the inputs); Twilio errors 20429 (a 429 was
never processed) and 20500 (a repeat after a 500 can act twice); RFC 9110 (safe and idempotent
methods).
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol, cast, get_args

from twilio_widgets.core.answers import error_of, mapping_of, retry_after_of
from twilio_widgets.core.body import FileNames, Files, Pairs, body_of, text_pairs
from twilio_widgets.core.flow import Patience, answered, refuse_redirect, unknown
from twilio_widgets.core.guard import METHODS, check_headers
from twilio_widgets.core.paging import MAX_PAGE_SIZE, next_request
from twilio_widgets.core.paths import DocumentedPath, documented_paths
from twilio_widgets.core.request import Flow, Pause, Reply, Request
from twilio_widgets.core.response import (
    Attempt,
    RawResponse,
    ResponseType,
    made,
    response_of,
    unreadable,
)
from twilio_widgets.core.target import target_of
from twilio_widgets.errors import (
    BadResponse,
    InvalidRequest,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    TwilioWidgetsError,
)

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection

__all__ = ["Ask", "DocumentedPath", "Hooks", "Table", "documented_paths", "raw"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

REPEATABLE = SAFE | {"PUT", "DELETE"}
"""Methods for which twice is the same as once."""

_ACCEPT = {"json": "application/json", "text": "*/*", "binary": "*/*"}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """The inputs of a raw request; see `Twilio.raw` for each."""

    path: str
    method: str = "GET"
    data: Pairs | str | bytes | None = None
    form_data: Pairs | None = None
    file_data: Files | None = None
    file_data_file_names: FileNames | None = None
    query_params: Pairs | None = None
    headers: Pairs | None = None
    response_type: ResponseType = "json"
    timeout: float = 30.0
    retry_delay_ms: float = 0
    retry_all_errors: bool = False
    max_retries: int = 0
    use_exponential_backoff: bool = False
    repeat_unsafe: bool = False
    frame: bool = False
    limit: int | None = 1000

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def verb(self) -> str:
        """The method in capitals; GET when none is given."""
        return (self.method or "GET").upper()

    def request(self, account_sid: str) -> Request:
        """Build what is sent, once for every attempt.

        Raises:
            PathRefused: The path could lead elsewhere.
            InvalidRequest: An input cannot be right.
        """
        target = target_of(self.path, account_sid)
        headers = text_pairs(self.headers, "headers")
        headers = tuple((name.strip(" "), value.strip(" ")) for name, value in headers)
        check_headers(headers)
        given = {name.lower(): value for name, value in headers}
        body = body_of(
            self.data,
            self.form_data,
            self.file_data,
            self.file_data_file_names,
            given.get("content-type"),
        )
        if body.content_type is not None:
            rest = tuple(pair for pair in headers if pair[0].lower() != "content-type")
            headers = (*rest, ("Content-Type", body.content_type))
        if "accept" not in given:
            headers = (*headers, ("Accept", _ACCEPT[self.response_type]))
        query = target.query + text_pairs(self.query_params, "query_params")
        if self.frame and "PageSize" not in dict(query):
            size = MAX_PAGE_SIZE if self.limit is None else min(self.limit, MAX_PAGE_SIZE)
            query = (*query, ("PageSize", str(max(1, size))))
        return Request(
            method=self.verb,
            path=target.path,
            query=query,
            form=body.form,
            body=body.content,
            headers=headers,
            creates_message=target.creates_message(self.verb),
        )


def _check(ask: Ask) -> None:
    if not isinstance(ask.method, str) or ask.verb not in METHODS:
        raise InvalidRequest(f"method is one of {', '.join(METHODS)}.", field="method")
    if ask.response_type not in get_args(ResponseType):
        raise InvalidRequest('response_type is "json", "text" or "binary".', field="response_type")
    if not _is_number(ask.timeout) or ask.timeout <= 0:
        raise InvalidRequest(
            "timeout is a number of seconds above 0, for all attempts together.", field="timeout"
        )
    if not _is_number(ask.retry_delay_ms) or ask.retry_delay_ms < 0:
        raise InvalidRequest(
            "retry_delay_ms is a number of milliseconds, 0 or more.", field="retry_delay_ms"
        )
    if not _is_whole(ask.max_retries) or ask.max_retries < 0:
        raise InvalidRequest("max_retries is a whole number, 0 or more.", field="max_retries")
    for name in ("retry_all_errors", "use_exponential_backoff", "repeat_unsafe", "frame"):
        if not isinstance(getattr(ask, name), bool):
            raise InvalidRequest(f"{name} is True or False.", field=name)
    if ask.limit is not None and (not _is_whole(ask.limit) or ask.limit < 1):
        raise InvalidRequest("limit is a whole number above 0, or None.", field="limit")
    if ask.frame and (ask.verb != "GET" or ask.response_type != "json"):
        raise InvalidRequest("frame=True reads a list: with GET, and as json.", field="frame")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Table(Protocol):
    """Takes in the pages of a list and becomes a DataFrame."""

    def add(self, content: bytes) -> str | None:
        """Take in one page, and return where the next one is.

        Raises:
            BadResponse: It is no page of a list.
        """

    def __len__(self) -> int: ...

    @property
    def full(self) -> bool:
        """Whether there are as many rows as were wanted."""

    def frame(self, *, more: bool) -> Any:
        """Return the rows as a DataFrame; `more` says that pages were left unread."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Who is told what while a raw request goes on."""

    attempt_seen: Callable[[Attempt], None] | None = None
    """After each attempt; raising ends the request."""
    page_seen: Callable[[int, int], None] = lambda _rows, _pages: None
    """After each page of a list: rows and pages so far."""
    created: Callable[[str], None] = lambda _sid: None
    """The SID of a message that was created."""
    left_open: Callable[[OutcomeUnknown], None] = lambda _outcome: None
    """The outcome of a change that was interrupted on its way."""


def raw(
    connection: Connection, ask: Ask, hooks: Hooks, table: Table | None = None
) -> Flow[RawResponse]:
    """Make one raw request, or read a list into a table.

    Args:
        connection: Who asks.
        ask: What is asked.
        hooks: Who is told.
        table: Takes in the pages when ``ask.frame``.
    """
    request = ask.request(connection.acting_sid)
    exchange = _Exchange(connection, ask, hooks, request)
    if table is not None:
        return (yield from _listing(exchange, table))
    reply = yield from exchange.reply()
    response, problem = exchange.response(reply)
    if request.creates_message:
        _tell_created(reply, hooks)
    if problem is not None:
        raise unreadable(response, problem, changed=ask.verb not in SAFE)
    return response


def _tell_created(reply: Reply, hooks: Hooks) -> None:
    try:
        sid = mapping_of(reply.content).get("sid")
    except BadResponse:
        return
    if isinstance(sid, str):
        hooks.created(sid)


def _listing(exchange: _Exchange, table: Table) -> Flow[RawResponse]:
    following: Request | None = exchange.request
    seen = {exchange.request}
    pages = 0
    while following is not None and not table.full:
        exchange.turn_to(following)
        reply = yield from exchange.reply()
        try:
            onward = table.add(reply.content)
            following = next_request(following, onward) if onward else None
        except BadResponse as error:
            error.response = exchange.response(reply)[0]
            raise
        pages += 1
        exchange.hooks.page_seen(len(table), pages)
        if following in seen:
            raise BadResponse("The pages of this list turn in a circle, so reading stopped.")
        if following is not None:
            seen.add(following)
    frame = table.frame(more=following is not None)
    return made(reply, frame, elapsed=exchange.elapsed(), attempts=exchange.attempts)


class _Exchange:
    """One request and its attempts, until an answer or an error."""

    def __init__(self, connection: Connection, ask: Ask, hooks: Hooks, request: Request) -> None:
        self.ask, self.hooks, self.request = ask, hooks, request
        self.attempts = 0
        self.elapsed = _stopwatch(connection)
        self._connection = connection
        self._started = connection.now()
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
            yield Pause(wait)

    def _once(self, patience: Patience) -> Flow[tuple[Reply | None, TwilioWidgetsError | None]]:
        try:
            asked = replace(self.request, timeout=patience.left())
            reply = answered((yield asked))
        except (NotConnected, NoReply, BadResponse) as error:
            return None, error
        except (KeyboardInterrupt, CancelledError):
            if self._changes:
                self.hooks.left_open(self._unknown("Interrupted."))
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
        if isinstance(failure, BadResponse):
            return False  # a redirect, or more than may be read: it would come again
        if reply is None or reply.status == 408 or reply.status >= 500:
            return may
        return reply.status == 429 or self.ask.retry_all_errors

    def _note_lost(self, reply: Reply | None, failure: TwilioWidgetsError) -> None:
        """Remember an attempt that may have been carried out all the same."""
        answered_badly = reply is not None and (reply.status == 408 or reply.status >= 500)
        lost = reply is None and not isinstance(failure, NotConnected)
        if self._changes and (answered_badly or lost):
            self._lost = failure

    def _final(self, failure: TwilioWidgetsError, reply: Reply | None) -> TwilioWidgetsError:
        """Return the error to raise: a change that may have happened is never called failed."""
        last = failure
        if self._lost is not None:
            reason = f"Twilio answered HTTP {reply.status}." if reply else str(failure)
            last = self._unknown(reason)
            last.__cause__ = failure
        if reply is not None:
            last.response = self.response(reply)[0]
        return last

    def _unknown(self, why: str) -> OutcomeUnknown:
        outcome = unknown(self.request, why)
        outcome.started_at, outcome.latest_arrival = self._started, self._connection.now()
        return outcome

    def _tell(
        self, reply: Reply | None, failure: TwilioWidgetsError | None, wait: float | None
    ) -> None:
        if self.hooks.attempt_seen is None:
            return
        status, problem = reply.status if reply else None, str(failure) if failure else None
        try:
            self.hooks.attempt_seen(Attempt(self.attempts, status, problem, wait))
        except BaseException as stop:
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
