"""Async requests without a proxy: aiohttp's connections, under our rules.

aiohttp's parser is written in C, and its pool does not look at every connection for each request.
It follows no redirect here, decompresses nothing, keeps no cookie and repeats no request.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import weakref
from collections.abc import Callable
from typing import cast

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from twilio_widgets.core.http.inflate import ReplyBuilder
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.request import Reply

Used = weakref.WeakSet[ResponseHandler]
"""Connections that have had a request."""


class AiohttpBackend:
    """Connections to any host, on the event loop it is made on.

    Args:
        certificates: Makes what checks the servers' certificates; called for the first https URL.
        most: The most requests at a time; one more waits.
        keep_alive: Seconds for which an idle connection is still used.
    """

    def __init__(
        self, certificates: Callable[[], ssl.SSLContext], *, most: int, keep_alive: float
    ) -> None:
        self._certificates = certificates
        self._context: ssl.SSLContext | None = None
        self._room = asyncio.Semaphore(most)  # aiohttp's own limit counts as time to connect
        self._used: Used = weakref.WeakSet()
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=0, keepalive_timeout=keep_alive, resolver=aiohttp.ThreadedResolver()
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            auto_decompress=False,
            skip_auto_headers=("Content-Type",),
        )
        self._session._retry_connection = False
        # A client that is not closed is no error for a notebook to show; its server closes it.
        weakref.finalize(self, self._session.detach)

    async def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer.

        Args:
            outgoing: The request. It tells afterwards whether it may have been sent.
            largest: The most bytes of a body, before and after decompression.

        Raises:
            BadResponse: The answer is too large, or damaged.
            OSError, aiohttp.ClientError: There was no connection, or it broke. No text has the URL.
        """
        try:
            async with self._room, self._sent(outgoing) as response:
                answer = ReplyBuilder(response.status, response.raw_headers, largest)
                async for part in response.content.iter_any():
                    answer.feed(part)
                return answer.reply(closed=self._session.closed)
        except aiohttp.ClientConnectorError as error:
            raise error.__cause__ or error from None
        except aiohttp.ConnectionTimeoutError:
            raise TimeoutError(f"connecting to {outgoing.host} took too long") from None
        except aiohttp.ClientResponseError as error:
            raise ConnectionError(f"this is no HTTP/1.1: {error.message}") from None

    def _sent(self, outgoing: OutgoingRequest) -> aiohttp.client._RequestContextManager:
        stops = _stops()

        async def send(
            request: aiohttp.ClientRequest, exchange: ClientHandlerType
        ) -> aiohttp.ClientResponse:
            cast("_Request", request).prepare(outgoing, self._used, stops)
            while True:
                try:
                    return await exchange(request)
                except _Stale:
                    continue

        return self._session.request(
            outgoing.method,
            URL(outgoing.url, encoded=True),
            data=outgoing.content or None,
            headers=_spelled_alike(outgoing.headers),
            ssl=self._secure() if outgoing.origin[0] == "https" else True,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=outgoing.connecting),
            middlewares=(send,),
        )

    def _secure(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = self._certificates()
            self._context.set_alpn_protocols(["http/1.1"])
        return self._context

    async def aclose(self) -> None:
        """Close every connection, also those in use, and wait until they are closed."""
        await self._session.close()


def _spelled_alike(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Spell a repeated header as it was first: aiohttp would drop ``X-A`` when ``x-a`` follows."""
    first: dict[str, str] = {}
    return [(first.setdefault(name.lower(), name), value) for name, value in headers]


class _Connector(aiohttp.TCPConnector):
    def __del__(self, _warnings: object = None) -> None:
        """Log nothing, unlike aiohttp."""


class _Stale(Exception):
    """An idle connection cannot be used again; nothing was sent over it."""


class _Request(aiohttp.ClientRequest):
    """A request that notes when its first byte may be sent, and is sent once."""

    _outgoing: OutgoingRequest
    _used: Used
    _stops: int

    def prepare(self, outgoing: OutgoingRequest, used: Used, stops: int) -> None:
        """Take what `send` needs.

        Args:
            outgoing: Is marked when its first byte may be sent.
            used: The connections that have had a request.
            stops: How often its task had been cancelled when the exchange began.
        """
        self._outgoing, self._used, self._stops = outgoing, used, stops

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request, unless it must not be sent, or not over this connection."""
        protocol = cast("ResponseHandler", conn.protocol)
        is_used = protocol in self._used
        if is_used and (conn.closed or protocol.should_close or _is_readable(conn)):
            raise _Stale
        if conn.closed or protocol.should_close:
            raise ConnectionError("the server closed the connection as soon as it was open")
        if _stops() > self._stops:  # a race of addresses can take our stop for that of a loser
            raise asyncio.CancelledError
        if self._outgoing.may_have_been_sent:
            raise ConnectionError("a request is never repeated")
        self._used.add(protocol)
        self._outgoing.may_have_been_sent = True
        return await super().send(conn)


def _stops() -> int:
    return cast("asyncio.Task[object]", asyncio.current_task()).cancelling()


def _is_readable(conn: Connection) -> bool:
    """Return whether something has come unasked, such as its end: the loop may not know it yet."""
    connected = cast("asyncio.Transport", conn.transport).get_extra_info("socket")
    if not hasattr(select, "poll"):
        return bool(select.select([connected], [], [], 0)[0])
    waiting = select.poll()
    waiting.register(connected, select.POLLIN)
    return bool(waiting.poll(0))
