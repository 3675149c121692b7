"""No fault sends a row twice or loses one, and an uncertain outcome is reported as such."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.killing import PHASES, Killer, Quick, Task, all_points, plan, points
from tests.tools import stop_pressed
from twilio_widgets import Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.errors import TwilioWidgetsError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it forks and kills")


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    with Killer(tmp_path_factory.mktemp("jobs")) as prepared:
        yield prepared


def test_a_kill_in_any_phase_sends_no_row_twice_and_loses_none(killer: Killer):
    tasks = [killer.task(phase.replace(" ", "-"), phase=phase) for phase in PHASES]
    for task in tasks:
        if task.phase == "during settle":
            killer.sandbox.fail(fault="reset_after_accept")
        assert killer.run(task)["killed"], task.phase
    jobs = killer.resume(*tasks)
    assert [killer.judge(task, job) for task, job in zip(tasks, jobs, strict=True)] == [[]] * 6


def test_a_kill_during_the_request_is_settled_or_reported(killer: Killer):
    """Accepted with the answer on its way; and read by a server that carries it out later."""
    accepted = killer.task("accepted", concurrency=1)
    killer.sandbox.fail(fault="hang", method="POST")
    killer.run(accepted, kill_when=lambda: killer.sent(accepted)[0] == 1)
    late = killer.task("late", concurrency=1)
    killer.sandbox.fail(fault="accept_late", delay=0.1)
    waiting = killer.sandbox._router
    killer.run(late, kill_when=lambda: len(waiting._late) == 1)
    jobs = killer.resume(accepted, late)
    assert [killer.judge(*each) for each in zip((accepted, late), jobs, strict=True)] == [[], []]
    assert list(jobs[0].outcomes["settled_by"]) == ["log"] + ["answer"] * 4


def test_a_full_disk_stops_the_job_before_anything_unwritten_leaves(killer: Killer):
    """The limit on file sizes goes from nothing to enough for the whole job, which then resumes."""
    tasks = []
    for limit in (0, 8_000, 20_000, 60_000, 100_000, 140_000):
        task = killer.task(f"limit-{limit}", file_limit=limit, concurrency=2)
        result = killer.run(task)
        assert not result["killed"]
        tasks.append((task, result["result"], sum(killer.sent(task).values())))
    assert "cannot be written" in tasks[0][1]
    assert tasks[0][2] == 0
    jobs = killer.resume(*[task for task, _result, _sent in tasks])
    wrong = [killer.judge(task, job) for (task, *_), job in zip(tasks, jobs, strict=True)]
    assert wrong == [[]] * len(tasks)
    assert any(0 < sent < 5 for *_, sent in tasks), "one of them stopped half-way"


@pytest.mark.parametrize("concurrency", [1, pytest.param(8, marks=pytest.mark.long)])
def test_a_kill_at_any_line_sends_no_row_twice(killer: Killer, concurrency):
    wrong, killed, doubled = points(killer, 30, concurrency=concurrency)
    assert (wrong, doubled) == ([], 0)
    assert killed >= 27


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_kill_at_any_of_a_thousand_lines_sends_no_row_twice(concurrency):
    assert all_points(1_000, concurrency) == []


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_same_kills_make_a_plain_loop_send_twice(tmp_path: Path):
    """The control: what the journal prevents does happen."""
    with Killer(tmp_path) as killer:
        _wrong, killed, doubled = points(killer, 40, naive=True)
    assert killed >= 35
    assert doubled > 0


def begun(task: Task, **options: object) -> Job:
    asked = plan(task.name, task.sender, task.rows)
    options = {"folder": task.folder, "rate": None, "undo_seconds": 0} | options
    return Job.start(asked, task.client(), name=task.name, **options)


def test_a_second_process_sees_who_has_the_job_and_sends_nothing(killer: Killer):
    task = killer.task("shared", concurrency=1)
    killer.sandbox.fail(fault="delay", delay=0.5, method="POST", times=5)
    job = begun(task, concurrency=1)
    result = killer.run(task)["result"]
    assert f'Job "shared" is running in process {os.getpid()} on' in result
    assert job.wait(30).counts["accepted"] == 5
    assert "is finished: 5 accepted" in killer.run(task)["result"], "then it sees the ledger"
    assert killer.judge(task, job) == []


def test_interrupting_the_wait_leaves_the_job_running(killer: Killer):
    """Ctrl+C in a cell ends the cell, not the job."""
    task = killer.task("interrupted", concurrency=1)
    killer.sandbox.fail(fault="delay", delay=0.5, method="POST", times=5)
    job = begun(task, concurrency=1)
    with stop_pressed(lambda: killer.sent(task)), pytest.raises(KeyboardInterrupt):
        job.wait()
    assert job.under_way
    assert job.wait(30).counts["accepted"] == 5
    assert killer.judge(task, job) == []


NETWORK = [
    {"fault": "refused"},
    {"fault": "reset_before_read"},
    {"fault": "close_before_read"},
    {"fault": "reset_after_accept"},
    {"fault": "close_after_accept"},
    {"fault": "hang"},
    {"fault": "truncated"},
    {"fault": "not_json"},
    {"fault": "html"},
    {"fault": "error_after_accept", "status": 500},
    {"fault": "error_after_accept", "status": 503},
    {"status": 429},
    {"status": 429, "retry_after": 0.01},
    {"status": 500},
    {"status": 503},
]


def stormy(folder: Path, seed: int, concurrency: int, rows: int) -> tuple[Counter[str], Job]:
    """Send a job while about one request in three goes wrong, resuming whenever it stops."""
    chance = random.Random(seed)
    with Sandbox() as sandbox:
        for _row in range(rows):
            if chance.random() < 0.3:
                sandbox.fail(**chance.choice(NETWORK), method="POST")
            else:
                sandbox.fail(fault="delay", delay=0.001, method="POST")
        account = sandbox.accounts[0]
        twilio = Twilio(Quick(account.sid, account.auth_token), base_url=sandbox.url, timeout=0.5)
        job = Job.start(
            plan("storm", sandbox.numbers[0], rows), twilio, name="storm", folder=folder,
            rate=None, undo_seconds=0, concurrency=concurrency,
        )  # fmt: skip
        while job.wait(60).state != "finished":
            job.resume()
        job.resume().wait(60)  # a busy machine may have carried a request out after the last look
        return Counter(one.body for one in sandbox.ledger), job


def check_storm(sent: Counter[str], job: Job, rows: int) -> None:
    assert {body: times for body, times in sent.items() if times > 1} == {}
    frame = job.outcomes
    assert list(frame["row"]) == list(range(rows))
    assert set(frame["status"]) <= {"accepted", "unknown"}
    accepted = {f"storm/{row}" for row in frame.loc[frame["status"] == "accepted", "row"]}
    assert accepted == set(sent), "accepted is what the ledger has, no more and no less"


def test_a_network_that_fails_every_third_time_sends_no_row_twice(tmp_path: Path):
    sent, job = stormy(tmp_path, seed=1, concurrency=8, rows=25)
    check_storm(sent, job, 25)


@pytest.mark.parametrize("fault", NETWORK, ids=lambda fault: "-".join(map(str, fault.values())))
def test_a_log_that_cannot_be_read_settles_nothing_and_sends_nothing(tmp_path: Path, fault):
    """Every answer was lost, and so are the looks into the log; when it is read, all is told."""
    with Sandbox() as sandbox:
        sandbox.fail(fault="reset_after_accept", method="POST", times=3)
        sandbox.fail(**fault, method="GET", times=25)
        account = sandbox.accounts[0]
        twilio = Twilio(Quick(account.sid, account.auth_token), base_url=sandbox.url, timeout=0.5)
        job = Job.start(
            plan("blind", sandbox.numbers[0], 3), twilio, name="blind", folder=tmp_path,
            rate=None, undo_seconds=0,
        )  # fmt: skip
        assert job.wait(60).counts["unknown"] == 3
        assert "log" in job.progress.note
        for _ in range(60):
            if not job.resume().wait(60).unknown:
                break
        assert set(job.outcomes["settled_by"]) == {"log"}
        assert Counter(one.sid for one in sandbox.ledger) == Counter(job.outcomes["sid"])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("concurrency", [1, 8, 32])
def test_every_kind_of_network_failure_sends_no_row_twice(tmp_path: Path, seed, concurrency):
    sent, job = stormy(tmp_path, seed, concurrency, rows=50)
    check_storm(sent, job, 50)


def test_the_same_network_makes_a_loop_that_tries_again_send_twice():
    """The control, in the same weather."""
    with Sandbox() as sandbox:
        twilio = Twilio(sandbox.connection, base_url=sandbox.url, timeout=0.5)
        for fault in NETWORK:
            sandbox.fail(**fault, method="POST")
        for row in plan("naive", sandbox.numbers[0], 10).rows:
            for _ in range(10):
                try:
                    twilio.messages.send(row.to, **row.parameters)
                except TwilioWidgetsError:
                    continue
                break
        sent = Counter(one.body for one in sandbox.ledger)
        twilio.close()
    assert max(sent.values()) > 1
