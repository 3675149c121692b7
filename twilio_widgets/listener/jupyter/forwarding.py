"""The one door without a login: a webhook for a registered key, handed to its listener.

It is no ``JupyterHandler``, because it shares nothing with the server's own pages: it reads no
cookie and no token, sets none, and answers with nothing of the server's. What Jupyter's checks of
host, origin and XSRF protect is a login, and here there is none to abuse: the key is the right to
knock, and whether Twilio signed is for the listener to say.
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
"""A key, a path of plain words (nothing that climbs, hides in an escape, or names a host), and
perhaps a query."""


@dataclass(slots=True)
class ForwardingContext:
    """What every request to this server shares."""

    where: Path
    """The folder that says which key leads where."""
    route: str
    """The path above the keys, with its slash."""
    rate: limits.RateLimit
    _client: SimpleAsyncHTTPClient | None = None

    @property
    def client(self) -> SimpleAsyncHTTPClient:
        """An HTTP client of our own: others in this server may wait as long as they like."""
        if self._client is None:  # it belongs to the loop that runs when it is made
            self._client = SimpleAsyncHTTPClient(
                force_instance=True,
                max_clients=limits.AT_ONCE,
                max_body_size=limits.LARGEST_ANSWER,
            )
        return self._client


@stream_request_body
class Forward(RequestHandler):
    """Hands a webhook to the listener that is registered under the key in its path."""

    SUPPORTED_METHODS = ("GET", "POST")
    _to: ForwardTarget
    _path: str

    def initialize(self, context: ForwardingContext) -> None:
        """Begin a request: however it ends, it does not go on for ever."""
        self._context = context
        self._body = bytearray()
        self._refused = 0
        connection: Any = self.request.connection
        connection.set_max_body_size(limits.DRAINED)
        connection.set_body_timeout(limits.BODY_SECONDS)

    def check_xsrf_cookie(self) -> None:
        """Nothing here is done in the name of a cookie, so there is nothing to forge."""

    def compute_etag(self) -> None:
        """An answer is the listener's, whole, each time."""

    def set_default_headers(self) -> None:
        """Say nothing about the server; let nothing that a listener answers act in its origin."""
        self.clear_header("Server")
        self.clear_header("Content-Type")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer what goes wrong with its status alone."""
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.SUPPORTED_METHODS))
        self.finish()

    def _log(self) -> None:
        """Keep the key out of the server's log, which names the whole path otherwise."""
        app_log.debug("twilio_widgets: a webhook was answered with %d", self.get_status())

    def prepare(self) -> None:
        """Decide, before its body is read, what becomes of the request.

        It is answered after its body: who is still writing would see a broken line, and no answer.
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
        """Keep a piece of the body, unless it is for nobody."""
        if self._refused:
            return
        self._body += chunk
        if len(self._body) > limits.LARGEST_BODY:
            self._refused = 413
            self._body.clear()

    @allow_unauthenticated
    async def get(self, *_: str) -> None:
        """Hand over a webhook whose parameters are in its query."""
        await self._forward()

    @allow_unauthenticated
    async def post(self, *_: str) -> None:
        """Hand over a webhook whose parameters are in its body."""
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
        """Give the listener's status, type and body, and no other word of it."""
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
