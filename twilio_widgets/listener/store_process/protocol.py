"""The protocol between listener and store process: requests and answers over pipes.

Every request gets one answer, in order. A message is MessagePack with a length prefix. An arrival
is encoded once, when it is received, so that invalid Unicode is detected then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Raw, Struct

from twilio_widgets.errors import ListenerError, StoreUnavailable
from twilio_widgets.listener.events.batch import Receipt
from twilio_widgets.listener.events.event import Arrival, Rejection

_LENGTH: Final = 4


class Commit(Struct, frozen=True, tag=True, array_like=True):
    """Store arrivals, in one transaction."""

    arrivals: list[Raw]

    @classmethod
    def of(cls, arrivals: Iterable[bytes]) -> Commit:
        """Return the request to store arrivals that were encoded by `encode`."""
        return cls([Raw(each) for each in arrivals])


class Reject(Struct, frozen=True, tag=True, array_like=True):
    """Store rejected requests."""

    rejections: list[Rejection]


class Forget(Struct, frozen=True, tag=True, array_like=True):
    """Delete events received before a moment, or all events."""

    before: datetime | None


class KeepFor(Struct, frozen=True, tag=True, array_like=True):
    """Set the retention in days, and delete older events now."""

    days: float | None
    now: datetime


Request = Commit | Reject | Forget | KeepFor


class StoreOpened(Struct, frozen=True, tag=True, array_like=True):
    """The store is open: sent once, before any request."""

    journal_mode: str
    notices: tuple[str, ...]

    @classmethod
    def of(cls, journal_mode: str, notices: Iterable[str]) -> StoreOpened:
        """Return the message with the journal mode and notices for the user."""
        return cls(journal_mode, tuple(map(_shown, notices)))


class Stored(Struct, frozen=True, tag=True, array_like=True):
    """Arrivals are on disk, with a receipt for each."""

    receipts: list[Receipt]


class Deleted(Struct, frozen=True, tag=True, array_like=True):
    """The number of deleted events."""

    events: int


class StoreAck(Struct, frozen=True, tag=True, array_like=True):
    """Rejections are stored."""


class StoreError(Struct, frozen=True, tag=True, array_like=True):
    """The request failed and changed nothing."""

    text: str
    """Why, as a sentence."""
    cause: str | None = None
    """The cause of a `StoreUnavailable`; None for other errors."""

    @classmethod
    def of(cls, error: Exception) -> StoreError:
        """Return the message for an exception. For one that is not ours it contains only the class
        name, because the text may contain private data."""
        if isinstance(error, StoreUnavailable):
            return cls(_shown(str(error)), error.cause)
        if isinstance(error, ListenerError):
            return cls(_shown(str(error)))
        return cls(f"Storing failed: {type(error).__name__}.")

    @property
    def error(self) -> ListenerError:
        """The exception to raise for it."""
        if self.cause is None:
            return ListenerError(self.text)
        return StoreUnavailable(self.text, cause=self.cause)


Answer = StoreOpened | Stored | Deleted | StoreAck | StoreError

_encoder = msgspec.msgpack.Encoder()
_arrival = msgspec.msgpack.Decoder(Arrival)
request_of = msgspec.msgpack.Decoder(Request).decode
answer_of = msgspec.msgpack.Decoder(Answer).decode
"""Parse a message. They raise `msgspec.MsgspecError` for malformed data."""


def encode(arrival: Arrival) -> bytes:
    """Return an arrival as MessagePack.

    Raises:
        UnicodeEncodeError: It contains an unpaired surrogate.
    """
    return _encoder.encode(arrival)


def decode(data: Raw) -> Arrival:
    """Parse the result of `encode`."""
    return _arrival.decode(data)


def frame(message: Request | Answer) -> bytes:
    """Return a message as MessagePack with its length prefix."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH, "big") + body


def _shown(sentence: str) -> str:
    """Return a sentence as valid Unicode, even if it contains an undecodable path."""
    return sentence.encode("utf-8", "backslashreplace").decode()


class Frames:
    """Splits the bytes received from a pipe into messages."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add received bytes, and yield the messages that are now complete."""
        self._data += data
        while len(self._data) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._data[:_LENGTH], "big")
            if len(self._data) < end:
                break
            with memoryview(self._data) as view:
                body = bytes(view[_LENGTH:end])
            del self._data[:end]
            yield body
