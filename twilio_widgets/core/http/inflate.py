"""An answer as it arrives: its headers, and its body within a cap and not cut off."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from twilio_widgets.core.request import Reply
from twilio_widgets.errors import BadResponse


class ReplyBuilder:
    """One answer as it arrives, whole or not at all.

    Args:
        status: Its status.
        headers: As they came; the values of a repeated one are joined.
        largest: The most bytes of its body, before and after decompression.

    Raises:
        BadResponse: Its body is in an encoding nobody asked for.
        ConnectionError: It is an interim answer (1xx), such as the change to another protocol, or
            its transfer is encoded in another way than in chunks.
    """

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], largest: int) -> None:
        if status < 200:
            raise ConnectionError(f"status {status} is not an answer")
        self._status = status
        self._headers: dict[str, str] = {}
        for name, value in headers:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            before = self._headers.get(key)
            self._headers[key] = text if before is None else f"{before}, {text}"
        if self._headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise ConnectionError("the answer's Transfer-Encoding is not chunked")
        self._inflater = Inflater(self._headers.get("content-encoding", ""), largest)
        self._parts: list[bytes] = []

    def feed(self, part: bytes) -> None:
        """Take a part of the body; see `Inflater.feed`."""
        self._parts.append(self._inflater.feed(part))

    def reply(self, *, closed: bool = False) -> Reply:
        """Return the whole answer.

        Args:
            closed: Whether we have closed its connection meanwhile.

        Raises:
            BadResponse: Its compressed body is cut off.
            ConnectionError: Only the end of its connection ended it, and that was ours.
        """
        self._inflater.finish()
        if closed and not self._headers.keys() & {"content-length", "transfer-encoding"}:
            raise ConnectionError("the connection was closed")
        return Reply(status=self._status, headers=self._headers, content=b"".join(self._parts))


class Inflater:
    """Decompresses within the cap and notices a truncated stream; httpx does neither.

    Args:
        encoding: The answer's ``Content-Encoding``, or empty.
        largest: The most bytes, before and after decompression.

    Raises:
        BadResponse: It is in an encoding nobody asked for.
    """

    def __init__(self, encoding: str, largest: int) -> None:
        encoding = encoding.strip().lower()
        if encoding not in {"identity", "gzip", ""}:
            raise BadResponse(
                f"The answer is encoded as {encoding[:20]!r}, which was not asked for."
            )
        self._gzip = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        self._largest = largest
        self._arrived = self._size = 0

    def feed(self, part: bytes) -> bytes:
        """Return what this part of the body decompresses to.

        Raises:
            BadResponse: It is damaged, or more than the cap.
        """
        self._arrived += len(part)
        if self._gzip is not None:
            try:
                part = self._gzip.decompress(part, self._largest - self._size + 1)
            except zlib.error as error:
                raise BadResponse("The answer's compression is damaged.") from error
        self._size += len(part)
        if max(self._size, self._arrived) > self._largest:
            raise BadResponse(
                f"The answer has more than {self._largest:,} bytes, so it was not read. "
                "Twilio(largest_body=…) changes that."
            )
        return part

    def finish(self) -> None:
        """Note that the body has ended.

        Raises:
            BadResponse: The compressed stream has not.
        """
        # A HEAD or a 204 may speak of a compression and have no body.
        if self._gzip is not None and self._arrived and not self._gzip.eof:
            raise BadResponse("The answer's compression is cut off.")
