"""What one commit does: each arrival becomes an event or is counted as a duplicate of one."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, replace

from twilio_widgets.listener import schema
from twilio_widgets.listener.event import Arrival, Event, MessageStanding
from twilio_widgets.listener.sameness import key_of, stand_in_of
from twilio_widgets.listener.standing import heard, join

HALF_A_CHARACTER = "It holds half of a character (a lone surrogate), which is no text."
NO_SID = "It names no message."


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one arrival."""

    id: int | None
    """The event it is; None when it could not be stored."""
    new: bool
    """Whether it is the first of its event: a duplicate is no news."""
    problem: str | None = None
    """Why it could not be stored, as a sentence."""


class Batch:
    """The arrivals of one transaction.

    Args:
        db: A connection inside the transaction.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._standings: dict[str, MessageStanding] = {}
        self._tally: Counter[tuple[str, str]] = Counter()

    def take(self, arrival: Arrival) -> Receipt:
        """Store one arrival, or count it as a duplicate."""
        try:
            event = Event.of_arrival(arrival)
            key = key_of(arrival, event)
            f"{event.headers_text}{event.url}{event.method}{event.row_token}".encode()
        except UnicodeEncodeError:
            return Receipt(id=None, new=False, problem=HALF_A_CHARACTER)
        if not event.message_sid:
            return Receipt(id=None, new=False, problem=NO_SID)
        return self._polled(event, key) if event.source == "poll" else self._signed(event, key)

    def finish(self) -> None:
        """Write where the messages now stand, and the counts."""
        rows = map(schema.message_values, self._standings.values())
        self._db.executemany(schema.PUT_MESSAGE, rows)
        self._db.executemany(schema.COUNT, [(*what, n) for what, n in self._tally.items()])

    def _polled(self, event: Event, key: bytes) -> Receipt:
        """Store what the log shows, unless it is known: looking again is no second delivery."""
        known = self._db.execute(
            "select id from event where message_sid = ? and kind = ? and status is ? limit 1",
            (event.message_sid, event.kind, event.status),
        ).fetchone()
        if known:
            self._hear(replace(event, id=known[0]))
            return Receipt(id=known[0], new=False)
        return self._insert(event, key)

    def _signed(self, event: Event, key: bytes) -> Receipt:
        values = schema.event_values(event)
        values |= {"key": key, "stand_in": stand_in_of(event)}
        if self._db.execute(schema.TAKE_PLACE, values).rowcount != 1:
            return self._insert(event, key)
        (id_,) = self._db.execute("select id from event where key = ?", (key,)).fetchone()
        self._hear(replace(event, id=id_))
        self._tally["duplicate", event.kind] += 1
        return Receipt(id=id_, new=False)

    def _insert(self, event: Event, key: bytes) -> Receipt:
        self._db.execute(schema.INSERT_EVENT, (*schema.event_values(event).values(), key))
        id_, duplicates = self._db.execute(
            "select id, duplicates from event where key = ?", (key,)
        ).fetchone()
        new = duplicates == 0
        self._tally["event" if new else "duplicate", event.kind] += 1
        if new:
            self._tally["proof", event.scheme or event.source] += 1
            self._hear(replace(event, id=id_))
        return Receipt(id=id_, new=new)

    def _hear(self, event: Event) -> None:
        """Join an event to what is known of its message."""
        sid = event.message_sid
        known = self._standings.get(sid) or self._stored(sid)
        news = heard(event)
        self._standings[sid] = news if known is None else join(known, news)

    def _stored(self, sid: str) -> MessageStanding | None:
        row = self._db.execute(
            f"select {schema.MESSAGE} from message where sid = ?",  # noqa: S608 — our own names
            (sid,),
        ).fetchone()
        return None if row is None else schema.message_of(row)
