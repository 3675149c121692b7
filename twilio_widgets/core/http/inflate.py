"""The body of an answer, as it arrives: within a cap, and with a truncated stream noticed."""

from __future__ import annotations

import zlib

from twilio_widgets.errors import BadResponse

_MOST_MEMBERS = 1000
"""Gzip members in one body; each costs time, even if it is empty."""


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
        self._arrived = self._size = self._members = 0

    def feed(self, part: bytes) -> bytes:
        """Return what this part of the body decompresses to.

        Raises:
            BadResponse: It is damaged, or more than the cap.
        """
        self._arrived += len(part)
        if self._gzip is not None:
            try:
                part = self._inflated(self._gzip, part)
            except zlib.error as error:
                raise BadResponse("The answer's compression is damaged.") from error
        self._size += len(part)
        if max(self._size, self._arrived) > self._largest:
            raise BadResponse(
                f"The answer has more than {self._largest:,} bytes, so it was not read. "
                "Twilio(largest_body=…) changes that."
            )
        return part

    def _inflated(self, member: zlib._Decompress, part: bytes) -> bytes:
        """Decompress the gzip members in this part (RFC 1952); what follows them is ignored."""
        found = b""
        while True:
            found += member.decompress(part, self._largest - self._size - len(found) + 1)
            part = member.unused_data
            if not (member.eof and part.startswith(b"\x1f")) or len(found) > self._largest:
                return found
            self._members += 1
            if self._members > _MOST_MEMBERS:
                raise BadResponse("The answer's compression has too many parts.")
            self._gzip = member = zlib.decompressobj(wbits=31)

    def finish(self) -> None:
        """Note that the body has ended.

        Raises:
            BadResponse: The compressed stream has not.
        """
        # A HEAD or a 204 may speak of a compression and have no body.
        if self._gzip is not None and self._arrived and not self._gzip.eof:
            raise BadResponse("The answer's compression is cut off.")
