"""Settling what is unknown: by the callback's token first, else by the message log.

The log is asked by recipient, without a date: a message has no sending date before it is sent, and
where such messages stand in the list is not documented.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.core.bodies import by_name
from twilio_widgets.core.flows.evidence import Sent, clocks_apart, recipient_as_logged
from twilio_widgets.core.flows.flow import NewPatience, RetryPolicy
from twilio_widgets.core.flows.listing import Filters
from twilio_widgets.core.flows.messages import message_page
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.message.message import Message, message_path
from twilio_widgets.core.request import Flow, Pause
from twilio_widgets.core.system.clock import ClockReading
from twilio_widgets.errors import JobError
from twilio_widgets.journal import states
from twilio_widgets.journal.journal import Journal, Settlement
from twilio_widgets.journal.ledger import JournalReader, SendAttempt, reading
from twilio_widgets.journal.location import JobLocation, JobLock
from twilio_widgets.journal.matching import LogSnapshot, Unknown, match_unknowns

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.journal.row import JournalRow

MOST_PAGES = 5
"""Of 1,000 entries each: how much of the log of one recipient is read."""

_BUSY = 0.2


class LockTimeout(Exception):
    """What the log shows could not be claimed; the text says why. It never leaves this room."""


class Heard(Protocol):
    """What status callbacks told of one message."""

    @property
    def status(self) -> str | None:
        """The most advanced status, in Twilio's word."""

    @property
    def error_code(self) -> int | None:
        """The error code that came with it."""

    @property
    def is_final(self) -> bool:
        """Whether the message has come to its end, and nothing that was heard contradicts it."""


class Callbacks(Protocol):
    """Where the status callbacks of messages arrive: a listener that others can reach."""

    @property
    def status_url(self) -> str:
        """The address given to Twilio; each attempt's token is added to it."""

    def find_by_token(self, token: str) -> str | None:
        """Return the SID of the message whose callback carried this token, once one came."""

    def heard_of(self, sid: str) -> Heard | None:
        """Return what was heard of a message, if anything was."""


def with_token(url: str, token: str) -> str:
    """Return a callback address that carries an attempt's token."""
    address, hash_mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}tw={token}{hash_mark}{fragment}"


def settle(
    connection: Connection,
    new_patience: NewPatience,
    journal: Journal,
    place: JobLocation,
    *,
    known: Collection[str] = (),
    callbacks: Callbacks | None = None,
) -> Flow[None]:
    """Settle every unknown row of a job as far as there is evidence.

    It waits until the log has settled, looks, and looks again at what it did not show.

    Args:
        connection: Whose log it is.
        new_patience: Makes the patience for each page.
        journal: The job's, open for writing.
        place: Where it is kept; the other jobs are beside it.
        known: SIDs of messages that the client knows to have come of other sends.
        callbacks: Evidence that needs no waiting.

    Raises:
        NoTurn: What the log shows could not be claimed.
    """
    _by_token(journal, callbacks, connection)
    if not (unknown := _unknowns(journal, connection.moment(), ours=True)):
        return
    settled = max(row.sent.latest for row in unknown) + _settle_time(connection)
    wait = (settled - connection.now()).total_seconds()
    if wait > 0:
        yield Pause(wait + 0.001)
    absent: set[int] = set()
    for _look in range(2):
        _by_token(journal, callbacks, connection)
        absent = yield from look_once(
            connection, new_patience, journal, place, known=known, absent_before=absent
        )
        if not absent:
            return
        yield Pause(_settle_time(connection).total_seconds() / 2)
    _by_token(journal, callbacks, connection)


def _settle_time(connection: Connection) -> timedelta:
    return timedelta(seconds=connection.settle_seconds)


def _by_token(journal: Journal, callbacks: Callbacks | None, connection: Connection) -> None:
    """Believe the callbacks: they are signed, token and all."""
    if callbacks is None:
        return
    attempts = journal.last_attempts(states.UNKNOWN)
    known = journal.sids()
    found = [
        Settlement(n, "accepted", "Its status callback came.", "{}", by="callback", sid=sid)
        for n, attempt in attempts.items()
        if (sid := callbacks.find_by_token(attempt.token)) is not None and sid not in known
    ]
    if found:
        journal.settle(found, now=connection.now().timestamp())


