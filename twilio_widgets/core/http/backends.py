"""The HTTP backends of the transport, and what their errors mean.

Direct requests use our own connections. httpx is used through a proxy, for an in-process sandbox,
and where httptools is not available (JupyterLite). `proxy` chooses the proxy.
"""

from __future__ import annotations

import importlib.util
import re
from typing import Any, Protocol

import httpcore
import httpx

from twilio_widgets.core.http.certificates import certificate_problem, trusted
from twilio_widgets.core.http.httpx_backend import AsyncHttpxBackend, HttpxBackend
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import NoReply, NotConnected, TwilioWidgetsError

KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 seconds after which common servers close an idle connection: a request on a
connection that is being closed has an unknown outcome."""

MOST_CONNECTIONS = 100
"""The most connections of one client; a request that gets none before its deadline is not sent."""

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.ProxyError,
    httpx.InvalidURL,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
    httpcore.LocalProtocolError,
    httpcore.ProxyError,
)
"""The errors that httpx and httpcore raise before the first byte of a request. After any other
error, the request may have been received."""

_OS_PREFIX = re.compile(r"^\[Errno -?\d+\] ")
_NO_HOST = ("name or service not known", "nodename nor servname", "getaddrinfo failed",
            "temporary failure in name resolution")  # fmt: skip
"""Parts of the messages of operating systems for a host name that was not found."""

_LATE = (TimeoutError, httpx.TimeoutException, httpcore.TimeoutException)
_BROKEN = (
    OSError,
    httpx.HTTPError,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


class BlockingBackend(Protocol):
    """Sends requests and blocks until the response is complete."""

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return the complete response.

        Args:
            outgoing: The request; the backend sets its `may_have_been_sent`.
            largest: The most bytes of the body, before and after decompression.
        """

    def close(self) -> None:
        """Close every connection."""


class AsyncBackend(Protocol):
    """Sends requests and awaits the complete response."""

    async def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return the complete response; see `BlockingBackend.exchange`."""

    async def aclose(self) -> None:
        """Close every connection."""


def open_sync(proxy: httpx.Proxy | None, inside: Any) -> BlockingBackend:
    """Return a blocking backend.

    Args:
        proxy: The proxy of its requests, or None.
        inside: The in-process transport of a sandbox, or None.
    """
    if _is_direct(inside, proxy):
        from twilio_widgets.core.http.direct_blocking import BlockingPool

        return BlockingPool(trusted, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)
    return HttpxBackend(inside, proxy, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)


def open_async(proxy: httpx.Proxy | None, inside: Any) -> AsyncBackend:
    """Return an async backend; see `open_sync`."""
    if _is_direct(inside, proxy):
        from twilio_widgets.core.http.direct_async import AsyncPool

        return AsyncPool(trusted, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)
    return AsyncHttpxBackend(inside, proxy, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)


def _is_direct(inside: Any, proxy: httpx.Proxy | None) -> bool:
    """Return whether our own connections can be used: no proxy, no sandbox, httptools installed."""
    return inside is None and proxy is None and importlib.util.find_spec("httptools") is not None


def translate_error(error: BaseException, *, may_have_been_sent: bool) -> BaseException:
    """Translate an error of a backend into one of ours.

    httpx's classes do not tell whether the server read the request (measured: a reset before and
    after reading raises the same class). Once the request was handed to httpx, every error except
    `NEVER_SENT` therefore means that it may have been received. On our own connections
    `may_have_been_sent` is exact. KeyboardInterrupt and cancellation are returned unchanged, but
    without their traceback.
    """
    name = type(error).__name__
    if isinstance(error, TwilioWidgetsError):
        return error
    if not isinstance(error, Exception):
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    if (problem := certificate_problem(error)) is not None:
        return NotConnected(problem)
    if isinstance(error, NEVER_SENT) or not may_have_been_sent:
        return NotConnected(
            f"Could not reach Twilio ({_text(error)}). Nothing was sent. "
            "Check your connection or proxy, then try again."
        )
    if isinstance(error, _LATE):
        return NoReply(f"No complete response arrived in time ({name}).")
    if isinstance(error, _BROKEN):
        return NoReply(f"The connection broke before the response was complete ({_text(error)}).")
    return NoReply(f"The request failed unexpectedly ({name}: {_text(error)}).")


def _text(error: BaseException) -> str:
    """Return the reason in words where there are some, else the name of the error's class."""
    text = _OS_PREFIX.sub("", mask(str(error)))[:200].strip().rstrip(".")
    if any(words in text.casefold() for words in _NO_HOST):
        return "host name not found"
    return text or type(error).__name__
