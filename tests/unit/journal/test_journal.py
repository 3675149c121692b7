"""What the journal keeps, what it refuses, and whom it lets in."""

from __future__ import annotations

import errno
import gc
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest

from twilio_widgets import AuthTokenConnection, Sandbox
from twilio_widgets.errors import ConfigurationError, JobError
from twilio_widgets.journal.journal import JobOptions, Journal, Settlement, create
from twilio_widgets.journal.ledger import reading
from twilio_widgets.journal.location import JobLocation, JobLock, check_name, location_of, runner_of
from twilio_widgets.journal.row import JournalRow
from twilio_widgets.journal.states import RESULTS, STATUSES, AttemptResult

ACCOUNT = "AC" + "0" * 31 + "1"
SID = "SM" + "0" * 31
NOW = 1_768_478_400.0


def rows(count: int = 3) -> list[JournalRow]:
    return [
        JournalRow(
            n=n, form=(("To", f"+1415555010{n}"), ("From", "+15005550006"), ("Body", f"Hi {n}"))
        )
        for n in range(count)
    ]


@pytest.fixture
def location(tmp_path) -> JobLocation:
    return JobLocation(folder=tmp_path / ACCOUNT, name="spring", account_sid=ACCOUNT)


@pytest.fixture
def journal(location):
    create(location, rows(), JobOptions(), now=NOW)
    with closing(Journal(location)) as opened:
        yield opened


def claimed(journal: Journal, *, now: float = NOW) -> list[JournalRow]:
    return [row for row, _token in journal.claim(journal.rows("pending"), now=now, latest=now + 30)]


def test_a_row_is_attempted_before_it_can_be_anything_else(journal):
    first, *_ = claimed(journal)
    assert (first.status, first.attempts) == ("attempted", 1)
    (after,) = journal.close_attempts([(first, AttemptResult("accepted", sid=SID + "1"), NOW + 1)])
    assert journal.rows("accepted") == [after]
    assert (after.sid, after.settled_by) == (SID + "1", "answer")
    assert journal.counts() == dict.fromkeys(STATUSES, 0) | {"attempted": 2, "accepted": 1}
    assert journal.sids() == {SID + "1"}


@pytest.mark.parametrize("word", RESULTS)
def test_every_ending_leaves_the_row_where_it_says(journal, word):
    first, *_ = claimed(journal)
    sid = SID + "1" if word == "accepted" else None
    (after,) = journal.close_attempts([(first, AttemptResult(word, sid=sid), NOW + 1)])
    expected = word if word in {"accepted", "rejected", "unknown"} else "pending"
    assert after.status == expected
    assert journal.attempts(0)[0].ending == word
    assert journal.attempts(0)[0].latest_at == NOW + 1


STEPS = {
    "pending": {"attempted", "skipped"},
    "attempted": {"accepted", "rejected", "pending", "unknown"},
    "unknown": {"accepted", "rejected", "abandoned"},
}


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_the_database_itself_refuses_a_step_that_is_none(location, before, after):
    """Even code that goes past the journal cannot make an accepted row pending again."""
    create(location, rows(1), JobOptions(), now=NOW)
    with closing(sqlite3.connect(location.file, isolation_level=None)) as database:
        path = {
            "attempted": ["attempted"],
            "accepted": ["attempted", "accepted"],
            "rejected": ["attempted", "rejected"],
            "unknown": ["attempted", "unknown"],
            "abandoned": ["attempted", "unknown", "abandoned"],
            "skipped": ["skipped"],
        }.get(before, [])

        def go(status: str) -> None:
            if status == "attempted":
                database.execute(
                    "INSERT INTO attempt (n, k, token, started_at, latest_at) "
                    "VALUES (0, 1, 't', 0, 0)"
                )
                database.execute("UPDATE outcome SET attempts = 1, status = 'attempted'")
            else:
                database.execute("UPDATE outcome SET status = ?, sid = 'SM'", (status,))

        for status in path:
            go(status)
        if after == before or after in STEPS.get(before, ()):
            if after != before:
                go(after)
        else:
            with pytest.raises(sqlite3.IntegrityError):
                go(after)


def test_no_row_has_two_open_attempts_and_no_two_rows_one_message(journal):
    first, second, third = claimed(journal)
    with pytest.raises(JobError, match="cannot be written"):
        journal.claim([first._replace(status="pending")], now=NOW, latest=NOW)
    same = AttemptResult("accepted", sid=SID + "1")
    one, two = journal.close_attempts([(first, same, NOW), (second, same, NOW)])
    (three,) = journal.close_attempts([(third, same, NOW)])
    assert (one.status, one.sid) == ("accepted", SID + "1")
    assert [(row.status, row.sid) for row in (two, three)] == [("unknown", None)] * 2
    assert "had the SID of another message" in (two.problem or "")


