"""Settle unknown rows: by the token of a status callback first, else by the message log.

The log is read by recipient, without a date filter: a message has no sending date before it is
sent, and the position of such messages in the list is not documented.
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
from twilio_widgets.core.flows.flow import RetryPolicy, RetryPolicyFactory
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
"""The maximum number of pages of 1,000 entries read from the log of one recipient."""

_BUSY = 0.2


class LockTimeout(Exception):
    """The lock on the message log was not available; the message says why. Not raised to users."""


class Heard(Protocol):
    """What status callbacks have reported about one message."""

    @property
    def status(self) -> str | None:
        """The most advanced status, as Twilio reported it."""

    @property
    def error_code(self) -> int | None:
        """The error code reported with it."""

    @property
    def is_final(self) -> bool:
        """Whether the status is final, and no callback contradicts it."""


class Callbacks(Protocol):
    """The receiver of status callbacks: a listener that Twilio can reach."""

    @property
    def status_url(self) -> str:
        """The URL given to Twilio; each attempt's token is added to it."""

    def find_by_token(self, token: str) -> str | None:
        """Return the SID of the message whose callback had this token; None if none arrived."""

    def heard_of(self, sid: str) -> Heard | None:
        """Return what callbacks have reported about a message, or None."""


def with_token(url: str, token: str) -> str:
    """Return a callback URL with an attempt's token."""
    address, hash_mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}tw={token}{hash_mark}{fragment}"


def settle(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    journal: Journal,
    location: JobLocation,
    *,
    known: Collection[str] = (),
    callbacks: Callbacks | None = None,
) -> Flow[None]:
    """Settle every unknown row of a job for which there is evidence.

    It waits until the log has settled, reads it, and reads it once more for rows it did not show.

    Args:
        connection: The account of the log.
        new_retry_policy: Makes the retry policy of each page.
        journal: The job's journal, open for writing.
        location: Its location; the account's other jobs are in the same folder.
        known: SIDs of messages that the client knows to belong to other sends.
        callbacks: A listener, whose evidence needs no waiting.

    Raises:
        LockTimeout: The lock on the message log was not available.
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
            connection, new_retry_policy, journal, location, known=known, absent_before=absent
        )
        if not absent:
            return
        yield Pause(_settle_time(connection).total_seconds() / 2)
    _by_token(journal, callbacks, connection)


def _settle_time(connection: Connection) -> timedelta:
    return timedelta(seconds=connection.settle_seconds)


def _by_token(journal: Journal, callbacks: Callbacks | None, connection: Connection) -> None:
    """Settle rows whose callback arrived: a callback is signed, including its token."""
    if callbacks is None:
        return
    attempts = journal.last_attempts(states.UNKNOWN)
    known = journal.sids()
    found = [
        Settlement(n, "accepted", "Its status callback arrived.", "{}", by="callback", sid=sid)
        for n, attempt in attempts.items()
        if (sid := callbacks.find_by_token(attempt.token)) is not None and sid not in known
    ]
    if found:
        journal.settle(found, now=connection.now().timestamp())


def look_once(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    journal: Journal,
    location: JobLocation,
    *,
    known: Collection[str],
    absent_before: Collection[int] = (),
) -> Flow[set[int]]:
    """Read the log of each recipient with unknown rows once, and settle the rows it decides.

    Returns:
        The rows that are missing for the first time.

    Raises:
        LockTimeout: The lock on the message log was not available; nothing is settled.
    """
    looks: dict[str, LogSnapshot] = {}
    for to in sorted({row.to for row in journal.rows(states.UNKNOWN)}):
        if (name := recipient_as_logged(to)) not in looks:
            looks[name] = yield from _look(connection, new_retry_policy, {to, name})
    turn = yield from _turn(location, new_retry_policy())
    try:
        verdicts = _verdicts(
            journal,
            location,
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


def _turn(location: JobLocation, retry_policy: RetryPolicy) -> Flow[JobLock]:
    """Wait for the lock under which an account's jobs claim entries of the log.

    Raises:
        LockTimeout: Another job has it for too long, or it cannot be created.
    """
    while True:
        try:
            return JobLock(replace(location, name=".settling"), "The lock on the message log")
        except JobError as error:
            problem = error
        if problem.held_by is None:
            raise LockTimeout(str(problem))
        if retry_policy.remaining() <= _BUSY:
            raise LockTimeout(f"Another job is settling its unknown rows {problem.held_by}.")
        yield Pause(_BUSY)


def _verdicts(
    journal: Journal,
    location: JobLocation,
    looks: dict[str, LogSnapshot],
    now: ClockReading,
    *,
    known: Collection[str],
    absent_before: Collection[int],
    settle: timedelta,
) -> list[Settlement]:
    """Match every unknown row, also of other jobs, with the entries that no job has claimed."""
    claimed, rivals = set(known) | journal.sids(), list[Unknown]()
    for ledger in _beside(location):
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


def _beside(location: JobLocation) -> Iterator[JournalReader]:
    for other in location.beside():
        with contextlib.suppress(JobError), reading(other) as ledger:
            yield ledger


def _unknowns(ledger: JournalReader, now: ClockReading, *, ours: bool) -> list[Unknown]:
    """Return the rows of a journal whose messages may be in the log."""
    statuses = (states.UNKNOWN,) if ours else (states.UNKNOWN, states.ATTEMPTED)
    attempts = ledger.last_attempts(*statuses)
    return [
        Unknown(row.n, sent_of(row, attempts[row.n], now), ours) for row in ledger.rows(*statuses)
    ]


def sent_of(row: JournalRow, attempt: SendAttempt, now: ClockReading) -> Sent:
    """Return what an attempt sent and when, to match it with the log."""
    return Sent.of(by_name(row.form), attempt.started, attempt.latest, now)


def _look(
    connection: Connection, new_retry_policy: RetryPolicyFactory, names: Iterable[str]
) -> Flow[LogSnapshot]:
    """Read the log of one recipient, under each form of its address."""
    entries: list[Message] = []
    asked_at, complete, server_time = connection.now(), True, None
    for name in sorted(names):
        request = Filters(to=name).request(message_path(connection.acting_sid), limit=None)
        paginator: Paginator[Message] = Paginator(request, message_page)
        while paginator.next_request is not None and paginator.pages < MOST_PAGES:
            rows: Sequence[Message] = yield from paginator.next_page(new_retry_policy())
            entries.extend(rows)
        complete = complete and paginator.next_request is None
        server_time = paginator.server_time or server_time
    return LogSnapshot(
        entries, asked_at, clocks_apart(asked_at, connection.now(), server_time), complete
    )
