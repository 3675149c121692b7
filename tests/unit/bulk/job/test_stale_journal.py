"""A journal that is older than what was sent, or is taken away as the job runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.jobs import begun, sent, statuses
from twilio_widgets import Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.errors import JobError, OutcomeUnknown
from twilio_widgets.journal import witness
from twilio_widgets.journal.journal import Journal

ALL_ONCE = {f"Hi {n}": 1 for n in range(5)}


def paused(sandbox: Sandbox, twilio: Twilio, folder: Path) -> Job:
    """Begin a job of five rows that Twilio's refusal of the account pauses at once."""
    sandbox.fail(status=401, times=3, method="POST")
    job = begun(twilio, folder=folder)
    job.wait(20)
    assert statuses(job)["pending"] >= 4
    return job


def to_the_end(job: Job, twilio: Twilio | None = None) -> None:
    for _ in range(3):
        job.resume(twilio).wait(20)
    assert statuses(job) == {"accepted": 5}


def anew(backup: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)


def over_the_files(backup: Path, folder: Path) -> None:
    shutil.copytree(backup, folder, dirs_exist_ok=True)


def the_journal_alone(backup: Path, folder: Path) -> None:
    for file in backup.rglob("*.sqlite"):
        (folder / file.relative_to(backup)).write_bytes(file.read_bytes())


@pytest.mark.parametrize("same_client", [True, False])
@pytest.mark.parametrize("restore", [anew, over_the_files, the_journal_alone])
def test_a_job_restored_from_a_backup_sends_no_row_again(
    sandbox, twilio, tmp_path, restore: Callable[[Path, Path], None], same_client
):
    folder, backup = tmp_path / "jobs", tmp_path / "backup"
    job = paused(sandbox, twilio, folder)
    shutil.copytree(folder, backup)
    to_the_end(job)
    restore(backup, folder)
    again = Job.open("spring", folder, sandbox.connection)
    again.resume(twilio if same_client else Twilio(sandbox.connection)).wait(20)
    assert statuses(again) == {"accepted": 5}
    assert sent(sandbox) == ALL_ONCE


def test_a_restored_job_sends_what_the_log_does_not_show(sandbox, twilio, tmp_path):
    folder, backup = tmp_path / "jobs", tmp_path / "backup"
    paused(sandbox, twilio, folder)
    shutil.copytree(folder, backup)
    anew(backup, folder)
    to_the_end(Job.open("spring", folder, sandbox.connection), twilio)
    assert sent(sandbox) == ALL_ONCE


def test_rows_of_a_journal_that_lacks_attempts_wait_for_the_user(sandbox, twilio, tmp_path):
    folder, backup = tmp_path / "jobs", tmp_path / "backup"
    job = paused(sandbox, twilio, folder)
    shutil.copytree(folder, backup)
    job.resume().wait(20)
    assert statuses(job)["pending"] >= 4
    the_journal_alone(backup, folder)
    progress = job.resume(Twilio(sandbox.connection)).wait(20)
    assert progress.note.startswith("The journal lacks attempts that were made")
    assert statuses(job) == {"unknown": 5}
    assert sandbox.ledger == ()
    job.resend(range(5)).wait(20)
    job.resume().wait(20)
    assert sent(sandbox) == ALL_ONCE


def test_a_journal_of_a_release_that_kept_no_witness_is_compared_with_the_log(
    sandbox, twilio, tmp_path
):
    job = paused(sandbox, twilio, tmp_path)
    (lock_file,) = tmp_path.rglob("spring.lock")
    lock_file.write_bytes(b"")
    to_the_end(job)
    assert sent(sandbox) == ALL_ONCE


def test_a_doubtful_row_is_not_called_never_sent_when_the_job_is_cancelled(
    sandbox, twilio, tmp_path
):
    folder, backup = tmp_path / "jobs", tmp_path / "backup"
    job = paused(sandbox, twilio, folder)
    shutil.copytree(folder, backup)
    to_the_end(job)
    anew(backup, folder)
    cancelled = Job.open("spring", folder, sandbox.connection).cancel(twilio)
    assert (cancelled.never_sent, len(cancelled.unknown)) == ((), 5)


