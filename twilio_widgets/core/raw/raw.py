"""Any request to Twilio's REST API, as a flow: one answer, or a list read into a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.paging import next_request
from twilio_widgets.core.raw.decoding import made, unreadable
from twilio_widgets.core.raw.request import RawRequest
from twilio_widgets.core.raw.response import RawResponse
from twilio_widgets.core.raw.retry import Hooks, RetryLoop
from twilio_widgets.core.request import SAFE_METHODS, Flow, Reply, Request
from twilio_widgets.errors import BadResponse

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection


class PageTable(Protocol):
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


def raw(
    connection: Connection, ask: RawRequest, hooks: Hooks, table: PageTable | None = None
) -> Flow[RawResponse]:
    """Make one raw request, or read a list into a table.

    Args:
        connection: Who asks.
        ask: What is asked.
        hooks: Who is told.
        table: Takes in the pages when ``ask.frame``.
    """
    request = ask.request(connection.acting_sid)
    exchange = RetryLoop(connection, ask, hooks, request)
    if table is not None:
        return (yield from _listing(exchange, table))
    reply = yield from exchange.reply()
    response, problem = exchange.response(reply)
    if request.creates_message:
        _tell_created(reply, hooks)
    if problem is not None:
        raise unreadable(response, problem, changed=ask.verb not in SAFE_METHODS)
    return response


def _tell_created(reply: Reply, hooks: Hooks) -> None:
    try:
        sid = mapping_of(reply.content).get("sid")
    except BadResponse:
        return
    if isinstance(sid, str):
        hooks.created(sid)


def _listing(exchange: RetryLoop, table: PageTable) -> Flow[RawResponse]:
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
            error.response, problem = exchange.response(reply)
            if problem is not None:
                raise unreadable(error.response, problem, changed=False) from None
            raise
        pages += 1
        exchange.hooks.page_seen(len(table), pages)
        if following in seen:
            raise BadResponse("The pages of this list turn in a circle, so reading stopped.")
        if following is not None:
            seen.add(following)
    frame = table.frame(more=following is not None)
    return made(reply, frame, elapsed=exchange.elapsed(), attempts=exchange.attempts)
