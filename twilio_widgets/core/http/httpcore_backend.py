"""Blocking requests: httpcore's connections, directly or through a proxy, under our deadline.

httpcore's pool is not used: Ctrl+C can leave its lock taken forever, and then every thread that
shares the client hangs. Here each request has a connection to itself, a place is a token of a queue
written in C, and the only lock is taken and released in C, where no signal interrupts.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Any

import httpcore

from twilio_widgets.core.http.deadline import DeadlineBackend, before_writing, remaining
from twilio_widgets.core.http.inflate import ReplyBuilder
from twilio_widgets.core.http.outgoing import Origin, OutgoingRequest
from twilio_widgets.core.request import Reply


class HttpcoreBackend:
    """Connections to any host, for every thread that asks.

    Args:
        certificates: Makes what checks the servers' certificates; called for the first https URL.
        proxy: To send through, or None.
        most: The most requests at a time; one more waits.
        keep_alive: Seconds for which an idle connection is still used.
    """

    def __init__(
        self,
        certificates: Callable[[], ssl.SSLContext],
        proxy: httpcore.Proxy | None,
        *,
        most: int,
        keep_alive: float,
    ) -> None:
        self._certificates = certificates
        self._context: ssl.SSLContext | None = None
        self._proxy = proxy
        self._keep_alive = keep_alive
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._places.put(None)
        self._lock = threading.Lock()
        self._in_use: dict[int, HttpcoreConnection | None] = {}
        """The threads that have a place, and the connection that each uses."""
        self._idle: dict[Origin, deque[HttpcoreConnection]] = {}
        self._closed = False

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer, within the deadline of this thread.

        Args:
            outgoing: The request. It tells afterwards whether it may have been sent.
            largest: The most bytes of a body, before and after decompression.

        Raises:
            BadResponse: The answer is too large, or damaged.
            httpcore.NetworkError, httpcore.ProtocolError: There was no connection, or it broke.
            httpcore.TimeoutException: The time was over.
        """
        me = threading.get_ident()
        self._leave(me)  # an exchange that Ctrl+C ended may have kept its place
        try:
            self._take_place(me)
            connection = self._idle_connection(outgoing.origin) or self._new_connection(outgoing)
            self._in_use[me] = connection
            return connection.exchange(outgoing, largest)
        finally:
            self._leave(me)

    def _take_place(self, me: int) -> None:
        patience = min(remaining(None, httpcore.PoolTimeout), threading.TIMEOUT_MAX)
        # Taken and noted within one call of C: an interrupt in between would lose the place.
        taken = zip((me,), map(self._places.get, (True,), (patience,)), strict=True)
        try:
            self._in_use.update(taken)
        except Empty:
            raise httpcore.PoolTimeout("no connection was free in time") from None

    def _idle_connection(self, origin: Origin) -> HttpcoreConnection | None:
        """Return the connection that was used last, so that the others can expire."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle:
                    return None
                connection = idle.pop()
            if not connection.has_expired:
                return connection
            connection.close()

    def _new_connection(self, outgoing: OutgoingRequest) -> HttpcoreConnection:
        is_https = outgoing.origin[0] == "https"
        pool = httpcore.ConnectionPool(
            ssl_context=self._secure() if is_https else None,
            proxy=self._proxy,
            keepalive_expiry=self._keep_alive,
            network_backend=DeadlineBackend(),
        )
        connection = pool.create_connection(httpcore.URL(outgoing.url).origin)
        return HttpcoreConnection(connection, outgoing.origin)

    def _secure(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = self._certificates()
            return self._context

    def _leave(self, me: int) -> None:
        """Give a thread's place back, and its connection to the idle ones if it can be reused."""
        if me not in self._in_use:
            return
        ended = []
        with self._lock:
            connection, self._in_use[me] = self._in_use[me], None  # never twice among the idle ones
            if connection is not None and connection.is_reusable and not self._closed:
                ended = self._keep(connection)
            elif connection is not None:
                ended = [connection]
        for one in ended:
            one.close()
        self._places.put(None)  # an interrupt here makes one place more: better than one less
        del self._in_use[me]

    def _keep(self, connection: HttpcoreConnection) -> list[HttpcoreConnection]:
        """Keep a connection for the next request; return the idle ones that have expired."""
        idle = self._idle.setdefault(connection.origin, deque())
        idle.append(connection)
        ended = []
        while len(idle) > 1 and idle[0].has_expired:
            ended.append(idle.popleft())
        return ended

    def close(self) -> None:
        """Close every idle connection; end those in use, which their threads then close."""
        self._leave(threading.get_ident())
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, {}
            for connection in list(self._in_use.values()):
                if connection is not None:
                    connection.shut_down()
        for connections in idle.values():
            for connection in connections:
                connection.close()


class HttpcoreConnection:
    """One connection: one request at a time.

    Args:
        connection: httpcore's.
        origin: Where it leads.
    """

    def __init__(self, connection: httpcore.ConnectionInterface, origin: Origin) -> None:
        self._connection = connection
        self._stream: httpcore.NetworkStream | None = None
        self._is_shut_down = False
        self.origin = origin
        self.is_reusable = False
        """Whether its last answer came whole, and nothing after it."""

    @property
    def has_expired(self) -> bool:
        """Whether it was idle for too long, or something has come unasked, such as its end."""
        return self._connection.has_expired()

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send a request and wait for its answer; see `HttpcoreBackend.exchange`."""
        self.is_reusable = False
        asks_for_tunnel = False

        def trace(event: str, details: Mapping[str, Any]) -> None:
            nonlocal asks_for_tunnel
            if event == "http11.send_request_headers.started":
                asks_for_tunnel = details["request"].method == b"CONNECT"

        def begin(stream: httpcore.NetworkStream) -> None:
            self._stream = stream
            if self._is_shut_down:
                raise ConnectionError("the client was closed")
            if not asks_for_tunnel:  # until a proxy has answered CONNECT, nothing is sent
                outgoing.may_have_been_sent = True

        with (
            before_writing(begin),
            self._connection.stream(
                outgoing.method,
                outgoing.url,
                headers=[("Host", outgoing.host), *outgoing.headers],
                content=outgoing.content,
                extensions={"timeout": {"connect": outgoing.connecting}, "trace": trace},
            ) as response,
        ):
            answer = ReplyBuilder(response.status, response.headers, largest)
            for part in response.iter_stream():
                answer.feed(part)
        self.is_reusable = self._connection.is_available() and not self._has_more
        return answer.reply(closed=self._is_shut_down)

    @property
    def _has_more(self) -> bool:
        """Whether more than the answer was read: httpcore would take it for the next answer."""
        h11 = getattr(getattr(self._connection, "_connection", None), "_h11_state", None)
        return h11 is None or h11.trailing_data != (b"", False)

    def shut_down(self) -> None:
        """End it for a thread that waits for it, which then closes it.

        Its number must not go to another connection while that thread may still read from it, and
        ssl's own ``shutdown`` forgets the encryption first: what is written then is readable.
        """
        self._is_shut_down = True
        if self._stream is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)

    def close(self) -> None:
        """Close its socket."""
        self._connection.close()
