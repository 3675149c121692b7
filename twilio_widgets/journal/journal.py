"""The journal of one job: a row is recorded in it before its request is sent.

It is written by the one process that has locked the job. The step to attempted is committed with
``synchronous=FULL`` before the first byte of the POST (`Journal.claim`). Results may be lost in a
crash; the row is then unknown, and evidence settles it (`Journal.close_attempts`).
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twilio_widgets.core.system import clock
from twilio_widgets.core.system.folders import fsync_folder, private_folder
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import JobError
from twilio_widgets.journal import states
from twilio_widgets.journal.database import (
    Connect,
    Database,
    connect,
    make_durable,
    transaction,
)
from twilio_widgets.journal.ledger import (
    JournalDamaged,
    JournalReader,
    check,
    header_of,
    refuse_missing,
)
from twilio_widgets.journal.location import SET_ASIDE
from twilio_widgets.journal.row import JournalRow, fingerprint_of
from twilio_widgets.journal.schema import SCHEMA, VERSION
from twilio_widgets.journal.states import AttemptResult
from twilio_widgets.journal.witness import Doubt, Witness

if TYPE_CHECKING:
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.journal.location import JobLocation

_SAME_SID = (
    "The answer had the SID of another message of this job, so it does not show what became of "
    "this one."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """The options of a job that its journal records."""

    rate: float | None = 1.0
    per: str = "message"
    on_unknown: str = "hold"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The conclusion from evidence about one unknown row."""

    n: int
    verdict: str
    """accepted, rejected, absent, ambiguous or too early."""
    why: str
    evidence: str
    by: str = "log"
    sid: str | None = None
    error_code: int | None = None


def new_id(now: float) -> str:
    """Return a random id that sorts by time."""
    return f"{int(now * 1000):012x}{secrets.token_hex(10)}"


def create(
    location: JobLocation,
    rows: Sequence[JournalRow],
    terms: JobOptions,
    *,
    now: float,
    is_new: bool = True,
) -> None:
    """Create the journal of a new job, atomically.

    Args:
        location: Its location; the caller has the lock.
        rows: Every row, each pending.
        terms: The job's options.
        now: Seconds since 1970.
        is_new: Whether no such job can have been begun before; otherwise the journal is in doubt.
    """
    unfinished = location.folder / f".{location.name}.new"
    with _explained(location, "written"):
        private_folder(location.folder)
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        database = connect(unfinished)
        try:
            database.execute("PRAGMA synchronous = FULL").fetchall()
            with transaction(database):
                job_id = _fill(database, location, rows, terms, now)
        finally:
            database.close()
        # Renamed only when it is complete: no reader ever sees an incomplete journal.
        if is_new:  # noted before the rename: a kill in between would leave the journal in doubt
            Witness(location.lock_file, unfinished, job_id, 0, is_new=True).note()
        unfinished.replace(location.file)
        fsync_folder(location.folder)


def _fill(
    database: Database,
    location: JobLocation,
    rows: Sequence[JournalRow],
    terms: JobOptions,
    now: float,
) -> str:
    for statement in SCHEMA:
        database.execute(statement)
    job_id = new_id(now)
    header = (
        1, VERSION, job_id, location.name, location.account_sid, location.world,
        fingerprint_of(rows), len(rows), terms.rate, terms.per, terms.on_unknown, "waiting", "",
        now, None, None,
        location.region,
    )  # fmt: skip
    database.execute(f"INSERT INTO job VALUES ({', '.join('?' * len(header))})", header)  # noqa: S608
    for row in rows:
        database.execute(
            "INSERT INTO outcome (n, form, segments, cost, status, seal) VALUES (?, ?, ?, ?, ?, ?)",
            (row.n, row.form_text, row.segments, row.cost, row.status, row.seal(job_id)),
        )
    return job_id


