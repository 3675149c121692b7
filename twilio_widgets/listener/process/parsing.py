"""Strict parsing of one request: ambiguous input is rejected, to prevent request smuggling.

httptools (Node's llhttp) does the parsing. Line endings, folded headers and NUL are checked before,
because older versions of it are more lenient.
"""

from __future__ import annotations

import re
from dataclasses import replace

import httptools

from twilio_widgets.listener.process.limits import ListenerLimits
from twilio_widgets.listener.process.request import RequestHead, WebhookRequest

END = b"\r\n\r\n"


class MalformedRequest(Exception):
    """The bytes are not an acceptable request; `status` is the HTTP status to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Parser:
    """Parses one request: first its head, then its body in any number of parts.

    Args:
        limits: The size limits.

    Raises:
        MalformedRequest: From either method; the parser cannot be used afterwards.
    """

    def __init__(self, limits: ListenerLimits) -> None:
        self._limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._body: list[bytes] = []
        self._left = 0
        self.taken = 0
        """Bytes of the body so far, including chunk headers."""
        self.keep = False
        """Whether another request may follow on the same connection."""
        self.done = False
        """Whether the request is complete."""
        self.head: RequestHead

    def read_head(self, head: bytes) -> RequestHead:
        """Parse everything up to and including the empty line."""
        text = head.decode("latin-1")
        lines = text[: -len(END)].split("\r\n")
        # Equal numbers of LF, CR and line ends: there is no bare CR or LF.
        if not text.count("\n") == text.count("\r") == len(lines) + 1 or "\0" in text:
            raise MalformedRequest(400)
        if "\n " in text or "\n\t" in text:  # a folded header
            raise MalformedRequest(400)
        if len(lines) - 1 > self._limits.headers:
            raise MalformedRequest(431)
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserInvalidMethodError:
            raise MalformedRequest(405 if head.partition(b" ")[0].isalpha() else 400) from None
        except httptools.HttpParserUpgrade:
            # CONNECT, or an upgrade to another protocol: we support neither.
            raise MalformedRequest(405 if head.startswith(b"CONNECT ") else 400) from None
        except httptools.HttpParserError:
            raise MalformedRequest(400) from None
        if self._parser.get_http_version() not in {"1.0", "1.1"}:
            raise MalformedRequest(400)
        self.head = RequestHead(
            method=self._parser.get_method().decode("ascii"),
            target=self._target.decode("ascii"),
            headers=_headers_of(lines[1:]),
        )
        if (target := _origin_form(self.head)) != self.head.target:
            self.head = replace(self.head, target=target)
        self._left = self.head.length
        # Only the parser knows where the chunks end, so no request may follow a chunked one.
        self.keep = self.keep and not self._chunked
        return self.head

    def read_body(self, data: bytes) -> bytes:
        """Parse a part of the body, and return the bytes that follow the request."""
        rest = b""
        if not self._chunked:
            data, rest = data[: self._left], data[self._left :]
            self._left -= len(data)
        self.taken += len(data)
        if self.taken > self._limits.body:
            raise MalformedRequest(413)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.done:
                raise MalformedRequest(400) from None
        return rest

    @property
    def _chunked(self) -> bool:
        """Whether the body is chunked; no other transfer encoding is accepted."""
        return "transfer-encoding" in self.head.fields

    @property
    def request(self) -> WebhookRequest:
        """The complete request, once `done`."""
        return WebhookRequest(head=self.head, body=b"".join(self._body))

    # Called by httptools. It parses on after the end of a request, so `done` ignores the rest.

    def on_url(self, url: bytes) -> None:
        """Append a part of the request target."""
        if not self.done:
            self._target += url

    def on_headers_complete(self) -> None:
        """Store whether the connection is kept alive: llhttp resets this after the body."""
        if not self.done:
            self.keep = bool(self._parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        """Append a part of the body."""
        if not self.done:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Mark the request as complete."""
        self.done = True


def _origin_form(head: RequestHead) -> str:
    """Return the path and query of an absolute target for the same host (RFC 9112, 3.2.2).

    The gate refuses every other target that does not begin with a slash.
    """
    scheme, mark, rest = head.target.partition("://")
    if not mark or scheme.lower() not in {"http", "https"}:
        return head.target
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if host.lower() != (head.get("host") or "").lower():
        return head.target
    target = rest[len(host) :]
    return target if target.startswith("/") else f"/{target}"


def _headers_of(lines: list[str]) -> tuple[tuple[str, str], ...]:
    """Split the header lines of a well-formed head."""
    halves = [line.partition(":") for line in lines]
    return tuple([(name, value.strip(" \t")) for name, _, value in halves])


def is_malformed_head(beginning: bytes) -> bool:
    """Return whether an incomplete head already contains something that is never allowed."""
    return (
        beginning.count(b"\n") != beginning.count(b"\r\n")
        or b"\n " in beginning
        or b"\n\t" in beginning
        or b"\0" in beginning
    )
