"""The message list of one account: what was sent here, and the history before it.

Order: by the date sent, newest first. Where messages without that date stand is UNCONFIRMED, so
`Settings.unsent` says: at the head (``"first"``), at the end (``"last"``), or at the head but never
when a date is asked for (``"hidden_when_filtered"``). In the first two a date filter looks at the
date of creation of such a message.

A page token names the last row that was shown. The next page begins below the place where that
row's date puts it now, so messages that arrive meanwhile move nothing.
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
"""A message of this world, or the index of one of the history."""


class LogQuery(NamedTuple):
    """What a reader of the list asked for."""

    to: str | None
    from_: str | None
    sent: Span


class MessageLog:
    """Every message of one account.

    Args:
        history: What was there before, for the account that has a past.
        settings: The order of unsent messages, and how late a new one appears.
    """

    def __init__(self, history: History | None, settings: Settings) -> None:
        self._history = history
        self._settings = settings
        self._by_sid: dict[str, StoredMessage] = {}
        self._by_date: list[tuple[float, int, StoredMessage]] = []
        self._never_sent: list[StoredMessage] = []

    def add(self, message: StoredMessage) -> None:
        """File a message."""
        self._by_sid[message.sid] = message
        self._file(message)

    def _file(self, message: StoredMessage) -> None:
        if message.sent_at is None:
            self._never_sent.append(message)
        else:
            insort(self._by_date, (message.sent_at, message.number, message))

    def refile(self, message: StoredMessage) -> None:
        """Put a message where its changed timetable belongs."""
        self._by_date = [filed for filed in self._by_date if filed[2] is not message]
        self._file(message)

    def stored(self) -> Iterator[StoredMessage]:
        """Yield the messages of this world, oldest first, without the history."""
        return (message for message in self._by_sid.values() if not message.deleted)

    def find(self, sid: str) -> Entry | None:
        """Return the message with this SID unless it was deleted."""
        message = self._by_sid.get(sid)
        if message is not None:
            return None if message.deleted else message
        if self._history is None:
            return None
        index = self._history.index(sid)
        return None if index in self._history.deleted else index

    def place(self, sid: str) -> Entry | None:
        """Return the message a page token names: a deleted one still marks its place."""
        if sid in self._by_sid:
            return self._by_sid[sid]
        return self._history.index(sid) if self._history else None

    def redact(self, entry: Entry, now: float) -> None:
        """Remove the text of a message."""
        if isinstance(entry, StoredMessage):
            entry.body, entry.touched = "", now
        elif self._history is not None:
            self._history.redacted[entry] = now

    def delete(self, entry: Entry) -> None:
        """Remove a message."""
        if isinstance(entry, StoredMessage):
            entry.deleted = True
        elif self._history is not None:
            self._history.deleted.add(entry)

    def media(self, entry: Entry) -> dict[str, str]:
        """Return the media of a message: content type by SID."""
        if isinstance(entry, StoredMessage):
            return entry.media
        return self._history.media(entry) if self._history else {}

    def delete_media(self, entry: Entry, sid: str) -> None:
        """Remove one media file of a message."""
        if isinstance(entry, StoredMessage):
            del entry.media[sid]
        elif self._history is not None:
            self._history.deleted_media.add(sid)

    def row(self, entry: Entry, now: float) -> MessageRow:
        """Return what is true of a message now."""
        if isinstance(entry, StoredMessage):
            return entry.row(now)
        assert self._history is not None  # noqa: S101  # indexes come from there alone
        return self._history.row(entry)

    # The list

    def after(self, place: Entry | None, wanted: LogQuery, now: float) -> Iterator[Entry]:
        """Yield the messages below `place` (from the top when None) that were asked for."""
        parts = self._parts(wanted, now)
        rank = None if place is None else self._rank(place, now)
        for part in parts:
            begin = 0
            if rank is not None:
                begin = bisect_right(part, rank, key=lambda entry: self._rank(entry, now))
            for position in range(begin, len(part)):
                if self._passes(part[position], wanted, now):
                    yield part[position]

    def before(self, place: Entry, wanted: LogQuery, now: float) -> Iterator[Entry]:
        """Yield the messages above `place`, nearest first."""
        rank = self._rank(place, now)
        for part in reversed(self._parts(wanted, now)):
            end = bisect_left(part, rank, key=lambda entry: self._rank(entry, now))
            for position in range(end - 1, -1, -1):
                if self._passes(part[position], wanted, now):
                    yield part[position]

    def sample(self, wanted: LogQuery, now: float, most: int) -> tuple[list[MessageRow], int]:
        """Return at most about `most` messages, evenly picked, and how many each stands for."""
        past = self._past(wanted)
        weight = max(1, len(past) // most)
        picked = [self.row(entry, now) for entry in past[::weight]]
        if weight > 1:
            return picked, weight
        return picked + [
            row
            for row in (message.row(now) for message in self.stored())
            if wanted.sent.holds(row.created)
        ], 1

    def _parts(self, wanted: LogQuery, now: float) -> list[Sequence[Entry]]:
        turning = bisect_right(self._by_date, now, key=lambda filed: filed[0])
        waiting = [filed[2] for filed in self._by_date[turning:]] + self._never_sent
        waiting.sort(key=lambda message: self._rank(message, now))
        newest = [filed[2] for filed in reversed(self._by_date[:turning])]
        parts: list[Sequence[Entry]] = [newest, self._past(wanted)]
        if self._settings.unsent == "last":
            return [*parts, waiting]
        if self._settings.unsent == "hidden_when_filtered" and wanted.sent:
            return parts
        return [waiting, *parts]

    def _past(self, wanted: LogQuery) -> Sequence[Entry]:
        if self._history is None:
            return ()
        low, high = wanted.sent
        # The history knows moments finer than the seconds that are filtered by.
        within = self._history.between(low, None if high is None else high + 0.999999)
        for number in (wanted.to, wanted.from_):
            if number:
                found = self._history.with_number(number, within)
                if len(found) < len(within):
                    return found
        return within

    def _rank(self, entry: Entry, now: float) -> tuple[int, float, int]:
        """Return a key that rises down the list."""
        if isinstance(entry, int):
            assert self._history is not None  # noqa: S101  # indexes come from there alone
            return 1, -self._history.moment(entry), -entry
        sent = entry.sent_at
        if sent is not None and sent <= now:
            return 1, -sent, -entry.number
        return (2 if self._settings.unsent == "last" else 0), -entry.created, -entry.number

    def _passes(self, entry: Entry, wanted: LogQuery, now: float) -> bool:
        if isinstance(entry, int):
            return self._passed(entry, wanted)
        if entry.deleted or entry.created + self._settings.list_lag > now:
            return False
        if wanted.to and entry.to != wanted.to:
            return False
        row = entry.row(now) if wanted.from_ or wanted.sent else None
        if row is None:
            return True
        if wanted.from_ and row.from_ != wanted.from_:
            return False
        return wanted.sent.holds(row.created if row.sent is None else row.sent)

    def _passed(self, index: int, wanted: LogQuery) -> bool:
        assert self._history is not None  # noqa: S101  # indexes come from there alone
        if index in self._history.deleted:
            return False
        if not wanted.to and not wanted.from_:
            return True
        to, from_ = self._history.addresses(index)
        return wanted.to in (None, "", to) and wanted.from_ in (None, "", from_)
