"""The backends that send requests, and what their errors mean.

Blocking requests go over httpcore, async ones over aiohttp. Requests into a sandbox, and async ones
through a proxy or without aiohttp, go over httpx. All find the environment's proxy by the same
rule, and none uses a proxy for a server on this machine.
"""

from __future__ import annotations

import importlib.util
from typing import Any, Protocol

import httpcore
import httpx

from twilio_widgets.core.http.httpx_backend import AsyncHttpxBackend, HttpxBackend
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.http.proxy import proxy_for
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import NoReply, NotConnected, TwilioWidgetsError

KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 seconds after which common servers close: a stale connection makes a send unsure."""

MOST_CONNECTIONS = 100
"""Connections of one client at a time; a request that gets none in time was not sent."""

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
"""The errors that httpx and httpcore raise before the first byte of a request."""

_LATE = (TimeoutError, httpx.TimeoutException, httpcore.TimeoutException)
_BROKEN = (
    OSError,
    httpx.HTTPError,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


class BlockingBackend(Protocol):
    """Sends requests and waits for the replies."""

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer.

        Args:
            outgoing: The request. It tells afterwards whether it may have been sent.
            largest: The most bytes of a body, before and after decompression.
        """

    def close(self) -> None:
        """Close every connection."""


class AsyncBackend(Protocol):
    """Sends requests on an event loop."""

    async def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer; see `BlockingBackend.exchange`."""

    async def aclose(self) -> None:
        """Close every connection."""


def open_sync(origin: str, inside: Any) -> BlockingBackend:
    """Return the backend for blocking requests.

    Args:
        origin: Scheme, host and port of the requests.
        inside: A transport that needs no network, or None.
    """
    if inside is not None:
        return HttpxBackend(inside)
    from twilio_widgets.core.http.httpcore_backend import HttpcoreBackend

    proxy = proxy_for(origin)
    return HttpcoreBackend(
        httpx.create_ssl_context,
        None if proxy is None else httpcore.Proxy(str(proxy.url), proxy.raw_auth),
        most=MOST_CONNECTIONS,
        keep_alive=KEEP_ALIVE_SECONDS,
    )


def open_async(origin: str, inside: Any) -> AsyncBackend:
    """Return the backend for async requests; see `open_sync`."""
    proxy = None if inside is not None else proxy_for(origin)
    if inside is None and proxy is None and _has_aiohttp():
        from twilio_widgets.core.http.aiohttp_backend import AiohttpBackend

        return AiohttpBackend(
            httpx.create_ssl_context, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS
        )
    return AsyncHttpxBackend(inside, proxy, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)


def _has_aiohttp() -> bool:
    return importlib.util.find_spec("aiohttp") is not None


def translate_error(error: BaseException, *, may_have_been_sent: bool) -> BaseException:
    """Return the error of ours that a failed exchange means.

    No library's classes tell whether the server read the request (measured: a reset before and
    after reading raise the same ones). So every error except `NEVER_SENT` leaves that open, once
    the first byte may have been sent. httpx does not report that byte, so for a request over httpx
    `may_have_been_sent` is true from the start, except while a proxy has not answered CONNECT. What
    ends the whole call from outside is returned as it is, without its traceback.

    Args:
        error: The error that ended the exchange.
        may_have_been_sent: Whether the first byte of the request may have been sent.
    """
    name = type(error).__name__
    if isinstance(error, TwilioWidgetsError):
        return error
    if not isinstance(error, Exception):
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    if isinstance(error, NEVER_SENT) or not may_have_been_sent:
        return NotConnected(
            f"Twilio was not reached, so nothing was sent ({name}: {_text(error)}). "
            "Check the network, and try again."
        )
    if isinstance(error, _LATE):
        return NoReply(f"No whole answer came in time ({name}).")
    if isinstance(error, _BROKEN) or type(error).__module__.startswith("aiohttp."):
        return NoReply(f"The connection broke before a whole answer came ({name}: {_text(error)}).")
    return NoReply(f"The exchange failed in an unforeseen way ({name}: {_text(error)}).")


def _text(error: BaseException) -> str:
    return mask(str(error))[:200] or "no further word"
