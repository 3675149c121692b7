"""``messages.send(…, once="key")``: at most one message for a key, also across crashes.

It has its own journal, like a job of one row, next to the account's jobs and named by a hash of the
key. It is a flow, so it serves the blocking and the async client; unlike other flows, it writes a
file between its steps.

A key is taken by a message that was or may have been accepted. A message that certainly was not (a
policy refused it, Twilio rejected it or was not reached) can be replaced by another: it stays in
its journal, and the other gets a new journal under the next name. No journal is moved, replaced or
deleted, because another process may be reading it; the last one is the current one.

The number and the text of a message with a final outcome are not kept: a fingerprint is enough to
recognize the same call.
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
from twilio_widgets.journal.location import ONCE, SET_ASIDE, JobLocation, JobLock, location_of
from twilio_widgets.journal.plan_rows import difference
from twilio_widgets.journal.reconcile import LockTimeout, look_once, sent_of
from twilio_widgets.journal.row import Form, JournalRow, fingerprint_of
from twilio_widgets.journal.states import AttemptResult, result_of

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.flows.flow import RetryPolicyFactory
    from twilio_widgets.core.flows.outbox import Outbox
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.core.request import Flow

LONGEST_KEY = 200

_GAVE_NONE = (states.REJECTED, states.SKIPPED)
"""The final statuses of a message that Twilio certainly has not accepted."""


def send_once(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    parameters: Mapping[str, object],
    outbox: Outbox,
    key: str,
) -> Flow[Message]:
    """Send a message, unless one was sent for this key; then return that one as it is now.

    Args:
        connection: The account.
        new_retry_policy: Makes the retry policy of each request.
        parameters: Keyword arguments of ``messages.send``.
        outbox: The client's record of its sends.
        key: The idempotency key.

    Raises:
        ConfigurationError: The key is invalid.
        JobError: The key is taken by another message, or another process is sending it.
        OutcomeUnknown: The message may have been sent, and the log does not decide it.
    """
    home = _location_of(connection, key)
    own = _owned(home, key)
    try:
        location = _location_for(connection, home, parameters, key)
        with closing(Journal(location)) as journal:
            once = _Once(connection, new_retry_policy, outbox, journal, location)
            return (yield from once.message(parameters))
    finally:
        own.release()


def _location_of(connection: Connection, key: str) -> JobLocation:
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY:
        raise ConfigurationError(
            f"once must be a text of 1 to {LONGEST_KEY} characters that identifies the message, "
            'such as "invoice 4711".',
            field="once",
        )
    account = location_of(connection, "x")
    name = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return replace(account, folder=account.folder / ONCE, name=name)


def _owned(location: JobLocation, key: str) -> JobLock:
    what = f'The message for once="{mask(key)}"'
    try:
        return JobLock(location, what)
    except JobError as error:
        if error.held_by is None:
            raise
        held_by = error.held_by
    raise JobError(f"{what} is being sent {held_by}. Nothing was sent here.")


def _location_for(
    connection: Connection, home: JobLocation, parameters: Mapping[str, object], key: str
) -> JobLocation:
    """Return the location of this message's journal: the key's last one, or a new one.

    Two messages can never be sent, even if the process is killed between the steps: the last
    journal is closed to sending before the next one is created.
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
    location = _after(home, last)
    create(location, [row], JobOptions(), now=_now(connection), is_new=doubt is None)
    return location


def _row(connection: Connection, parameters: Mapping[str, object]) -> JournalRow:
    return JournalRow(n=0, form=form_of(parameters, now=connection.now()))


def _last(home: JobLocation) -> JobLocation | None:
    """Return the last journal of a key; a renamed damaged one counts as well."""
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
    """Return whether a journal contains exactly this message."""
    try:
        row = JournalRow(n=0, form=_form(journal, parameters))
    except InvalidMessage:
        return False  # it may have been valid at an earlier time
    return fingerprint_of([row]) == journal.header.fingerprint


def _form(journal: Journal, parameters: Mapping[str, object]) -> Form:
    """Return a message's form, with its schedule checked at the time of the journal's creation."""
    return form_of(parameters, now=datetime.fromtimestamp(journal.header.created_at, UTC))


def _give_way(journal: Journal, other: JournalRow, key: str, *, now: float) -> None:
    """Close a journal to sending, because its message was not sent and another one replaces it.

    Raises:
        JobError: Its message was or may have been accepted.
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
            f'once="{mask(key)}" was used for another message ({what}). Nothing was sent. Use '
            "another key for this message."
        )


def _forget(journal: Journal, *, now: float) -> None:
    """Delete the number and the text from a journal, if the message's status is final."""
    (row,) = journal.rows()
    if row.form and row.status in states.ENDS:
        with suppress(JobError):  # the outcome is recorded; the next call tries again
            journal.forget(now=now)


def _now(connection: Connection) -> float:
    return connection.now().timestamp()


class _Once:
    """The one message of one key."""

    def __init__(
        self,
        connection: Connection,
        new_retry_policy: RetryPolicyFactory,
        outbox: Outbox,
        journal: Journal,
        location: JobLocation,
    ) -> None:
        self._connection = connection
        self._new_retry_policy = new_retry_policy
        self._outbox = outbox
        self._journal = journal
        journal.monotonic = connection.monotonic
        self._location = location

    def message(self, parameters: Mapping[str, object]) -> Flow[Message]:
        (row,) = self._journal.rows()
        if self._journal.doubt is not None:
            row = self._doubted(row)
        if row.status == states.UNKNOWN:
            row = yield from self._settled()
            self._journal.trust()
        if row.status == states.ACCEPTED:
            _forget(self._journal, now=_now(self._connection))
            return (
                yield from messages.get(self._connection, self._new_retry_policy(), str(row.sid))
            )
        if row.status in _GAVE_NONE:  # no message was created, and the user calls again
            row = row.saying(_form(self._journal, parameters))
            (row,) = self._journal.decide([row], "resend", now=_now(self._connection))
        return (yield from self._sent(row))

    def _doubted(self, row: JournalRow) -> JournalRow:
        """Make a message unknown that may have been sent since its journal was current."""
        now = _now(self._connection)
        if row.status in _GAVE_NONE and row.form:
            self._journal.decide([row], "resend", now=now)
        self._journal.mark_pending_unknown(now=now)
        (row,) = self._journal.rows()
        return row

    def _sent(self, row: JournalRow) -> Flow[Message]:
        """Journal the attempt, send, and journal the result, also if interrupted."""
        retry_policy, now = self._new_retry_policy(), _now(self._connection)
        ((row, _token),) = self._journal.claim(
            [row], now=now, latest=now + retry_policy.remaining()
        )
        try:
            message = yield from messages.create(
                self._connection, retry_policy, row.form, self._outbox
            )
        except BaseException as error:
            ending = result_of(error)
            # After a refusal by the policy, a full queue or an account error it stays pending.
            self._end(row, ending)
            raise
        self._end(row, AttemptResult("accepted", sid=message.sid, http_status=201))
        return message

    def _end(self, row: JournalRow, ending: AttemptResult) -> None:
        now = _now(self._connection)
        self._journal.close_attempts([(row, ending, now)])
        _forget(self._journal, now=now)

    def _settled(self) -> Flow[JournalRow]:
        """Look in the log once; raise if it does not decide the outcome."""
        # If the journal is in doubt, a message that this client sent may be the one of this key.
        sent = self._outbox.sent if self._journal.doubt is None else ()
        known = frozenset(sent) - self._outbox.found
        try:
            yield from look_once(
                self._connection, self._new_retry_policy, self._journal, self._location, known=known
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
