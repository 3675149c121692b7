"""A job from its beginning to its end, in a sandbox whose clock stands."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.jobs import Plan, Planned, begun, plan, sent, statuses
from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.errors import (
    ConfigurationError,
    JobError,
)
from twilio_widgets.journal.location import JobLock, location_of


def test_every_row_is_sent_once_and_has_one_outcome(sandbox, twilio):
    job = begun(twilio)
    assert str(job.wait(20)) == 'Job "spring" is finished: 5 accepted.'
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(5)}
    frame = job.outcomes
    assert list(frame["sid"]) == [one.sid for one in sandbox.ledger]
    assert set(frame["status"]) == {"accepted"}
    assert list(frame["attempts"]) == [1] * 5
    assert frame.attrs["job"] == "spring"


def test_the_same_cell_again_shows_the_ledger_and_sends_nothing(sandbox, twilio):
    begun(twilio).wait(20)
    again = begun(twilio)
    assert not again.under_way
    assert statuses(again) == {"accepted": 5}
    assert len(sandbox.ledger) == 5


def test_a_job_that_runs_is_the_same_job_in_the_same_process(sandbox, twilio):
    sandbox.fail(fault="delay", delay=1)
    first = begun(twilio)
    assert begun(twilio) is first
    assert Job.open("spring", connection=twilio.connection).file == first.file
    first.wait(20)
    assert len(sandbox.ledger) == 5


def test_a_plan_with_fewer_rows_shows_the_ledger_and_says_what_it_lacks(sandbox, twilio):
    begun(twilio).wait(20)
    job = begun(twilio, rows=3)
    assert str(job) == (
        'Job "spring" is finished: 5 accepted. The plan given now has fewer rows (rows 3, 4 are no '
        "longer there); the job is unchanged."
    )
    assert statuses(Job.start(Plan(), twilio, name="spring")) == {"accepted": 5}
    job.forget()
    assert "has fewer rows (2 fewer)" in str(begun(twilio, rows=3))
    assert str(begun(twilio)) == 'Job "spring" is finished: 5 accepted.'
    assert len(sandbox.ledger) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_neither_waits_for_a_job_nor_keeps_it_from_its_own_process():
    """As a pool of processes has them: they are there for as long as the notebook."""
    with Sandbox() as world:
        job = begun(Twilio(world.connection), undo_seconds=60)
        (goes_on, stop), (ready, say) = os.pipe(), os.pipe()
        if (fork := os.fork()) == 0:
            try:
                os.close(stop)
                os.write(say, f"{job.under_way} {job.wait()}\n".encode())
                os.read(goes_on, 1)
            finally:
                os._exit(0)
        seen = os.read(ready, 1_000).decode()
        assert seen.startswith('False Job "spring" is waiting: 5 pending. It runs in process ')
        job.cancel()
        job.forget()
        assert statuses(job) == {"skipped": 5}
        for end in (goes_on, stop, ready, say):
            os.close(end)
        os.waitpid(fork, 0)


def test_the_undo_time_passes_before_the_first_message(sandbox, twilio):
    begun(twilio, rows=1, undo_seconds=5).wait(20)
    assert sandbox.ledger[0].at == datetime(2026, 1, 15, 12, 0, 5, tzinfo=UTC)


def test_a_paused_job_continues_where_it_stopped(sandbox):
    with Sandbox() as real:
        twilio, enough = Twilio(real.connection), threading.Event()
        job = begun(twilio, rows=200, rate=50)
        leave = job.follow(lambda progress: progress.done >= 5 and enough.set())
        assert enough.wait(20)
        job.pause()
        assert job.wait(20).state == "paused"
        leave()
        before = len(real.ledger)
        assert 5 <= before < 200
        assert statuses(job) == {"accepted": before, "pending": 200 - before}
        job.pause()
        heir = Job.open("spring", connection=real.connection)
        with pytest.raises(ConfigurationError, match="give the client"):
            heir.resume()
        heir.resume(twilio)
        heir.cancel()
        assert heir.progress.state == "cancelled"
        assert max(sent(real).values()) == 1


def test_a_job_that_is_being_paused_can_be_resumed():
    with Sandbox() as real:
        job = begun(Twilio(real.connection), undo_seconds=60)
        job.pause()
        assert job.resume().wait(20).counts["accepted"] == 5


def test_a_job_can_be_cancelled_while_it_is_followed():
    """On the job's own thread, where waiting for it would be forever."""
    with Sandbox() as real:
        job = begun(Twilio(real.connection), undo_seconds=0.2)
        job.follow(lambda progress: progress.state == "running" and job.cancel())
        assert job.wait(20).state == "cancelled"
        assert len(real.ledger) < 5


