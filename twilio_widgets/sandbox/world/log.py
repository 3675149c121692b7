"""The message list of one account: the messages of this sandbox, then its generated history.

Messages are ordered by the date sent, newest first. The position of messages without that date is
UNCONFIRMED, so `Settings.unsent` selects it: at the start (``"first"``), at the end (``"last"``),
or at the start but left out by date filters (``"hidden_when_filtered"``). With the first two, a
date filter uses the date of creation of such a message.

A page token names the last row of a page, the anchor of the next one. The next page begins below
the anchor's current position, so messages that arrive in between shift no page.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.sandbox.world.messages import StoredMessage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twilio_widgets.sandbox.world.dates import Span
    from twilio_widgets.sandbox.world.history import History
    from twilio_widgets.sandbox.world.rows import MessageRow
    from twilio_widgets.sandbox.world.settings import Settings

Entry = StoredMessage | int
"""A message of this sandbox, or the index of a message of its history."""


class LogQuery(NamedTuple):
    """The filters of one request for the message list."""

    to: str | None
    from_: str | None
    sent: Span


class MessageLog:
    """Every message of one account.

    Args:
        history: The generated messages; None for an account without any.
        settings: Determine the position of unsent messages and the delay of new ones.
    """

    def __init__(self, history: History | None, settings: Settings) -> None:
        self._history = history
        self._settings = settings
        self._by_sid: dict[str, StoredMessage] = {}
        self._by_date: list[tuple[float, int, StoredMessage]] = []
        self._never_sent: list[StoredMessage] = []

    def add(self, message: StoredMessage) -> None:
        """Add a message."""
        self._by_sid[message.sid] = message
        self._file(message)

    def _file(self, message: StoredMessage) -> None:
        if message.sent_at is None:
            self._never_sent.append(message)
        else:
            insort(self._by_date, (message.sent_at, message.number, message))

    def refile(self, message: StoredMessage) -> None:
        """Move a message to its new position after its timetable has changed."""
        self._by_date = [filed for filed in self._by_date if filed[2] is not message]
        self._file(message)

    def stored(self) -> Iterator[StoredMessage]:
        """Yield the messages of this sandbox, oldest first, without the history."""
        return (message for message in self._by_sid.values() if not message.deleted)

    def find(self, sid: str) -> Entry | None:
        """Return the message with this SID; None when there is none or it was deleted."""
        message = self._by_sid.get(sid)
        if message is not None:
            return None if message.deleted else message
        if self._history is None:
            return None
        index = self._history.index(sid)
        return None if index in self._history.deleted else index

    def anchor(self, sid: str) -> Entry | None:
        """Return the message that a page token names; a deleted one keeps its position."""
        if sid in self._by_sid:
            return self._by_sid[sid]
        return self._history.index(sid) if self._history else None

    def redact(self, entry: Entry, now: float) -> None:
        """Remove the body of a message."""
        if isinstance(entry, StoredMessage):
            entry.body, entry.touched = "", now
        elif self._history is not None:
            self._history.redacted[entry] = now

    def delete(self, entry: Entry) -> None:
        """Delete a message."""
        if isinstance(entry, StoredMessage):
            entry.deleted = True
        elif self._history is not None:
            self._history.deleted.add(entry)

    def media(self, entry: Entry) -> dict[str, str]:
        """Return the content type of each media file of a message, by SID."""
        if isinstance(entry, StoredMessage):
            return entry.media
        return self._history.media(entry) if self._history else {}

    def delete_media(self, entry: Entry, sid: str) -> None:
        """Delete one media file of a message."""
        if isinstance(entry, StoredMessage):
            del entry.media[sid]
        elif self._history is not None:
            self._history.deleted_media.add(sid)

    def row(self, entry: Entry, now: float) -> MessageRow:
        """Return the state of a message at `now`."""
        if isinstance(entry, StoredMessage):
            return entry.row(now)
        assert self._history is not None  # noqa: S101  # only a history has indexes
        return self._history.row(entry, now)

    # The list

    def after(self, anchor: Entry | None, query: LogQuery, now: float) -> Iterator[Entry]:
        """Yield the messages below `anchor` (from the start when None) that pass the filters."""
        parts = self._parts(query, now)
        rank = None if anchor is None else self._rank(anchor, now)
        for part in parts:
            begin = 0
            if rank is not None:
                begin = bisect_right(part, rank, key=lambda entry: self._rank(entry, now))
            for position in range(begin, len(part)):
                if self._passes(part[position], query, now):
                    yield part[position]

    def before(self, anchor: Entry, query: LogQuery, now: float) -> Iterator[Entry]:
        """Yield the messages above `anchor` that pass the filters, nearest first."""
        rank = self._rank(anchor, now)
        for part in reversed(self._parts(query, now)):
            end = bisect_left(part, rank, key=lambda entry: self._rank(entry, now))
            for position in range(end - 1, -1, -1):
                if self._passes(part[position], query, now):
                    yield part[position]

    def sample(self, query: LogQuery, now: float, size: int) -> tuple[list[MessageRow], int]:
        """Return about `size` evenly spaced messages at most, and how many each represents."""
        past = self._past(query)
        weight = max(1, len(past) // size)
        picked = [self.row(entry, now) for entry in past[::weight]]
        if weight > 1:
            return picked, weight
        return picked + [
            row
            for row in (message.row(now) for message in self.stored())
            if query.sent.includes(row.created)
        ], 1

    def _parts(self, query: LogQuery, now: float) -> list[Sequence[Entry]]:
        """Return the list in parts, each in order: unsent messages, sent ones, the history."""
        sent = bisect_right(self._by_date, now, key=lambda filed: filed[0])
        unsent = [filed[2] for filed in self._by_date[sent:]] + self._never_sent
        unsent.sort(key=lambda message: self._rank(message, now))
        newest = [filed[2] for filed in reversed(self._by_date[:sent])]
        parts: list[Sequence[Entry]] = [newest, self._past(query)]
        if self._settings.unsent == "last":
            return [*parts, unsent]
        if self._settings.unsent == "hidden_when_filtered" and query.sent:
            return parts
        return [unsent, *parts]

    def _past(self, query: LogQuery) -> Sequence[Entry]:
        """Return the indexes of the history that may pass the filters, newest first."""
        if self._history is None:
            return ()
        low, high = query.sent
        # Filters count whole seconds, and the history has fractions of a second.
        within = self._history.between(low, None if high is None else high + 0.999999)
        for number in (query.to, query.from_):
            if number:
                found = self._history.with_number(number, within)
                if len(found) < len(within):
                    return found
        return within

    def _rank(self, entry: Entry, now: float) -> tuple[int, float, int]:
        """Return a sort key: it increases from the start to the end of the list."""
        if isinstance(entry, int):
            assert self._history is not None  # noqa: S101  # only a history has indexes
            return 1, -self._history.moment(entry), -entry
        sent = entry.sent_at
        if sent is not None and sent <= now:
            return 1, -sent, -entry.number
        return (2 if self._settings.unsent == "last" else 0), -entry.created, -entry.number

    def _passes(self, entry: Entry, query: LogQuery, now: float) -> bool:
        if isinstance(entry, int):
            return self._history_passes(entry, query)
        if entry.deleted or entry.created + self._settings.list_lag > now:
            return False
        if query.to and entry.to != query.to:
            return False
        row = entry.row(now) if query.from_ or query.sent else None
        if row is None:
            return True
        if query.from_ and row.from_ != query.from_:
            return False
        return query.sent.includes(row.created if row.sent is None else row.sent)

    def _history_passes(self, index: int, query: LogQuery) -> bool:
        """Return whether a message of the history passes; `_past` has applied the date filter."""
        assert self._history is not None  # noqa: S101  # only a history has indexes
        if index in self._history.deleted:
            return False
        if not query.to and not query.from_:
            return True
        to, from_ = self._history.addresses(index)
        return query.to in (None, "", to) and query.from_ in (None, "", from_)