def look_once(
    connection: Connection,
    new_patience: NewPatience,
    journal: Journal,
    place: JobLocation,
    *,
    known: Collection[str],
    absent_before: Collection[int] = (),
) -> Flow[set[int]]:
    """Look at the log of every recipient in question, and settle what it proves.

    Returns:
        The rows it does not show, and did not show before.

    Raises:
        NoTurn: What the log shows could not be claimed, so nothing is settled.
    """
    looks: dict[str, LogSnapshot] = {}
    for to in sorted({row.to for row in journal.rows(states.UNKNOWN)}):
        if (name := recipient_as_logged(to)) not in looks:
            looks[name] = yield from _look(connection, new_patience, {to, name})
    turn = yield from _turn(place, new_patience())
    try:
        verdicts = _verdicts(
            journal,
            place,
            looks,
            connection.moment(),
            known=known,
            absent_before=absent_before,
            settle=_settle_time(connection),
        )
        if verdicts:
            journal.settle(verdicts, now=connection.now().timestamp())
    finally:
        turn.release()
    not_shown = {"too early", "absent"}
    return {one.n for one in verdicts if one.verdict in not_shown and one.n not in absent_before}


def _turn(place: JobLocation, patience: RetryPolicy) -> Flow[JobLock]:
    """Wait until no other job of the account is claiming entries of the log.

    Raises:
        NoTurn: Others have it for too long, or it cannot be had at all.
    """
    while True:
        try:
            return JobLock(replace(place, name=".settling"), "The lock on the message log")
        except JobError as error:
            problem = error
        if problem.held_by is None:
            raise LockTimeout(str(problem))
        if patience.left() <= _BUSY:
            raise LockTimeout(f"Another job is settling what it sent {problem.held_by}.")
        yield Pause(_BUSY)


def _verdicts(
    journal: Journal,
    place: JobLocation,
    looks: dict[str, LogSnapshot],
    now: ClockReading,
    *,
    known: Collection[str],
    absent_before: Collection[int],
    settle: timedelta,
) -> list[Settlement]:
    """Compare every unknown row, also those of other jobs, with what nobody has claimed yet."""
    claimed, rivals = set(known) | journal.sids(), list[Unknown]()
    for ledger in _beside(place):
        claimed |= ledger.sids()
        rivals += _unknowns(ledger, now, ours=False)
    by_recipient: dict[str, list[Unknown]] = defaultdict(list)
    for row in (*_unknowns(journal, now, ours=True), *rivals):
        by_recipient[recipient_as_logged(row.sent.to)].append(row)
    return [
        verdict
        for name, look in looks.items()
        for verdict in match_unknowns(
            by_recipient[name], look, settle=settle, known=claimed, absent_before=absent_before
        )
    ]


def _beside(place: JobLocation) -> Iterator[JournalReader]:
    for other in place.beside():
        with contextlib.suppress(JobError), reading(other) as ledger:
            yield ledger


def _unknowns(ledger: JournalReader, now: ClockReading, *, ours: bool) -> list[Unknown]:
    """Return the rows of a journal that may yet turn out to be in the log."""
    statuses = (states.UNKNOWN,) if ours else (states.UNKNOWN, states.ATTEMPTED)
    attempts = ledger.last_attempts(*statuses)
    return [
        Unknown(row.n, sent_of(row, attempts[row.n], now), ours) for row in ledger.rows(*statuses)
    ]


def sent_of(row: JournalRow, attempt: SendAttempt, now: ClockReading) -> Sent:
    """Return what an attempt sent, as the log can be asked about it."""
    return Sent.of(by_name(row.form), attempt.started, attempt.latest, now)


def _look(
    connection: Connection, new_patience: NewPatience, names: Iterable[str]
) -> Flow[LogSnapshot]:
    """Read the log of one recipient, under every name it may have there."""
    entries: list[Message] = []
    asked_at, complete, server_time = connection.now(), True, None
    for name in sorted(names):
        request = Filters(to=name).request(message_path(connection.acting_sid), limit=None)
        walk: Paginator[Message] = Paginator(request, message_page)
        while walk.next is not None and walk.pages < MOST_PAGES:
            rows: Sequence[Message] = yield from walk.step(new_patience())
            entries.extend(rows)
        complete = complete and walk.next is None
        server_time = walk.server_time or server_time
    return LogSnapshot(
        entries, asked_at, clocks_apart(asked_at, connection.now(), server_time), complete
    )
