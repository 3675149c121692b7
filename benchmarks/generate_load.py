"""A load generator: send requests over raw sockets, at full speed or a fixed rate.

It runs in a separate process, so that it does not share an interpreter with the measured code, and
uses no HTTP library, which would be measured too.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from twilio_widgets.core.signature import sign


def signed(url: str, parameters: dict[str, str], token: str, *, keep: bool) -> bytes:
    """Return the bytes of one webhook, as Twilio sends it."""
    address, path = url.removeprefix("http://").split("/", 1)
    body = urlencode(parameters)
    head = (
        f"POST /{path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: TwilioProxy/1.1\r\n"
        f"Accept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nI-Twilio-Idempotency-Token: {parameters['MessageSid']}\r\n"
        f"X-Twilio-Signature: {sign(url, parameters, token)}\r\n"
        f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    )
    return (head + body).encode()


@dataclass
class Load:
    """The result of a run."""

    seconds: float
    acknowledged: list[int] = field(repr=False)
    """The indexes of the requests with a 200 response."""
    other: int
    """The number of requests with another response or none."""
    times: list[float] = field(repr=False)
    """The latency of each request with a response, in seconds, sorted."""

    @property
    def ok(self) -> int:
        return len(self.acknowledged)

    @property
    def rate(self) -> float:
        """Acknowledged requests per second."""
        return self.ok / self.seconds

    def milliseconds(self, part: float) -> float:
        """Return the latency that this share of the requests does not exceed."""
        if not self.times:
            return float("nan")
        return 1000 * self.times[min(int(part * len(self.times)), len(self.times) - 1)]


def sends(
    port: int,
    requests: Sequence[bytes],
    connections: int,
    *,
    keep: bool,
    seconds: float,
    pace: float | None,
) -> Load:
    """Run the generator in a separate process.

    Args:
        port: The port on 127.0.0.1.
        requests: The requests; each is sent once.
        connections: The number of parallel connections.
        keep: Whether to reuse connections.
        seconds: The maximum duration.
        pace: Requests per second; None sends each as soon as a connection is idle.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests"
        path.write_bytes(b"".join(len(one).to_bytes(4, "big") + one for one in requests))
        plan = {"port": port, "path": str(path), "connections": connections, "keep": keep}
        plan |= {"seconds": seconds, "pace": pace}
        command = [sys.executable, __file__, json.dumps(plan)]
        parameters = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Load(**json.loads(parameters))


class Generator:
    """One run."""

    def __init__(self, plan: dict) -> None:
        self.address = ("127.0.0.1", plan["port"])
        self.requests = _read(Path(plan["path"]))
        self.keep, self.pace, self.limit = plan["keep"], plan["pace"], plan["seconds"]
        self.connections = plan["connections"]
        self.selector = selectors.DefaultSelector()
        self.next = 0
        self.acknowledged: list[int] = []
        self.other = 0
        self.times: list[float] = []
        self._in_flight: dict[socket.socket, tuple[int, float]] = {}

    def run(self) -> Load:
        self.began = time.perf_counter()
        idle = [self._connect() for _ in range(self.connections)]
        while True:
            now = time.perf_counter()
            more = self.next < len(self.requests) and now - self.began < self.limit
            while idle and more and self._due() <= now:
                self._send(idle.pop())
                more = self.next < len(self.requests)
            if not more and len(idle) == self.connections:
                break
            wait = max(self._due() - now, 0.0) if self.pace and more else 1.0
            ready = self.selector.select(wait)
            if not ready and not self.pace:
                break  # the server sent nothing within the timeout
            for key, _ in ready:
                if key.fileobj in self._in_flight:
                    idle.append(self._receive(key.fileobj))
                else:  # the server closed the connection because it was idle
                    idle.remove(key.fileobj)
                    idle.append(self._hang_up(key.fileobj))
        seconds = time.perf_counter() - self.began
        return Load(seconds, self.acknowledged, self.other, sorted(self.times))

    def _due(self) -> float:
        return self.began + (self.next / self.pace if self.pace else 0.0)

    def _connect(self) -> socket.socket:
        line = socket.create_connection(self.address)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(line, selectors.EVENT_READ)
        return line

    def _send(self, line: socket.socket | None) -> None:
        # Latency counts from the due time, so that a late generator does not hide a slow server.
        since = self._due() if self.pace else time.perf_counter()
        if line is None:
            line = self._connect()
        line.sendall(self.requests[self.next])
        self._in_flight[line] = (self.next, since)
        self.next += 1

    def _receive(self, line: socket.socket) -> socket.socket | None:
        number, since = self._in_flight.pop(line)
        try:
            answer = line.recv(4096)  # these servers send every response in one small segment
        except OSError:
            answer = b""
        if answer.startswith(b"HTTP/1.1 200"):
            self.acknowledged.append(number)
            self.times.append(time.perf_counter() - since)
        else:
            self.other += 1
        if self.keep and answer and b"onnection: close" not in answer:
            return line
        return self._hang_up(line)

    def _hang_up(self, line: socket.socket) -> None:
        self.selector.unregister(line)
        line.close()


def _read(path: Path) -> list[bytes]:
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


if __name__ == "__main__":
    load = Generator(json.loads(sys.argv[1])).run()
    print(json.dumps(vars(load)))
