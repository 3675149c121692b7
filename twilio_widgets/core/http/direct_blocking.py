"""Blocking HTTP/1.1 requests without a proxy, over reused connections.

httpx parses responses in Python: a page of 1,000 messages takes 1.0 ms of CPU there and 0.6 ms here
(measured). And this module knows exactly when the first byte of a request may be sent: an error
before that means that nothing was.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

import httpcore

from twilio_widgets.core.http.deadline import deadline, time_left
from twilio_widgets.core.http.deadline_backend import READ_BYTES, DeadlineBackend
from twilio_widgets.core.http.outgoing import Origin, OutgoingRequest
from twilio_widgets.core.http.response_reader import ResponseReader
from twilio_widgets.core.request import Reply
from twilio_widgets.core.system.thread_lock import ThreadLock


class BlockingPool:
    """A connection pool shared by all threads; see `AsyncPool`.

    KeyboardInterrupt can be raised at any line. It can leave the semaphores and conditions of the
    standard library locked forever, because they are written in Python (observed), so slots are
    tokens of a queue written in C. What an interrupted exchange left behind is cleaned up by its
    thread before the next one.

    Args:
        secure: Creates the TLS context; called for the first https request.
        most: The most concurrent requests; further ones wait.
        keep_alive: The seconds for which an idle connection is reused.
    """

    def __init__(
        self, secure: Callable[[], ssl.SSLContext], *, most: int, keep_alive: float
    ) -> None:
        self._secure = secure
        self._context: ssl.SSLContext | None = None
        self._keep_alive = keep_alive
        self._network = DeadlineBackend()
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._free.put(None)
        self._lock = ThreadLock()
        self._active: dict[int, BlockingHttpConnection | None] = {}
        """The threads that have a slot, and the connection that each uses."""
        self._idle: dict[Origin, deque[BlockingHttpConnection]] = {}
        self._closed = False

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return the complete response, within the deadline of this thread.

        Args:
            outgoing: The request; its `may_have_been_sent` is set before the first byte.
            largest: The most bytes of the body, before and after decompression.

        Raises:
            BadResponse: The response is too large, or damaged.
            httpcore.NetworkError: Connecting failed, or the connection broke.
            httpcore.TimeoutException: The deadline passed.
        """
        me = threading.get_ident()
        self._release(me)
        seconds = min(time_left(outgoing.seconds, httpcore.PoolTimeout), threading.TIMEOUT_MAX)
        try:
            self._take_slot(me, seconds)
            connection = self._idle_connection(outgoing.origin) or self._connected(outgoing)
            self._active[me] = connection
            return connection.ask(outgoing, largest)
        finally:
            self._release(me)

    def _take_slot(self, me: int, seconds: float) -> None:
        # Taken and recorded within one call in C: an interrupt in between would lose the slot.
        taken = zip((me,), map(self._free.get, (True,), (seconds,)), strict=True)
        try:
            self._active.update(taken)
        except Empty:
            raise httpcore.PoolTimeout("no connection was free in time") from None

    def _idle_connection(self, origin: Origin) -> BlockingHttpConnection | None:
        """Return the most recently used idle connection, so that the others can expire."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle:
                    return None
                connection = idle.pop()
            fresh = time.monotonic() - connection.idle_since <= self._keep_alive
            if fresh and not connection.has_news:
                return connection
            connection.close()

    def _release(self, me: int) -> None:
        """Release a thread's slot, and keep its connection if it can be reused."""
        if me not in self._active:
            return
        ended = []
        with self._lock:
            connection, self._active[me] = self._active[me], None  # so that it is never kept twice
            if connection is not None and connection.is_usable and not self._closed:
                ended = self._keep(connection)
            elif connection is not None:
                ended = [connection]
        for one in ended:
            one.close()
        self._free.put(None)  # an interrupt here adds a slot, which is better than losing one
        del self._active[me]

    def _keep(self, connection: BlockingHttpConnection) -> list[BlockingHttpConnection]:
        """Keep a connection for the next request; return those that have expired."""
        now, idle = time.monotonic(), self._idle.setdefault(connection.origin, deque())
        connection.idle_since = now
        idle.append(connection)
        ended = []
        while now - idle[0].idle_since > self._keep_alive:
            ended.append(idle.popleft())
        return ended

    def _connected(self, outgoing: OutgoingRequest) -> BlockingHttpConnection:
        scheme, host, port = outgoing.origin
        context = self._certificates() if scheme == "https" else None
        with deadline(time_left(outgoing.connecting, httpcore.ConnectTimeout)):
            stream = self._network.connect_tcp(host, port)
            try:
                if context is not None:
                    stream = stream.start_tls(context, host)
            except BaseException:
                stream.close()
                raise
        return BlockingHttpConnection(stream, outgoing.origin)

    def _certificates(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = self._secure()
                self._context.set_alpn_protocols(["http/1.1"])
            return self._context

    def close(self) -> None:
        """Close all connections; a thread that uses one is woken and closes it."""
        self._release(threading.get_ident())
        with self._lock:
            self._closed = True
            kept, self._idle = self._idle, {}
            for connection in list(self._active.values()):
                if connection is not None:
                    connection.wake()
        for idle in kept.values():
            for connection in idle:
                connection.close()


class BlockingHttpConnection:
    """One connection, for one request at a time.

    Args:
        stream: The socket, limited by the deadline of the thread that uses it.
        origin: The server it is connected to.
    """

    def __init__(self, stream: httpcore.NetworkStream, origin: Origin) -> None:
        self._stream = stream
        self._woken = False
        self.origin = origin
        self.is_usable = True
        """Whether the last response allows the connection to be reused."""
        self.idle_since = 0.0

    @property
    def has_news(self) -> bool:
        """Whether unexpected bytes or the end of the stream have arrived."""
        return bool(self._stream.get_extra_info("is_readable"))

    def ask(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send a request and wait for the response; see `BlockingPool.exchange`."""
        self.is_usable = False
        reader = ResponseReader(outgoing.method, largest)
        whole = self._send(outgoing)
        while not reader.is_over:
            if data := self._stream.read(READ_BYTES):
                reader.feed(data)
            elif self._woken:  # we closed it, not the server
                reader.fail(ConnectionError("the connection was closed"))
            else:
                reader.end()
        self.is_usable = whole and reader.keeps_alive
        return reader.reply()

    def _send(self, outgoing: OutgoingRequest) -> bool:
        """Return whether all of it was sent: a server may respond before it has read everything."""
        text = outgoing.text()
        time_left(None, httpcore.ConnectTimeout)  # the wait for a slot may have used up the time
        outgoing.may_have_been_sent = True
        try:
            self._stream.write(text)
        except httpcore.WriteError:
            return False
        return True

    def wake(self) -> None:
        """Shut the socket down, so that the thread that reads from it wakes up and closes it.

        Closing it here could let another connection reuse its file descriptor while that thread
        still reads from it. ``SSLSocket.shutdown`` is not used, because it drops the encryption
        first: data written after that would be sent in the clear.
        """
        self._woken = True
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()
