"""A job from its beginning to its end, in a sandbox whose clock stands."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from twilio_widgets import AsyncTwilio, AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.journal.journal import Terms, create
from twilio_widgets.bulk.journal.place import Ownership, place_of
from twilio_widgets.bulk.journal.row import Row
from twilio_widgets.bulk.outcomes import positions_of
from twilio_widgets.core import messages
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import (
    ConfigurationError,
    InvalidMessage,
    JobError,
    ListenerError,
    PolicyRefused,
    SandboxError,
)

NOW = "2026-01-15T12:00:00Z"


@dataclass(frozen=True)
class Planned:
    n: int
    to: str
    parameters: Mapping[str, object]
    segments: int = 1
    cost: Decimal | None = None


@dataclass(frozen=True)
class Plan:
    rows: list[Planned] = field(default_factory=list)


def plan(sender: str, rows: int = 5, body: str = "Hi {n}", **parameters: object) -> Plan:
    return Plan(
        [
            Planned(
                n,
                f"+1415555{1000 + n}",
                {"from_": sender, "body": body.format(n=n)} | parameters,
            )
            for n in range(rows)
        ]
    )


@pytest.fixture
def sandbox():
    with Sandbox(now=NOW) as world:
        yield world


@pytest.fixture
def twilio(sandbox):
    with Twilio(sandbox.connection) as client:
        yield client


def begun(twilio, name="spring", rows=5, **options) -> Job:
    asked = plan(twilio.connection.sandbox.numbers[0], rows)
    return Job.start(asked, twilio, name=name, **{"undo_seconds": 0} | options)


def statuses(job: Job) -> dict[str, int]:
    return {status: count for status, count in job.progress.counts.items() if count}


def sent(sandbox) -> Counter[str]:
    return Counter(one.body for one in sandbox.ledger)


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sender: plan(sender, 5, "Ho {n}"), r"changed: row 0 \(Body\), row 1 \(Body\)"),
        (lambda sender: plan(sender, 6), "row 5 is new"),
        (
            lambda sender: plan(sender, 3, "Ho {n}"),
            r"rows 3, 4 are no longer there; changed: row 0",
        ),
        (lambda sender: plan("+15005550006"), r"row 0 \(From\)"),
        (lambda sender: plan(sender, validity_period=60), r"row 0 \(ValidityPeriod\)"),
    ],
)
def test_another_plan_under_the_same_name_is_refused_and_says_what_differs(
    sandbox, twilio, change, said
):
    begun(twilio).wait(20)
    with pytest.raises(JobError, match=said):
        Job.start(change(sandbox.numbers[0]), twilio, name="spring")
    assert len(sandbox.ledger) == 5


def test_a_plan_with_fewer_rows_shows_the_ledger_and_says_what_it_lacks(sandbox, twilio):
    begun(twilio).wait(20)
    job = begun(twilio, rows=3)
    assert str(job) == (
        'Job "spring" is finished: 5 accepted. The plan given now has less (rows 3, 4 are no '
        "longer there); the job is as it was begun."
    )
    assert statuses(Job.start(Plan(), twilio, name="spring")) == {"accepted": 5}
    job.forget()
    assert "has less (2 fewer)" in str(begun(twilio, rows=3))
    assert str(begun(twilio)) == 'Job "spring" is finished: 5 accepted.'
    assert len(sandbox.ledger) == 5


def test_a_plan_with_a_row_that_cannot_be_sent_sends_nothing(sandbox, twilio):
    wrong = plan(sandbox.numbers[0], media_url="no address")
    with pytest.raises(InvalidMessage, match="Row 0: media_url"):
        Job.start(wrong, twilio, name="spring")
    with pytest.raises(ConfigurationError, match="no row that is ready"):
        Job.start(Plan(), twilio, name="spring")
    assert sandbox.ledger == ()
    assert begun(twilio).wait(20).counts["accepted"] == 5, "the name is free"


def test_the_policy_is_asked_before_the_first_request(sandbox):
    client = Twilio(sandbox.connection, policy=Policy(max_recipients=4))
    with pytest.raises(PolicyRefused):
        begun(client)
    assert sandbox.ledger == ()
    assert begun(client, rows=4).wait(20).counts["accepted"] == 4


def test_what_a_policy_refuses_on_the_way_waits_for_a_person(sandbox):
    class NoThree:
        def judge(self, request):
            if request.creates_message and "Hi 3" in request.parameters["Body"]:
                raise PolicyRefused("Three is not sent to.")

    job = begun(Twilio(sandbox.connection, policy=NoThree()))
    progress = job.wait(20)
    assert (progress.state, progress.note) == ("paused", "Three is not sent to.")
    assert statuses(job) == {"pending": 1, "accepted": 4}
    assert job.resume(Twilio(sandbox.connection)).wait(20).counts["accepted"] == 5
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(5)}


def test_rows_a_policy_refuses_never_stop_the_others_wherever_they_stand(sandbox):
    """A list, an hour and an unknown zone are about one row; a limit is about all."""
    allowed = [f"+1415555{1000 + n}" for n in range(20, 25)]
    job = begun(Twilio(sandbox.connection, policy=Policy(allow=allowed)), rows=25, rate=None)
    progress = job.wait(20)
    assert (progress.state, statuses(job)) == ("paused", {"pending": 20, "accepted": 5})
    assert "not among the recipients" in progress.note
    assert job.resume().wait(20).counts["accepted"] == 5
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(20, 25)}


def test_a_limit_that_is_reached_on_the_way_stops_the_job_at_once(sandbox):
    class OnlyTwo:
        left = 2

        def judge(self, request):
            self.left -= request.creates_message
            if self.left < 0:
                raise PolicyRefused("That is all for today.", for_all=True)

    job = begun(Twilio(sandbox.connection, policy=OnlyTwo()), rows=25, rate=1)
    progress = job.wait(20)
    assert (progress.state, progress.note) == ("paused", "That is all for today.")
    assert statuses(job) == {"pending": 23, "accepted": 2}
    assert sum(job.outcomes["attempts"]) == 3


def test_which_refusals_are_about_all_that_is_sent(sandbox):
    """`Policy` itself says so of its limits of a day, and not of its list."""
    day = Twilio(sandbox.connection, policy=Policy(max_recipients_per_day=0))
    row = Twilio(sandbox.connection, policy=Policy(allow="+1500*"))
    for client, for_all in ((day, True), (row, False)):
        with client, pytest.raises(PolicyRefused) as refused:
            client.messages.send("+14155559999", from_=sandbox.numbers[0], body="Alone")
        assert refused.value.for_all is for_all


@pytest.mark.parametrize(
    ("trouble", "attempts"),
    [
        ({"status": 429}, 2),
        ({"status": 429, "retry_after": 7}, 2),
        ({"fault": "refused"}, 2),
        ({"code": 21611}, 2),
    ],
)
def test_only_what_was_certainly_not_sent_is_tried_again(sandbox, twilio, trouble, attempts):
    sandbox.fail(**trouble, method="POST")
    job = begun(twilio, rows=1, rate=None)
    assert job.wait(20).counts["accepted"] == 1
    assert list(job.outcomes["attempts"]) == [attempts]
    assert len(sandbox.ledger) == 1


def test_retry_after_is_kept_and_a_full_queue_waits_longer(sandbox, twilio):
    sandbox.fail(status=429, retry_after=7)
    begun(twilio, "a", rows=1, rate=None).wait(20)
    assert sandbox.clock.now() - datetime.fromisoformat(NOW) == timedelta(seconds=7)
    sandbox.fail(code=21611)
    begun(twilio, "b", rows=1, rate=None).wait(20)
    assert sandbox.clock.now() - datetime.fromisoformat(NOW) == timedelta(seconds=37)


AMBIGUOUS = [
    {"fault": "reset_after_accept"},
    {"fault": "close_after_accept"},
    {"fault": "hang"},
    {"fault": "error_after_accept", "status": 500},
    {"fault": "error_after_accept", "status": 503},
    {"fault": "truncated", "method": "POST"},
    {"fault": "not_json", "method": "POST"},
    {"fault": "html", "method": "POST"},
]


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=[str(list(one.values())) for one in AMBIGUOUS])
def test_what_may_have_been_sent_is_settled_by_the_log_and_never_sent_again(sandbox, twilio, fault):
    sandbox.fail(**fault)
    job = begun(twilio)
    assert job.wait(20).counts["accepted"] == 5
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(5)}
    frame = job.outcomes
    assert list(frame["settled_by"]) == ["log"] + ["answer"] * 4
    assert sorted(frame["sid"]) == sorted(one.sid for one in sandbox.ledger)


@pytest.mark.parametrize(
    "fault", [{"fault": "reset_before_read", "method": "POST"}, {"status": 503}]
)
def test_what_was_not_sent_after_all_stays_unknown_until_a_person_asks(sandbox, twilio, fault):
    sandbox.fail(**fault, times=1)
    job = begun(twilio)
    assert job.wait(20).unknown == 1
    frame = job.outcomes
    assert list(frame["status"]) == ["unknown"] + ["accepted"] * 4
    assert "most likely it was not sent" in frame["explanation"][0]
    assert len(job.resendable) == 0
    job.resume().wait(20)
    assert job.progress.unknown == 1, "resuming sends nothing again"
    job.resend([0]).wait(20)
    assert statuses(job) == {"accepted": 5}
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(5)}


@pytest.mark.parametrize("trouble", ["it is no file", "another has it"])
def test_what_cannot_be_settled_now_stays_unknown_and_says_why(sandbox, trouble):
    """The rows of two jobs may be like each other: one at a time claims what the log shows."""
    twilio = Twilio(sandbox.connection, timeout=0.5)
    claims = replace(place_of(twilio.connection, "spring"), name=".settling")
    if trouble == "it is no file":
        claims.lock_file.mkdir(parents=True)
        said = "The lock on the message log cannot be kept in "
    else:
        other = Ownership(claims)
        said = "Another job is settling what it sent in this process "
    sandbox.fail(fault="reset_after_accept")
    job = begun(twilio, on_unknown="abandon")
    assert job.wait(20).note.startswith(f"What is unknown was not settled: {said}")
    assert statuses(job) == {"accepted": 4, "unknown": 1}, "the rule is for what was looked for"
    if trouble == "it is no file":
        claims.lock_file.rmdir()
    else:
        other.release()
    assert job.resume().wait(20).counts["accepted"] == 5
    assert len(sandbox.ledger) == 5


def test_unknown_rows_can_be_given_up_by_rule_or_by_a_person(sandbox, twilio):
    sandbox.fail(status=503)
    assert statuses_after(begun(twilio, "rule", on_unknown="abandon")) == {
        "accepted": 4,
        "abandoned": 1,
    }
    sandbox.fail(status=503)
    job = begun(twilio, "person")
    assert statuses_after(job) == {"accepted": 4, "unknown": 1}
    with pytest.raises(JobError, match="Row 3 is not unknown"):
        job.abandon([0, 3])
    job.abandon(0)
    assert statuses(job) == {"accepted": 4, "abandoned": 1}


def statuses_after(job: Job) -> dict[str, int]:
    job.wait(20)
    return statuses(job)


def test_a_row_can_be_said_to_be_a_message(sandbox, twilio):
    sandbox.fail(status=503)
    job = begun(twilio)
    job.wait(20)
    taken = job.outcomes["sid"][1]
    with pytest.raises(JobError):
        job.attach(0, taken)
    job.attach(0, "SM" + "f" * 32)
    assert job.outcomes["settled_by"][0] == "person"
    with pytest.raises(InvalidMessage):
        job.attach(0, "SM1")


def test_a_row_cannot_be_said_to_be_the_message_of_another(sandbox, twilio):
    sandbox.fail(status=503)
    job = begun(twilio)
    job.wait(20)
    (lost,) = job.outcomes.query("status == 'unknown'")["row"]
    taken = sandbox.ledger[0].sid
    with pytest.raises(JobError, match=f"{taken} is another row's message, so nothing was changed"):
        job.attach(lost, taken)
    assert statuses(job) == {"accepted": 4, "unknown": 1}


def test_what_is_asked_of_a_job_is_carried_out_although_its_run_ends_meanwhile():
    with Sandbox(seed=1) as real:
        job = begun(Twilio(real.connection), undo_seconds=60)
        with job._writing() as journal:
            job.pause()
            assert job.wait(20).state == "paused"
            assert len(journal.rows()) == 5, "it stays open for who uses it"
        assert str(job.cancel()) == "5 never sent", "and is let go of afterwards"
        job.forget()


def test_an_outage_stops_the_job_before_much_is_uncertain(sandbox, twilio):
    """Five unknown in a row: what else is on its way is the most there can be."""
    sandbox.fail(status=503, times=100, method="POST")
    job = begun(twilio, rows=60, rate=None)
    progress = job.wait(20)
    assert progress.state == "paused"
    assert "outcomes in a row are unknown" in progress.note
    assert 5 <= progress.unknown <= 7
    assert sandbox.ledger == ()


def test_the_accounts_limit_of_a_day_pauses_the_job_and_says_until_when(sandbox, twilio):
    """It comes as a 429, but no wait that a job can take helps."""
    sandbox.fail(code=63038, times=10)
    job = begun(twilio, rows=5, rate=1)
    progress = job.wait(20)
    assert (progress.state, statuses(job)) == ("paused", {"pending": 5})
    assert progress.note == (
        "Account exceeded the 50 daily messages limit (Twilio 63038). It counts the last 24 hours: "
        "resume() goes on as they pass, and at 2026-01-16 12:00 UTC at the latest when nothing "
        "else is sent."
    )
    assert sum(job.outcomes["attempts"]) <= 2


def test_a_job_that_hears_nothing_but_429_waits_for_a_person(sandbox, twilio):
    sandbox.fail(status=429, times=10_000, method="POST")
    job = begun(twilio, rows=3)
    progress = job.wait(20)
    assert (progress.state, statuses(job)) == ("paused", {"pending": 3})
    assert progress.note.startswith("Twilio has answered nothing but 429 for 6")
    assert sandbox.clock.now() - datetime.fromisoformat(NOW) < timedelta(minutes=15)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_account_pauses_the_job_and_costs_no_row(sandbox, twilio, status):
    sandbox.fail(status=status, times=2, method="POST")
    job = begun(twilio)
    assert job.wait(20).state == "paused"
    assert statuses(job)["pending"] >= 4
    job.resume().wait(20)
    job.resume().wait(20)
    assert statuses(job) == {"accepted": 5}


def test_a_rejected_row_says_why_and_stops_no_other(sandbox, twilio):
    sandbox.fail(code=21610)
    sandbox.fail(code=21614)
    job = begun(twilio, rate=None)
    assert statuses_after(job) == {"accepted": 3, "rejected": 2}
    failed = job.failed
    assert sorted(failed["error_code"]) == [21610, 21614]
    assert all("Twilio 216" in text for text in failed["explanation"])
    (again,) = job.resendable["row"]
    stopped = next(row for row in failed["row"] if row != again)
    with pytest.raises(JobError, match="opted out"):
        job.resend([stopped])
    job.resend(job.resendable).wait(20)
    assert statuses(job) == {"accepted": 4, "rejected": 1}
    with pytest.raises(JobError, match="has accepted it"):
        job.resend([again])
    assert len(sandbox.ledger) == 4


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_neither_waits_for_a_job_nor_keeps_it_from_its_own_process():
    """As a pool of processes has them: they are there for as long as the notebook."""
    with Sandbox() as world:
        job = begun(Twilio(world.connection), undo_seconds=60)
        (goes_on, stop), (said, say) = os.pipe(), os.pipe()
        if (fork := os.fork()) == 0:
            try:
                os.close(stop)
                os.write(say, f"{job.under_way} {job.wait()}\n".encode())
                os.read(goes_on, 1)
            finally:
                os._exit(0)
        seen = os.read(said, 1_000).decode()
        assert seen.startswith('False Job "spring" is waiting: 5 pending. It runs in process ')
        job.cancel()
        job.forget()
        assert statuses(job) == {"skipped": 5}
        for end in (goes_on, stop, said, say):
            os.close(end)
        os.waitpid(fork, 0)


def test_the_undo_time_passes_before_the_first_message(sandbox, twilio):
    begun(twilio, rows=1, undo_seconds=5).wait(20)
    assert sandbox.ledger[0].at == datetime(2026, 1, 15, 12, 0, 5, tzinfo=UTC)


def test_a_paused_job_goes_on_where_it_stopped(sandbox):
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


def test_a_job_that_runs_elsewhere_is_not_taken_for_paused(twilio):
    job = begun(twilio)
    job.wait(20)
    elsewhere = Ownership(place_of(twilio.connection, "spring"))
    for stop in (job.pause, job.cancel):
        with pytest.raises(JobError, match='Job "spring" is running in '):
            stop()
    elsewhere.release()
    job.pause()
    assert job.progress.state == "finished", "there was nothing to stop"


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


def test_a_message_that_failed_later_can_be_sent_again_and_a_delivered_one_cannot(sandbox, twilio):
    rows = [  # the last two digits of a number in fiction decide its fate in the sandbox
        Planned(n, f"+141555501{n}", {"from_": sandbox.numbers[0], "body": f"{n}"})
        for n in range(89, 99)
    ]
    job = Job.start(Plan(rows), twilio, name="fates", rate=None, undo_seconds=0)
    job.wait(20)
    sandbox.clock.advance("1 day")
    job.refresh()
    came = dict(zip(job.outcomes["row"], job.outcomes["message_status"], strict=True))
    lost = [n for n, status in came.items() if status in {"failed", "undelivered"}]
    delivered = next(n for n, status in came.items() if status == "delivered")
    assert lost == [91, 92, 93, 94, 95, 97]
    assert list(job.resendable["row"]) == lost
    with pytest.raises(JobError, match=f"Row {delivered} is not sent again"):
        job.resend([*lost, delivered])
    job.resend(job.resendable).wait(20)
    assert len(sandbox.ledger) == 10 + len(lost)


def test_a_job_is_opened_for_its_own_account_only(sandbox, twilio, tmp_path):
    job = begun(twilio, folder=tmp_path)
    job.wait(20)
    found = Job.open("spring", tmp_path)
    assert found.file == job.file
    with Sandbox(seed=2) as other, pytest.raises(JobError, match="another account or sandbox"):
        found.resume(Twilio(other.connection))
    with Sandbox() as again:
        fresh = begun(Twilio(again.connection), folder=tmp_path)
        fresh.wait(20)
        assert len(again.ledger) == 5, "a new world has its own ledger"
        with pytest.raises(JobError, match="2 accounts or sandboxes"):
            Job.open("spring", tmp_path)
    with pytest.raises(JobError, match="no job"):
        Job.open("autumn", tmp_path)


def test_a_job_is_opened_for_its_own_region_only(tmp_path):
    account, token = "AC" + "0" * 31 + "1", "token"
    begun_with = AuthTokenConnection(account, token)
    row = Row(n=0, form=(("To", "+14155550101"), ("From", "+15005550006"), ("Body", "Hi")))
    create(place_of(begun_with, "spring", tmp_path), [row], Terms(), now=0)
    other = Twilio(AuthTokenConnection(account, token, region="ie1"))
    with pytest.raises(JobError, match="in the region us1, and this client is for ie1"):
        Job.open("spring", tmp_path).resume(other)
    with pytest.raises(JobError, match="in the region us1, and this client is for ie1"):
        Job.start(plan("+15005550006", 1), other, name="spring", folder=tmp_path)


def test_a_job_is_found_wherever_the_notebook_goes_meanwhile(twilio, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    begun(twilio, folder="jobs").wait(20)
    found = Job.open("spring", "jobs", twilio.connection)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert statuses(found) == {"accepted": 5}
    assert found.file.is_relative_to(tmp_path / "jobs")


def test_forgetting_keeps_the_ledger_and_the_name(sandbox, twilio):
    job = begun(twilio)
    job.wait(20)
    job.forget()
    assert job.outcomes["to"].isna().all()
    assert statuses(begun(twilio)) == {"accepted": 5}
    with pytest.raises(JobError, match="forgotten"):
        Job.start(plan(sandbox.numbers[0], 6), twilio, name="spring")
    assert len(sandbox.ledger) == 5


def test_an_async_client_serves_as_well(sandbox):
    job = begun(AsyncTwilio(sandbox.connection))
    assert job.wait(20).counts["accepted"] == 5


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"rate": 0}, "rate"),
        ({"rate": "fast"}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"per": "minute"}, "per"),
        ({"on_unknown": "resend"}, "on_unknown"),
        ({"undo_seconds": -1}, "undo_seconds"),
        ({"concurrency": 0}, "concurrency"),
        ({"name": "../x"}, "name"),
    ],
)
def test_an_option_that_cannot_be_right_is_refused_by_name(sandbox, twilio, options, field):
    with pytest.raises(ConfigurationError) as caught:
        begun(twilio, **options)
    assert caught.value.field == field
    assert sandbox.ledger == ()


class Listening:
    """A listener that knows what the sandbox's ledger knows, by the callback's token."""

    status_url = "http://127.0.0.1:9/cb#rc=2"

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}

    def find_by_token(self, token: str) -> str | None:
        return self.tokens.get(token)

    def heard_of(self, sid: str) -> None:
        return None


def test_a_callbacks_token_settles_what_the_log_cannot(sandbox, twilio, monkeypatch):
    """The list never shows it; the callback does."""
    listening, sid = Listening(), "SM" + "e" * 32
    seen: list[str] = []
    real = Listening.find_by_token

    def find(self: Listening, token: str) -> str | None:
        seen.append(token)
        return sid if len(seen) == 1 else real(self, token)

    monkeypatch.setattr(Listening, "find_by_token", find)
    sandbox.fail(status=503)
    job = begun(twilio, rows=1, callbacks=listening)
    assert statuses_after(job) == {"accepted": 1}
    assert list(job.outcomes["settled_by"]) == ["callback"]
    assert len(seen[0]) == 32


# Scheduled


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


def test_a_cancel_that_comes_when_all_is_on_its_way_cancels_nothing_either(sandbox):
    arrived, go = threading.Event(), threading.Event()

    class Slow:
        def judge(self, request):
            if request.creates_message:
                arrived.set()
                go.wait(20)

    job = begun(Twilio(sandbox.connection, policy=Slow()), rows=1)
    assert arrived.wait(20)
    job._underway.end("cancelled", "You cancelled it.")
    go.set()
    assert str(job.wait(20)) == 'Job "spring" is finished: 1 accepted.'
    assert str(job.cancel()) == "1 already sent"
    assert job.progress.state == "finished"


def test_a_forgotten_scheduled_job_is_still_really_cancelled(sandbox, twilio):
    job = Job.start(scheduled(sandbox), twilio, name="later", undo_seconds=0)
    job.wait(20)
    job.forget()
    assert str(job.cancel()) == "5 cancelled"
    assert {twilio.messages.get(one.sid).status for one in sandbox.ledger} == {"canceled"}
    assert len(job.failed) == 5
    assert len(job.resendable) == 0


def test_what_was_sent_before_the_cancel_is_told_apart(sandbox, twilio):
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


class Silent:
    """A listener whose address was there in the beginning and is not any more."""

    asked = 0

    @property
    def status_url(self) -> str:
        self.asked += 1
        if self.asked > 1:
            raise ListenerError("The tunnel is gone.")
        return "https://example.com/status"

    def find_by_token(self, token: str) -> str | None:
        return None

    def heard_of(self, sid: str) -> None:
        return None


def test_a_listener_that_lost_its_address_lets_the_job_wait_for_a_person(sandbox, twilio):
    job = begun(twilio, callbacks=Silent())

    assert str(job.wait(20)) == (
        'Job "spring" is paused: 5 pending. The listener says no address for status callbacks: '
        "The tunnel is gone."
    )
    assert sent(sandbox) == {}
    assert statuses(job.resume().wait(20) and job) == {"accepted": 5}


NOT_ROWS = ["12", b"12", [True, False], [1.7], {1: 2}, [None], ["1"], None, True, [float("nan")]]


@pytest.mark.parametrize("rows", NOT_ROWS, ids=repr)
def test_what_names_no_row_sends_none_again(rows):
    with pytest.raises(ConfigurationError) as refused:
        positions_of(rows)
    assert str(refused.value).startswith("Name rows by their place in the plan")


def test_a_mask_chooses_lines_of_a_frame_and_names_no_row(twilio):
    job = begun(twilio)
    job.wait(20)
    mask = job.outcomes["status"] == "accepted"
    with pytest.raises(ConfigurationError):
        positions_of(mask)
    assert positions_of(job.outcomes[mask]) == [0, 1, 2, 3, 4]
    assert positions_of(job.outcomes["row"].to_numpy(dtype=float)) == [0, 1, 2, 3, 4]
    assert positions_of(3) == [3]


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"folder": "/dev/null"}, JobError, 'Job "spring" cannot be kept in /dev/null/'),
        ({"folder": 5}, ConfigurationError, "folder is the path of a folder: not 5."),
        ({"folder": "~nobody-at-all/x"}, ConfigurationError, "folder is the path of a folder"),
        ({"callbacks": "https://example.com"}, ConfigurationError, "callbacks is a listener"),
    ],
)
def test_a_job_that_cannot_be_begun_says_which_argument_is_wrong(twilio, given, kind, said):
    with pytest.raises(kind) as refused:
        begun(twilio, **given)
    assert str(refused.value).startswith(said)


NO_ROOM = """
import resource, sys
from twilio_widgets import Sandbox, Twilio, plan
with Sandbox(seed=1) as sandbox:
    twilio = Twilio(sandbox.connection)
    asked = plan([{"to": "+14155550101"}], to="to", body="Hi", from_=sandbox.numbers[0])
    twilio.messages.send("+14155550102", from_=sandbox.numbers[0], body="Hi", once="kept")
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    for send in (
        lambda: asked.send(twilio, name="spring", undo_seconds=0, folder=sys.argv[1]),
        lambda: twilio.messages.send("+1415", from_=sandbox.numbers[0], body="Hi", once="key"),
    ):
        try:
            send()
        except Exception as error:
            print(type(error).__name__, error)
    print(len(sandbox.ledger))
