"""The sandbox as an ASGI application, for a real socket.

Faults of the wire are real here: a reset is an RST, a close is a FIN, a hang holds the connection.
For that the server puts the connection's transport into the scope (see `server`).

A page in the browser must not be able to reach a sandbox on loopback: requests for another host
name (DNS rebinding) or from another origin are refused before anything is looked at.
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

TRANSPORT = "twilio_widgets.transport"
"""The name in ``scope["state"]`` under which the server puts the connection."""

_MOST_BODY = 8_000_000
_MOMENT = 0.02
_OUR_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_LINGER_ZERO = struct.pack("ii", 1, 0)


class _Connection(Protocol):
    transport: asyncio.Transport


class App:
    """An ASGI application over one exchange.

    Args:
        exchange: What answers.
    """

    def __init__(self, exchange: SandboxRouter) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        self._exchange.begin()
        try:
            await self._serve(scope, receive, send)
        finally:
            self._exchange.end()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = _head(scope)
        if not _is_for_us(head):
            await _send(send, _plain(403, "This sandbox answers on loopback only.\n"))
            return
        connection: _Connection = scope["state"][TRANSPORT]
        struck = self._exchange.before_reading(head)
        if struck:
            # The client is likely still writing its body. Without this pause it would meet the
            # break now while writing, now while reading.
            await asyncio.sleep(_MOMENT)
            await _break(struck, connection, receive)
            return
        body = await _read(receive)
        if body is None:
            await _send(send, _plain(413, "The request is too large.\n"))
            return
        answer = self._exchange.answer(head.with_body(body))
        if answer.kind != "trickle":
            await asyncio.sleep(answer.delay)
        await _deliver(answer, connection, receive, send)


def _head(scope: Scope) -> SandboxRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return SandboxRequest(
        method=scope["method"],
        host=headers.get("host", ""),
        path=scope["path"],
        query=parse_query(scope["query_string"].decode("ascii", "replace")),
        headers=headers,
    )


def _is_for_us(request: SandboxRequest) -> bool:
    name = request.host.rpartition(":")[0] if ":" in request.host else request.host
    origin = request.headers.get("origin")
    return name in _OUR_NAMES and origin in (None, f"http://{request.host}")


async def _read(receive: Receive) -> bytes | None:
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > _MOST_BODY:
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
    """End a connection without an answer, and wait until the server has noticed."""
    if kind.startswith("close"):
        connection.transport.close()
    elif kind != "hang":
        # With no linger the kernel answers with an RST instead of an orderly end.
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