def test_the_database_itself_refuses_a_second_attempt_before_the_first_has_ended(location, journal):
    claimed(journal)
    with closing(sqlite3.connect(location.file, isolation_level=None)) as database:
        database.execute("UPDATE outcome SET status = 'pending' WHERE n = 0")
        with pytest.raises(sqlite3.IntegrityError, match="not pending"):
            database.execute(
                "INSERT INTO attempt (n, k, token, started_at, latest_at) VALUES (0, 2, 't', 0, 0)"
            )


@pytest.mark.parametrize("sid", [None, SID + "1"])
def test_a_rows_checksum_is_over_its_json(sid):
    """However it is put together: a journal that was written before is believed."""
    row = JournalRow(
        n=7, form=(("To", "+14155550100"), ("Body", 'Grüße "an"\n\u2028Dich')), sid=sid
    )
    kept = json.dumps([7, row.form, 1, "pending", sid, 0], ensure_ascii=False).encode()
    expected = blake2b(kept, digest_size=8, key=b"id").hexdigest()
    assert row.seal("id") == row._replace(written=row.form_text).seal("id") == expected


def test_a_rows_picture_shows_no_number_and_no_text():
    assert repr(rows()[0]) == "Row(0, pending)"


def test_a_row_that_is_not_pending_any_more_is_not_claimed(journal):
    """The one who holds an old picture of it is told, and nothing is sent."""
    before = journal.rows("pending")[0]
    (first, *_) = claimed(journal)
    journal.close_attempts([(first, AttemptResult("rejected"), NOW)])
    with pytest.raises(JobError):
        journal.claim([before], now=NOW, latest=NOW)
    assert [attempt.k for attempt in journal.attempts(0)] == [1]


def test_a_decision_about_an_old_picture_of_a_row_is_refused(journal):
    before = journal.rows("pending")
    claimed(journal)
    with pytest.raises(JobError, match="no longer pending"):
        journal.decide(before, "skip", now=NOW)
    assert journal.counts()["attempted"] == 3


def test_attempted_rows_of_a_dead_process_are_unknown(location, journal):
    claimed(journal)
    journal.close()
    with closing(Journal(location)) as heir:
        left = heir.recover(now=NOW + 5)
        assert [row.status for row in left] == ["unknown"] * 3
        assert heir.recover(now=NOW + 6) == []
        assert heir.attempts(0)[0].latest_at == NOW + 5


def test_a_request_that_took_longer_than_it_should_may_have_arrived_until_its_end(journal):
    """A laptop that slept while it was on its way."""
    first, *_ = claimed(journal)
    journal.close_attempts([(first, AttemptResult("unknown"), NOW + 3600)])
    assert journal.attempts(0)[0].latest_at == NOW + 3600


def test_only_a_decision_reopens_a_final_row(journal):
    first, *_ = claimed(journal)
    (gone,) = journal.close_attempts([(first, AttemptResult("rejected", error_code=21610), NOW)])
    (again,) = journal.decide([gone], "resend", now=NOW + 1)
    assert (again.status, again.attempts, again.error_code) == ("pending", 1, None)
    (retried,) = [row for row, _ in journal.claim([again], now=NOW + 2, latest=NOW + 3)]
    (gone,) = journal.close_attempts([(retried, AttemptResult("rejected"), NOW + 3)])
    with (
        closing(sqlite3.connect(journal._location.file)) as database,
        pytest.raises(sqlite3.IntegrityError),
    ):
        database.execute("UPDATE outcome SET status = 'pending' WHERE n = 0")


def test_evidence_settles_and_leaves_its_reasons(journal):
    unknown = [(row, AttemptResult("unknown"), NOW) for row in claimed(journal)]
    journal.close_attempts(unknown)
    journal.settle(
        [
            Settlement(0, "accepted", "One message fits.", "{}", sid=SID + "1"),
            Settlement(1, "rejected", "Twilio refused it.", "{}", error_code=21610),
            Settlement(2, "absent", "The log does not show it.", "{}"),
        ],
        now=NOW + 90,
    )
    found = [(row.status, row.sid, row.error_code, row.settled_by) for row in journal.rows()]
    assert found == [
        ("accepted", SID + "1", None, "log"),
        ("rejected", None, 21610, "log"),
        ("unknown", None, None, None),
    ]
    assert journal.findings()[2].verdict == "absent"
    assert journal.sids() == {SID + "1"}


