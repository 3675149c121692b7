"""``messages.send(…, once="key")``: one message for one key, whatever happens and however often.

It has a journal of its own, like a job of one row, kept beside the account's jobs and named by a
hash of the key. It is a flow, so it serves the blocking and the async client; that it writes a file
between two steps is its point.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from twilio_widgets.bulk.journal import states
from twilio_widgets.bulk.journal.journal import Journal, Terms, create
from twilio_widgets.bulk.journal.place import ONCE, Ownership, Place, place_of
from twilio_widgets.bulk.journal.row import Row, fingerprint_of
from twilio_widgets.bulk.journal.states import Ending, ending_of
from twilio_widgets.bulk.planning.plans import difference
from twilio_widgets.bulk.settle import look_once, sent_of
from twilio_widgets.core import messages
from twilio_widgets.core.address import mask
from twilio_widgets.core.parameters import form_of
from twilio_widgets.errors import (
    ConfigurationError,
    JobError,
    OutcomeUnknown,
    TwilioWidgetsError,
)

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection
    from twilio_widgets.core.flow import NewPatience
    from twilio_widgets.core.message import Message
    from twilio_widgets.core.outbox import Outbox
    from twilio_widgets.core.request import Flow

LONGEST_KEY = 200


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
        JobError: The key has another message, or another process is sending it right now.
        OutcomeUnknown: It may have been sent, and the log does not prove it either way.
    """
    place = _place_of(connection, key)
    own = _owned(place, key)
    try:
        form = _form(connection, place, parameters)
        if not place.file.exists() and not place.damaged():
            create(place, [Row(n=0, form=form)], Terms(), now=_now(connection))
        with closing(Journal(place)) as journal:
            _refuse_another(journal, Row(n=0, form=form), key)
            once = _Once(connection, new_patience, outbox, journal, place)
            return (yield from once.message())
    finally:
        own.release()


def _place_of(connection: Connection, key: str) -> Place:
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY:
        raise ConfigurationError(
            f"once= is a text of at most {LONGEST_KEY} characters that says what the message is "
            'for, such as "invoice 4711".',
            field="once",
        )
    account = place_of(connection, "x")
    name = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return replace(account, folder=account.folder / ONCE, name=name)


def _owned(place: Place, key: str) -> Ownership:
    try:
        return Ownership(place)
    except JobError as error:
        said = str(error).partition(" is running ")[2].partition(".")[0]
    raise JobError(
        f'The message for once="{mask(key)}" is being sent {said}. Nothing was sent here.'
    )


def _form(
    connection: Connection, place: Place, parameters: Mapping[str, object]
) -> tuple[tuple[str, str], ...]:
    """Write the message down as it was first written: a schedule is checked against that time."""
    now = connection.now()
    if place.file.exists():
        with closing(Journal(place)) as journal:
            now = datetime.fromtimestamp(journal.header.created_at, UTC)
    return form_of(parameters, now=now)


def _refuse_another(journal: Journal, row: Row, key: str) -> None:
    if fingerprint_of([row]) == journal.header.fingerprint:
        return
    what = difference([row], journal.rows()) or "it is another one"
    raise JobError(
        f'once="{mask(key)}" was used for another message ({what.replace("row 0 ", "")}). '
        "Nothing was sent. Give this message a key of its own."
    )


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
        place: Place,
    ) -> None:
        self._connection = connection
        self._new_patience = new_patience
        self._outbox = outbox
        self._journal = journal
        self._place = place

    def message(self) -> Flow[Message]:
        self._journal.recover(now=_now(self._connection))
        (row,) = self._journal.rows()
        if row.status == states.UNKNOWN:
            row = yield from self._settled()
        if row.status == states.ACCEPTED:
            return (yield from messages.get(self._connection, self._new_patience(), str(row.sid)))
        if row.status == states.REJECTED:  # it made no message, and the person asks again
            (row,) = self._journal.decide([row], "resend", now=_now(self._connection))
        return (yield from self._sent(row))

    def _sent(self, row: Row) -> Flow[Message]:
        """Write it down, send it, and write down what came of it: also when it is stopped."""
        patience, now = self._new_patience(), _now(self._connection)
        ((row, _token),) = self._journal.claim([row], now=now, latest=now + patience.seconds)
        try:
            message = yield from messages.create(self._connection, patience, row.form, self._outbox)
        except BaseException as error:
            ending = ending_of(error)
            # A policy, a full queue or a refused account: the row can go another time.
            self._journal.close_attempts([(row, ending, _now(self._connection))])
            raise
        ending = Ending("accepted", sid=message.sid, http_status=201)
        self._journal.close_attempts([(row, ending, _now(self._connection))])
        return message

    def _settled(self) -> Flow[Row]:
        """Look in the log, once; raise when it proves nothing."""
        known = frozenset(self._outbox.sent) - self._outbox.found
        try:
            yield from look_once(
                self._connection, self._new_patience, self._journal, self._place, known=known
            )
        except JobError:
            raise
        except TwilioWidgetsError as error:
            raise self._unknown(f"The message log could not be read: {error}") from error
        (row,) = self._journal.rows()
        if row.status == states.UNKNOWN:
            raise self._unknown(self._journal.findings()[0].why)
        return row

    def _unknown(self, why: str) -> OutcomeUnknown:
        (row,), (*_earlier, attempt) = self._journal.rows(), self._journal.attempts(0)
        sent = sent_of(row, attempt)
        parameters: dict[str, tuple[str, ...]] = {}
        for name, value in row.form:
            parameters[name] = (*parameters.get(name, ()), value)
        outcome = OutcomeUnknown(
            "An earlier send for this key may have reached Twilio, so nothing was sent now. "
            f"{why} Ask twilio.messages.find(error), or run this again later; to send it in spite "
            "of that, give another key.",
            parameters=parameters,
            started_at=sent.started,
            latest_arrival=sent.latest,
        )
        outcome.why = why
        return outcome
