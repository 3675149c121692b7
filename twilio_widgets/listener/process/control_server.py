"""The control server in the listener's process: kernels run operations and receive news.

It deliberately does not use HTTP: a web page can make a browser send HTTP requests to any local
port, but the first line of such a request is never a JSON object with our token.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import itertools
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.listener.control import protocol as wire

NEWS_EVERY = 0.05
_MOST_LINES = 32
_MOST_UNREAD = 1_000_000
_FINISH_SECONDS = 2.0

Operate = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class _AttachedKernel:
    """The connection of one kernel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def notify(self, message: dict[str, Any]) -> None:
        """Send a line, unless the kernel stopped reading: it can request the status later."""
        if self.writer.transport.get_write_buffer_size() < _MOST_UNREAD:
            self.writer.write(wire.encode_line(message))


class ControlServer:
    """Serves the control connections.

    Args:
        token: The token that the first line of every connection must contain.
        greeting: Returns the response to the challenge in that line.
        state: Returns the current settings of the listener.
        operate: Runs an operation by name.
        news: Returns the summary that is sent to every kernel after changes.
    """

    def __init__(
        self,
        token: str,
        greeting: Callable[[str], dict[str, Any]],
        state: Callable[[], dict[str, Any]],
        operate: Operate,
        news: Callable[[], dict[str, Any]],
    ) -> None:
        self._token = token
        self._greeting = greeting
        self._state = state
        self._operate = operate
        self._news = news
        self._kernels: list[_AttachedKernel] = []
        self._answering: _AttachedKernel | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._questions: dict[int, asyncio.Future[str | None]] = {}
        self._numbers = itertools.count(1)
        self._notifying: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def serve(self, listening: socket.socket) -> None:
        """Start serving on a listening socket."""
        self._server = await asyncio.start_server(
            self._attached, sock=listening, limit=wire.LONGEST_LINE
        )

    @property
    def kernels(self) -> int:
        """The number of connected kernels."""
        return len(self._kernels)

    @property
    def answers(self) -> bool:
        """Whether a kernel has offered to reply to inbound messages; the last one to do so does."""
        return self._answering is not None

    def notify(self) -> None:
        """Send the news to all kernels, at most twenty times a second."""
        if self._notifying is None and self._kernels:
            self._notifying = asyncio.get_running_loop().call_later(NEWS_EVERY, self._notify_all)

    async def ask(self, message: dict[str, object]) -> str | None:
        """Ask the replying kernel about an inbound message; return its reply, if any."""
        kernel = self._answering
        if kernel is None:
            return None
        number = next(self._numbers)
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        try:
            kernel.notify({"question": number, "message": message})
            return await answer
        finally:
            del self._questions[number]

    def close(self) -> None:
        """Stop accepting connections."""
        self._server.close()

    async def finish(self) -> None:
        """Send pending results and close all connections, within a time limit."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FINISH_SECONDS)
        for writer in self._writers:
            writer.close()  # flushes its buffer first
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FINISH_SECONDS):
                while self._writers:
                    await asyncio.sleep(0.005)
        for writer in self._writers:
            writer.transport.abort()

    def _notify_all(self) -> None:
        self._notifying = None
        news = {"news": self._news()}
        for kernel in self._kernels:
            kernel.notify(news)

    def _send_state(self) -> None:
        """Send every kernel the settings that one of them has changed."""
        for kernel in self._kernels:
            kernel.notify({"state": self._state_for(kernel)})

    def _state_for(self, kernel: _AttachedKernel) -> dict[str, Any]:
        state = self._state()
        answered_by = "text" if state["reply"] is not None else None
        if self._answering is not None:
            answered_by = "here" if kernel is self._answering else "elsewhere"
        return {**state, "answered_by": answered_by}

    # One connection

    async def _attached(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kernel = _AttachedKernel(reader, writer)
        self._writers.add(writer)
        try:
            if await self._handshake(kernel):
                self._kernels.append(kernel)
                await self._listen(kernel)
        except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
            pass  # not a kernel, or a kernel that disconnected
        finally:
            if kernel in self._kernels:
                self._kernels.remove(kernel)
            if kernel is self._answering:
                self._answering = None
                self._send_state()
            self._writers.discard(writer)
            writer.close()

    async def _handshake(self, kernel: _AttachedKernel) -> bool:
        if len(self._writers) > _MOST_LINES:
            return False
        async with asyncio.timeout(wire.HANDSHAKE_SECONDS):
            message = wire.decode_line(await self._first_line(kernel.reader))
        token, nonce = message.get("token"), message.get("nonce")
        if not isinstance(token, str) or not isinstance(nonce, str):
            return False
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return False
        kernel.notify({**self._greeting(nonce), "state": self._state_for(kernel)})
        return True

    async def _first_line(self, reader: asyncio.StreamReader) -> bytes:
        """Read the first line, which must be shorter than the later ones."""
        data = b""
        while b"\n" not in data:
            part = await reader.read(wire.FIRST_LINE - len(data))
            if not part:
                raise ValueError("no first line")
            data += part
        first, _, rest = data.partition(b"\n")
        if rest:
            raise ValueError("data before the handshake is complete")
        return first

    async def _listen(self, kernel: _AttachedKernel) -> None:
        while data := await kernel.reader.readline():
            message = wire.decode_line(data)
            if "answer" in message:
                self._answered(message)
            else:
                self._begin(kernel, message)

    def _answered(self, message: dict[str, Any]) -> None:
        question = self._questions.get(message["answer"])
        text = message.get("text")
        if question is not None and not question.done():
            question.set_result(text if isinstance(text, str) else None)

    def _begin(self, kernel: _AttachedKernel, message: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._do(kernel, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, kernel: _AttachedKernel, message: dict[str, Any]) -> None:
        number, op = message.pop("id", None), str(message.pop("op", ""))
        try:
            answer = {"id": number, "done": await self._operate(op, message)}
            if op == "set_reply":
                self._answering = kernel if message.get("ask") else None
            if op.startswith("set_"):
                self._send_state()
        except TwilioWidgetsError as error:
            answer = {"id": number, "error": str(error), "kind": type(error).__name__}
        except Exception as error:  # noqa: BLE001 — the kernel waits for a result
            text = f"The operation {op!r} failed in the listener ({type(error).__name__})."
            answer = {"id": number, "error": text, "kind": "ListenerError"}
        kernel.notify(answer)
        with contextlib.suppress(OSError):
            await kernel.writer.drain()
