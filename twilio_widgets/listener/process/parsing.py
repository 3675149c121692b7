"""From bytes to one request, strictly: what two readers could read differently is not read at all.

httptools (Node's llhttp) does the parsing. Line ends, folded headers and NUL are looked for
beforehand as well, because older versions of it are more lenient.
"""

from __future__ import annotations

import httptools

from twilio_widgets.listener.process.limits import ListenerLimits
from twilio_widgets.listener.process.request import RequestHead, WebhookRequest

END = b"\r\n\r\n"


class MalformedRequest(Exception):
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

    def __init__(self, limits: ListenerLimits) -> None:
        self._limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._body: list[bytes] = []
        self._left = 0
        self.taken = 0
        """Bytes of the body so far, chunks and all."""
        self.keep = False
        """Whether another request may follow on the same connection."""
        self.done = False
        """Whether the whole request has been read."""
        self.head: RequestHead

    def read_head(self, head: bytes) -> RequestHead:
        """Read everything up to and including the empty line."""
        text = head.decode("latin-1")
        lines = text[: -len(END)].split("\r\n")
        # As many line feeds as carriage returns as ends of lines: none of them stands alone.
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
            # CONNECT, or another protocol asked for: neither is for us.
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
        self._left = self.head.length
        # Where chunks end only the parser knows, so nothing may follow them.
        self.keep = self.keep and not self._chunked
        return self.head

    def read_body(self, data: bytes) -> bytes:
        """Read a part of the body, and return what comes after the request."""
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
        """Whether the body comes in chunks; nothing else is taken as a transfer encoding."""
        return "transfer-encoding" in self.head.fields

    @property
    def request(self) -> WebhookRequest:
        """The whole request, once it is `done`."""
        return WebhookRequest(head=self.head, body=b"".join(self._body))

    # What httptools calls. It parses on behind the end of a request, so `done` closes the book.

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        if not self.done:
            self._target += url

    def on_headers_complete(self) -> None:
        """Note whether the sender means to go on: behind the body it is forgotten."""
        if not self.done:
            self.keep = bool(self._parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if not self.done:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Note that the request has been read."""
        self.done = True


def _headers_of(lines: list[str]) -> tuple[tuple[str, str], ...]:
    """Split the lines of a head that was found well formed."""
    halves = [line.partition(":") for line in lines]
    return tuple([(name, value.strip(" \t")) for name, _, value in halves])


def is_malformed_head(beginning: bytes) -> bool:
    """Say whether the beginning of a head holds what must stand in none."""
    return (
        beginning.count(b"\n") != beginning.count(b"\r\n")
        or b"\n " in beginning
        or b"\n\t" in beginning
        or b"\0" in beginning
    )
