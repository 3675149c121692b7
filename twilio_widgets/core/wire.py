"""httpx's side of the door: connection pools, proxies, and what its exceptions mean for us.

The blocking pool is httpcore's own, over a network that knows the deadline. Both pools find the
environment's proxy by one rule, and neither ever sends through one what stays on this machine.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from twilio_widgets.core.address import mask
from twilio_widgets.core.deadline import DeadlineBackend
from twilio_widgets.core.guard import is_loopback
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


def blocking_client(origin: str, inside: Any) -> httpx.Client:
    """Open a client that waits.

    Args:
        origin: Scheme, host and port that it will talk to.
        inside: A transport that needs no network, or None.
    """
    return httpx.Client(transport=inside or _Pool(proxy_for(origin)), follow_redirects=False)


def async_client(origin: str, inside: Any) -> httpx.AsyncClient:
    """Open a client that awaits; see `blocking_client`."""
    if inside is not None:
        return httpx.AsyncClient(transport=inside, follow_redirects=False)
    return httpx.AsyncClient(
        verify=httpx.create_ssl_context(),
        proxy=proxy_for(origin),
        limits=httpx.Limits(
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_IDLE,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        ),
        follow_redirects=False,
        trust_env=False,  # it would choose a proxy by a rule of its own
    )


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
    """Say in our terms what a failed exchange over httpx's own transports means.

    The classes do not tell whether the server read the request (measured: a reset before and after
    reading raise the same ones), so once it was handed over (`left`), all but `NEVER_SENT` may have
    been received. What ends the whole call from outside stays what it is, without its traceback.
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
    if isinstance(error, httpx.HTTPError | httpx.StreamError):
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
