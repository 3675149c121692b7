"""The tables of the store, and the conversion of events, messages and rejections to rows.

Times are microseconds since 1970. Parameters and headers are JSON text. Everything else has its own
column, so that queries need not parse the parameters.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from msgspec import structs

from twilio_widgets.listener.events.event import Event, MessageState, Rejection
from twilio_widgets.listener.events.payload import micros, moment

APPLICATION: Final = 0x74776C73
"""The application id in SQLite's header ("twls"), which identifies an event store."""

VERSION: Final = 1
"""The schema version. A file with a higher one was written by a newer release."""

RING: Final = 1_000
"""How many rejections are kept."""

TABLES: Final = """
create table meta (name text primary key, value text not null) without rowid;

-- autoincrement: an id is never given twice, or a reader's cursor would pass over a new event.
create table event (
    id integer primary key autoincrement,
    key blob not null,
    kind text not null, received_at integer not null, message_sid text not null,
    status text, error_code integer, "from" text, "to" text, body text,
    account_sid text, messaging_service_sid text, num_media integer,
    method text not null, url text not null, source text not null, scheme text,
    row_token text, idempotency_token text,
    duplicates integer not null default 0, last_duplicate_at integer,
    parameters text not null, headers text not null
);
-- The keys of one message are looked up together; in an index of their own they would lie anywhere.
create unique index event_by_message on event (message_sid, key);
create index event_by_row_token on event (row_token) where row_token is not null;

create table message (
    sid text primary key,
    kind text not null, status text, rank integer not null, conflict integer not null,
    words text not null, asked integer not null,
    "from" text, "to" text, body text,
    account_sid text, messaging_service_sid text, row_token text,
    first_event integer not null, last_event integer not null,
    first_at integer not null, last_at integer not null
);
create index message_by_news on message (last_event);
create index message_unsettled on message (last_at) where rank < 4 or conflict = 1;

create table rejected (
    id integer primary key autoincrement,
    at integer not null, status integer not null, reason text not null, cause text not null,
    mend text, method text not null, path text not null,
    "from" text, "to" text, message_sid text
);

create table tally (
    subject text not null, word text not null, n integer not null, primary key (subject, word)
) without rowid;
"""

_RENAMED: Final = {"from_": "from", "parameters_text": "parameters", "headers_text": "headers"}


def _column(name: str) -> str:
    return f'"{_RENAMED.get(name, name)}"'


def _columns(names: Iterable[str]) -> str:
    return ", ".join(map(_column, names))


EVENT: Final = _columns(Event.__struct_fields__)
MESSAGE: Final = _columns(MessageState.__struct_fields__)
REJECTION: Final = _columns(Rejection.__struct_fields__)
"""The columns of each, in the order of the fields of its class."""


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * len(columns.split(", ")))
    return f"insert into {table} ({columns}) values ({marks})"  # noqa: S608 — our own names


_GIVEN: Final = tuple(
    name
    for name in Event.__struct_fields__
    if name not in {"id", "received_at", "duplicates", "last_duplicate_at"}
)
"""The fields of an event that come from an arrival; the store sets the others."""

_read_off: Final = attrgetter(*_GIVEN)

INSERT_EVENT: Final = _insert("event", f"id, received_at, {_columns(_GIVEN)}, key")
INSERT_REJECTION: Final = _insert("rejected", REJECTION)
PUT_MESSAGE: Final = _insert("message", MESSAGE).replace("insert", "insert or replace", 1)

COUNT_DUPLICATE: Final = """
update event set duplicates = duplicates + 1,
    last_duplicate_at = max(coalesce(last_duplicate_at, 0), ?) where id = ?
"""

TAKE_PLACE: Final = (
    "update event set last_duplicate_at = ?, duplicates = duplicates + 1, "  # noqa: S608
    + "".join(f"{_column(name)} = ?, " for name in _GIVEN)
    + "key = ? where id = ?"
)
"""Replaces an event seen in Twilio's log by the signed request that arrived later."""

CONFIRMED: Final = ("revised", "confirmed")
FORGOTTEN: Final = ("revised", "forgotten")
"""Counters of changes to events that may have been read before."""

COUNT: Final = """
insert into tally values (?, ?, ?) on conflict (subject, word) do update set n = n + excluded.n
"""


_MOST_GIVEN: Final = 900
"""Values per statement: SQLite supports at least 999."""


def in_chunks(query: str, values: Iterable[Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Split a query for many values into statements that SQLite supports.

    Args:
        query: The query up to the column to compare.
        values: The values to look for in that column.

    Yields:
        A statement and its values.
    """
    left = tuple(values)
    while left:
        some, left = left[:_MOST_GIVEN], left[_MOST_GIVEN:]
        yield f"{query} in ({', '.join('?' * len(some))})", some


def event_values(event: Event) -> tuple[Any, ...]:
    """Return the column values of an event for `INSERT_EVENT`, without id and key."""
    return (micros(event.received_at), *_read_off(event))


def event_of(row: Sequence[Any]) -> Event:
    """Return the event of a row with the columns `EVENT`."""
    values = dict(zip(Event.__struct_fields__, row, strict=True))
    values["received_at"] = moment(values["received_at"])
    again = values["last_duplicate_at"]
    values["last_duplicate_at"] = None if again is None else moment(again)
    return Event(**values)


def message_values(state: MessageState) -> tuple[Any, ...]:
    """Return the column values of a message state, in the order of `MESSAGE`."""
    values = list(_state_values(state))
    for place, written in _WRITTEN:
        values[place] = written(values[place])
    return tuple(values)


@lru_cache(maxsize=256)
def _words_text(words: tuple[tuple[str, int | None], ...]) -> str:
    return json.dumps(words)  # cached because few different values occur


_MESSAGE_FIELDS: Final = MessageState.__struct_fields__
_state_values = attrgetter(*_MESSAGE_FIELDS)
_WRITTEN: Final = tuple(
    (_MESSAGE_FIELDS.index(name), written)
    for name, written in (("words", _words_text), ("first_at", micros), ("last_at", micros))
)
"""The fields that are converted before storing: their position and the conversion."""


def message_of(row: Sequence[Any]) -> MessageState:
    """Return the message state of a row with the columns `MESSAGE`."""
    values = dict(zip(_MESSAGE_FIELDS, row, strict=True))
    values["words"] = tuple((word, code) for word, code in json.loads(values["words"]))
    values["conflict"], values["asked"] = bool(values["conflict"]), bool(values["asked"])
    values["first_at"], values["last_at"] = moment(values["first_at"]), moment(values["last_at"])
    return MessageState(**values)


def rejection_values(rejection: Rejection) -> tuple[Any, ...]:
    """Return the column values of a rejection, in the order of `REJECTION`."""
    values = structs.asdict(rejection)
    return tuple((values | {"at": micros(rejection.at), "id": None}).values())


def rejection_of(row: Sequence[Any]) -> Rejection:
    """Return the rejection of a row with the columns `REJECTION`."""
    values = dict(zip(Rejection.__struct_fields__, row, strict=True))
    return Rejection(**(values | {"at": moment(values["at"])}))


def meta_of(db: sqlite3.Connection) -> dict[str, str]:
    """Return the metadata of the file: ``store``, ``account_sid`` and ``world``."""
    return dict(db.execute("select name, value from meta"))
