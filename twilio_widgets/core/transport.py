"""The one door to Twilio: every request of every entry point leaves through ``send``.

Here stand the host guard, the policy hook, the deadline, the caps on answers, and the table of what
a failed exchange means. httpx is named in this file only.

A failure is raised outside the ``except`` block that caught it: the frames of the HTTP library hold
the Authorization header, and an error with a cause or a context would carry them into a traceback.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import urllib.request
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

import httpcore
import httpx

from twilio_widgets.core.address import mask
from twilio_widgets.core.deadline import DeadlineBackend, deadline
from twilio_widgets.core.guard import guard, is_loopback, media_redirect
from twilio_widgets.core.request import Reply, Request
from twilio_widgets.errors import (
    BadResponse,
    ConfigurationError,
    InvalidRequest,
    NoReply,
    NotConnected,
    TwilioWidgetsError,
)

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection

CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 seconds after which common servers close: a stale connection makes a send unsure."""

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a body, sent or received, before and after decompression. A full page of 1,000 long
messages has about 12 MB."""

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


_OWN_HEADERS = (("Accept-Encoding", "gzip"), ("User-Agent", "twilio_widgets"))


class Policy(Protocol):
    """A rule that every request must pass before it leaves."""

    def judge(self, request: Request) -> None:
        """Return when the request may leave.

        Raises:
            PolicyRefused: It may not, and why.
        """


def origin_of(base_url: str) -> str:
    """Return scheme, host and port of a base URL that credentials may travel to.

    Raises:
        ConfigurationError: It is not https (or http on this machine), or has more than a host.
    """
    parts = urlsplit(base_url)
    plain = parts.path in {"", "/"} and not (parts.query or parts.fragment or parts.username)
    if not parts.hostname or not plain:
        raise ConfigurationError(
            "base_url is scheme://host[:port] and nothing more, such as http://127.0.0.1:8000.",
            field="base_url",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ConfigurationError(
            "base_url must be https: credentials travel in it. "
            "Plain http is for this machine alone (127.0.0.1).",
            field="base_url",
        )
    return base_url.rstrip("/")


class _Door:
    """What the blocking and the async transport share: everything but waiting."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float,
        base_url: str | None,
        policy: Policy | None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._connection = connection
        self._timeout = timeout
        self._largest = largest_body
        self._policy = policy
        self._origin = None if base_url is None else origin_of(base_url)
        if connection.wire is not None and self._origin is not None:
            host = urlsplit(self._origin).hostname or ""
            if not is_loopback(host):
                raise ConfigurationError(
                    "A sandbox connection never leaves this machine.", field="base_url"
                )

    @property
    def _wire(self) -> Any:
        """The sandbox's transport, unless its socket was asked for."""
        return self._connection.wire if self._origin is None else None

    def _checked(self, request: Request) -> str:
        """Let a request pass or refuse it, and return its URL."""
        guard(request)
        if request.body is not None and len(request.body) > self._largest:
            raise InvalidRequest(
                f"The body has {len(request.body):,} bytes; at most {self._largest:,} are sent. "
                "Twilio(largest_body=…) changes that.",
                field="data",
            )
        if self._policy is not None:
            self._policy.judge(request)
        origin = self._origin or "https://" + self._connection.host(request.service)
        url = origin + request.path
        return url + "?" + urlencode(request.query) if request.query else url

    def _limit(self, request: Request) -> float:
        return self._timeout if request.timeout is None else request.timeout

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        """Made anew for each request and handed straight on, so that no local holds it."""
        name, secret = self._connection.credentials
        pair = f"{name}:{secret.reveal()}".encode()
        given = {header.lower() for header, _value in request.headers}
        ours = [("Accept", "application/json"), *_OWN_HEADERS]
        if request.form is not None and request.body is None:
            ours.append(("Content-Type", "application/x-www-form-urlencoded"))
        return [
            ("Authorization", "Basic " + base64.b64encode(pair).decode()),
            *(header for header in ours if header[0].lower() not in given),
            *request.headers,
        ]

    def _built(
        self, client: httpx.Client | httpx.AsyncClient, url: str, request: Request
    ) -> httpx.Request:
        content = request.body
        if content is None and request.form is not None:
            content = urlencode(request.form).encode()
        return client.build_request(
            request.method,
            url,
            content=content,
            headers=self._headers(request),
            timeout=self._patience(request),
        )

    def _patience(self, request: Request) -> httpx.Timeout:
        limit = self._limit(request)
        return httpx.Timeout(limit, connect=min(limit, CONNECT_SECONDS))

    def _onward(
        self, client: httpx.Client | httpx.AsyncClient, url: str, request: Request, reply: Reply
    ) -> httpx.Request | None:
        """Return the request for the media file that an answer points to: it has no credentials."""
        target = media_redirect(request, url, reply.status, reply.headers.get("location"))
        if target is None:
            return None
        headers = [("Accept", "*/*"), *_OWN_HEADERS]
        return client.build_request(
            request.method, target, headers=headers, timeout=self._patience(request)
        )


