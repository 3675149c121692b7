"""Requests that a thread waits for, without a proxy: one connection for each, used again.

httpx reads answers in Python: a page of a thousand messages took it three times the CPU that it
takes here (measured). And it is known exactly when the first byte of a request may leave: what
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

import httpcore

from twilio_widgets.core.network.arriving import Arriving
from twilio_widgets.core.network.deadline import READ_BYTES, DeadlineBackend, deadline, left
from twilio_widgets.core.network.outgoing import Origin, Outgoing
from twilio_widgets.core.request import Reply


class BlockingDirect:
    """Connections to any host, for every thread that asks; see `AsyncDirect`.

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
        self._room = threading.Semaphore(most)
        self._lock = threading.Lock()
        self._idle: dict[Origin, deque[Line]] = {}
        self._open: set[Line] = set()
        self._closed = False

    def exchange(self, outgoing: Outgoing, largest: int) -> Reply:
        """Send one request and return its whole answer, within the deadline of this thread.

        Args:
            outgoing: The request; it knows afterwards whether its first byte may have left.
            largest: The most bytes of a body, before and after decompression.

        Raises:
            BadResponse: The answer is too large, or damaged.
            httpcore.NetworkError: There was no connection, or it broke.
            httpcore.TimeoutException: The time was over.
        """
        patience = min(left(outgoing.seconds, httpcore.PoolTimeout), threading.TIMEOUT_MAX)
        if not self._room.acquire(timeout=patience):
            raise httpcore.PoolTimeout("no connection was free in time")
        try:
            line = self._idle_line(outgoing.origin) or self._connected(outgoing)
            try:
                return line.ask(outgoing, largest)
            finally:
                self._take_back(line, outgoing.origin)
        finally:
            self._room.release()

    def _idle_line(self, origin: Origin) -> Line | None:
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
            self._end(line)

    def _take_back(self, line: Line, origin: Origin) -> None:
        ended = []
        with self._lock:
            if line.is_usable and not self._closed:
                now, idle = time.monotonic(), self._idle.setdefault(origin, deque())
                line.idle_since = now
                idle.append(line)
                while now - idle[0].idle_since > self._keep_alive:
                    ended.append(idle.popleft())
            else:
                ended.append(line)
        for one in ended:
            self._end(one)

    def _connected(self, outgoing: Outgoing) -> Line:
        scheme, host, port = outgoing.origin
        context = self._certificates() if scheme == "https" else None
        with deadline(left(outgoing.connecting, httpcore.ConnectTimeout)):
            stream = self._network.connect_tcp(host, port)
            try:
                if context is not None:
                    stream = stream.start_tls(context, host)
                line = Line(stream)
                with self._lock:
                    self._open.add(line)
            except BaseException:
                stream.close()
                raise
        return line

    def _certificates(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = self._secure()
                self._context.set_alpn_protocols(["http/1.1"])
            return self._context

    def _end(self, line: Line) -> None:
        with self._lock:
            self._open.discard(line)
        line.close()

    def close(self) -> None:
        """End every connection, also those in use."""
        with self._lock:
            self._closed = True
            lines, self._open = self._open, set()
            self._idle.clear()
        for line in lines:
            line.close()


class Line:
    """One connection: one request at a time.

    Args:
        stream: The socket, under the deadline of the thread that uses it.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self.is_usable = True
        """Whether another request may leave over it, as far as was read."""
        self.idle_since = 0.0

    @property
    def has_news(self) -> bool:
        """Whether something has come unasked, such as its end."""
        return bool(self._stream.get_extra_info("is_readable"))

    def ask(self, outgoing: Outgoing, largest: int) -> Reply:
        """Send a request and wait for its answer; see `BlockingDirect.exchange`."""
        self.is_usable = False
        arriving = Arriving(outgoing.method, largest)
        whole = self._send(outgoing)
        while not arriving.is_over:
            if data := self._stream.read(READ_BYTES):
                arriving.feed(data)
            else:
                arriving.end()
        self.is_usable = whole and arriving.keeps_alive
        return arriving.reply()

    def _send(self, outgoing: Outgoing) -> bool:
        """Return whether all of it left: a server may have answered before it read everything."""
        text = outgoing.text()
        outgoing.left = True
        try:
            self._stream.write(text)
        except httpcore.WriteError:
            return False
        return True

    def close(self) -> None:
        """End it at once, also for a thread that waits for it."""
        with contextlib.suppress(OSError):
            self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._stream.close()