class Journal(JournalReader):
    """A job's journal, open for writing by the process that owns the job. Safe between threads.

    Args:
        location: Its location.
        connecting: Opens the file.
        synchronous: SQLite's setting; anything but FULL can send twice after a power cut, and is
            only for the test that proves it.

    Raises:
        JobError: There is no such journal, it belongs to another account, or it is damaged and was
            renamed.
    """

    def __init__(
        self, location: JobLocation, connecting: Connect = connect, *, synchronous: str = "FULL"
    ) -> None:
        refuse_missing(location)
        self._location = location
        self._lock = ThreadLock()
        self._claimed = 0
        self.monotonic = clock.seconds
        """The clock that attempts are timed by: a sandbox has its own."""
        self._joined = False
        self._is_doubting = False
        database = None
        try:
            database = connecting(location.file)
            make_durable(database, location.file, synchronous)
            check(database)
            super().__init__(database, header_of(database, location))
            self._add_missing_columns()
            self.rows()  # each with its checksum
            self._witness = Witness(
                location.lock_file, location.file, self.header.id, self.count_attempts()
            )
        except BaseException as error:
            if database is not None:
                database.close()
            if isinstance(error, sqlite3.DatabaseError | JournalDamaged) and not _is_passing(error):
                _put_aside(location)
                refuse_missing(location)
            if isinstance(error, sqlite3.Error | OSError):
                raise _cannot(location, "opened", error) from None
            raise

    def _add_missing_columns(self) -> None:
        have = {name for _id, name, *_rest in self.ask("PRAGMA table_info(attempt)")}
        for name, kind in (("boot", "TEXT"), ("started_boot", "REAL"), ("latest_boot", "REAL")):
            if name not in have:
                self.ask(f"ALTER TABLE attempt ADD COLUMN {name} {kind}")

    # Whether it is complete

    @property
    def doubt(self) -> Doubt | None:
        """Why messages may have been sent that this journal does not have; None when none were."""
        return self._witness.doubt

    def mark_pending_unknown(self, *, now: float) -> list[JournalRow]:
        """Make every pending row unknown: it may have been sent since the journal was current."""
        pending = self.rows(states.PENDING)
        ending = AttemptResult("unknown", problem="The journal may be older than what was sent.")
        with self._writing():
            self._is_doubting = True
            try:
                claimed = self.claim(pending, now=self.header.created_at, latest=now)
                return self.close_attempts([(row, ending, now) for row, _token in claimed])
            finally:
                self._is_doubting = False

    def trust(self) -> None:
        """Rely on the journal again: the message log was asked about every row."""
        self._witness.doubt = None
        with _explained(self._location, "written"):
            self._witness.note()

    # Before a request leaves

    def claim(
        self, rows: Sequence[JournalRow], *, now: float, latest: float
    ) -> list[tuple[JournalRow, str]]:
        """Record that these rows are about to be sent; durable when this returns.

        Args:
            rows: Pending rows.
            now: The earliest time of the first byte (seconds since 1970).
            latest: The latest time at which Twilio may receive one.

        Returns:
            Each row, now attempted, with its attempt's token.

        Raises:
            JobError: The files are not where they were, or the journal is in doubt.
        """
        if self.doubt is not None and not self._is_doubting:
            raise JobError(
                f'The journal of job "{self.header.name}" may be older than what was sent, so '
                "nothing is sent before the message log was asked."
            )
        claimed = [
            (row._replace(status=states.ATTEMPTED, attempts=row.attempts + 1, updated_at=now),
             secrets.token_hex(16))
            for row in rows
        ]  # fmt: skip
        begun = self.monotonic()
        # What may have been sent before this journal was current was begun at no known moment.
        timed = (
            clock.boot_id(),
            None if self._is_doubting else begun,
            begun if self._is_doubting else begun + latest - now,
        )
        with self._writing():
            self._database.executemany(
                "INSERT INTO attempt (n, k, token, started_at, latest_at, boot, started_boot, "
                "latest_boot) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(row.n, row.attempts, token, now, latest, *timed) for row, token in claimed],
            )
            self._step(
                states.PENDING,
                "attempts = ?, updated_at = ?",
                [((row.attempts, now), row) for row, _token in claimed],
            )
            self._claimed += len(claimed)
        return claimed

    # After an answer, or without one

    def close_attempts(
        self, endings: Sequence[tuple[JournalRow, AttemptResult, float]]
    ) -> list[JournalRow]:
        """Record the results of attempts, all in one commit.

        Args:
            endings: Attempted rows, the result of each, and its time (seconds since 1970).

        Returns:
            The rows as they are now.
        """
        timed = (clock.boot_id(), clock.boot_id(), self.monotonic())
        endings = self._each_with_its_own_sid(endings)
        closed = [
            row._replace(
                status=ending.status,
                sid=ending.sid,
                error_code=ending.error_code,
                problem=ending.problem,
                settled_by="answer" if ending.status in states.ENDS else None,
                updated_at=at,
            )
            for row, ending, at in endings
        ]
        with self._writing():
            self._database.executemany(
                "UPDATE attempt SET ended_at = ?, ending = ?, sid = ?, http_status = ?, "
                "error_code = ?, request_id = ?, problem = ?, latest_at = ?, boot = ?, "
                "started_boot = CASE WHEN boot = ? THEN started_boot END, latest_boot = ? "
                "WHERE n = ? AND k = ?",
                [(at, ending.code, ending.sid, ending.http_status, ending.error_code,
                  ending.request_id, ending.problem, at, *timed, row.n, row.attempts)
                 for row, ending, at in endings],
            )  # fmt: skip
            self._step(
                states.ATTEMPTED,
                "sid = ?, error_code = ?, problem = ?, settled_by = ?, updated_at = ?",
                [((row.sid, row.error_code, row.problem, row.settled_by, row.updated_at), row)
                 for row in closed],
            )  # fmt: skip
        return closed

    def _each_with_its_own_sid(
        self, endings: Sequence[tuple[JournalRow, AttemptResult, float]]
    ) -> list[tuple[JournalRow, AttemptResult, float]]:
        """Return the results, without a SID that another row's answer has had."""
        seen: set[str | None] = set()
        checked = []
        for row, ending, at in endings:
            taken = self._database.execute(
                "SELECT 1 FROM attempt WHERE sid = ? AND NOT (n = ? AND k = ?)",
                (ending.sid, row.n, row.attempts),
            ).fetchone()
            doubled = taken or (ending.sid is not None and ending.sid in seen)
            result = AttemptResult("unknown", problem=_SAME_SID) if doubled else ending
            seen.add(result.sid)
            checked.append((row, result, at))
        return checked

    def recover(self, *, now: float) -> list[JournalRow]:
        """Mark the rows that another process left attempted as unknown: they may have been sent.

        The caller has the job's lock, so no process is still sending them.
        """
        ending = AttemptResult(
            "unknown", problem="The process that was sending it ended before the response arrived."
        )
        # It may have been stopped for long before its first byte left, so nothing else is known.
        return self.close_attempts([(row, ending, now) for row in self.rows(states.ATTEMPTED)])

    # Evidence and decisions

    def settle(self, verdicts: Sequence[Settlement], *, now: float) -> None:
        """Record conclusions about unknown rows, and settle the rows where they are decisive."""
        with self._writing():
            unknown = {row.n: row for row in self.rows(states.UNKNOWN)}
            for verdict in verdicts:
                self._database.execute(
                    "INSERT INTO finding (n, at, verdict, why, evidence) VALUES (?, ?, ?, ?, ?)",
                    (verdict.n, now, verdict.verdict, verdict.why, verdict.evidence),
                )
                if verdict.verdict in {states.ACCEPTED, states.REJECTED}:
                    self._decide(unknown[verdict.n], verdict, now)

    def _decide(self, row: JournalRow, verdict: Settlement, now: float) -> None:
        if verdict.sid is not None and verdict.verdict == states.ACCEPTED:
            self._database.execute(
                "UPDATE attempt SET sid = ? WHERE n = ? AND k = ?",
                (verdict.sid, row.n, row.attempts),
            )
        settled = row._replace(
            status=verdict.verdict,
            sid=verdict.sid if verdict.verdict == states.ACCEPTED else None,
            error_code=verdict.error_code,
            problem=None if verdict.verdict == states.ACCEPTED else verdict.why,
            settled_by=verdict.by,
            updated_at=now,
        )
        self._put(settled, states.UNKNOWN)

    def decide(self, rows: Sequence[JournalRow], what: str, *, now: float) -> list[JournalRow]:
        """Record the user's decision about rows.

        Args:
            rows: The rows as they are.
            what: ``"resend"``, ``"abandon"`` (an unknown row) or ``"skip"`` (a pending one).
            now: Seconds since 1970.
        """
        status = {
            "resend": states.PENDING, "abandon": states.ABANDONED, "skip": states.SKIPPED
        }[what]  # fmt: skip
        decided: list[JournalRow] = []
        with self._writing():
            for row in rows:
                self._database.execute(
                    "INSERT OR IGNORE INTO decision (n, k, what, at) VALUES (?, ?, ?, ?)",
                    (row.n, row.attempts, what, now),
                )
                after = row._replace(
                    status=status, updated_at=now,
                    settled_by=None if what == "resend" else "person",
                )  # fmt: skip
                if what == "resend":
                    after = after._replace(sid=None, error_code=None, problem=None,
                                           message_status=None, message_error=None,
                                           billed_segments=None, price=None,
                                           price_unit=None)  # fmt: skip
                self._put(after, row.status)
                decided.append(after)
        return decided

    def see(self, messages: Sequence[Message], *, now: float) -> None:
        """Record later statuses of this job's messages, as read from Twilio."""
        with self._writing():
            for message in messages:
                self._database.execute(
                    "UPDATE outcome SET message_status = ?, message_error = ?, "
                    "billed_segments = ?, price = ?, price_unit = ?, updated_at = ? "
                    "WHERE (n, sid) = (SELECT n, sid FROM attempt WHERE sid = ?)",
                    (message.status, message.error_code, message.num_segments,
                     None if message.price is None else str(message.price), message.price_unit,
                     now, message.sid),
                )  # fmt: skip

    def hear(self, rows: Sequence[JournalRow], *, now: float) -> None:
        """Record later statuses of these rows' messages, as reported by callbacks."""
        with self._writing():
            self._database.executemany(
                "UPDATE outcome SET message_status = ?, message_error = ?, updated_at = ? "
                "WHERE n = ? AND sid = ?",
                [(row.message_status, row.message_error, now, row.n, row.sid) for row in rows],
            )

    # The job as a whole

    def note(self, state: str, note: str = "", *, now: float) -> None:
        """Record the job's state, and the reason for it."""
        ended = now if state in {"finished", "cancelled"} else None
        with self._writing():
            self._database.execute(
                "UPDATE job SET state = ?, note = ?, finished_at = ?", (state, note, ended)
            )
        self.header = replace(self.header, state=state, note=note, finished_at=ended)

    def forget(self, *, now: float) -> None:
        """Delete every number, text and error message from the file, and keep the outcomes.

        Raises:
            JobError: A row still needs them, or a reader keeps them in the file.
        """
        counts = self.counts()
        needed = {
            status: counts[status]
            for status in (states.PENDING, states.ATTEMPTED, states.UNKNOWN)
            if counts[status]
        }
        if needed:
            counted = ", ".join(f"{count:,} {status}" for status, count in needed.items())
            raise JobError(
                f'Job "{self.header.name}" still needs its numbers and texts ({counted}). Let it '
                "finish, cancel it, or settle or abandon the unknown rows first."
            )
        with self._writing():
            for row in self.rows():
                self._put(row.forgotten(), row.status)
            self._database.execute("UPDATE attempt SET problem = NULL")
            self._database.execute("UPDATE finding SET evidence = '{}', why = ''")
            self._database.execute("UPDATE job SET forgotten_at = ?", (now,))
        with self._lock, _explained(self._location, "cleared"):
            self._database.execute("VACUUM")
            (busy, *_pages) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self.header = replace(self.header, forgotten_at=now)
        if busy:  # SQLite has already waited for readers (busy_timeout)
            raise JobError(
                f'Job "{self.header.name}" is forgotten, but another process is reading its '
                f"journal, so its files ({self._location.file}) still contain the old texts. Call "
                "forget() again when the other process has finished."
            )

    def close(self) -> None:
        """Close the file."""
        kept, folded = 1, 0
        with self._lock:
            with suppress(sqlite3.Error):
                _busy, kept, folded = self._database.execute("PRAGMA wal_checkpoint").fetchone()
            with suppress(sqlite3.Error):
                self._database.close()
            if kept == folded:
                self._witness.close()

    def _step(
        self, was: str, what: str, rows: Sequence[tuple[tuple[object, ...], JournalRow]]
    ) -> None:
        """Update only the columns that an attempt changes, which is faster than all of them.

        Args:
            was: The status of every row so far.
            what: The other columns that change, as SQL.
            rows: Their values, and each row with its new status.
        """
        before = self._changes()
        self._database.executemany(
            f"UPDATE outcome SET {what}, status = ?, seal = ? WHERE n = ? AND status = ?",  # noqa: S608
            [(*values, row.status, row.seal(self.header.id), row.n, was) for values, row in rows],
        )
        self._refuse_unchanged([row for _values, row in rows], was, before)

    def _put(self, row: JournalRow, was: str) -> None:
        before = self._changes()
        self._database.execute(
            "UPDATE outcome SET form = ?, status = ?, sid = ?, error_code = ?, problem = ?, "
            "attempts = ?, settled_by = ?, updated_at = ?, message_status = ?, message_error = ?, "
            "billed_segments = ?, price = ?, price_unit = ?, seal = ? WHERE n = ? AND status = ?",
            (row.form_text, row.status, row.sid, row.error_code, row.problem, row.attempts,
             row.settled_by, row.updated_at, row.message_status, row.message_error,
             row.billed_segments, row.price, row.price_unit, row.seal(self.header.id),
             row.n, was),
        )  # fmt: skip
        self._refuse_unchanged([row], was, before)

    def _changes(self) -> int:
        """Return how many rows this connection has changed in total."""
        ((changes,),) = self.ask("SELECT total_changes()")
        return int(changes)

    def _refuse_unchanged(self, rows: Sequence[JournalRow], was: str, before: int) -> None:
        if self._changes() - before != len(rows):
            raise JobError(
                f'A row of job "{self.header.name}" is no longer {was} (one of '
                f"{rows[0].n} to {rows[-1].n}): another process has changed its journal, so "
                "nothing more is sent."
            )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Combine all writes within into one commit."""
        with self._lock, _explained(self._location, "written"), transaction(self._database):
            self._joined, self._claimed = True, 0
            try:
                yield
            finally:
                self._joined = False
        if self._claimed:
            self._note_attempts()

    def _note_attempts(self) -> None:
        """Check that what was committed is in place, and let the witness know of it."""
        if not self._witness.is_in_place():
            raise _taken_away(self._location, self._database)
        self._witness.attempts += self._claimed
        with _explained(self._location, "written"):
            self._witness.note()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            if self._joined:
                yield
            else:
                with self.together():
                    yield


@contextmanager
def _explained(location: JobLocation, doing: str) -> Iterator[None]:
    """Turn an error of SQLite or of the disk into a `JobError` that says what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        problem = error
    else:
        return
    raise _cannot(location, doing, problem)


