"""A wire between two programs of this machine: it delivers late, and remembers what was asked."""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

_CHUNK = 65_536
_REQUEST = re.compile(rb"(GET|POST|DELETE) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """A request as its client wrote it."""

    method: str
    path: str
    values: tuple[tuple[str, str], ...]
    """The query's pairs, then those of a form."""


class SlowWire:
    """A TCP proxy on loopback in front of a server.

    Args:
        server: The server's URL.
    """

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self.delay = 0.0
        """Seconds that everything takes, each way; it can change at any time."""
        self._sent: list[bytearray] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="slow wire")
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._connect, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{parts.path}"

    def requests(self) -> list[Request]:
        """Return every complete request so far, by connection."""
        return [request for sent in self._sent for request in _requests_in(bytes(sent))]

    def close(self) -> None:
        """Close the wire and every connection on it."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, step: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(10)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, self._port)
        sent = bytearray()
        self._sent.append(sent)
        try:
            await asyncio.gather(
                self._carry(reader, back, sent), self._carry(there, writer, bytearray())
            )
        except (OSError, asyncio.CancelledError):
            pass  # either end hung up, or the wire was closed
        finally:
            for end in (writer, back):
                end.close()
                with suppress(OSError, TimeoutError):
                    await asyncio.wait_for(end.wait_closed(), 1.0)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray
    ) -> None:
        """Read without waiting, and deliver each piece when it is due."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(_deliver(pieces, writer))
        piece = b"more"
        while piece:
            piece = await reader.read(_CHUNK)
            seen += piece
            pieces.put_nowait((self._loop.time() + self.delay, piece))
        await delivery


async def _deliver(
    pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
) -> None:
    """Write each piece at its time; the empty one is the end."""
    loop = asyncio.get_running_loop()
    while True:
        due, piece = await pieces.get()
        await asyncio.sleep(due - loop.time())
        if not piece:
            writer.write_eof()
            return
        writer.write(piece)
        await writer.drain()


def _requests_in(sent: bytes) -> list[Request]:
    found, at = [], 0
    while match := _REQUEST.search(sent, at):
        length = _LENGTH.search(match[3])
        at = match.end() + (int(length[1]) if length else 0)
        url = urlsplit(match[2].decode())
        form = sent[match.end() : at].decode(errors="replace")
        pairs = [*parse_qsl(url.query), *parse_qsl(form)]
        found.append(Request(match[1].decode(), url.path, tuple(pairs)))
    return found
