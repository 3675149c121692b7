"""The request handler that forwards a webhook for a registered key to its listener, without login.

It is not a ``JupyterHandler``, because it shares nothing with the server's own pages: it neither
reads nor sets cookies and tokens, and its responses contain nothing of the server. Jupyter's checks
of host, origin and XSRF protect a login, which this handler does not use: the key only permits
access to the listener, and the listener checks Twilio's signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.log import app_log
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient
from tornado.web import RequestHandler, stream_request_body

from twilio_widgets.listener.jupyter import limits
from twilio_widgets.listener.jupyter.headers import FORWARD, forwarded, original_proto
from twilio_widgets.listener.jupyter.registry import ForwardTarget, target_of

TARGET = re.compile(r"([A-Za-z0-9_-]{32,64})((?:/[A-Za-z0-9_-]+)+)(\?[!-~]*)?")
"""A key, a path of plain words (no ``..``, percent-encoding or host), and an optional query."""


@dataclass(slots=True)
class ForwardingContext:
    """State shared by all requests to this server."""

    where: Path
    """The folder with the registrations of keys."""
    route: str
    """The path above the keys, with its slash."""
    rate: limits.RateLimit
    _client: SimpleAsyncHTTPClient | None = None

    @property
    def client(self) -> SimpleAsyncHTTPClient:
        """A separate HTTP client, so that its limits do not affect other users of tornado's."""
        if self._client is None:  # created lazily, because it binds to the running loop
            self._client = SimpleAsyncHTTPClient(
                force_instance=True,
                max_clients=limits.AT_ONCE,
                max_body_size=limits.LARGEST_ANSWER,
            )
        return self._client


@stream_request_body
class Forward(RequestHandler):
    """Forwards a webhook to the listener that is registered under the key in its path."""

    SUPPORTED_METHODS = ("GET", "POST")
    _to: ForwardTarget
    _path: str

    def initialize(self, context: ForwardingContext) -> None:
        """Prepare a request, with limits for the size and time of its body."""
        self._context = context
        self._body = bytearray()
        self._refused = 0
        connection: Any = self.request.connection
        connection.set_max_body_size(limits.DRAINED)
        connection.set_body_timeout(limits.BODY_SECONDS)

    def check_xsrf_cookie(self) -> None:
        """Skip the check: no action here depends on a cookie, so there is nothing to forge."""

    def compute_etag(self) -> None:
        """Send no ETag: the listener's response is always passed on in full."""

    def set_default_headers(self) -> None:
        """Reveal nothing about the server, and let no response run scripts in its origin."""
        self.clear_header("Server")
        self.clear_header("Content-Type")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer errors with their status only."""
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.SUPPORTED_METHODS))
        self.finish()

    def _log(self) -> None:
        """Keep the key out of the server's log, which would otherwise contain the whole path."""
        app_log.debug("twilio_widgets: a webhook was answered with %d", self.get_status())

    def prepare(self) -> None:
        """Decide before the body is read whether the request is forwarded or rejected.

        A rejection is sent after the body was read: a client that is still sending would see a
        closed connection instead of the response.
        """
        below = (self.request.uri or "").removeprefix(self._context.route)
        found = TARGET.fullmatch(below)
        to = target_of(found[1], self._context.where) if found else None
        if found is None or to is None:
            self._refused = 404
        elif wait := self._context.rate.wait(found[1]):
            self._refused = 429
            self.set_header("Retry-After", str(wait))
        else:
            self._to, self._path = to, found[2] + (found[3] or "")

    def data_received(self, chunk: bytes) -> None:
        """Collect a part of the body, unless the request is rejected."""
        if self._refused:
            return
        self._body += chunk
        if len(self._body) > limits.LARGEST_BODY:
            self._refused = 413
            self._body.clear()

    @allow_unauthenticated
    async def get(self, *_: str) -> None:
        """Forward a webhook whose parameters are in its query."""
        await self._forward()

    @allow_unauthenticated
    async def post(self, *_: str) -> None:
        """Forward a webhook whose parameters are in its body."""
        await self._forward()

    async def _forward(self) -> None:
        if self._refused:
            self._answer(self._refused)
            return
        try:
            answer = await self._context.client.fetch(self._request(self._to), raise_error=False)
        except HTTPTimeoutError:
            self._answer(504)
        except (HTTPClientError, OSError):
            self._answer(502)
        else:
            self._relay(answer)

    def _request(self, to: ForwardTarget) -> HTTPRequest:
        asked = self.request
        ours = [
            (FORWARD, to.forward_token.reveal()),
            ("X-Original-Host", asked.headers.get("Host", "")),
            (
                "X-Original-Proto",
                original_proto(asked.headers.get("X-Forwarded-Proto", ""), asked.protocol),
            ),
            ("X-Original-Uri", asked.uri or ""),
        ]
        headers = HTTPHeaders()
        for name, value in forwarded(asked.headers.get_all(), ours):
            headers.add(name, value)
        return HTTPRequest(
            f"http://127.0.0.1:{to.port}{self._path}",
            method=str(asked.method),
            headers=headers,
            body=bytes(self._body) if asked.method == "POST" else None,
            connect_timeout=2.0,
            request_timeout=limits.ANSWER_SECONDS,
            follow_redirects=False,
            decompress_response=False,
        )

    def _relay(self, answer: HTTPResponse) -> None:
        """Respond with the listener's status, content type, body and Retry-After only."""
        if "Retry-After" in answer.headers:
            self.set_header("Retry-After", answer.headers["Retry-After"])
        if "Content-Type" in answer.headers:
            self.set_header("Content-Type", answer.headers["Content-Type"])
        self.set_status(answer.code)
        if answer.body and answer.code not in {204, 304}:
            self.write(answer.body)
        self.finish()

    def _answer(self, status: int) -> None:
        self.set_status(status)
        self.finish()