def _cannot(location: JobLocation, doing: str, error: sqlite3.Error | OSError) -> JobError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return JobError(
        f'The journal of job "{location.name}" cannot be {doing} ({reason}). It is at '
        f"{location.file}: check the disk's free space and your permissions. Nothing is sent "
        "without it."
    )


def _taken_away(location: JobLocation, database: Database) -> JobError:
    """Keep a copy under a name that blocks the journal's own, and return the error to raise."""
    copy = location.folder / f"{location.name}{SET_ASIDE}{secrets.token_hex(4)}.sqlite"
    kept = "It could not be kept: compare with twilio.messages.list() before you send anything."
    with suppress(OSError, sqlite3.Error):
        if location.home.parent.is_dir():  # a sandbox that is closed has removed its own
            private_folder(location.folder)
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            database.execute("VACUUM INTO ?", (str(copy),)).fetchall()
            kept = f"What it knew is kept at {copy}."
    return JobError(
        f'The journal of job "{location.name}" was deleted, moved or replaced while the job was '
        f"running ({location.file}), so nothing more is sent. {kept}"
    )


def _is_passing(error: BaseException) -> bool:
    """Return whether the file may be intact although it cannot be used now."""
    return isinstance(error, sqlite3.OperationalError | sqlite3.NotSupportedError)


def _put_aside(location: JobLocation) -> None:
    """Rename a damaged journal; the renamed file blocks its job, so that nothing is sent twice."""
    stem = f"{location.name}{SET_ASIDE}{secrets.token_hex(4)}.sqlite"
    for ending in ("", "-wal", "-shm"):
        path = location.file.with_name(location.file.name + ending)
        if path.exists():
            path.replace(location.folder / (stem + ending))
