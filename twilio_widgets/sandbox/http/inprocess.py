"""Access without a socket: an httpx transport, blocking and async, to one sandbox.

Only this file of the sandbox and `forwarding` import httpx. Faults raise the exceptions that httpx
raises for them. On a frozen clock nothing really waits: a read timeout advances the clock by its
length.
"""

from __future__ import annotations

import asyncio
import math
import threading
from typing import TYPE_CHECKING, NamedTuple

import httpx

from twilio_widgets.sandbox.api.wire import SandboxRequest, parse_query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from twilio_widgets.sandbox.http.faults import FaultAction
    from twilio_widgets.sandbox.http.router import SandboxRouter
    from twilio_widgets.sandbox.world.clock import Clock

_BROKEN: dict[str, tuple[type[httpx.TransportError], str]] = {
    "refused": (httpx.ConnectError, "Connection refused"),
    "reset_before_read": (httpx.ReadError, "Connection reset by peer"),
    "reset_after_accept": (httpx.ReadError, "Connection reset by peer"),
    "close_before_read": (
        httpx.RemoteProtocolError,
        "Server disconnected without sending a response.",
    ),
    "close_after_accept": (
        httpx.RemoteProtocolError,
        "Server disconnected without sending a response.",
    ),
    "hang": (httpx.ReadTimeout, "The read operation timed out"),
}
_TRUNCATED = "peer closed connection without sending complete message body"


class _Step(NamedTuple):
    """One step of a response: wait, then raise `error` or deliver `chunk`."""

    wait: float
    error: httpx.TransportError | None
    chunk: bytes = b""


class InProcess(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An httpx transport to the sandbox, for ``httpx.Client`` and ``httpx.AsyncClient``.

    Args:
        router: Answers the requests.
        clock: The sandbox's clock; delays and timeouts pass on it.
    """

    def __init__(self, router: SandboxRouter, clock: Clock) -> None:
        self._router = router
        self._clock = clock
        self._closed = threading.Event()

    def shut(self) -> None:
        """Refuse further requests, and end those that hang."""
        self._closed.set()

    # Blocking

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a blocking client."""
        request.read()
        self._router.begin()
        try:
            answer = self._answer(request)
            first = self._first(answer, request)
            self._pause(first.wait)
            if first.error is not None:
                raise first.error
            return self._response(answer, _FaultyStream(self, answer, request))
        finally:
            self._router.end()

    def _pause(self, seconds: float) -> None:
        if self._clock.frozen:
            self._clock.sleep(seconds if math.isfinite(seconds) else 0.0)
        elif seconds:
            self._closed.wait(seconds if math.isfinite(seconds) else None)

    # Async

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an async client."""
        await request.aread()
        self._router.begin()
        try:
            answer = self._answer(request)
            first = self._first(answer, request)
            await self._pause_async(first.wait)
            if first.error is not None:
                raise first.error
            return self._response(answer, _FaultyStream(self, answer, request))
        finally:
            self._router.end()

    async def _pause_async(self, seconds: float) -> None:
        if self._clock.frozen:
            self._pause(seconds)
            return
        while seconds > 0 and not self._closed.is_set():  # `shut` ends it
            nap = min(seconds, 0.2)
            await asyncio.sleep(nap)
            seconds -= nap

    # Both

    def _answer(self, request: httpx.Request) -> FaultAction:
        if self._closed.is_set():
            raise httpx.ConnectError("The sandbox is closed.", request=request)
        return self._router.answer(
            SandboxRequest(
                method=request.method,
                host=request.url.host,
                path=request.url.path,
                query=parse_query(request.url.query.decode("ascii")),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.content,
            )
        )

    def _first(self, answer: FaultAction, request: httpx.Request) -> _Step:
        """Return the step before the head of the response."""
        timeout = _read_timeout(request)
        if answer.kind in _BROKEN:
            kind, text = _BROKEN[answer.kind]
            wait = timeout if answer.kind == "hang" else answer.delay
            return _Step(wait, kind(text, request=request))
        wait = 0.0 if answer.kind == "trickle" else answer.delay
        return self._within(wait, timeout, request)

    def _within(
        self, wait: float, timeout: float, request: httpx.Request, chunk: bytes = b""
    ) -> _Step:
        """Return the step that delivers `chunk` after `wait`, or times out."""
        if wait > timeout:
            return _Step(
                timeout, httpx.ReadTimeout("The read operation timed out", request=request)
            )
        return _Step(wait, None, chunk)

    def _response(self, answer: FaultAction, stream: _FaultyStream) -> httpx.Response:
        assert answer.response is not None  # noqa: S101  # kinds without a response have raised
        headers = list(answer.response.headers)
        if answer.kind:
            return httpx.Response(answer.response.status, headers=headers, stream=stream)
        return httpx.Response(
            answer.response.status, headers=headers, stream=httpx.ByteStream(answer.response.body)
        )

    def body_steps(self, answer: FaultAction, request: httpx.Request) -> Iterator[_Step]:
        """Yield the steps in which a faulty body is delivered."""
        body = answer.response.body if answer.response else b""
        if answer.kind == "trickle":
            for byte in body:
                yield self._within(answer.delay, _read_timeout(request), request, bytes([byte]))
            return
        yield _Step(0.0, None, body[: len(body) // 2])
        yield _Step(0.0, httpx.RemoteProtocolError(_TRUNCATED, request=request))


class _FaultyStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a response that trickles or is truncated."""

    def __init__(self, transport: InProcess, answer: FaultAction, request: httpx.Request) -> None:
        self._transport, self._answer, self._request = transport, answer, request

    def __iter__(self) -> Iterator[bytes]:
        for step in self._transport.body_steps(self._answer, self._request):
            self._transport._pause(step.wait)
            if step.error is not None:
                raise step.error
            yield step.chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self._transport.body_steps(self._answer, self._request):
            await self._transport._pause_async(step.wait)
            if step.error is not None:
                raise step.error
            yield step.chunk


def _read_timeout(request: httpx.Request) -> float:
    """Return the read timeout of a request in seconds; infinity when it has none."""
    read = request.extensions.get("timeout", {}).get("read")
    return math.inf if read is None else float(read)
