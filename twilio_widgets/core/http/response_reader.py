"""Reads one HTTP/1.1 response as it arrives: strictly, and within size limits."""

from __future__ import annotations

import httptools

from twilio_widgets.core.http.body_decoder import BodyDecoder
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import BadResponse

LARGEST_HEAD = 100 * 1024
"""The most bytes received in a row without any of the body: headers, including those of each
``100 Continue``, and trailers after the last chunk. A single read may exceed it."""


class ResponseReader:
    """Reads the response to one request from the bytes that a connection receives.

    Args:
        method: The method of the request: the response to a HEAD has no body.
        largest: The most bytes of a body, before and after decompression.
    """

    def __init__(self, method: str, largest: int) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._no_body = method == "HEAD"
        self._largest = largest
        self._outcome: Reply | Exception | None = None
        self._fed = 0
        self._headers: dict[str, str] = {}
        self._decoder: BodyDecoder | None = None
        self._compressed: list[bytes] = []
        self._parts: list[bytes] = []
        self._status = 0
        self._whole = False
        self.keeps_alive = False
        """Whether the connection can be reused: the response is complete and no bytes follow it."""

    @property
    def is_over(self) -> bool:
        """Whether the response is complete or has failed."""
        return self._outcome is not None

    def reply(self) -> Reply:
        """Return the complete response. Call it only when `is_over`.

        Raises:
            BadResponse: The response is too large, or damaged.
            OSError: The connection broke before the response was complete.
        """
        if isinstance(self._outcome, Reply):
            return self._outcome
        raise self._outcome or ConnectionError("the response is not complete")

    # Called by the connection

    def feed(self, data: bytes) -> None:
        """Parse received bytes."""
        if self.is_over:
            return
        self._fed += len(data)
        problem: Exception | None = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self.keeps_alive = False
            raise error.__context__ or error from None  # such as a KeyboardInterrupt in a callback
        except httptools.HttpParserUpgrade:
            problem = ConnectionError("the server switched to another protocol (HTTP 101)")
            self.keeps_alive = False
        except httptools.HttpParserError as error:
            problem = ConnectionError(f"not an HTTP/1.1 response: {error}")
            self.keeps_alive = False
        if self._compressed:
            self._fed = 0
            self._decode()
        elif self._fed > LARGEST_HEAD:
            problem = ConnectionError(f"the headers exceed {LARGEST_HEAD:,} bytes")
        if self._whole:
            self._finish()
        elif problem is not None:
            self.fail(problem)

    def end(self) -> None:
        """Handle the end of the stream, which completes a response that has no length."""
        if self._status and not self._headers.keys() & {"content-length", "transfer-encoding"}:
            self._finish()
        else:
            self.fail(ConnectionError("the server closed the connection"))

    def fail(self, problem: Exception) -> None:
        """End the response with an error."""
        self.keeps_alive = False
        if not self.is_over:
            self._end_with(problem)

    def _decode(self) -> None:
        try:
            if self._decoder is None:
                encoding = self._headers.get("content-encoding", "")
                self._decoder = BodyDecoder(encoding, self._largest)
            for part in self._compressed:
                self._parts.append(self._decoder.feed(part))
        except BadResponse as problem:
            self.fail(problem.with_traceback(None))  # its frames reference the decompressed data
        self._compressed.clear()

    def _finish(self) -> None:
        if self.is_over:
            return
        try:
            if self._decoder is not None:
                self._decoder.finish()
        except BadResponse as problem:
            self._end_with(problem)
        else:
            content = b"".join(self._parts)
            self._end_with(Reply(status=self._status, headers=self._headers, content=content))

    def _end_with(self, outcome: Reply | Exception) -> None:
        self._outcome = outcome
        # Break the reference cycle with the parser, so that both and the received data are freed
        # at once and not by the garbage collector.
        del self._parser

    # Called by the parser, which replaces an error raised in these methods with its own

    def on_message_begin(self) -> None:
        """Handle the start of a message; a second one makes the connection unusable."""
        self.keeps_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header; trailers are ignored."""
        if self._status:
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        before = self._headers.get(key)
        self._headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        """Read the status; interim responses (1xx) are skipped."""
        if self._whole:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._headers.clear()
            return
        self._status = status
        self._whole = self._no_body

    def on_body(self, part: bytes) -> None:
        """Store a part of the body."""
        if not self._whole:
            self._compressed.append(part)

    def on_message_complete(self) -> None:
        """Handle the end of the response."""
        if self._status and not self._whole:
            self._whole = True
            self.keeps_alive = self._parser.should_keep_alive()
