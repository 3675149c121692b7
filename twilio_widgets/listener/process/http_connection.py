"""HTTP/1.1 on one connection, with our own limits.

The next request of a connection is read only after the previous one was answered: pipelined
requests keep their order, and we stop reading from a client that does not read its responses.
One sweep over all connections enforces the deadlines, because a timer per connection would cost
more than the request itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from twilio_widgets.listener.process import response as answers
from twilio_widgets.listener.process.parsing import END, MalformedRequest, Parser, is_malformed_head
from twilio_widgets.listener.process.state import State

if TYPE_CHECKING:
    from twilio_widgets.listener.process.connections import ConnectionLimiter
    from twilio_widgets.listener.process.request import RequestHead, WebhookRequest
    from twilio_widgets.listener.process.response import HttpResponse


class Handler(Protocol):
    """Decides about requests."""

    def check_head(self, head: RequestHead) -> HttpResponse | None:
        """Check a head before its body is read; return the response if it is rejected."""

    def handle(self, request: WebhookRequest, answer: Callable[[HttpResponse], None]) -> None:
        """Handle a complete request; call `answer` once, now or later, in the loop's thread."""

    def unreadable(self, status: int) -> None:
        """Record data that is not a valid request."""


_ROOM = 16 * 1024
"""Bytes read at a time. asyncio's default allocates 256 kB for each read."""

_READING = (State.HEAD, State.BODY)


class HttpConnection(asyncio.BufferedProtocol):
    """One connection.

    Args:
        connections: The open connections and their limits.
        handler: Decides about its requests.
    """

    def __init__(self, connections: ConnectionLimiter, handler: Handler) -> None:
        self._connections = connections
        self._limits = connections.limits
        self._handler = handler
        self._transport: asyncio.Transport
        self._buffer = b""
        self._room = memoryview(bytearray(_ROOM))
        self._parser = Parser(self._limits)
        self._turn = 0
        self._writable = True
        self._ended = False
        self._lingered = 0
        self.state = State.HEAD
        self.served = False
        """Whether one of its requests was accepted."""
        self.since = connections.now()
        """When the current wait began."""
        self.deadline = self.since + self._limits.head_seconds

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection, or reject it when the limit is reached."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=self._limits.pipelined)
        plain: socket.socket | None = transport.get_extra_info("socket")
        if plain is not None:
            with contextlib.suppress(OSError):
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._connections.admit(self):
            self._transport.write(answers.BUSY.wire(close=True))
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Unregister the connection; later answers are ignored, because the turn has changed."""
        del exc
        self._turn += 1
        self._buffer = b""
        self._connections.leave(self)

    def get_buffer(self, _hint: int) -> memoryview:
        """Return the buffer to read into."""
        return self._room

    def buffer_updated(self, size: int) -> None:
        """Process received data, or buffer it until the current request is answered."""
        data = bytes(self._room[:size])
        if self.state is State.LINGER:
            self._lingered += len(data)
            if self._lingered > self._limits.linger:
                self._transport.abort()
            return
        if self.state is State.HEAD and not self._buffer and self.served:
            self._wait(State.HEAD, self._limits.head_seconds)
        self._buffer = self._buffer + data if self._buffer else data
        self._advance()

    def eof_received(self) -> bool:
        """Keep the connection half-open for pending responses; close it after them."""
        self._ended = True
        if self.state in _READING:
            self._connections.call_soon(self._next)
        return self.state is not State.LINGER

    def pause_writing(self) -> None:
        """Stop reading requests until the client has read its responses."""
        self._writable = False

    def resume_writing(self) -> None:
        """Continue reading requests."""
        self._writable = True
        self._advance()

    # Reading

    def _advance(self) -> None:
        try:
            if self.state is State.HEAD and self._buffer and self._writable:
                self._read_head()
            if self.state is State.BODY:
                self._read_body()
        except MalformedRequest as problem:
            self._handler.unreadable(problem.status)
            self._refuse(answers.refused(problem.status))
        if self.state in _READING and self._writable:
            if self._ended:
                self._transport.close()
        elif len(self._buffer) > self._limits.pipelined:
            self._transport.pause_reading()

    def _read_head(self) -> None:
        end = self._buffer.find(END)
        if (len(self._buffer) if end < 0 else end) > self._limits.head:
            raise MalformedRequest(431)
        if end < 0:
            if is_malformed_head(self._buffer):
                raise MalformedRequest(400)
            return
        head = self._parser.read_head(self._buffer[: end + len(END)])
        self._buffer = self._buffer[end + len(END) :]
        refusal = self._handler.check_head(head)
        if refusal is not None:
            self._refuse(refusal)
            return
        if self._parser.done:
            self._handle()
            return
        self._wait(State.BODY, self._limits.body_seconds)
        if "expect" in head.fields:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _read_body(self) -> None:
        self._buffer = self._parser.read_body(self._buffer)
        if self._parser.done:
            self._handle()
        else:
            self._connections.limit_body_memory()

    def _handle(self) -> None:
        self._wait(State.ANSWER, self._limits.answer_seconds)
        self._turn += 1
        turn, keep = self._turn, self._parser.keep

        def answer(given: HttpResponse) -> None:
            if turn == self._turn:
                self._answer(given, keep=keep)

        self._handler.handle(self._parser.request, answer)

    # Answering

    def _answer(self, given: HttpResponse, *, keep: bool) -> None:
        self._turn += 1  # one request, one answer
        if not (keep and given.ok):
            self._refuse(given)
            return
        self.served = True
        self._transport.write(given.wire(close=False))
        self._parser = Parser(self._limits)
        limits = self._limits
        self._wait(State.HEAD, limits.head_seconds if self._buffer else limits.idle_seconds)
        if self._buffer or self._ended:
            self._connections.call_soon(self._next)

    def _next(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._advance()

    def _refuse(self, given: HttpResponse) -> None:
        """Send the last response; read on briefly, so that a TCP reset does not discard it."""
        self._wait(State.LINGER, self._limits.linger_seconds)
        self._buffer = b""
        self._transport.write(given.wire(close=True))
        with contextlib.suppress(OSError):  # the client may have disconnected
            self._transport.write_eof()
        self._transport.resume_reading()

    def _wait(self, state: State, seconds: float) -> None:
        self.state = state
        self.since = self._connections.now()
        self.deadline = self.since + seconds

    # Called by `ConnectionLimiter`

    @property
    def held(self) -> int:
        """Bytes received of an incomplete body."""
        return self._parser.taken if self.state is State.BODY else 0

    def drop(self) -> None:
        """Close at once, without a response."""
        self._transport.abort()
