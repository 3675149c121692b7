"""The httpx backends: through a proxy, into an in-process sandbox, and where httptools is missing.

The blocking one uses httpcore's connection pool with a network backend that enforces the deadline.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from twilio_widgets.core.http.body_decoder import BodyDecoder
from twilio_widgets.core.http.certificates import trusted
from twilio_widgets.core.http.deadline_backend import DeadlineBackend
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Reply


class HttpxBackend:
    """Blocking requests over httpx.

    Args:
        inside: The in-process transport of a sandbox, or None.
        proxy: The proxy to use, or None.
        most: The most concurrent requests; further ones wait.
        keep_alive: The seconds for which an idle connection is reused.
    """

    def __init__(
        self, inside: Any, proxy: httpx.Proxy | None, *, most: int, keep_alive: float
    ) -> None:
        self._client = httpx.Client(
            transport=inside or _Pool(proxy, most, keep_alive), follow_redirects=False
        )

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return the complete response; see `backends.BlockingBackend`."""
        request = _built(self._client, outgoing)
        request.extensions["trace"] = partial(_note_progress, outgoing)
        response = self._client.send(request, stream=True)
        try:
            decoder = BodyDecoder(response.headers.get("content-encoding", ""), largest)
            parts = [decoder.feed(part) for part in response.iter_raw()]
            decoder.finish()
            return _reply(response, b"".join(parts))
        finally:
            response.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


class AsyncHttpxBackend:
    """Async requests over httpx; see `HttpxBackend`."""

    def __init__(
        self, inside: Any, proxy: httpx.Proxy | None, *, most: int, keep_alive: float
    ) -> None:
        self._client = httpx.AsyncClient(
            transport=inside or _async_pool(proxy, most, keep_alive), follow_redirects=False
        )

    async def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return the complete response; see `backends.AsyncBackend`."""
        request = _built(self._client, outgoing)

        async def trace(event: str, details: Mapping[str, Any]) -> None:
            _note_progress(outgoing, event, details)

        request.extensions["trace"] = trace
        response = await self._client.send(request, stream=True)
        try:
            decoder = BodyDecoder(response.headers.get("content-encoding", ""), largest)
            parts = [decoder.feed(part) async for part in response.aiter_raw()]
            decoder.finish()
            return _reply(response, b"".join(parts))
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _async_pool(
    proxy: httpx.Proxy | None, most: int, keep_alive: float
) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(
        verify=trusted(),
        proxy=proxy,
        limits=httpx.Limits(
            max_connections=most,
            # With the default of 20, a job would reconnect for most of its requests.
            max_keepalive_connections=most,
            keepalive_expiry=keep_alive,
        ),
    )


def _built(client: httpx.Client | httpx.AsyncClient, outgoing: OutgoingRequest) -> httpx.Request:
    built = client.build_request(
        outgoing.method,
        outgoing.url,
        content=outgoing.content,
        headers=outgoing.headers,
        timeout=httpx.Timeout(outgoing.seconds, connect=outgoing.connecting),
    )
    outgoing.may_have_been_sent = True  # from here on, only the class of an error shows it
    return built


def _note_progress(outgoing: OutgoingRequest, event: str, details: Mapping[str, Any]) -> None:
    """Note when httpcore starts the request; a CONNECT to a proxy is not yet the request."""
    if event == "http11.send_request_headers.started":
        outgoing.may_have_been_sent = details["request"].method != b"CONNECT"


def _reply(response: httpx.Response, content: bytes) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, content=content)


class _Pool(httpx.BaseTransport):
    """httpx's connection pool over `DeadlineBackend`."""

    def __init__(self, proxy: httpx.Proxy | None, most: int, keep_alive: float) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted(),
            proxy=None if proxy is None else httpcore.Proxy(_url(proxy.url), proxy.raw_auth),
            max_connections=most,
            max_keepalive_connections=most,
            keepalive_expiry=keep_alive,
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=_url(request.url),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

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
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _MaskUrls(logging.Filter):
    """Masks the URLs that httpx logs at INFO: they contain phone numbers and signed media URLs."""

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


logging.getLogger("httpx").addFilter(_MaskUrls())
