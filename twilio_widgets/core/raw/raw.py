"""The flow of a raw request: one response, or a list read into a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.paging import PageLinks, follow_link
from twilio_widgets.core.raw.decoding import made, unreadable
from twilio_widgets.core.raw.request import RawRequest
from twilio_widgets.core.raw.response import RawResponse
from twilio_widgets.core.raw.retry import Hooks, RetryLoop
from twilio_widgets.core.request import SAFE_METHODS, Flow, Reply, Request
from twilio_widgets.errors import BadResponse

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection


class PageTable(Protocol):
    """Collects the pages of a list into a DataFrame."""

    def add(self, content: bytes) -> str | None:
        """Add one page and return the URI of the next one, or None.

        Raises:
            BadResponse: It is not a page of a list.
        """

    def __len__(self) -> int: ...

    @property
    def full(self) -> bool:
        """Whether the limit of rows is reached."""

    def frame(self, *, more: bool) -> Any:
        """Return the rows as a DataFrame; `more` is True if pages were left unread."""


def raw(
    connection: Connection, ask: RawRequest, hooks: Hooks, table: PageTable | None = None
) -> Flow[RawResponse]:
    """Make one raw request, or read a list into a table.

    Args:
        connection: The connection.
        ask: The inputs of the request.
        hooks: Functions to call during the request.
        table: Collects the pages if ``ask.frame``.
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
    links = PageLinks(exchange.request)
    pages = 0
    while following is not None and not table.full:
        exchange.turn_to(following)
        before = len(table)
        reply = yield from exchange.reply()
        try:
            onward = table.add(reply.content)
            following = follow_link(following, onward) if onward else None
        except BadResponse as error:
            error.response, problem = exchange.response(reply)
            if problem is not None:
                raise unreadable(error.response, problem, changed=False) from None
            raise
        pages += 1
        exchange.hooks.page_seen(len(table), pages)
        links.check(following, rows=len(table) - before)
    frame = table.frame(more=following is not None)
    return made(reply, frame, elapsed=exchange.elapsed(), attempts=exchange.attempts)
