"""One answer as it arrives: read strictly, within its caps, and whole or not at all."""

from __future__ import annotations

import httptools

from twilio_widgets.core.http.inflate import Inflater
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import BadResponse

LARGEST_HEAD = 100 * 1024
"""Bytes that come without any of the body: of headers, with those of every ``100 Continue`` before
them, and of what may follow the last chunk. A single read may bring more."""


class Arriving:
    """Reads the answer to one request from what a connection receives.

    Args:
        method: The request's: the answer to a HEAD has no body.
        largest: The most bytes of a body, before and after decompression.
    """

    def __init__(self, method: str, largest: int) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._no_body = method == "HEAD"
        self._largest = largest
        self._outcome: Reply | Exception | None = None
        self._fed = 0
        self._headers: dict[str, str] = {}
        self._inflater: Inflater | None = None
        self._compressed: list[bytes] = []
        self._parts: list[bytes] = []
        self._status = 0
        self._whole = False
        self.keeps_alive = False
        """Whether the connection may be used again: the answer came whole, and nothing after it."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more need come: it is whole, or will not be."""
        return self._outcome is not None

    def reply(self) -> Reply:
        """Return the whole answer; only when it is over.

        Raises:
            BadResponse: It is too large, or damaged.
            OSError: The connection broke before it was whole.
        """
        if isinstance(self._outcome, Reply):
            return self._outcome
        raise self._outcome or ConnectionError("the answer is still on its way")

    # What the connection receives

    def feed(self, data: bytes) -> None:
        """Read what has arrived."""
        if self.is_over:
            return
        self._fed += len(data)
        problem: Exception | None = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self.keeps_alive = False
            raise error.__context__ or error from None  # such as the stop that a person asked for
        except httptools.HttpParserUpgrade:
            problem = ConnectionError("the server switched to another protocol (HTTP 101)")
            self.keeps_alive = False
        except httptools.HttpParserError as error:
            problem = ConnectionError(f"this is no HTTP/1.1: {error}")
            self.keeps_alive = False
        if self._compressed:
            self._fed = 0
            self._inflate()
        elif self._fed > LARGEST_HEAD:
            problem = ConnectionError(f"the headers have more than {LARGEST_HEAD:,} bytes")
        if self._whole:
            self._finish()
        elif problem is not None:
            self.fail(problem)

    def end(self) -> None:
        """Note that the server has closed the connection: the end of an answer without a length."""
        if self._status and not self._headers.keys() & {"content-length", "transfer-encoding"}:
            self._finish()
        else:
            self.fail(ConnectionError("the server closed the connection"))

    def fail(self, problem: Exception) -> None:
        """Note that nothing more will come, and why."""
        self.keeps_alive = False
        if not self.is_over:
            self._end_with(problem)

    def _inflate(self) -> None:
        try:
            if self._inflater is None:
                encoding = self._headers.get("content-encoding", "")
                self._inflater = Inflater(encoding, self._largest)
            for part in self._compressed:
                self._parts.append(self._inflater.feed(part))
        except BadResponse as problem:
            self.fail(problem.with_traceback(None))  # its frames hold what was decompressed
        self._compressed.clear()

    def _finish(self) -> None:
        if self.is_over:
            return
        try:
            if self._inflater is not None:
                self._inflater.finish()
        except BadResponse as problem:
            self._end_with(problem)
        else:
            content = b"".join(self._parts)
            self._end_with(Reply(status=self._status, headers=self._headers, content=content))

    def _end_with(self, outcome: Reply | Exception) -> None:
        self._outcome = outcome
        # It knows us and we it: apart, both go at once, with all that came, rather than wait for
        # the garbage collector.
        del self._parser

    # What the parser finds; an error raised here would be lost in its own

    def on_message_begin(self) -> None:
        """Note that something follows: what was whole already stays so, its connection does not."""
        self.keeps_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those after the body say nothing to us."""
        if self._status:
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        before = self._headers.get(key)
        self._headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        """Know what answer it is; an interim one (1xx) is none, and one that follows not ours."""
        if self._whole:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._headers.clear()
            return
        self._status = status
        self._whole = self._no_body

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        if not self._whole:
            self._compressed.append(part)

    def on_message_complete(self) -> None:
        """Note that it is whole."""
        if self._status and not self._whole:
            self._whole = True
            self.keeps_alive = self._parser.should_keep_alive()
