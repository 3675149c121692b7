"""Requests over httpx: into a sandbox; async ones through a proxy, or without aiohttp."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from twilio_widgets.core.http.inflate import ReplyBuilder
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Reply


class HttpxBackend:
    """Blocking requests over httpx, into a sandbox.

    Args:
        inside: A transport that needs no network.
    """

    def __init__(self, inside: httpx.BaseTransport) -> None:
        self._client = httpx.Client(transport=inside, follow_redirects=False)

    def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer; see `backends.BlockingBackend`."""
        response = self._client.send(_built(self._client, outgoing), stream=True)
        try:
            answer = ReplyBuilder(response.status_code, response.headers.raw, largest)
            for part in response.iter_raw():
                answer.feed(part)
            return answer.reply()
        finally:
            response.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


class AsyncHttpxBackend:
    """Async requests over httpx.

    Args:
        inside: A transport that needs no network, or None.
        proxy: To send through, or None.
        most: The most requests at a time; one more waits.
        keep_alive: Seconds for which an idle connection is still used.
    """

    def __init__(
        self, inside: Any, proxy: httpx.Proxy | None, *, most: int, keep_alive: float
    ) -> None:
        self._client = httpx.AsyncClient(
            transport=inside or _async_pool(proxy, most, keep_alive), follow_redirects=False
        )

    async def exchange(self, outgoing: OutgoingRequest, largest: int) -> Reply:
        """Send one request and return its whole answer; see `backends.AsyncBackend`."""
        request = _built(self._client, outgoing)

        async def trace(event: str, details: Mapping[str, Any]) -> None:
            _note_progress(outgoing, event, details)

        request.extensions["trace"] = trace
        response = await self._client.send(request, stream=True)
        try:
            answer = ReplyBuilder(response.status_code, response.headers.raw, largest)
            async for part in response.aiter_raw():
                answer.feed(part)
            return answer.reply()
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _async_pool(
    proxy: httpx.Proxy | None, most: int, keep_alive: float
) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(
        verify=httpx.create_ssl_context(),
        proxy=proxy,
        limits=httpx.Limits(
            max_connections=most,
            max_keepalive_connections=most,  # or it connects anew for most of a job
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
    outgoing.may_have_been_sent = True  # from here on, the class of an error decides
    return built


def _note_progress(outgoing: OutgoingRequest, event: str, details: Mapping[str, Any]) -> None:
    """Follow httpcore: until a proxy has answered CONNECT, the request was not sent."""
    if event == "http11.send_request_headers.started":
        outgoing.may_have_been_sent = details["request"].method != b"CONNECT"


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
