"""Decodes a response body part by part, within a size limit; a truncated stream is an error."""

from __future__ import annotations

import zlib

from twilio_widgets.errors import BadResponse

_MAX_MEMBERS = 1000
"""Gzip members in one body: each costs time, even if it is empty."""


class BodyDecoder:
    """Decompresses a response body. Unlike httpx, it limits the size and detects truncation.

    Args:
        encoding: The response's ``Content-Encoding``, or empty.
        largest: The maximum number of bytes, before and after decompression.

    Raises:
        BadResponse: The encoding was not requested.
    """

    def __init__(self, encoding: str, largest: int) -> None:
        encoding = encoding.strip().lower()
        if encoding not in {"identity", "gzip", ""}:
            raise BadResponse(
                f"The response is encoded as {encoding[:20]!r}, which was not requested."
            )
        self._gzip = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        self._largest = largest
        self._received = self._size = self._members = 0

    def feed(self, part: bytes) -> bytes:
        """Return a part of the body, decompressed.

        Raises:
            BadResponse: The part is damaged, or the body is larger than the limit.
        """
        self._received += len(part)
        if self._gzip is not None:
            try:
                part = self._decompress(self._gzip, part)
            except zlib.error as error:
                raise BadResponse("The response's compression is damaged.") from error
        self._size += len(part)
        if max(self._size, self._received) > self._largest:
            raise BadResponse(
                f"The response has more than {self._largest:,} bytes, so it was not read. "
                "Twilio(largest_body=…) changes the limit."
            )
        return part

    def _decompress(self, member: zlib._Decompress, part: bytes) -> bytes:
        """Decompress the gzip members in this part (RFC 1952); trailing bytes are ignored."""
        found = b""
        while True:
            # One byte more than allowed shows that the limit is exceeded, without more memory.
            found += member.decompress(part, self._largest - self._size - len(found) + 1)
            part = member.unused_data
            if not (member.eof and part.startswith(b"\x1f")) or len(found) > self._largest:
                return found
            self._members += 1
            if self._members > _MAX_MEMBERS:
                raise BadResponse("The response's compression has too many parts.")
            self._gzip = member = zlib.decompressobj(wbits=31)

    def finish(self) -> None:
        """Check that the compressed stream ended with the body.

        Raises:
            BadResponse: The stream is truncated.
        """
        # A response to HEAD and a 204 may name a compression although they have no body.
        if self._gzip is not None and self._received and not self._gzip.eof:
            raise BadResponse("The response's compression is cut off.")