"""


@pytest.mark.skipif(os.name != "posix", reason="there is no such limit here")
def test_a_disk_that_was_full_before_anything_was_written_is_named(tmp_path):
    command = [sys.executable, "-c", NO_ROOM, str(tmp_path)]
    job, once, sent = subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert job.startswith('JobError Job "spring" cannot be kept in ')
    assert once.startswith('JobError The message for once="key" cannot be kept ')
    assert "(File too large)" in job
    assert "(File too large)" in once
    assert sent == "1"


@pytest.mark.parametrize("given", [None, [{"to": "+14155550101"}], "people.csv"])
def test_what_is_no_plan_is_not_begun(twilio, given):
    with pytest.raises(ConfigurationError, match=r"Give a plan, such as tw\.plan\(") as refused:
        Job.start(given, twilio, name="spring")
    assert refused.value.field == "plan"


def test_a_connection_is_no_client(sandbox):
    with pytest.raises(ConfigurationError) as refused:
        Job.start(plan(sandbox.numbers[0]), sandbox.connection, name="spring")
    assert str(refused.value) == (
        "Give the client, such as tw.Twilio(connection): not SandboxConnection."
    )


def test_a_row_that_may_have_been_sent_before_is_not_among_the_resendable(sandbox, twilio):
    sandbox.fail(status=503)
    job = begun(twilio, rows=1)
    assert job.wait(20).unknown == 1
    sandbox.fail(code=21614)
    job.resend([0]).wait(20)
    assert statuses(job) == {"rejected": 1}
    assert list(job.failed["row"]) == [0]
    assert list(job.resendable["row"]) == []


def test_who_opted_out_is_sent_nothing_again_by_any_of_their_rows(sandbox, twilio):
    to, sender = "+14155551000", sandbox.numbers[0]
    rows = [Planned(n, to, {"from_": sender, "body": f"{n}"}) for n in range(2)]
    sandbox.fail(code=21614)
    sandbox.fail(code=21610)
    job = Job.start(Plan(rows), twilio, name="twice", undo_seconds=0)
    job.wait(20)
    assert list(job.failed["error_code"]) == [21614, 21610]
    assert list(job.resendable["row"]) == []
    with pytest.raises(JobError, match="Row 0 is not sent again: its recipient has opted out"):
        job.resend([0])


def test_a_message_of_another_job_is_not_taken_for_a_lost_one(sandbox, twilio):
    begun(twilio, name="first", rows=1).wait(20)
    sandbox.fail(status=503)
    with Twilio(sandbox.connection) as another:  # which knows nothing of the first one's sends
        job = begun(another, name="second", rows=1)
        assert job.wait(20).unknown == 1
    assert job.outcomes["sid"].isna().all()


def test_a_message_the_client_sent_alone_is_not_taken_for_a_lost_one(sandbox, twilio):
    twilio.messages.send("+14155551000", from_=sandbox.numbers[0], body="Hi 0")
    sandbox.fail(status=503)
    job = begun(twilio, rows=1)
    assert job.wait(20).unknown == 1


def test_a_scheduled_message_that_twilio_would_not_cancel_is_unknown(sandbox, twilio):
    job = Job.start(scheduled(sandbox), twilio, name="later", undo_seconds=0)
    job.wait(20)
    sandbox.fail(status=500, times=50, method="POST", path=job.outcomes["sid"][1])
    ledger = job.cancel()
    assert (ledger.cancelled, ledger.unknown) == ((0, 2, 3, 4), (1,))


def test_a_callback_of_the_users_own_is_not_taken_away(sandbox, twilio, monkeypatch):
    forms = []
    create = messages.create

    def seen(connection, patience, form, *others, **more):
        forms.append([value for name, value in form if name == "StatusCallback"])
        return create(connection, patience, form, *others, **more)

    monkeypatch.setattr(messages, "create", seen)
    asked = plan(sandbox.numbers[0], 1, status_callback="https://example.com/mine")
    Job.start(asked, twilio, name="mine", undo_seconds=0, callbacks=Heard()).wait(20)
    assert forms == [["https://example.com/mine"]]


class Heard:
    """A listener that has heard nothing."""

    status_url = "https://example.com/status"

    def find_by_token(self, token: str) -> str | None:
        return None

    def heard_of(self, sid: str) -> None:
        return None


def test_a_job_that_has_ended_is_not_cancelled_afterwards(sandbox, twilio):
    job = begun(twilio)
    job.wait(20)
    assert len(job.cancel().never_sent) == 0
    assert str(job.progress) == 'Job "spring" is finished: 5 accepted.'


def test_a_name_that_stands_for_a_damaged_journal_is_refused(twilio):
    with pytest.raises(ConfigurationError, match="A job's name"):
        begun(twilio, name="spring.damaged-1")


def test_what_is_sent_again_may_be_told_of_by_callbacks(sandbox, twilio):
    """The riskiest sends of all: their tokens are evidence too."""
    asked: list[str] = []

    class Callbacks:
        @property
        def status_url(self) -> str:
            asked.append("url")
            return "http://127.0.0.1:9/status"

        def find_by_token(self, token: str) -> str | None:
            return None

        def heard_of(self, sid: str) -> None:
            return None

    sandbox.fail(21614)
    job = begun(twilio, rows=1)
    job.wait(20)
    job.resend([0], callbacks=Callbacks()).wait(20)
    assert statuses(job) == {"accepted": 1}
    assert asked


def test_a_closed_sandbox_keeps_nothing_more(twilio, sandbox):
    sandbox.close()
    with pytest.raises(SandboxError, match="closed"):
        begun(twilio)


@dataclass
class Told:
    status: str | None
    error_code: int | None = None
    is_final: bool = True


class Ear(Heard):
    """A listener that heard what it is told here."""

    def __init__(self) -> None:
        self.told: dict[str, Told] = {}

    def heard_of(self, sid: str) -> Told | None:
        return self.told.get(sid)


def test_what_the_listener_heard_is_joined_to_the_outcomes_and_written_down(sandbox, twilio):
    ear = Ear()
    job = begun(twilio, rows=5, callbacks=ear)
    job.wait(20)
    sids = job.outcomes["sid"].tolist()
    ear.told = {
        sids[0]: Told("delivered"),
        sids[1]: Told("undelivered", 30003),
        sids[2]: Told("sent", is_final=False),
        sids[3]: Told("failed", 30008, is_final=False),  # and delivered: a contradiction
    }
    seen = ["delivered", "undelivered", "sent", None, None]
    assert job.outcomes["message_status"].replace({float("nan"): None}).tolist() == seen
    assert job.resendable["row"].tolist() == [1]
    job.resend(job.resendable).wait(20)
    assert len(sandbox.ledger) == 6

    elsewhere = Job.open("spring", connection=twilio.connection)
    assert elsewhere.outcomes["message_status"].isna().sum() == 3, "one was sent again"
    with pytest.raises(JobError, match="accepted it and delivered"):
        elsewhere.resend([0], twilio)
