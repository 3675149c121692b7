"""Read a journal, without locking the job.

A journal is used only if SQLite's integrity check and every row's checksum pass. A damaged one
raises an error that names its path, and nothing is sent from it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.system.clock import ClockReading
from twilio_widgets.errors import JobError
from twilio_widgets.journal.database import Connect, Database, connect, make_reader
from twilio_widgets.journal.row import COLUMNS, JournalRow, row_of
from twilio_widgets.journal.schema import VERSION
from twilio_widgets.journal.states import STATUSES

if TYPE_CHECKING:
    from twilio_widgets.journal.location import JobLocation


class JournalDamaged(Exception):
    """The journal is damaged; the message describes how. Not raised to users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A job as a whole."""

    id: str
    """Ids sort by the time of the job's creation."""
    name: str
    account_sid: str
    world: str | None
    fingerprint: str
    rows: int
    rate: float | None
    per: str
    on_unknown: str
    state: str
    note: str
    created_at: float
    finished_at: float | None
    forgotten_at: float | None
    region: str | None
    """None in journals of versions that did not record it."""


_HEADER = (
    "id, name, account_sid, world, fingerprint, rows, rate, per, on_unknown, state, note, "
    "created_at, finished_at, forgotten_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAttempt:
    """One POST that may have been sent."""

    n: int
    k: int
    """1 for the row's first."""
    token: str
    """Identifies the attempt in its status callbacks, if there is a listener."""
    started_at: float
    latest_at: float
    """The last moment at which Twilio may have received it."""
    ended_at: float | None
    ending: str | None
    sid: str | None
    http_status: int | None
    error_code: int | None
    request_id: str | None
    problem: str | None
    boot: str | None = None
    """The boot that counts the next two; None when the journal was made before they were kept."""
    started_boot: float | None = None
    latest_boot: float | None = None

    @property
    def started(self) -> ClockReading:
        """When its first byte may have left."""
        return _moment(self.started_at, self.started_boot, self.boot)

    @property
    def latest(self) -> ClockReading:
        """The last moment at which Twilio may have received it."""
        return _moment(self.latest_at, self.latest_boot, self.boot)


def _moment(wall: float, boot: float | None, boot_id: str | None) -> ClockReading:
    return ClockReading(datetime.fromtimestamp(wall, UTC), boot, boot_id or "")


_ATTEMPT = (
    "n, k, token, started_at, latest_at, ended_at, ending, sid, http_status, error_code, "
    "request_id, problem"
)

_BOOT = ("boot", "started_boot", "latest_boot")
"""Columns of an attempt that older journals lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the message log shows about one unknown row."""

    n: int
    at: float
    verdict: str
    why: str
    evidence: str
    """JSON: the SIDs seen, the window, the pages read."""


class JournalReader:
    """Queries of a journal, over an open connection."""

    def __init__(self, database: Database, header: Header) -> None:
        self._database = database
        self.header = header

    def ask(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """Return every line of a query."""
        return self._database.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    def rows(self, *statuses: str) -> list[JournalRow]:
        """Return the rows with these statuses, or all, in the order of the plan.

        Raises:
            JournalDamaged: A row's checksum is wrong.
        """
        marks = ", ".join("?" * len(statuses))
        where = f"WHERE status IN ({marks})" if statuses else ""
        lines = self.ask(f"SELECT {COLUMNS} FROM outcome {where} ORDER BY n", *statuses)  # noqa: S608
        return [self._believed(line) for line in lines]

    def _believed(self, line: tuple[Any, ...]) -> JournalRow:
        row = row_of(line, self.header.id)
        if row is None:
            raise JournalDamaged(f"the checksum of row {line[0]} is wrong")
        return row

    def counts(self) -> dict[str, int]:
        """Return how many rows have each status."""
        found = dict(self.ask("SELECT status, count(*) FROM outcome GROUP BY status"))
        return {status: found.get(status, 0) for status in STATUSES}

    def attempts(self, n: int | None = None) -> list[SendAttempt]:
        """Return every attempt, or those of one row, in order."""
        where, values = ("", ()) if n is None else ("WHERE n = ?", (n,))
        names = self._attempt_columns()
        lines = self.ask(f"SELECT {', '.join(names)} FROM attempt {where} ORDER BY n, k", *values)  # noqa: S608
        return [SendAttempt(**dict(zip(names, line, strict=True))) for line in lines]

    def _attempt_columns(self) -> list[str]:
        """Return the columns of an attempt that this journal has."""
        kept = {name for _id, name, *_rest in self.ask("PRAGMA table_info(attempt)")}
        return [*_ATTEMPT.split(", "), *(name for name in _BOOT if name in kept)]

    def last_attempts(self, *statuses: str) -> dict[int, SendAttempt]:
        """Return the last attempt of each row with one of these statuses, by its position."""
        marks = ", ".join("?" * len(statuses))
        names = self._attempt_columns()
        lines = self.ask(
            f"SELECT {', '.join(f'attempt.{name}' for name in names)} FROM outcome JOIN attempt "  # noqa: S608
            "ON attempt.n = outcome.n AND attempt.k = outcome.attempts "
            f"WHERE outcome.status IN ({marks})",
            *statuses,
        )
        found = [SendAttempt(**dict(zip(names, line, strict=True))) for line in lines]
        return {attempt.n: attempt for attempt in found}

    def findings(self) -> dict[int, Finding]:
        """Return the last finding about each row, by its position."""
        lines = self.ask(
            "SELECT n, at, verdict, why, evidence FROM finding "
            "WHERE id IN (SELECT max(id) FROM finding GROUP BY n)"
        )
        return {
            n: Finding(n=n, at=at, verdict=verdict, why=why, evidence=evidence)
            for n, at, verdict, why, evidence in lines
        }

    def count_attempts(self) -> int:
        """Return how many attempts there are."""
        ((count,),) = self.ask("SELECT count(*) FROM attempt")
        return int(count)

    def sids(self) -> set[str]:
        """Return the SIDs of the messages that this job is known to have created."""
        found = self.ask("SELECT sid FROM attempt WHERE sid IS NOT NULL")
        return {sid for (sid,) in found}


def header_of(database: Database, location: JobLocation) -> Header:
    """Read a journal's header, and check that it belongs to this account, sandbox and region.

    Raises:
        JournalDamaged: It cannot be read.
        JobError: It belongs to another account, world or region, or a newer version wrote it.
    """
    ((version,),) = database.execute("PRAGMA user_version").fetchall()
    if version > VERSION:
        raise JobError(
            f'Job "{location.name}" was written by a newer twilio_widgets (journal version '
            f"{version}; this one knows {VERSION}). Update the package; nothing was sent."
        )
    if version != VERSION:
        raise JournalDamaged("it has no header")
    kept = {name for _id, name, *_rest in database.execute("PRAGMA table_info(job)").fetchall()}
    region = "region" if "region" in kept else "NULL"
    lines = database.execute(f"SELECT {_HEADER}, {region} FROM job").fetchall()  # noqa: S608
    if len(lines) != 1:
        raise JournalDamaged("it has no header")
    header = Header(**dict(zip([*_HEADER.split(", "), "region"], lines[0], strict=True)))
    if (header.account_sid, header.world) != (location.account_sid, location.world):
        is_other_account = header.account_sid != location.account_sid
        owner = "account" if is_other_account else "sandbox or to Twilio"
        raise JobError(
            f'The journal of job "{location.name}" in {location.folder} belongs to another '
            f"{owner}. Was it copied here? Nothing was sent."
        )
    if location.region is not None and header.region not in {None, location.region}:
        raise other_region(location.name, str(header.region), location.region)
    return header


def other_region(name: str, begun_in: str, asked_in: str) -> JobError:
    """Return the error for a job of another region, whose log does not have its messages."""
    return JobError(
        f'Job "{name}" was begun in the region {begun_in}, and this client is for {asked_in}: the '
        "message log there says nothing about it. Give a client for the first; nothing was sent."
    )


def check(database: Database) -> None:
    """Run SQLite's integrity check.

    Raises:
        JournalDamaged: It found a problem.
    """
    found = database.execute("PRAGMA integrity_check(1)").fetchall()
    if found != [("ok",)]:
        raise JournalDamaged(str(found[0][0]) if found else "it cannot be checked")


@contextmanager
def reading(location: JobLocation, connecting: Connect = connect) -> Iterator[JournalReader]:
    """Open a job's journal for reading, also while another process runs the job.

    Raises:
        JobError: There is no such job, or its journal cannot be used.
    """
    refuse_missing(location)
    database: Database | None = None
    try:
        database = connecting(location.file)
        make_reader(database)
        yield JournalReader(database, header_of(database, location))
    except (sqlite3.Error, JournalDamaged) as error:
        problem = str(error)
    else:
        return
    finally:
        if database is not None:
            database.close()
    raise JobError(
        f'The journal of job "{location.name}" cannot be read ({problem}). It is at '
        f"{location.file}."
    )


def refuse_missing(location: JobLocation) -> None:
    """Check that a job has a journal.

    Raises:
        JobError: There is none, or it was damaged and renamed.
    """
    if aside := location.damaged():
        raise JobError(
            f'The journal of job "{location.name}" was damaged or taken away, and what is left is '
            f"kept aside at {aside[-1]}. Which rows were sent cannot be relied on, so nothing is "
            "sent under this name: compare with twilio.messages.list(), then choose another name "
            "or delete it."
        )
    if not location.file.exists():
        here = sorted(path.stem for path in location.folder.glob("*.sqlite"))
        known = f" Jobs there: {', '.join(here[:10])}." if here else ""
        raise JobError(f'There is no job "{location.name}" in {location.folder}.{known}')