def test_the_files_are_their_owners_alone(location, journal):
    claimed(journal)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in location.folder.iterdir()}
    assert modes == {
        "spring.lock": 0o600,
        "spring.sqlite": 0o600,
        "spring.sqlite-wal": 0o600,
        "spring.sqlite-shm": 0o600,
    }
    assert stat.S_IMODE(location.folder.stat().st_mode) == 0o700


def test_a_journal_without_both_clocks_is_read_and_continued(location, journal):
    claimed(journal)
    journal.close()
    with closing(sqlite3.connect(location.file, isolation_level=None)) as database:
        for name in ("boot", "started_boot", "latest_boot"):
            database.execute(f"ALTER TABLE attempt DROP COLUMN {name}")
    with reading(location) as ledger:
        assert [one.latest.boot for one in ledger.attempts()] == [None] * 3
        assert ledger.last_attempts("attempted")[0].started_at == NOW
    with closing(Journal(location)) as opened:
        opened.recover(now=NOW + 5)
        assert [one.latest_at for one in opened.attempts()] == [NOW + 5] * 3
        assert all(one.latest.boot is not None for one in opened.attempts())
        assert all(one.started.boot is None for one in opened.attempts())


def test_a_commit_waits_for_the_disk(journal):
    assert journal.ask("PRAGMA synchronous") == [(2,)]
    assert journal.ask("PRAGMA journal_mode") == [("wal",)]


def test_forgetting_leaves_no_number_and_no_text_in_the_files(location, journal):
    canaries = [b"4155550101", b"Hi 1"]
    endings = [
        (row, AttemptResult("accepted", sid=f"{SID}{row.n}", problem="4155550101"), NOW)
        for row in claimed(journal)
    ]
    journal.close_attempts(endings)
    journal.forget(now=NOW + 1)
    journal.close()
    held = b"".join(path.read_bytes() for path in location.folder.iterdir())
    assert [canary for canary in canaries if canary in held] == []
    with closing(Journal(location)) as again:
        assert [(row.to, row.sid) for row in again.rows()] == [("", f"{SID}{n}") for n in range(3)]
        assert again.header.forgotten_at == NOW + 1


