"""A job that is cancelled: in its undo time, on its way, and when Twilio has it scheduled."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.jobs import Plan, Planned, begun, statuses
from twilio_widgets import Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.run import handle as underway
from twilio_widgets.core.guardrails.policy import Policy


def scheduled(sandbox, rows: int = 5) -> Plan:
    when = sandbox.clock.now() + timedelta(hours=1)
    return Plan(
        [
            Planned(
                n,
                f"+1415555{1000 + n}",
                {"messaging_service_sid": sandbox.services[0], "body": f"{n}", "send_at": when},
            )
            for n in range(rows)
        ]
    )


def test_a_cancel_in_the_undo_time_sends_nothing(sandbox):
    with Sandbox() as real:
        job = begun(Twilio(real.connection), undo_seconds=60)
        assert job.progress.state == "waiting"
        assert str(job.cancel()) == "5 never sent"
        assert statuses(job) == {"skipped": 5}
        assert real.ledger == ()
        assert str(job.cancel()) == "5 never sent", "again changes nothing"
        job.resume(Twilio(real.connection)).wait(20)
        assert (real.ledger, job.progress.state) == ((), "cancelled")


def test_a_job_that_has_ended_is_not_cancelled_afterwards(sandbox, twilio):
    job = begun(twilio)
    job.wait(20)
    assert len(job.cancel().never_sent) == 0
    assert str(job.progress) == 'Job "spring" is finished: 5 accepted.'


def test_a_scheduled_job_is_really_cancelled_at_twilio_and_says_so_again(sandbox, twilio):
    job = Job.start(scheduled(sandbox), twilio, name="later", undo_seconds=0)
    job.wait(20)
    ledger = job.cancel()
    assert ledger.cancelled == (0, 1, 2, 3, 4)
    assert str(ledger) == "5 cancelled"
    assert {twilio.messages.get(one.sid).status for one in sandbox.ledger} == {"canceled"}
    assert job.cancel() == ledger
    assert set(job.outcomes["message_status"]) == {"canceled"}


def test_a_cancel_that_cancelled_nothing_leaves_the_job_what_it_was(sandbox, twilio):
    job = Job.start(scheduled(sandbox), twilio, name="later", undo_seconds=0)
    job.wait(20)
    dry = Twilio(sandbox.connection, policy=Policy(dry_run=True))
    assert str(job.cancel(dry)) == "5 unknown"
    assert str(job.progress) == 'Job "later" is finished: 5 accepted.'
    assert str(job.cancel()) == "5 cancelled"
    assert job.progress.state == "cancelled"
    assert str(job.cancel()) == "5 cancelled"


def test_a_cancel_while_all_rows_are_in_flight_cancels_nothing(sandbox):
    arrived, go = threading.Event(), threading.Event()

    class Slow:
        def check(self, request):
            if request.creates_message:
                arrived.set()
                go.wait(20)

    job = begun(Twilio(sandbox.connection, policy=Slow()), rows=1)
    assert arrived.wait(20)
    job._handle.end("cancelled", "You cancelled it.")
    go.set()
    assert str(job.wait(20)) == 'Job "spring" is finished: 1 accepted.'
    assert str(job.cancel()) == "1 already sent"
    assert job.progress.state == "finished"


def test_concurrent_requests_finish_although_one_fails():
    """Such as at a judge of the user's own, that raises what it likes."""
    ended: list[str] = []

    class Twin:
        async def run(self, flow: str) -> None:
            if flow == "fails":
                raise LookupError
            await asyncio.sleep(0.05)
            ended.append(flow)

        async def aclose(self) -> None:
            ended.append("closed")

    with pytest.raises(LookupError):
        underway.run_flows(SimpleNamespace(twin=Twin), ["fails", "one", "another"])
    assert ended == ["one", "another", "closed"]


def test_a_forgotten_scheduled_job_is_still_really_cancelled(sandbox, twilio):
    job = Job.start(scheduled(sandbox), twilio, name="later", undo_seconds=0)
    job.wait(20)
    job.forget()
    assert str(job.cancel()) == "5 cancelled"
    assert {twilio.messages.get(one.sid).status for one in sandbox.ledger} == {"canceled"}
    assert len(job.failed) == 5
    assert len(job.resendable) == 0


def test_rows_sent_before_the_cancel_are_listed_separately(sandbox, twilio):
    job = Job.start(scheduled(sandbox), twilio, name="later", undo_seconds=0)
    job.wait(20)
    sandbox.fail(status=500, times=50, path=sandbox.ledger[1].sid)
    sandbox.clock.advance("2 hours")
    ledger = job.cancel()
    assert ledger.already_sent == (0, 2, 3, 4)
    assert ledger.unknown == (1,)
    ledger = job.cancel()
    assert len(ledger.already_sent) + len(ledger.unknown) == 5


def test_the_same_scheduled_cell_after_its_time_still_shows_the_ledger(sandbox, twilio):
    asked = scheduled(sandbox)
    Job.start(asked, twilio, name="later", undo_seconds=0).wait(20)
    sandbox.clock.advance("3 hours")
    assert statuses(Job.start(asked, twilio, name="later")) == {"accepted": 5}
    assert len(sandbox.ledger) == 5


def test_a_scheduled_message_that_twilio_would_not_cancel_is_unknown(sandbox, twilio):
    job = Job.start(scheduled(sandbox), twilio, name="later", undo_seconds=0)
    job.wait(20)
    sandbox.fail(status=500, times=50, method="POST", path=job.outcomes["sid"][1])
    ledger = job.cancel()
    assert (ledger.cancelled, ledger.unknown) == ((0, 2, 3, 4), (1,))
