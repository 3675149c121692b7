"""A server that misbehaves on the wire in one chosen way, and counts what it was sent."""

from __future__ import annotations

import contextlib
import gzip
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.listener_driver import ListenerDriver
from twilio_widgets.listener.kernel.client import ListenerClient

SID = "SM" + "0" * 31 + "1"
BODY = b'{"sid": "%s", "status": "queued", "direction": "outbound-api"}' % SID.encode()


def answer(body: bytes = BODY, *, status: bytes = b"201 Created", headers: bytes = b"") -> bytes:
    """Return a whole answer."""
    length = b"Content-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 %s\r\n%s%s\r\n%s" % (status, length, headers, body)


@dataclass
class Misbehaviour:
    """What the server does with one connection, after reading the request or before."""

    read_first: bool
    act: Callable[[socket.socket, threading.Event], None]
    idle: float = 0.0
    """Seconds for which it waits for one more request on the same connection."""


@dataclass
class FaultyServer:
    """Listens on loopback; every connection gets the same misbehaviour."""

    misbehaviour: Misbehaviour
    received: list[bytes] = field(default_factory=list, repr=False)
    """Each request that was read whole."""
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while not self.stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            # Something has come, but is not read: closing any earlier is a failed connection.
            patience = 5.0
            while select.select([connection], [], [], patience)[0]:
                if self.misbehaviour.read_first:
                    request = _whole_request(connection)
                    if request is None:
                        return
                    self.received.append(request)
                self.misbehaviour.act(connection, self.stop)
                patience = self.misbehaviour.idle
                if not patience:
                    return

    def close(self) -> None:
        self.stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._accepting, *self._threads):
            thread.join(5)


def _whole_request(connection: socket.socket) -> bytes | None:
    connection.settimeout(5)
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection: socket.socket, _stop: threading.Event) -> None:
    """Close with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def finish(connection: socket.socket, _stop: threading.Event) -> None:
    """Close with FIN."""
    connection.shutdown(socket.SHUT_WR)


def hang(_connection: socket.socket, stop: threading.Event) -> None:
    """Say nothing."""
    stop.wait(10)


def just(data: bytes) -> Callable[..., None]:
    """Send these bytes, and nothing else."""
    return lambda connection, _stop: connection.sendall(data)


def say(data: bytes, then: Callable[..., None] = finish) -> Callable[..., None]:
    """Send these bytes, then do something."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(data)
        then(connection, stop)

    return act


