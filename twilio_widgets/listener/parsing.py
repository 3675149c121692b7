"""From bytes to one request, strictly: what two readers could read differently is not read at all.

httptools (Node's llhttp) does the parsing. Line ends, folded headers and NUL are looked for
beforehand as well, because older versions of it are more lenient.
"""

from __future__ import annotations

import httptools

from twilio_widgets.listener.limits import Limits
from twilio_widgets.listener.request import Head, Request

END = b"\r\n\r\n"


class Unreadable(Exception):
    """The bytes are not a request that we take; it carries the HTTP status to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Parser:
    """Reads one request: first its head, then its body in as many parts as it comes in.

    Args:
        limits: What is too much.

    Raises:
        Unreadable: From either method, and then it is of no more use.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._taken = 0
        self._in_head = True
        self._persistent = False
        self.done = False
        """Whether the whole request has been read."""
        self.head: Head

    def read_head(self, head: bytes) -> Head:
        """Read everything up to and including the empty line."""
        if is_crooked(head) or head.count(b"\r") != head.count(b"\n"):
            raise Unreadable(400)
        if head.count(b"\n") - 2 > self._limits.headers:
            raise Unreadable(431)
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserInvalidMethodError:
            raise Unreadable(405 if head.partition(b" ")[0].isalpha() else 400) from None
        except httptools.HttpParserUpgrade:
            # CONNECT, or another protocol asked for: neither is for us.
            raise Unreadable(405 if head.startswith(b"CONNECT ") else 400) from None
        except httptools.HttpParserError:
            raise Unreadable(400) from None
        if self._parser.get_http_version() not in {"1.0", "1.1"}:
            raise Unreadable(400)
        self._in_head = False
        self.head = Head(
            method=self._parser.get_method().decode("ascii"),
            target=self._target.decode("ascii"),
            headers=tuple(self._headers),
        )
        return self.head

    def read_body(self, data: bytes) -> bytes:
        """Read a part of the body, and return what comes after the request."""
        if self.chunked:
            # Where chunks end only the parser knows, so nothing may follow them: see `keep`.
            part, rest = data, b""
        else:
            left = self.head.length - self._taken
            part, rest = data[:left], data[left:]
        self._taken += len(part)
        if self._taken > self._limits.body:
            raise Unreadable(413)
        try:
            self._parser.feed_data(part)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.done:
                raise Unreadable(400) from None
        return rest

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks; nothing else is taken as a transfer encoding."""
        return self.head.get("transfer-encoding") is not None

    @property
    def keep(self) -> bool:
        """Whether another request may follow on the same connection."""
        return self._persistent and not self.chunked

    @property
    def request(self) -> Request:
        """The whole request, once it is `done`."""
        return Request(head=self.head, body=b"".join(self._body))

    # What httptools calls. It parses on behind the end of a request, so `done` closes the book.

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        if not self.done:
            self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; a trailer of chunks is dropped."""
        if self._in_head:
            self._headers.append((name.decode("ascii"), value.strip(b" \t").decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Note whether the sender means to go on: behind the body it is forgotten."""
        if self._in_head:
            self._persistent = bool(self._parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if not self.done:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Note that the request has been read."""
        self.done = True


def is_crooked(head: bytes) -> bool:
    """Say whether a head, or the beginning of one, holds what must stand in none."""
    return (
        head.count(b"\n") != head.count(b"\r\n")
        or b"\n " in head
        or b"\n\t" in head
        or b"\0" in head
    )
