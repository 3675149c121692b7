"""What is behind the door: the ways to the network, and what their failures mean for us.

The blocking pool is httpcore's own, over a network that knows the deadline. What is awaited goes
over connections of our own (`Direct`); through a proxy, into a sandbox and where asyncio has no
sockets, over httpx's pool. All find the environment's proxy by one rule, and none ever sends
through one what stays on this machine.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import urllib.request
from collections.abc import Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpcore
import httpx

from twilio_widgets.core.address import mask
from twilio_widgets.core.deadline import DeadlineBackend
from twilio_widgets.core.guard import is_loopback
from twilio_widgets.core.inflate import Inflater
from twilio_widgets.core.outgoing import Outgoing
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import ConfigurationError, NoReply, NotConnected, TwilioWidgetsError

KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 seconds after which common servers close: a stale connection makes a send unsure."""

MOST_CONNECTIONS = 100
"""Connections of one client at a time; a request that gets none in time was not sent."""

MOST_IDLE = 20

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.ProxyError,
    httpx.InvalidURL,
)
"""What httpx raises before the first byte of a request; everything else may have been received."""


class Wire(Protocol):
    """A way to the network that awaits."""

    async def exchange(self, outgoing: Outgoing, largest: int) -> Reply:
        """Send one request and return its whole answer; `outgoing` knows then whether it left.

        Args:
            outgoing: The request.
            largest: The most bytes of a body, before and after decompression.
        """

    async def aclose(self) -> None:
        """Close every connection."""


class Blocking:
    """A way to the network that waits.

    Args:
        origin: Scheme, host and port that it will talk to.
        inside: A transport that needs no network, or None.
    """

    def __init__(self, origin: str, inside: Any) -> None:
        self._client = httpx.Client(
            transport=inside or _Pool(proxy_for(origin)), follow_redirects=False
        )

    def exchange(self, outgoing: Outgoing, largest: int) -> Reply:
        """Send one request and return its whole answer; see `Wire.exchange`."""
        response = self._client.send(_built(self._client, outgoing), stream=True)
        try:
            inflater = Inflater(response.headers.get("content-encoding", ""), largest)
            parts = [inflater.feed(part) for part in response.iter_raw()]
            inflater.finish()
            return _reply(response, b"".join(parts))
        finally:
            response.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


def awaiting(origin: str, inside: Any) -> Wire:
    """Open a way to the network that awaits; see `Blocking`."""
    proxy = None if inside is not None else proxy_for(origin)
    if inside is not None or proxy is not None or importlib.util.find_spec("httptools") is None:
        return Pooled(inside, proxy)
    from twilio_widgets.core.direct import Direct

    return Direct(httpx.create_ssl_context, most=MOST_CONNECTIONS, keep_alive=KEEP_ALIVE_SECONDS)


class Pooled:
    """httpx's own way to await.

    Args:
        inside: A transport that needs no network, or None.
        proxy: To send through.
    """

    def __init__(self, inside: Any, proxy: httpx.Proxy | None) -> None:
        self._client = httpx.AsyncClient(
            transport=inside or _async_pool(proxy), follow_redirects=False
        )

    async def exchange(self, outgoing: Outgoing, largest: int) -> Reply:
        """Send one request and return its whole answer; see `Wire.exchange`."""
        response = await self._client.send(_built(self._client, outgoing), stream=True)
        try:
            inflater = Inflater(response.headers.get("content-encoding", ""), largest)
            parts = [inflater.feed(part) async for part in response.aiter_raw()]
            inflater.finish()
            return _reply(response, b"".join(parts))
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _async_pool(proxy: httpx.Proxy | None) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(
        verify=httpx.create_ssl_context(),
        proxy=proxy,
        limits=httpx.Limits(
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS,  # or it connects anew for most of a job
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        ),
    )


def _built(client: httpx.Client | httpx.AsyncClient, outgoing: Outgoing) -> httpx.Request:
    built = client.build_request(
        outgoing.method,
        outgoing.url,
        content=outgoing.content,
        headers=outgoing.headers,
        timeout=httpx.Timeout(outgoing.seconds, connect=outgoing.connecting),
    )
    outgoing.left = True  # its errors alone tell from here on
    return built


def _reply(response: httpx.Response, content: bytes) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, content=content)


def proxy_for(origin: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for Twilio; never one for this machine.

    Raises:
        ConfigurationError: What it names is no proxy that can be used. Its text is not repeated: it
            may hold a password.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    named = urllib.request.getproxies()
    address = named.get(parts.scheme) or named.get("all")
    if not address:
        return None
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
        usable = bool(proxy.url.host)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise ConfigurationError(
            "The proxy that the environment names (HTTPS_PROXY or ALL_PROXY) is no address such as "
            "http://proxy.example:8080, so nothing was sent."
        )
    if proxy.url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise ConfigurationError(
            "The proxy that the environment names is a SOCKS proxy, which needs the package "
            "socksio: pip install 'httpx[socks]'. Nothing was sent."
        )
    return proxy


def meaning_of(error: BaseException, *, left: bool) -> BaseException:
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
    if isinstance(error, NEVER_SENT) or not left:
        return NotConnected(
            f"Twilio was not reached, so nothing was sent ({name}: {_text(error)}). "
            "Check the network, and try again."
        )
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return NoReply(f"No whole answer came in time ({name}).")
    if isinstance(error, httpx.HTTPError | httpx.StreamError | OSError):
        return NoReply(f"The connection broke before a whole answer came ({name}: {_text(error)}).")
    return NoReply(f"The exchange failed in an unforeseen way ({name}: {_text(error)}).")


def _text(error: BaseException) -> str:
    return mask(str(error))[:200] or "no further word"


class _Pool(httpx.BaseTransport):
    """httpx's connection pool with a network backend that knows the deadline."""

    def __init__(self, proxy: httpx.Proxy | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            proxy=None if proxy is None else httpcore.Proxy(_url(proxy.url), proxy.raw_auth),
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_IDLE,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        failure: Exception
        try:
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=_url(request.url),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except Exception as error:  # noqa: BLE001  # translated below
            failure = _in_httpx_terms(error)
        else:
            return httpx.Response(
                status_code=answer.status,
                headers=answer.headers,
                stream=_Body(answer),
                extensions=answer.extensions,
            )
        raise failure

    def close(self) -> None:
        self._pool.close()


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        failure: Exception
        try:
            yield from self._answer.iter_stream()
        except Exception as error:  # noqa: BLE001  # translated below
            failure = _in_httpx_terms(error)
        else:
            return
        raise failure

    def close(self) -> None:
        self._answer.close()


def _in_httpx_terms(error: Exception) -> Exception:
    """httpcore's errors have the names of httpx's; so one table serves both transports."""
    named = getattr(httpx, type(error).__name__, None)
    if isinstance(named, type) and issubclass(named, httpx.TransportError):
        return named(str(error))
    return error


class _NoNumbersInTheLog(logging.Filter):
    """httpx logs whole URLs at INFO: people's numbers, and the signed addresses of media files."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _quiet(str(arg)) if isinstance(arg, httpx.URL) else arg for arg in record.args
            )
        return True


def _quiet(url: str) -> str:
    if "/2010-04-01/" in url:
        return mask(url)
    return re.sub(r"\?.*", "?…", url) if "twilio" in (urlsplit(url).hostname or "") else url


logging.getLogger("httpx").addFilter(_NoNumbersInTheLog())
