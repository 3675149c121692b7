"""The sandbox as an ASGI application, for a real socket.

Connection faults are real here: a reset is an RST, a close is a FIN, a hang keeps the connection
open. For that the server puts the connection's transport into the scope (see `server`).

A web page in the browser must not be able to reach a sandbox on loopback: requests for another host
name (DNS rebinding) or from another origin are refused before any other check.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any, Protocol

from twilio_widgets.sandbox.api.wire import Response, SandboxRequest, parse_query

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from twilio_widgets.sandbox.http.faults import FaultAction
    from twilio_widgets.sandbox.http.router import SandboxRouter

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

PREFIX = "/class/"
"""The paths that the class answers, if there is one."""

TRANSPORT = "twilio_widgets.transport"
"""The key in ``scope["state"]`` under which the server puts the connection."""

_MAX_BODY_SIZE = 8_000_000
_BEFORE_BREAK = 0.02
"""Seconds for the client to finish writing before its connection is broken."""

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_LINGER_ZERO = struct.pack("ii", 1, 0)


class _Connection(Protocol):
    transport: asyncio.Transport


class ClassEndpoints(Protocol):
    """Answers the requests below ``/class/``."""

    def answer(self, request: SandboxRequest) -> Response:
        """Return the response to one request."""


class App:
    """The sandbox's ASGI application.

    Args:
        router: Answers the requests.
        classroom: Answers the requests below ``/class/``; None without a class.
        everywhere: Whether other machines may send requests.
    """

    def __init__(
        self,
        router: SandboxRouter,
        classroom: ClassEndpoints | None = None,
        *,
        everywhere: bool = False,
    ) -> None:
        self._router = router
        self._classroom = classroom
        self._everywhere = everywhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        self._router.begin()
        try:
            await self._serve(scope, receive, send)
        finally:
            self._router.end()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = _head(scope)
        if not self._is_allowed(head):
            await _send(send, _plain(403, "This sandbox only accepts requests to loopback.\n"))
            return
        if self._classroom is not None and head.path.startswith(PREFIX):
            body = await _read(receive)
            if body is not None:
                await _send(send, self._classroom.answer(head.with_body(body)))
            return
        connection: _Connection = scope["state"][TRANSPORT]
        fault = self._router.before_reading(head)
        if fault:
            # The client is probably still writing its body. Without this pause the error would
            # sometimes occur while it writes and sometimes while it reads.
            await asyncio.sleep(_BEFORE_BREAK)
            await _break(fault, connection, receive)
            return
        body = await _read(receive)
        if body is None:
            await _send(send, _plain(413, "The request is too large.\n"))
            return
        answer = self._router.answer(head.with_body(body))
        if answer.kind != "trickle":
            await asyncio.sleep(answer.delay)
        await _deliver(answer, connection, receive, send)

    def _is_allowed(self, request: SandboxRequest) -> bool:
        # Only browsers send an origin.
        by_page = request.headers.get("origin") not in (None, f"http://{request.host}")
        return not by_page and (self._everywhere or _is_local(request.host))


def _head(scope: Scope) -> SandboxRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return SandboxRequest(
        method=scope["method"],
        host=headers.get("host", ""),
        path=scope["path"],
        query=parse_query(scope["query_string"].decode("ascii", "replace")),
        headers=headers,
    )


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if ":" in host else host
    return name in _LOOPBACK_NAMES


async def _read(receive: Receive) -> bytes | None:
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > _MAX_BODY_SIZE:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def _deliver(
    answer: FaultAction, connection: _Connection, receive: Receive, send: Send
) -> None:
    if answer.response is None:
        await _break(answer.kind, connection, receive)
    elif answer.kind == "trickle":
        await _start(send, answer.response)
        for byte in answer.response.body:
            await asyncio.sleep(answer.delay)
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    elif answer.kind == "truncated":
        await _start(send, answer.response)
        half = answer.response.body[: len(answer.response.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _break("close_after_accept", connection, receive)
    else:
        await _send(send, answer.response)


async def _break(kind: str, connection: _Connection, receive: Receive) -> None:
    """Break a connection without a response, and wait until the server has noticed."""
    if kind.startswith("close"):
        connection.transport.close()
    elif kind != "hang":
        # With a linger time of zero the kernel sends an RST instead of a FIN.
        raw: socket.socket = connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        connection.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, response: Response) -> None:
    await _start(send, response)
    await send({"type": "http.response.body", "body": response.body})


async def _start(send: Send, response: Response) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


def _plain(status: int, text: str) -> Response:
    body = text.encode()
    headers = (("Content-Type", "text/plain"), ("Content-Length", str(len(body))))
    return Response(status, headers, body)