class BlockingTransport(_Door):
    """Sends requests and waits for their answers. Safe to share between threads.

    Args:
        connection: Who we are, and which host serves us.
        timeout: Seconds one exchange may take, from connecting to the last byte.
        base_url: ``scheme://host[:port]`` instead of Twilio's hosts.
        policy: Judges every request before it leaves.
        largest_body: The most bytes of a body, sent or received, also after decompression.
    """

    _client: httpx.Client | None = None

    def send(self, request: Request) -> Reply:
        """Send one request and return its whole answer.

        Raises:
            Refused: It was not allowed to leave.
            NotConnected: Twilio was not reached; nothing was sent.
            NoReply: It may have been received; no whole answer came back in time.
            BadResponse: The answer is too large, or damaged.
        """
        url = self._checked(request)
        failure: BaseException
        try:
            client = self._opened()
            with deadline(self._limit(request)):
                reply = self._exchange(client, self._built(client, url, request))
                onward = self._onward(client, url, request, reply)
                return reply if onward is None else self._exchange(client, onward)
        except BaseException as error:  # noqa: BLE001  # told apart, and raised anew below
            failure = meaning_of(error)
        raise failure

    def _exchange(self, client: httpx.Client, built: httpx.Request) -> Reply:
        response = client.send(built, stream=True)
        try:
            inflater = _Inflater(response, self._largest)
            parts = [inflater.feed(part) for part in response.iter_raw()]
            inflater.finish()
            return _reply(response, b"".join(parts))
        finally:
            response.close()

    def _opened(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(
                transport=self._wire or _BlockingWire(self._proxied()), follow_redirects=False
            )
        return self._client

    def _proxied(self) -> str | None:
        """The proxy the environment names for Twilio; never one for this machine."""
        origin = urlsplit(self._origin or self._connection.base_url)
        host = origin.hostname or ""
        if is_loopback(host) or urllib.request.proxy_bypass(host):
            return None
        return urllib.request.getproxies().get(origin.scheme)

    def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None and self._wire is None:
            client.close()


class AsyncTransport(_Door):
    """The same with ``await``; it belongs to the event loop it is first used on."""

    _client: httpx.AsyncClient | None = None

    async def send(self, request: Request) -> Reply:
        """Send one request and return its whole answer; see `BlockingTransport.send`."""
        url = self._checked(request)
        failure: BaseException
        try:
            client = self._opened()
            async with asyncio.timeout(self._limit(request)):
                reply = await self._exchange(client, self._built(client, url, request))
                onward = self._onward(client, url, request, reply)
                return reply if onward is None else await self._exchange(client, onward)
        except BaseException as error:  # noqa: BLE001  # told apart, and raised anew below
            failure = meaning_of(error)
        raise failure

    async def _exchange(self, client: httpx.AsyncClient, built: httpx.Request) -> Reply:
        response = await client.send(built, stream=True)
        try:
            inflater = _Inflater(response, self._largest)
            parts = [inflater.feed(part) async for part in response.aiter_raw()]
            inflater.finish()
            return _reply(response, b"".join(parts))
        finally:
            await response.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(keepalive_expiry=KEEP_ALIVE_SECONDS)
            local = self._origin is not None and is_loopback(urlsplit(self._origin).hostname or "")
            self._client = httpx.AsyncClient(
                transport=self._wire, limits=limits, follow_redirects=False, trust_env=not local
            )
        return self._client

    async def aclose(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None and self._wire is None:
            await client.aclose()


def meaning_of(error: BaseException) -> BaseException:
    """Say in our terms what a failed exchange over httpx's own transports means.

    The classes do not tell whether the server read the request (measured: a reset before and after
    reading raise the same ones), so all but `NEVER_SENT` may have been received.
    """
    name = type(error).__name__
    if isinstance(error, TwilioWidgetsError | SystemExit):
        return error
    if isinstance(error, NEVER_SENT):
        return NotConnected(
            f"Twilio was not reached, so nothing was sent ({name}: {_text(error)})."
        )
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return NoReply(f"No whole answer came in time ({name}).")
    if isinstance(error, httpx.HTTPError | httpx.StreamError):
        return NoReply(f"The connection broke before a whole answer came ({name}: {_text(error)}).")
    if isinstance(error, KeyboardInterrupt):
        return KeyboardInterrupt(
            "Interrupted while a request was on its way; it may have arrived. If it was a send, "
            "ask twilio.messages.find(twilio.messages.interrupted)."
        )
    if isinstance(error, asyncio.CancelledError):
        return asyncio.CancelledError(*error.args)
    return NoReply(f"The exchange failed in an unforeseen way ({name}: {_text(error)}).")


def _text(error: BaseException) -> str:
    return mask(str(error))[:200] or "no further word"


def _reply(response: httpx.Response, content: bytes) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, content=content)


class _Inflater:
    """Decompresses within the cap and notices a truncated stream; httpx does neither."""

    def __init__(self, response: httpx.Response, largest: int) -> None:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", ""}:
            raise BadResponse(
                f"The answer is encoded as {encoding[:20]!r}, which was not asked for."
            )
        self._gzip = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        self._largest = largest
        self._arrived = self._size = 0

    def feed(self, part: bytes) -> bytes:
        self._arrived += len(part)
        if self._gzip is not None:
            try:
                part = self._gzip.decompress(part, self._largest - self._size + 1)
            except zlib.error as error:
                raise BadResponse("The answer's compression is damaged.") from error
        self._size += len(part)
        if max(self._size, self._arrived) > self._largest:
            raise BadResponse(
                f"The answer has more than {self._largest:,} bytes, so it was not read. "
                "Twilio(largest_body=…) changes that."
            )
        return part

    def finish(self) -> None:
        # A HEAD or a 204 may speak of a compression and have no body.
        if self._gzip is not None and self._arrived and not self._gzip.eof:
            raise BadResponse("The answer's compression is cut off.")


class _BlockingWire(httpx.BaseTransport):
    """httpx's connection pool with a network backend that knows the deadline."""

    def __init__(self, proxy: str | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            proxy=None if proxy is None else httpcore.Proxy(proxy),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        failure: Exception
        try:
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
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
    """httpx logs whole URLs at INFO, with people's numbers in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                mask(str(arg)) if "/2010-04-01/" in str(arg) else arg for arg in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_NoNumbersInTheLog())