def test_a_reader_that_keeps_old_text_in_the_files_is_reported(location, journal):
    journal.close_attempts([(row, AttemptResult("rejected"), NOW) for row in claimed(journal)])
    journal._database.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(location.file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outcome").fetchall()
        with pytest.raises(JobError, match="another process is reading its journal"):
            journal.forget(now=NOW + 1)
    assert b"Hi 1" in b"".join(path.read_bytes() for path in location.folder.iterdir())
    journal.forget(now=NOW + 2)
    assert b"Hi 1" not in b"".join(path.read_bytes() for path in location.folder.iterdir())


def test_texts_that_are_still_needed_are_not_deleted(journal):
    with pytest.raises(JobError, match="3 pending"):
        journal.forget(now=NOW)
    assert journal.rows()[0].to == "+14155550100"


def test_a_job_is_there_as_a_whole_or_not_at_all(location, monkeypatch):
    """A process that dies while it writes the rows down leaves no half of a job."""
    count = iter(range(2))

    def dies(self: JournalRow, _job: str) -> str:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return ""

    monkeypatch.setattr(JournalRow, "seal", dies)
    with pytest.raises(KeyboardInterrupt):
        create(location, rows(), JobOptions(), now=NOW)
    assert not location.file.exists()
    monkeypatch.undo()
    create(location, rows(), JobOptions(), now=NOW)
    with closing(Journal(location)) as journal:
        assert journal.counts()["pending"] == 3


# Who may have it

HOLDER = """
import sys
from pathlib import Path
from twilio_widgets.journal.location import JobLocation, JobLock
own = JobLock(JobLocation(folder=Path(sys.argv[1]), name="spring", account_sid=sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_sees_who_has_the_lock_and_takes_it_from_a_dead_one(location):
    command = [sys.executable, "-c", HOLDER, str(location.folder), ACCOUNT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(JobError, match=f"in process {holder.pid} on "):
            JobLock(location)
        holder.kill()
        holder.wait()
        JobLock(location).release()


def test_an_unreferenced_lock_is_released(location):
    """As when a cell is stopped between the lock and the variable for it."""
    JobLock(location)
    JobLock(location).release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_does_not_take_the_holders_name_away(location):
    own = JobLock(location)
    child = os.fork()
    if child == 0:
        own.release()
        os._exit(0)
    os.waitpid(child, 0)
    assert runner_of(location).startswith("in this process")
    with pytest.raises(JobError, match="in this process"):
        JobLock(location)
    own.release()


def stopped_after(function: Callable[..., object]) -> Callable[..., object]:
    """Return the function with a Ctrl+C that Python acts on as it returns."""

    def stopped(*args: object) -> object:
        function(*args)
        raise KeyboardInterrupt

    return stopped


def test_a_stop_as_the_lock_is_closed_leaves_other_files_alone(location, monkeypatch):
    """Its number may be another file's by then."""
    own = JobLock(location)
    monkeypatch.setattr(os, "close", stopped_after(os.close))
    with pytest.raises(KeyboardInterrupt):
        own.release()
    monkeypatch.undo()
    other = location.folder / "other"
    other.write_text("kept")
    with other.open("r+b"):
        del own
        gc.collect()
        assert other.read_text() == "kept"


def test_an_interrupted_lock_is_released_although_its_traceback_is_kept(location, monkeypatch):
    """A notebook keeps it until the next error."""
    monkeypatch.setattr(os, "lseek", stopped_after(os.lseek))
    with pytest.raises(KeyboardInterrupt) as kept:
        JobLock(location)
    monkeypatch.undo()
    JobLock(location).release()
    assert kept.value.__traceback__ is not None


def test_a_stop_as_a_held_job_is_asked_for_leaves_its_holder_named(location, monkeypatch):
    own = JobLock(location)
    monkeypatch.setattr("twilio_widgets.journal.location._described", stopped_after(str))
    with pytest.raises(KeyboardInterrupt):
        JobLock(location)
    monkeypatch.undo()
    assert str(runner_of(location)).startswith("in this process")
    own.release()


def test_a_stop_as_a_transaction_begins_ends_it(location, journal, monkeypatch):
    """Else the run, which writes over the same connection, could write nothing more."""
    database = journal._database

    class Stopped:
        def execute(self, sql: str, *values: object) -> object:
            result = database.execute(sql, *values)
            if sql.startswith("BEGIN"):
                raise KeyboardInterrupt
            return result

    monkeypatch.setattr(journal, "_database", Stopped())
    with pytest.raises(KeyboardInterrupt):
        journal.note("paused", now=NOW)
    monkeypatch.undo()
    journal.note("running", now=NOW)
    assert journal.header.state == "running"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_that_outlives_its_parent_does_not_hold_what_the_parent_held(location):
    """However the parent ends: the fork has put its copy away at once."""
    own = JobLock(location)
    (goes_on, stop), (ready, say) = os.pipe(), os.pipe()
    if (fork := os.fork()) == 0:
        os.close(stop)
        os.write(say, b"!")
        os.read(goes_on, 1)
        os._exit(0)
    os.read(ready, 1)
    own._close()  # as at the end of a process that could not let go
    JobLock(location).release()
    for end in (goes_on, stop, ready, say):
        os.close(end)
    os.waitpid(fork, 0)


def test_two_in_one_process_exclude_each_other_too(location):
    first = JobLock(location)
    with pytest.raises(JobError, match="in this process"):
        JobLock(location)
    first.release()
    first.release()
    JobLock(location).release()


# What is not ours, or not whole


def test_a_journal_of_another_account_or_world_is_refused(location, journal):
    journal.close()
    for other in (replace(location, account_sid="AC" + "2" * 32), replace(location, world="w1")):
        with pytest.raises(JobError, match="belongs to another"):
            Journal(other)
        with pytest.raises(JobError, match="belongs to another"), reading(other):
            pass
    assert location.file.exists(), "it is not damaged, only not ours"


def test_a_journal_of_another_region_is_refused_and_one_that_names_none_is_not(tmp_path):
    """The log of one region has no message of another: it would prove that none was sent."""
    here, there = (
        location_of(AuthTokenConnection(ACCOUNT, "token", **named), "spring", tmp_path)
        for named in ({"edge": "ashburn"}, {"region": "ie1", "edge": "dublin"})
    )
    create(here, rows(), JobOptions(), now=NOW)
    ready = 'Job "spring" was begun in the region us1, and this client is for ie1: '
    with pytest.raises(JobError, match=ready):
        Journal(there)
    with pytest.raises(JobError, match=ready), reading(there):
        pass
    with closing(sqlite3.connect(here.file)) as database:
        database.execute("ALTER TABLE job DROP COLUMN region")  # as it was before it was kept
    with closing(Journal(there)) as journal:
        assert (journal.header.region, journal.counts()["pending"]) == (None, 3)


def test_a_newer_journal_is_refused(location, journal):
    journal.close()
    with closing(sqlite3.connect(location.file)) as database:
        database.execute("PRAGMA user_version = 2")
    with pytest.raises(JobError, match="newer twilio_widgets"):
        Journal(location)
    assert location.file.exists()


def test_a_missing_job_is_named_with_those_there_are(location, journal):
    with pytest.raises(JobError, match=r"no job \"summer\".* Jobs there: spring"):
        Journal(replace(location, name="summer"))


def damage(location: JobLocation, change) -> None:
    content = bytearray(location.file.read_bytes())
    location.file.write_bytes(bytes(change(content)))


def without_checks(content: bytearray) -> bytearray:
    at = content.index(b"Hi 1")
    content[at : at + 4] = b"Ho 1"
    return content


DAMAGES = {
    "emptied": lambda content: b"",
    "cut in half": lambda content: content[: len(content) // 2],
    "no database at all": lambda content: b"x" * len(content),
    "a text changed, all else in order": without_checks,
}


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_journal_is_kept_aside_and_its_name_stays_taken(location, journal, change):
    """What it knew must not be sent again under the same name."""
    journal.close()
    damage(location, change)
    for _ in range(2):
        with pytest.raises(JobError, match="damaged or taken away, and what is left is kept aside"):
            Journal(location)
    assert len(location.damaged()) == 1
    assert not location.file.exists()


def test_no_flipped_byte_causes_a_wrong_row_to_be_sent(location, journal):
    """Any byte: the journal is refused, or every row is as it was written."""
    claimed(journal)
    journal.close()
    whole = location.file.read_bytes()
    with closing(Journal(location)) as opened:
        expected = opened.rows()
    for position in range(0, len(whole), 211):
        location.file.write_bytes(
            whole[:position] + bytes([whole[position] ^ 0x41]) + whole[position + 1 :]
        )
        try:
            with closing(Journal(location)) as opened:
                assert opened.rows() == expected, position
        except JobError:
            pass
        for path in location.folder.iterdir():
            path.unlink()


# Names


@pytest.mark.parametrize(
    "name",
    ["", "..", ".hidden", "a/b", "a\\b", "../up", "x" * 81, "con", "NUL.txt", "ends.", "ends ",
     "null\0", "new\nline", "a:b", "-x", None, 7],
)  # fmt: skip
def test_a_name_that_could_be_a_path_or_a_device_is_refused(name, tmp_path):
    connection = AuthTokenConnection(ACCOUNT, "token")
    with pytest.raises(ConfigurationError, match="must be a valid file name"):
        location_of(connection, name, tmp_path)


def test_a_name_whose_letters_take_too_many_bytes_is_called_too_long(tmp_path):
    connection = AuthTokenConnection(ACCOUNT, "token")
    assert location_of(connection, "字" * 66, tmp_path).name == "字" * 66
    for name in ("字" * 67, "𠀀" * 80):
        with pytest.raises(ConfigurationError, match="too long for a file name: at most 200 bytes"):
            location_of(connection, name, tmp_path)


def test_a_place_is_the_accounts_and_a_sandboxs_is_its_worlds(tmp_path):
    real = location_of(AuthTokenConnection(ACCOUNT, "token"), "spring-invite", tmp_path)
    assert real.file == tmp_path / ACCOUNT / "spring-invite.sqlite"
    with Sandbox() as sandbox:
        connection = sandbox.connection
        mine = location_of(connection, "Frühling 2026", tmp_path)
        assert mine.folder == tmp_path / connection.account_sid / sandbox.world_id
        own = location_of(connection, "spring")
        assert own.folder.is_relative_to(sandbox.data_folder / "jobs")
    with pytest.raises(ConfigurationError):
        location_of(connection, os.sep, tmp_path)


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named_and_leaks_no_file(tmp_path, monkeypatch, number):
    def unsupported(*_arguments: object) -> None:
        raise OSError(number, "not here")

    fcntl = pytest.importorskip("fcntl")
    location = JobLocation(folder=tmp_path, name="spring", account_sid="AC" + "1" * 32)
    monkeypatch.setattr(fcntl, "flock", unsupported)
    gc.collect()  # so that nothing of another test is collected below
    before = open_files()
    with pytest.raises(JobError, match=r"has no file locks .*: use a folder on a local disk"):
        JobLock(location)
    gc.collect()
    assert open_files() == before


def test_a_job_has_one_name_however_its_accents_are_written():
    assert check_name("fru\u0308hling") == check_name("fr\u00fchling") == "fr\u00fchling"