@pytest.mark.parametrize("leaving", [SystemExit, KeyboardInterrupt])
def test_interrupting_a_wait_does_not_stop_the_job(leaving):
    def leave(_progress: object) -> None:
        raise leaving

    with Sandbox() as real:
        job = begun(Twilio(real.connection), undo_seconds=0.2)
        job.follow(leave)
        assert job.wait(20).counts["accepted"] == 5


def test_a_job_that_runs_elsewhere_is_not_shown_as_paused(twilio):
    job = begun(twilio)
    job.wait(20)
    elsewhere = JobLock(location_of(twilio.connection, "spring"))
    for stop in (job.pause, job.cancel):
        with pytest.raises(JobError, match='Job "spring" is running in '):
            stop()
    elsewhere.release()
    job.pause()
    assert job.progress.state == "finished", "there was nothing to stop"


def test_a_request_to_a_job_is_carried_out_although_its_run_ends_meanwhile():
    with Sandbox(seed=1) as real:
        job = begun(Twilio(real.connection), undo_seconds=60)
        with job._writing() as journal:
            job.pause()
            assert job.wait(20).state == "paused"
            assert len(journal.rows()) == 5, "it stays open for who uses it"
        assert str(job.cancel()) == "5 never sent", "and is let go of afterwards"
        job.forget()


def test_two_rows_to_one_recipient_are_never_on_their_way_together(sandbox, twilio):
    number = sandbox.numbers[0]
    rows = [Planned(n, "+14155551000", {"from_": number, "body": f"{n}"}) for n in range(6)]
    seen: list[int] = []
    job = Job.start(Plan(rows), twilio, name="same", rate=None, undo_seconds=0)
    job.follow(lambda progress: seen.append(progress.counts["attempted"]))
    assert job.wait(20).counts["accepted"] == 6
    assert [one.body for one in sandbox.ledger] == ["0", "1", "2", "3", "4", "5"]
    assert max(seen, default=0) <= 1


def test_the_rate_is_kept_for_each_sender(sandbox, twilio):
    one, other = sandbox.numbers[:2]
    rows = [
        Planned(n, f"+1415555{1000 + n}", {"from_": one if n % 2 else other, "body": f"{n}"})
        for n in range(10)
    ]
    Job.start(Plan(rows), twilio, name="two", rate=1.0, undo_seconds=0).wait(20)
    took = sandbox.ledger[-1].at - sandbox.ledger[0].at
    assert took == timedelta(seconds=4)


def test_segments_can_be_what_is_counted(sandbox, twilio):
    rows = [
        Planned(n, f"+1415555{1000 + n}", {"from_": sandbox.numbers[0], "body": f"{n}"}, segments=3)
        for n in range(5)
    ]
    Job.start(Plan(rows), twilio, name="long", rate=1.0, per="segment", undo_seconds=0).wait(20)
    took = sandbox.ledger[-1].at - sandbox.ledger[0].at
    assert timedelta(seconds=10) <= took <= timedelta(seconds=13)


def test_later_statuses_and_the_bill_are_joined(sandbox, twilio):
    job = begun(twilio)
    job.wait(20)
    sandbox.clock.advance("5 min")
    assert job.refresh() == 5
    frame = job.outcomes
    assert frame["message_status"].notna().all()
    assert list(frame["billed_segments"]) == [1] * 5
    assert job.refresh() <= 5


def test_later_statuses_of_many_are_read_from_the_log(sandbox, twilio):
    job = begun(twilio, rows=60, rate=None)
    job.wait(20)
    sandbox.clock.advance("5 min")
    assert job.refresh() == 60


def test_an_async_client_serves_as_well(sandbox):
    job = begun(AsyncTwilio(sandbox.connection))
    assert job.wait(20).counts["accepted"] == 5


def test_forgetting_keeps_the_ledger_and_the_name(sandbox, twilio):
    job = begun(twilio)
    job.wait(20)
    job.forget()
    assert job.outcomes["to"].isna().all()
    assert statuses(begun(twilio)) == {"accepted": 5}
    with pytest.raises(JobError, match="forgotten"):
        Job.start(plan(sandbox.numbers[0], 6), twilio, name="spring")
    assert len(sandbox.ledger) == 5
