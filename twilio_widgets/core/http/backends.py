"""What is behind the door: the ways to the network, and what their failures mean for us.

Requests go over connections of our own; through a proxy, into a sandbox, and where there are no
sockets, over httpx. All find the environment's proxy by one rule, and none ever sends through one
what stays on this machine.
"""

from __future__ import annotations

import importlib.util
from typing import Any, Protocol

import httpcore
import httpx

from twilio_widgets.core.http.certificates import certificate_problem, trusted
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.http.pooled import AsyncPooled, BlockingPooled
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
"""What httpx and its pool raise before the first byte of a request; everything else may have been
received."""

_LATE = (TimeoutError, httpx.TimeoutException, httpcore.TimeoutException)
_BROKEN = (
    OSError,
    httpx.HTTPError,
    httpx.StreamError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


class BlockingWire(Protocol):
    """A way to the network that waits."""

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer; `outgoing` knows then whether it left.

        Args:
            outgoing: The request.
            largest: The most bytes of a body, before and after decompression.
        """

    def close(self) -> None:
        """Close every connection."""


class AsyncWire(Protocol):
    """A way to the network that awaits."""

    async def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer; see `BlockingWire.exchange`."""

    async def aclose(self) -> None:
        """Close every connection."""


def open_sync(origin: str, inside: Any) -> BlockingWire:
    """Open a way to the network that waits.

    Args:
        origin: Scheme, host and port that it will talk to.
        inside: A transport that needs no network, or None.
    """
    proxy = None if inside is not None else proxy_for(origin)
    if _is_ours(inside, proxy):
        from twilio_widgets.core.http.direct_blocking import BlockingDirect

        return BlockingDirect(trusted, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)
    return BlockingPooled(inside, proxy, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)


def open_async(origin: str, inside: Any) -> AsyncWire:
    """Open a way to the network that awaits; see `open_sync`."""
    proxy = None if inside is not None else proxy_for(origin)
    if _is_ours(inside, proxy):
        from twilio_widgets.core.http.direct_async import AsyncDirect

        return AsyncDirect(trusted, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)
    return AsyncPooled(inside, proxy, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)


def _is_ours(inside: Any, proxy: httpx.Proxy | None) -> bool:
    """Say whether connections of our own serve: not everywhere are there sockets and a parser."""
    return inside is None and proxy is None and importlib.util.find_spec("httptools") is not None


def translate_error(error: BaseException, *, left: bool) -> BaseException:
    """Say in our terms what a failed exchange means.

    httpx's classes do not tell whether the server read the request (measured: a reset before and
    after reading raise the same ones), so once it was handed over (`left`), all but `NEVER_SENT`
    may have been received. Over a connection of our own `left` alone tells: its first byte may have
    left. What ends the whole call from outside stays what it is, without its traceback.
    """
    name = type(error).__name__
    if isinstance(error, TwilioWidgetsError):
        return error
    if not isinstance(error, Exception):
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    if (problem := certificate_problem(error)) is not None:
        return NotConnected(problem)
    if isinstance(error, NEVER_SENT) or not left:
        return NotConnected(
            f"Twilio was not reached, so nothing was sent ({name}: {_text(error)}). "
            "Check the network, and try again."
        )
    if isinstance(error, _LATE):
        return NoReply(f"No whole answer came in time ({name}).")
    if isinstance(error, _BROKEN):
        return NoReply(f"The connection broke before a whole answer came ({name}: {_text(error)}).")
    return NoReply(f"The exchange failed in an unforeseen way ({name}: {_text(error)}).")


def _text(error: BaseException) -> str:
    return mask(str(error))[:200] or "no further word"
