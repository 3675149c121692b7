"""An httpx transport that takes the requests for Twilio to a sandbox in another process."""

from __future__ import annotations

import ssl

import httpx

_NOT_KEPT = httpx.Limits(max_connections=None, max_keepalive_connections=0)
"""A connection for each request: a connection that is kept belongs to one event loop, and one that
the server closes meanwhile makes a send unsure."""


class SandboxForwarder(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends every request to one sandbox, whatever host it names.

    Args:
        url: The root URL of the sandbox, ``http://host:port``.
    """

    def __init__(self, url: str) -> None:
        self._url = httpx.URL(url)
        # Nothing here uses TLS. A context without certificates trusts no server and costs nothing.
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._blocking = httpx.HTTPTransport(verify=unused, limits=_NOT_KEPT, trust_env=False)
        self._async = httpx.AsyncHTTPTransport(verify=unused, limits=_NOT_KEPT, trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of a blocking client."""
        try:
            return self._blocking.handle_request(self._readdressed(request))
        except httpx.ConnectError:
            raise self._unreachable() from None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of an async client."""
        try:
            return await self._async.handle_async_request(self._readdressed(request))
        except httpx.ConnectError:
            raise self._unreachable() from None

    def _unreachable(self) -> httpx.ConnectError:
        return httpx.ConnectError(f"no sandbox answers at {self._url}; it may have ended")

    def _readdressed(self, request: httpx.Request) -> httpx.Request:
        url = request.url.copy_with(
            scheme=self._url.scheme, host=self._url.host, port=self._url.port
        )
        kept = (pair for pair in request.headers.raw if pair[0].lower() != b"host")
        return httpx.Request(
            request.method,
            url,
            headers=[(b"Host", url.netloc), *kept],
            stream=request.stream,
            extensions=request.extensions,
        )
