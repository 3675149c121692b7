"""A wall-clock limit for blocking exchanges.

httpx limits each read, not the whole: a server that drips one byte a second keeps a call alive for
ever, a name with eight dead addresses costs eight times the limit, and a look-up has none at all.
This network backend gives every look-up, connect, read and write only the time that is left.
"""

from __future__ import annotations

import ipaddress
import math
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import httpcore

READ_BYTES = 1024 * 1024
"""The most bytes of one read. httpcore asks for a sixteenth, so a page of messages came in sixteen
reads, which took twice the time."""

_exchange = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let what this thread does on the network end after `seconds`."""
    before = getattr(_exchange, "until", math.inf)
    _exchange.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _exchange.until = before


def left(timeout: float | None, over: type[httpcore.TimeoutException]) -> float:
    """Return the smaller of `timeout` and what is left; raise `over` when nothing is."""
    remaining: float = getattr(_exchange, "until", math.inf) - time.monotonic()
    if remaining <= 0:
        raise over("the time for the whole exchange is over")
    return remaining if timeout is None else min(timeout, remaining)


def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """Look a name up, waiting no longer than `seconds`: the system's look-up knows no limit."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        answer: Future[list[Any]] = Future()
    look_up = threading.Thread(
        target=_look_up, args=(host, port, answer), name="twilio_widgets look-up", daemon=True
    )
    look_up.start()
    try:
        found = answer.result(seconds)
    except TimeoutError:
        raise httpcore.ConnectTimeout(f"looking up {host} took too long") from None
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _look_up(host: str, port: int, answer: Future[list[Any]]) -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except Exception as error:  # noqa: BLE001  # raised where it is awaited
        answer.set_exception(error)


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
        """Open a connection to the first address of `host` that answers, in the time left."""
        gone = httpcore.ConnectTimeout
        with deadline(left(timeout, gone)):
            addresses = addresses_of(host, port, left(None, gone))
            failure: Exception = httpcore.ConnectError(f"{host} has no address")
            for number, address in enumerate(addresses):
                # A dead address may use up its share, not the time of those after it.
                share = left(None, gone) / (len(addresses) - number)
                try:
                    return _DeadlineStream(
                        self._network.connect_tcp(
                            address, port, share, local_address, socket_options
                        )
                    )
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failure = error
            raise failure


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait is bounded by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        most = max(max_bytes, READ_BYTES)
        return self._stream.read(most, left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
