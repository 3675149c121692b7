"""A wall-clock limit for blocking exchanges.

httpx limits each read, not the whole exchange: a server that sends one byte a second keeps a call
alive for ever, a host with eight unreachable addresses takes eight times the limit, and a DNS
lookup has no limit at all. This network backend gives every lookup, connect, read and write only
the time that remains until one deadline.
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
"""The most bytes of one read. httpcore reads 64 kB at a time, which doubled the time to read a page
of messages (measured)."""

_exchange = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Limit the network operations of this thread to `seconds` in total."""
    before = getattr(_exchange, "until", math.inf)
    _exchange.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _exchange.until = before


def time_left(timeout: float | None, over: type[httpcore.TimeoutException]) -> float:
    """Return the seconds until the deadline, at most `timeout`; raise `over` if it has passed."""
    remaining: float = getattr(_exchange, "until", math.inf) - time.monotonic()
    if remaining <= 0:
        raise over("the deadline of the exchange has passed")
    return remaining if timeout is None else min(timeout, remaining)


def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """Resolve a host name in a thread, because ``getaddrinfo`` has no timeout of its own."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        answer: Future[list[Any]] = Future()
    resolving = threading.Thread(
        target=_resolve, args=(host, port, answer), name="twilio_widgets lookup", daemon=True
    )
    resolving.start()
    try:
        found = answer.result(seconds)
    except TimeoutError:
        raise httpcore.ConnectTimeout(f"resolving {host} took too long") from None
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _resolve(host: str, port: int, answer: Future[list[Any]]) -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except Exception as error:  # noqa: BLE001  # raised by answer.result()
        answer.set_exception(error)


class DeadlineBackend(httpcore.NetworkBackend):
    """httpcore's blocking network backend, limited by the deadline of the calling thread."""

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
        """Connect to the first address of `host` that accepts, within the deadline."""
        gone = httpcore.ConnectTimeout
        with deadline(time_left(timeout, gone)):
            addresses = addresses_of(host, port, time_left(None, gone))
            failure: Exception = httpcore.ConnectError(f"{host} has no address")
            for number, address in enumerate(addresses):
                # An unreachable address must not use up the time of the addresses after it.
                share = time_left(None, gone) / (len(addresses) - number)
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
    """A stream whose every operation ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        most = max(max_bytes, READ_BYTES)
        return self._stream.read(most, time_left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, time_left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = time_left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
