"""What the listener and its store's process say to each other: requests one way, answers back.

Every request gets one answer, in their order. A message is MessagePack behind its length; what an
arrival holds is packed once, when it comes, so that it is known then whether it is text at all.
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
        """Ask for arrivals to be stored, each as `encode` returns it."""
        return cls([Raw(each) for each in arrivals])


class Reject(Struct, frozen=True, tag=True, array_like=True):
    """Note requests that were turned away."""

    rejections: list[Rejection]


class Forget(Struct, frozen=True, tag=True, array_like=True):
    """Delete what was received before a moment, or everything."""

    before: datetime | None


class KeepFor(Struct, frozen=True, tag=True, array_like=True):
    """Keep events for so many days, and delete what is older now."""

    days: float | None
    now: datetime


Request = Commit | Reject | Forget | KeepFor


class StoreOpened(Struct, frozen=True, tag=True, array_like=True):
    """The store is open: said once, before anything is asked."""

    journal_mode: str
    notices: tuple[str, ...]

    @classmethod
    def of(cls, journal_mode: str, notices: Iterable[str]) -> StoreOpened:
        """Say how it is open, and what a person should know about it."""
        return cls(journal_mode, tuple(map(_shown, notices)))


class Stored(Struct, frozen=True, tag=True, array_like=True):
    """Arrivals are on the disk; a receipt for each."""

    receipts: list[Receipt]


class Deleted(Struct, frozen=True, tag=True, array_like=True):
    """So many events are gone."""

    events: int


class StoreAck(Struct, frozen=True, tag=True, array_like=True):
    """Rejections are stored."""


class StoreError(Struct, frozen=True, tag=True, array_like=True):
    """It could not be done, and nothing was half done."""

    text: str
    """Why, as a sentence."""
    cause: str | None = None
    """Why the store cannot be used; None when something else was wrong."""

    @classmethod
    def of(cls, error: Exception) -> StoreError:
        """Say what went wrong; of an error that is not ours its class alone, for its text may hold
        anything."""
        if isinstance(error, StoreUnavailable):
            return cls(_shown(str(error)), error.cause)
        if isinstance(error, ListenerError):
            return cls(_shown(str(error)))
        return cls(f"Storing failed: {type(error).__name__}.")

    @property
    def error(self) -> ListenerError:
        """The error to raise for it."""
        if self.cause is None:
            return ListenerError(self.text)
        return StoreUnavailable(self.text, cause=self.cause)


Answer = StoreOpened | Stored | Deleted | StoreAck | StoreError

_encoder = msgspec.msgpack.Encoder()
_arrival = msgspec.msgpack.Decoder(Arrival)
request_of = msgspec.msgpack.Decoder(Request).decode
answer_of = msgspec.msgpack.Decoder(Answer).decode
"""Read a message. They raise `msgspec.MsgspecError` for what is none."""


def encode(arrival: Arrival) -> bytes:
    """Return an arrival as it goes through the pipe.

    Raises:
        UnicodeEncodeError: It holds half of a character.
    """
    return _encoder.encode(arrival)


def decode(data: Raw) -> Arrival:
    """Read an arrival again."""
    return _arrival.decode(data)


def frame(message: Request | Answer) -> bytes:
    """Return a message as it goes through the pipe."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH, "big") + body


def _shown(sentence: str) -> str:
    """Return a sentence as text, though the path in it may be in no encoding that we know."""
    return sentence.encode("utf-8", "backslashreplace").decode()


class Frames:
    """Finds messages in what comes through a pipe, in whatever parts it comes."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take a part, and yield the messages that are whole now."""
        self._data += data
        while len(self._data) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._data[:_LENGTH], "big")
            if len(self._data) < end:
                break
            with memoryview(self._data) as view:
                body = bytes(view[_LENGTH:end])
            del self._data[:end]
            yield body
