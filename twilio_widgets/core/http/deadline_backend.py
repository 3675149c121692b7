"""A network backend for httpcore that ends every operation at a wall-clock deadline.

httpx limits each read, not the whole exchange: a server that sends one byte a second keeps a call
alive forever, a host with eight unreachable addresses takes eight times the limit, and a DNS
lookup has no limit at all. This backend gives every lookup, connect, read and write only the time
that remains until the deadline of the thread.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import httpcore

from twilio_widgets.core.http.deadline import deadline, time_left

READ_BYTES = 1024 * 1024
"""The most bytes of one read. httpcore reads 64 kB at a time, which doubled the time to read a page
of messages (measured)."""


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