def drip(data: bytes) -> Callable[..., None]:
    """Send one byte every 20 ms."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        for byte in data:
            if stop.is_set():
                return
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    return act


def repeat(data: bytes) -> Callable[..., None]:
    """Send the same bytes again and again, as fast as they are taken."""

    def act(connection: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            connection.sendall(data)

    return act


GZIPPED = gzip.compress(BODY)
GZIP = b"Content-Encoding: gzip\r\n"
BOMB = gzip.compress(bytes(80 * 1024 * 1024))

NO_REPLY, BAD, FINE = "NoReply", "BadResponse", "Reply"

# name → (reads the request first, what it does then, what the exchange means)
FAULTS: dict[str, tuple[bool, Callable[..., None], str]] = {
    "reset before reading": (False, reset, NO_REPLY),
    "closed before reading": (False, finish, NO_REPLY),
    "silent before reading": (False, hang, NO_REPLY),
    "not HTTP at all": (False, say(b"220 mail.example ESMTP\r\n"), NO_REPLY),
    "reset after reading": (True, reset, NO_REPLY),
    "closed after reading": (True, finish, NO_REPLY),
    "silent after reading": (True, hang, NO_REPLY),
    "half a status line": (True, say(b"HTTP/1.1 20"), NO_REPLY),
    "garbage status": (True, say(b"HTTP/1.1 abc OK\r\n\r\n"), NO_REPLY),
    "half the headers": (True, say(b"HTTP/1.1 201 Created\r\nContent-Le"), NO_REPLY),
    "half the headers, then reset": (
        True,
        say(b"HTTP/1.1 201 Created\r\nA: b\r\n", reset),
        NO_REPLY,
    ),
    "headers, then silence": (True, say(answer()[:-20], hang), NO_REPLY),
    "half the body, closed": (True, say(answer()[:-20]), NO_REPLY),
    "half the body, reset": (True, say(answer()[:-20], reset), NO_REPLY),
    "a broken chunk": (
        True,
        say(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        NO_REPLY,
    ),
    "chunks cut off": (
        True,
        say(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nabc"),
        NO_REPLY,
    ),
    "two lengths": (
        True,
        say(b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        NO_REPLY,
    ),
    "headers drip": (True, drip(b"HTTP/1.1 201 Created\r\n" + b"X: y\r\n" * 500), NO_REPLY),
    "the body drips": (True, drip(answer(b"x" * 2000)), NO_REPLY),
    "100 Continue forever": (True, repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), NO_REPLY),
    "endless headers": (
        True,
        say(b"HTTP/1.1 201 Created\r\n" + b"X-A: " + b"y" * 2_000_000 + b"\r\n\r\n"),
        NO_REPLY,
    ),
    "damaged gzip": (True, say(answer(b"\x1f\x8bnonsense....", headers=GZIP)), BAD),
    "gzip cut off": (True, say(answer(GZIPPED[:-12], headers=GZIP)), BAD),
    "a gzip bomb": (True, say(answer(BOMB, headers=GZIP)), BAD),
    "endless gzip members": (True, say(answer(gzip.compress(b"") * 5000, headers=GZIP)), BAD),
    "another protocol": (
        True,
        say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxyz"),
        NO_REPLY,
    ),
    "another protocol, unnamed": (True, say(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), NO_REPLY),
    "an encoding nobody asked for": (
        True,
        say(answer(headers=b"Content-Encoding: br\r\n")),
        BAD,
    ),
    "a whole answer": (True, say(answer()), FINE),
    "a whole gzipped answer": (True, say(answer(GZIPPED, headers=GZIP)), FINE),
    "an answer of two gzip members": (
        True,
        say(answer(gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), headers=GZIP)),
        FINE,
    ),
    "a gzipped answer, padded": (True, say(answer(GZIPPED + bytes(9), headers=GZIP)), FINE),
    "a deletion, compressed": (True, say(b"HTTP/1.1 204 No Content\r\n" + GZIP + b"\r\n"), FINE),
    "a redirect": (
        True,
        say(answer(status=b"307 Temporary", headers=b"Location: http://127.0.0.1:9/\r\n")),
        FINE,
    ),
}


def _named(faults: list[str]) -> dict[str, list[str]]:
    return {"params": faults, "ids": [name.replace(" ", "-") for name in faults]}


def _served(name: str) -> Iterator[tuple[FaultyServer, str]]:
    read_first, act, meaning = FAULTS[name]
    server = FaultyServer(Misbehaviour(read_first, act))
    yield server, meaning
    server.close()


@pytest.fixture(**_named(list(FAULTS)))
def faulty(request: pytest.FixtureRequest) -> Iterator[tuple[FaultyServer, str]]:
    """A misbehaving server, and what an exchange with it means."""
    yield from _served(request.param)


@pytest.fixture(**_named([name for name in FAULTS if FAULTS[name][2] != FINE]))
def broken(request: pytest.FixtureRequest) -> Iterator[FaultyServer]:
    """A server from which no usable answer comes."""
    for server, _ in _served(request.param):
        yield server


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultyServer]]:
    """Start a server with a fault of the table, or a good one that waits `idle` s for more."""
    started: list[FaultyServer] = []

    def start(fault: str | None = None, *, idle: float = 0.0) -> FaultyServer:
        read_first, act = (True, just(answer())) if fault is None else FAULTS[fault][:2]
        started.append(FaultyServer(Misbehaviour(read_first, act, idle)))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def plain_server() -> Iterator[FaultyServer]:
    """A server that closes every connection unread."""
    server = FaultyServer(Misbehaviour(read_first=False, act=finish))
    yield server
    server.close()


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[ListenerDriver]:
    """A folder for listeners; every one of them is ended."""
    opened = ListenerDriver(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListenerDriver]:
    """One listener for all tests that only talk to it."""
    opened = ListenerDriver(tmp_path_factory.mktemp("listener"))
    yield opened
    opened.close()


@pytest.fixture
def client(shared: ListenerDriver) -> Iterator[ListenerClient]:
    attached = shared.connect()
    yield attached
    attached.detach()
