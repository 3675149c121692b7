"""A wall-clock limit for blocking exchanges.

httpx limits each read, not the whole: a server that drips one byte a second keeps a call alive for
ever. This network backend gives every connect, read and write only the time that is left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

_exchange = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let what this thread does on the network end after `seconds`."""
    before = getattr(_exchange, "until", None)
    _exchange.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _exchange.until = before


def left(timeout: float | None) -> float | None:
    """Return the smaller of `timeout` and what is left; never zero, which would mean no wait."""
    until: float | None = getattr(_exchange, "until", None)
    if until is None:
        return timeout
    remaining = max(0.001, until - time.monotonic())
    return remaining if timeout is None else min(timeout, remaining)


class DeadlineBackend(httpcore.NetworkBackend):
    """The blocking network, under the deadline of the calling thread."""

    def __init__(self) -> None:
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection in the time that is left."""
        return _Stream(
            self._network.connect_tcp(host, port, left(timeout), local_address, socket_options)
        )

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection in the time that is left."""
        return _Stream(self._network.connect_unix_socket(path, left(timeout), socket_options))

    def sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the deadline."""
        self._network.sleep(left(seconds) or 0.0)


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait is bounded by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