def test_reading_a_job_leaves_its_journal_trusted(sandbox, twilio, tmp_path):
    job = paused(sandbox, twilio, tmp_path)
    assert len(Job.open("spring", tmp_path, sandbox.connection).outcomes) == 5
    job.refresh()
    with closing(Journal(job._location)) as journal:
        assert journal.doubt is None


def test_a_key_whose_journal_is_restored_sends_no_second_message(sandbox, twilio):
    key = {"from_": sandbox.numbers[0], "body": "Hi", "once": "invoice 4711"}
    sandbox.fail(status=401)
    with pytest.raises(Exception, match="20003"):
        twilio.messages.send("+14155550123", **key)
    folder = sandbox.data_folder
    backup = folder.with_name(f"{folder.name}-backup")
    shutil.copytree(folder, backup)
    first = twilio.messages.send("+14155550123", **key)
    over_the_files(backup, folder)
    shutil.rmtree(backup)
    sandbox.clock.advance("1 min")
    assert twilio.messages.send("+14155550123", **key).sid == first.sid
    assert len(sandbox.ledger) == 1


def test_a_key_that_the_log_does_not_show_stays_open(sandbox, twilio):
    key = {"from_": sandbox.numbers[0], "body": "Hi", "once": "invoice 4711"}
    sandbox.fail(status=401)
    with pytest.raises(Exception, match="20003"):
        twilio.messages.send("+14155550123", **key)
    (lock_file,) = sandbox.data_folder.rglob("once/**/*.lock")
    lock_file.write_bytes(b"")
    with pytest.raises(OutcomeUnknown, match="An earlier send for this key"):
        twilio.messages.send("+14155550123", **key)
    assert sandbox.ledger == ()


@pytest.mark.parametrize("ending", [".sqlite", ".sqlite-wal", ".lock"])
@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_nothing_leaves_when_a_file_is_gone_from_its_place(
    sandbox, twilio, tmp_path, ending, replaced
):
    job = paused(sandbox, twilio, tmp_path)
    with job._owning(), closing(Journal(job._location)) as journal:
        rows = journal.rows("pending")
        journal.claim(rows[:1], now=0.0, latest=0.0)
        (file,) = tmp_path.rglob(f"spring{ending}")
        content = file.read_bytes()
        file.unlink()
        if replaced:
            file.with_name("other").write_bytes(content)
            file.with_name("other").rename(file)
        with pytest.raises(JobError, match="deleted, moved or replaced"):
            journal.claim(rows[1:], now=0.0, latest=0.0)


def test_a_folder_deleted_as_the_job_runs_stops_it_and_the_same_cell_sends_nothing(
    sandbox, twilio, tmp_path
):
    folder = tmp_path / "jobs"

    class Cleaner:
        """Deletes the folder as the second message leaves."""

        seen = 0

        def check(self, request):
            self.seen += request.creates_message
            if self.seen == 2:
                shutil.rmtree(folder, ignore_errors=True)

    cleaned = Twilio(sandbox.connection, policy=Cleaner())
    job = begun(cleaned, folder=folder, rows=25, rate=None, concurrency=1)
    with pytest.raises(JobError, match=r"so nothing more is sent\. What it knew is kept at"):
        job.wait(20)
    before = sent(sandbox)
    assert before.total() <= 3
    with pytest.raises(JobError, match="damaged or taken away"):
        begun(twilio, folder=folder, rows=25)
    assert sent(sandbox) == before


def test_no_other_folder_is_advised_where_a_journal_is(sandbox, twilio, tmp_path):
    job = paused(sandbox, twilio, tmp_path)
    job._location.lock_file.unlink()
    job._location.lock_file.mkdir()
    with pytest.raises(JobError, match="Its journal is there") as caught:
        job.resume()
    assert "another folder" not in str(caught.value)


def test_a_lock_file_is_replaced_by_one_write(tmp_path):
    """A kill between two would leave a journal in doubt."""
    file = tmp_path / "x.lock"
    with file.open("wb") as lock_file:
        for text in ({"pid": 1, "host": "a" * 60}, {}):
            witness.write(lock_file.fileno(), text)
            assert file.stat().st_size == witness.BYTES
            assert witness.read(file) == text
