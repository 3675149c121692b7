"""Requests that a thread waits for, without a proxy: one connection for each, used again.

httpx reads answers in Python: a page of a thousand messages took it 1.0 ms of CPU, and takes 0.6
here (measured). And it is known exactly when the first byte of a request may leave: what
fails before that was not sent.
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

from twilio_widgets.core.http.arriving import Arriving
from twilio_widgets.core.http.deadline import READ_BYTES, DeadlineBackend, deadline, left
from twilio_widgets.core.http.outgoing import Origin, OutgoingRequest
from twilio_widgets.core.request import Reply


class BlockingDirect:
    """Connections to any host, for every thread that asks; see `AsyncDirect`.

    Ctrl+C may end any step here. What the standard library waits with in Python (a semaphore, a
    condition) can stay locked by that for ever (seen), so places are tokens of a queue written in
    C; and what a stopped exchange has left behind, its thread clears away before the next.

    Args:
        secure: Makes what checks the servers' certificates; asked when the first one is met.
        most: The most requests under way at once; one more waits.
        keep_alive: Seconds for which an idle connection is still used.
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
        self._lock = threading.Lock()
        self._under_way: dict[int, BlockingHttpConnection | None] = {}
        """The threads that have a place, and the connection that each uses."""
        self._idle: dict[Origin, deque[BlockingHttpConnection]] = {}
        self._closed = False

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer, within the deadline of this thread.

        Args:
            outgoing: The request; it knows afterwards whether its first byte may have left.
            largest: The most bytes of a body, before and after decompression.

        Raises:
            BadResponse: The answer is too large, or damaged.
            httpcore.NetworkError: There was no connection, or it broke.
            httpcore.TimeoutException: The time was over.
        """
        me = threading.get_ident()
        self._leave(me)
        retry_policy = min(left(outgoing.seconds, httpcore.PoolTimeout), threading.TIMEOUT_MAX)
        try:
            self._take_place(me, retry_policy)
            line = self._idle_line(outgoing.origin) or self._connected(outgoing)
            self._under_way[me] = line
            return line.ask(outgoing, largest)
        finally:
            self._leave(me)

    def _take_place(self, me: int, retry_policy: float) -> None:
        # Taken and noted within one call of C: stopped in between, a place would be lost.
        taken = zip((me,), map(self._free.get, (True,), (retry_policy,)), strict=True)
        try:
            self._under_way.update(taken)
        except Empty:
            raise httpcore.PoolTimeout("no connection was free in time") from None

    def _idle_line(self, origin: Origin) -> BlockingHttpConnection | None:
        """Return the connection that was used last: the others may rest, and end."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle:
                    return None
                line = idle.pop()
            fresh = time.monotonic() - line.idle_since <= self._keep_alive
            if fresh and not line.has_news:
                return line
            line.close()

    def _leave(self, me: int) -> None:
        """Give a thread's place back; its connection rests when it can be used again."""
        if me not in self._under_way:
            return
        ended = []
        with self._lock:
            line, self._under_way[me] = self._under_way[me], None  # never to rest twice
            if line is not None and line.is_usable and not self._closed:
                ended = self._rest(line)
            elif line is not None:
                ended = [line]
        for one in ended:
            one.close()
        self._free.put(None)  # stopped here, there is one place more: better than one less
        del self._under_way[me]

    def _rest(self, line: BlockingHttpConnection) -> list[BlockingHttpConnection]:
        """Keep a connection for the next request; return those that have rested too long."""
        now, idle = time.monotonic(), self._idle.setdefault(line.origin, deque())
        line.idle_since = now
        idle.append(line)
        ended = []
        while now - idle[0].idle_since > self._keep_alive:
            ended.append(idle.popleft())
        return ended

    def _connected(self, outgoing: OutgoingRequest) -> BlockingHttpConnection:
        scheme, host, port = outgoing.origin
        context = self._certificates() if scheme == "https" else None
        with deadline(left(outgoing.connecting, httpcore.ConnectTimeout)):
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
        """End every connection; who uses one is woken, and closes it."""
        self._leave(threading.get_ident())
        with self._lock:
            self._closed = True
            resting, self._idle = self._idle, {}
            for line in list(self._under_way.values()):
                if line is not None:
                    line.wake()
        for idle in resting.values():
            for line in idle:
                line.close()


class BlockingHttpConnection:
    """One connection: one request at a time.

    Args:
        stream: The socket, under the deadline of the thread that uses it.
        origin: Where it leads.
    """

    def __init__(self, stream: httpcore.NetworkStream, origin: Origin) -> None:
        self._stream = stream
        self._woken = False
        self.origin = origin
        self.is_usable = True
        """Whether another request may leave over it, as far as was read."""
        self.idle_since = 0.0

    @property
    def has_news(self) -> bool:
        """Whether something has come unasked, such as its end."""
        return bool(self._stream.get_extra_info("is_readable"))

    def ask(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send a request and wait for its answer; see `BlockingDirect.exchange`."""
        self.is_usable = False
        arriving = Arriving(outgoing.method, largest)
        whole = self._send(outgoing)
        while not arriving.is_over:
            if data := self._stream.read(READ_BYTES):
                arriving.feed(data)
            elif self._woken:  # its end is ours, not the answer's
                arriving.fail(ConnectionError("the connection was closed"))
            else:
                arriving.end()
        self.is_usable = whole and arriving.keeps_alive
        return arriving.reply()

    def _send(self, outgoing: OutgoingRequest) -> bool:
        """Return whether all of it left: a server may have answered before it read everything."""
        text = outgoing.text()
        left(None, httpcore.ConnectTimeout)  # a place that was long waited for may come too late
        outgoing.may_have_been_sent = True
        try:
            self._stream.write(text)
        except httpcore.WriteError:
            return False
        return True

    def wake(self) -> None:
        """End it for a thread that waits for it, which then closes it.

        Its number must not go to another connection while that thread may still read from it, and
        ssl's own ``shutdown`` forgets the encryption first: what is written then is readable.
        """
        self._woken = True
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)

    def close(self) -> None:
        """Close its socket."""
        self._stream.close()
