"""One commit: each arrival becomes an event or is counted as a duplicate of one.

The arrivals of a commit are looked up together and written together, because one statement per
arrival would dominate the cost.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, structs

from twilio_widgets.listener.events import schema
from twilio_widgets.listener.events.dedupe import key_of, poll_key_of
from twilio_widgets.listener.events.event import Arrival, Event, MessageState
from twilio_widgets.listener.events.message_state import join, state_of
from twilio_widgets.listener.events.payload import micros

INVALID_UNICODE = "A parameter contains an unpaired surrogate (invalid Unicode)."
NO_SID = "The message SID is missing."


class Receipt(Struct, frozen=True, kw_only=True, array_like=True):
    """The result of storing one arrival."""

    id: int | None
    """The id of its event; None if it could not be stored."""
    new: bool
    """Whether it created the event; False for a duplicate."""
    problem: str | None = None
    """Why it could not be stored, as a sentence."""


class Batch:
    """The arrivals of one transaction.

    Args:
        db: A connection inside an exclusive transaction.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._by_key: dict[bytes, tuple[int, str]] = {}
        self._has_polled = False
        """Whether a known event comes from the message log, so that a webhook may replace it."""
        self._stored: dict[str, MessageState] = {}
        self._news: dict[str, MessageState] = {}
        self._steps: list[tuple[str, list[tuple[Any, ...]]]] = []
        self._last_id = 0
        self._tally: Counter[tuple[str, str]] = Counter()

    def take(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Store arrivals in order, and return a receipt for each."""
        read = [_read(arrival) for arrival in arrivals]
        self._look_up([each for each in read if not isinstance(each, Receipt)])
        receipts = [each if isinstance(each, Receipt) else self._take(each) for each in read]
        for state in self._news.values():
            self._queue(schema.PUT_MESSAGE, schema.message_values(state))
        for what, n in self._tally.items():
            if n:
                self._queue(schema.COUNT, (*what, n))
        for statement, rows in self._steps:
            self._db.executemany(statement, rows)
        return receipts

    def _queue(self, statement: str, row: tuple[Any, ...]) -> None:
        if not self._steps or self._steps[-1][0] is not statement:
            self._steps.append((statement, []))
        self._steps[-1][1].append(row)

    def _look_up(self, read: Sequence[_Read]) -> None:
        """Read the stored events and states of these messages."""
        sids = dict.fromkeys(each.event.message_sid for each in read)
        known = "select key, id, source from event where message_sid"
        for key, event_id, source in self._among(known, sids):
            self._remember(key, event_id, source)
        for row in self._among(f"select {schema.MESSAGE} from message where sid", sids):  # noqa: S608
            state = schema.message_of(row)
            self._stored[state.sid] = state
        last = self._db.execute("select seq from sqlite_sequence where name = 'event'").fetchone()
        self._last_id = last[0] if last else 0

    def _among(self, query: str, values: Iterable[object]) -> Iterator[tuple[Any, ...]]:
        for statement, some in schema.in_chunks(query, values):
            yield from self._db.execute(statement, some)

    def _take(self, read: _Read) -> Receipt:
        return self._polled(read) if read.event.source == "poll" else self._signed(read)

    def _polled(self, read: _Read) -> Receipt:
        """Store an arrival from the message log only if it changes the state of its message."""
        event = read.event
        known = self._state_of(event.message_sid)
        if known is None:
            return self._insert(read)
        seen = structs.replace(
            state_of(event),
            first_event=known.first_event,
            last_event=known.last_event,
            first_at=known.first_at,
            last_at=known.last_at,
        )
        joined = join(known, seen)
        if (joined.status, joined.conflict) != (known.status, known.conflict):
            return self._insert(read)
        if joined != known:  # e.g. it adds a sender that was missing
            self._news[known.sid] = joined
        return Receipt(id=known.last_event, new=False)

    def _signed(self, read: _Read) -> Receipt:
        """Store a signed request; it replaces an event that was seen in the log before."""
        event = read.event
        place = self._by_key.get(read.key)
        if place is None and self._has_polled:
            place = self._by_key.get(poll_key_of(event))
        if place is None:
            return self._insert(read)
        event_id, source = place
        if source == "poll":
            values = (*schema.event_values(event), read.key, event_id)
            self._queue(schema.TAKE_PLACE, values)
            self._by_key.pop(poll_key_of(event), None)
            self._remember(read.key, event_id, event.source)
            self._tally["proof", source] -= 1
            self._tally["proof", event.scheme or event.source] += 1
            self._tally[schema.CONFIRMED] += 1
            self._update_state(event, event_id)
        else:
            self._queue(schema.COUNT_DUPLICATE, (micros(event.received_at), event_id))
        self._tally["duplicate", event.kind] += 1
        return Receipt(id=event_id, new=False)

    def _insert(self, read: _Read) -> Receipt:
        event = read.event
        # Duplicates were found before, so they use up no ids; the unique key guards against misses.
        self._last_id += 1
        row = (self._last_id, *schema.event_values(event), read.key)
        self._queue(schema.INSERT_EVENT, row)
        self._remember(read.key, self._last_id, event.source)
        self._tally["event", event.kind] += 1
        self._tally["proof", event.scheme or event.source] += 1
        self._update_state(event, self._last_id)
        return Receipt(id=self._last_id, new=True)

    def _remember(self, key: bytes, event_id: int, source: str) -> None:
        """Remember an event by its key."""
        self._by_key[key] = event_id, source
        self._has_polled = self._has_polled or source == "poll"

    def _update_state(self, event: Event, event_id: int) -> None:
        """Merge an event into the state of its message."""
        known = self._state_of(event.message_sid)
        news = state_of(event, event_id)
        self._news[event.message_sid] = news if known is None else join(known, news)

    def _state_of(self, sid: str) -> MessageState | None:
        return self._news.get(sid) or self._stored.get(sid)


class _Read(NamedTuple):
    """An arrival that can be stored."""

    event: Event
    key: bytes


def _read(arrival: Arrival) -> _Read | Receipt:
    try:
        event = Event.of_arrival(arrival)
        key = key_of(arrival, event)
        event.url.encode()
    except UnicodeEncodeError:
        return Receipt(id=None, new=False, problem=INVALID_UNICODE)
    if not event.message_sid:
        return Receipt(id=None, new=False, problem=NO_SID)
    return _Read(event, key)
