"""What one commit does: each arrival becomes an event or is counted as a duplicate of one."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, replace

from twilio_widgets.listener import schema
from twilio_widgets.listener.event import Arrival, Event, MessageStanding
from twilio_widgets.listener.sameness import key_of, stand_in_of
from twilio_widgets.listener.signed import micros
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
        self._news: dict[str, MessageStanding] = {}
        self._tally: Counter[tuple[str, str]] = Counter()

    def take(self, arrival: Arrival) -> Receipt:
        """Store one arrival, or count it as a duplicate."""
        try:
            event = Event.of_arrival(arrival)
            key = key_of(arrival, event)
            for text in (event.parameters_text, event.headers_text, event.url):
                text.encode()
        except UnicodeEncodeError:
            return Receipt(id=None, new=False, problem=HALF_A_CHARACTER)
        if not event.message_sid:
            return Receipt(id=None, new=False, problem=NO_SID)
        return self._polled(event, key) if event.source == "poll" else self._signed(event, key)

    def finish(self) -> None:
        """Write where the messages now stand, and the counts."""
        rows = map(schema.message_values, self._news.values())
        self._db.executemany(schema.PUT_MESSAGE, rows)
        self._db.executemany(schema.COUNT, [(*what, n) for what, n in self._tally.items()])

    def _polled(self, event: Event, key: bytes) -> Receipt:
        """Store what the log shows if it changes where the message stands: seeing it is no news."""
        known = self._standing(event.message_sid)
        if known is None:
            return self._insert(event, key)
        seen = replace(
            heard(event),
            first_event=known.first_event,
            last_event=known.last_event,
            first_at=known.first_at,
            last_at=known.last_at,
        )
        joined = join(known, seen)
        if (joined.status, joined.conflict) != (known.status, known.conflict):
            return self._insert(event, key)
        if joined != known:  # a sender that was not known before, say
            self._news[known.sid] = joined
        return Receipt(id=known.last_event, new=False)

    def _signed(self, event: Event, key: bytes) -> Receipt:
        """Store a request of Twilio's; it takes the place of what the log showed before it."""
        place = self._place(key) or self._place(stand_in_of(event))
        if place is None:
            return self._insert(event, key)
        event_id, source = place
        if source == "poll":
            values = (*schema.event_values(event), key, event_id)
            self._db.execute(schema.TAKE_PLACE, values)
            self._hear(event, event_id)
        else:
            self._db.execute(schema.COUNT_DUPLICATE, (micros(event.received_at), event_id))
        self._tally["duplicate", event.kind] += 1
        return Receipt(id=event_id, new=False)

    def _place(self, key: bytes) -> tuple[int, str] | None:
        # Looked up before it is written, so that duplicates use up no ids. Nobody can come
        # between: the transaction has the file to itself, and the key is unique besides.
        found: tuple[int, str] | None = self._db.execute(
            "select id, source from event where key = ?", (key,)
        ).fetchone()
        return found

    def _insert(self, event: Event, key: bytes) -> Receipt:
        values = (*schema.event_values(event), key)
        event_id = self._db.execute(schema.INSERT_EVENT, values).lastrowid or 0
        self._tally["event", event.kind] += 1
        self._tally["proof", event.scheme or event.source] += 1
        self._hear(event, event_id)
        return Receipt(id=event_id, new=True)

    def _hear(self, event: Event, event_id: int) -> None:
        """Join an event to what is known of its message."""
        known = self._standing(event.message_sid)
        news = heard(event, event_id)
        self._news[event.message_sid] = news if known is None else join(known, news)

    def _standing(self, sid: str) -> MessageStanding | None:
        return self._news.get(sid) or self._stored(sid)

    def _stored(self, sid: str) -> MessageStanding | None:
        row = self._db.execute(
            f"select {schema.MESSAGE} from message where sid = ?",  # noqa: S608 — our own names
            (sid,),
        ).fetchone()
        return None if row is None else schema.message_of(row)
