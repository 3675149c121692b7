"""``messages.send(…, once="key")``: one message for one key, whatever happens and however often.

It has a journal of its own, like a job of one row, kept beside the account's jobs and named by a
hash of the key. It is a flow, so it serves the blocking and the async client; that it writes a file
between two steps is its point.

A key is taken by a message that was accepted or may have been. One that certainly was not (a policy
kept it back, Twilio rejected it or was not reached) gives way to another: it stays in its journal
as what it is, and the other gets a journal of its own under the next name. No journal is moved,
replaced or deleted, because another process may be reading it; the last one is the key's.

Of a message that has come to its end no number and no text is kept: the same call has them, and its
fingerprint tells it from another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from twilio_widgets.core.bodies import by_name
from twilio_widgets.core.flows import messages
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import (
    ConfigurationError,
    InvalidMessage,
    JobError,
    OutcomeUnknown,
    TwilioWidgetsError,
)
from twilio_widgets.journal import states
from twilio_widgets.journal.journal import JobOptions, Journal, create
from twilio_widgets.journal.location import ONCE, SET_ASIDE, JobLocation, JobLock, place_of
from twilio_widgets.journal.plan_rows import difference
from twilio_widgets.journal.reconcile import LockTimeout, look_once, sent_of
from twilio_widgets.journal.row import Form, JournalRow, fingerprint_of
from twilio_widgets.journal.states import AttemptResult, ending_of

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.flows.flow import NewPatience
    from twilio_widgets.core.flows.outbox import Outbox
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.core.request import Flow

LONGEST_KEY = 200

_GAVE_NONE = (states.REJECTED, states.SKIPPED)
"""How a message ends that Twilio certainly has not accepted."""


def send_once(
    connection: Connection,
    new_patience: NewPatience,
    parameters: Mapping[str, object],
    outbox: Outbox,
    key: str,
) -> Flow[Message]:
    """Send a message, unless one was sent for this key; then return that one as it is now.

    Args:
        connection: Who sends.
        new_patience: Makes the patience for each request.
        parameters: Keywords of ``messages.send``.
        outbox: What the client knows of its sends.
        key: What the message is for, in your words.

    Raises:
        ConfigurationError: The key is none.
        JobError: The key is taken by another message, or another process is sending it right now.
        OutcomeUnknown: It may have been sent, and the log does not prove it either way.
    """
    home = _place_of(connection, key)
    own = _owned(home, key)
    try:
        place = _place_for(connection, home, parameters, key)
        with closing(Journal(place)) as journal:
            once = _Once(connection, new_patience, outbox, journal, place)
            return (yield from once.message(parameters))
    finally:
        own.release()


def _place_of(connection: Connection, key: str) -> JobLocation:
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY:
        raise ConfigurationError(
            f"once= is a text of at most {LONGEST_KEY} characters that says what the message is "
            'for, such as "invoice 4711".',
            field="once",
        )
    account = place_of(connection, "x")
    name = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return replace(account, folder=account.folder / ONCE, name=name)


def _owned(place: JobLocation, key: str) -> JobLock:
    what = f'The message for once="{mask(key)}"'
    try:
        return JobLock(place, what)
    except JobError as error:
        if error.held_by is None:
            raise
        held_by = error.held_by
    raise JobError(f"{what} is being sent {held_by}. Nothing was sent here.")


def _place_for(
    connection: Connection, home: JobLocation, parameters: Mapping[str, object], key: str
) -> JobLocation:
    """Return where this message's journal is: a new one, unless the key's last one is its own.

    A kill between the steps leaves no two messages that could be sent: the last journal is closed
    to sending before the next one has its name.
    """
    last, doubt = _last(home), None
    if last is not None:
        with closing(Journal(last)) as journal:
            journal.monotonic = connection.monotonic
            journal.recover(now=_now(connection))
            if _has(journal, parameters):
                return last
            row, doubt = _row(connection, parameters), journal.doubt
            _give_way(journal, row, key, now=_now(connection))
    else:
        row = _row(connection, parameters)
    place = _after(home, last)
    create(place, [row], JobOptions(), now=_now(connection), is_new=doubt is None)
    return place


def _row(connection: Connection, parameters: Mapping[str, object]) -> JournalRow:
    return JournalRow(n=0, form=form_of(parameters, now=connection.now()))


def _last(home: JobLocation) -> JobLocation | None:
    """Return the last journal of a key; a damaged one that was put aside counts as well."""
    name = rf"{home.name}(?:-(\d+))?(?:{re.escape(SET_ASIDE)}\w+)?\.sqlite"
    files = (re.fullmatch(name, file.name) for file in home.folder.glob(f"{home.name}*.sqlite"))
    numbers = [int(found[1] or 1) for found in files if found]
    return _numbered(home, max(numbers)) if numbers else None


def _after(home: JobLocation, last: JobLocation | None) -> JobLocation:
    if last is None:
        return home
    return _numbered(home, int(last.name.removeprefix(home.name).lstrip("-") or 1) + 1)


def _numbered(home: JobLocation, number: int) -> JobLocation:
    return home if number == 1 else replace(home, name=f"{home.name}-{number}")


def _has(journal: Journal, parameters: Mapping[str, object]) -> bool:
    """Say whether a journal has just this message."""
    try:
        row = JournalRow(n=0, form=_form(journal, parameters))
    except InvalidMessage:
        return False  # by now it may be right
    return fingerprint_of([row]) == journal.header.fingerprint


def _form(journal: Journal, parameters: Mapping[str, object]) -> Form:
    """Return a message as it was written down; a schedule is checked against its own time."""
    return form_of(parameters, now=datetime.fromtimestamp(journal.header.created_at, UTC))


def _give_way(journal: Journal, other: JournalRow, key: str, *, now: float) -> None:
    """Close a journal to sending, because its message made nothing and another one is asked for.

    Raises:
        JobError: Its message was accepted or may have been.
    """
    (row,) = journal.rows()
    if row.status == states.PENDING:
        journal.decide([row], "skip", now=now)
        _forget(journal, now=now)
    elif row.status not in _GAVE_NONE:
        what = (difference([other], [row]) or "it is another one").replace("row 0 ", "")
        if not row.form:
            what = f"{row.sid}, whose text is not kept"
        raise JobError(
            f'once="{mask(key)}" was used for another message ({what}). Nothing was sent. Give '
            "this message a key of its own."
        )


def _forget(journal: Journal, *, now: float) -> None:
    """Take number and text of a message out of its journal, if it has come to its end."""
    (row,) = journal.rows()
    if row.form and row.status in states.ENDS:
        with suppress(JobError):  # what became of it is written down; the next call tries again
            journal.forget(now=now)


def _now(connection: Connection) -> float:
    return connection.now().timestamp()


class _Once:
    """The one message of one key."""

    def __init__(
        self,
        connection: Connection,
        new_patience: NewPatience,
        outbox: Outbox,
        journal: Journal,
        place: JobLocation,
    ) -> None:
        self._connection = connection
        self._new_patience = new_patience
        self._outbox = outbox
        self._journal = journal
        journal.monotonic = connection.monotonic
        self._place = place

    def message(self, parameters: Mapping[str, object]) -> Flow[Message]:
        (row,) = self._journal.rows()
        if self._journal.doubt is not None:
            row = self._doubted(row)
        if row.status == states.UNKNOWN:
            row = yield from self._settled()
            self._journal.trust()
        if row.status == states.ACCEPTED:
            _forget(self._journal, now=_now(self._connection))
            return (yield from messages.get(self._connection, self._new_patience(), str(row.sid)))
        if row.status in _GAVE_NONE:  # it made no message, and the person asks again
            row = row.saying(_form(self._journal, parameters))
            (row,) = self._journal.decide([row], "resend", now=_now(self._connection))
        return (yield from self._sent(row))

    def _doubted(self, row: JournalRow) -> JournalRow:
        """Make a message unknown that may have been sent since its journal was current."""
        now = _now(self._connection)
        if row.status in _GAVE_NONE and row.form:
            self._journal.decide([row], "resend", now=now)
        self._journal.doubt_pending(now=now)
        (row,) = self._journal.rows()
        return row

    def _sent(self, row: JournalRow) -> Flow[Message]:
        """Write it down, send it, and write down what came of it: also when it is stopped."""
        patience, now = self._new_patience(), _now(self._connection)
        ((row, _token),) = self._journal.claim([row], now=now, latest=now + patience.left())
        try:
            message = yield from messages.create(self._connection, patience, row.form, self._outbox)
        except BaseException as error:
            ending = ending_of(error)
            # A policy, a full queue or a refused account: the row can go another time.
            self._end(row, ending)
            raise
        self._end(row, AttemptResult("accepted", sid=message.sid, http_status=201))
        return message

    def _end(self, row: JournalRow, ending: AttemptResult) -> None:
        now = _now(self._connection)
        self._journal.close_attempts([(row, ending, now)])
        _forget(self._journal, now=now)

    def _settled(self) -> Flow[JournalRow]:
        """Look in the log, once; raise when it proves nothing."""
        # What this client has sent may be this key's, when the journal is in doubt.
        sent = self._outbox.sent if self._journal.doubt is None else ()
        known = frozenset(sent) - self._outbox.found
        try:
            yield from look_once(
                self._connection, self._new_patience, self._journal, self._place, known=known
            )
        except JobError:
            raise
        except LockTimeout as error:
            raise self._unknown(str(error)) from None
        except TwilioWidgetsError as error:
            raise self._unknown(f"The message log could not be read: {error}") from error
        (row,) = self._journal.rows()
        if row.status == states.UNKNOWN:
            raise self._unknown(self._journal.findings()[0].why)
        return row

    def _unknown(self, why: str) -> OutcomeUnknown:
        (row,), (*_earlier, attempt) = self._journal.rows(), self._journal.attempts(0)
        sent = sent_of(row, attempt, self._connection.moment())
        outcome = OutcomeUnknown(
            "An earlier send for this key may have reached Twilio, so nothing was sent now. "
            f"{why} Ask twilio.messages.find(error), or run this again later; to send it in spite "
            "of that, give another key.",
            parameters=by_name(row.form),
            started_at=sent.started,
            latest_arrival=sent.latest,
        )
        outcome.why, outcome.moments = why, (attempt.started, attempt.latest)
        return outcome
