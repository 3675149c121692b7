"""A plan becomes a job as it stands: each row once, at the rate it was planned for."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.planning.plan import Plan, plan
from twilio_widgets.errors import JobError, TwilioWidgetsError
from twilio_widgets.panels.kit.displays import plan_html

PEOPLE = "phone,name\n+14155550101,Ada\n+14155550102,Bo\nnobody,Cy\n+14155550104,Dé\n"


@pytest.fixture
def sandbox():
    with Sandbox(seed=1) as world:
        yield world


def planned(sandbox, **given):
    asked = {"to": "phone", "body": "Hi {name}", "from_": sandbox.numbers[0], "rate": None}
    return plan(PEOPLE, **(asked | given))


def test_the_ready_rows_are_sent_and_a_second_run_sends_nothing(sandbox):
    made = planned(sandbox)
    with Twilio(sandbox.connection) as twilio:
        job = made.send(twilio, "spring", undo_seconds=0)
        job.wait(20)
        again = planned(sandbox).send(twilio, "spring", undo_seconds=0)
        again.wait(20)

    assert [(one.to, one.body) for one in sandbox.ledger] == [
        (row.to, row.body) for row in made.rows
    ]
    assert job.outcomes["row"].tolist() == made.ready["row"].tolist()
    assert set(again.outcomes["status"]) == {"accepted"}


def test_a_name_that_has_another_plan_is_refused(sandbox):
    with Twilio(sandbox.connection) as twilio:
        planned(sandbox).send(twilio, "spring", undo_seconds=0).wait(20)
        with pytest.raises(JobError):
            planned(sandbox, body="Ho {name}").send(twilio, "spring", undo_seconds=0)

    assert len(sandbox.ledger) == 3


@pytest.mark.parametrize("own_times", [False, True])
def test_a_scheduled_cell_run_again_after_its_time_shows_the_ledger(own_times):
    with Sandbox(seed=1, now="2026-01-15T12:00:00Z") as sandbox:
        when = sandbox.clock.now() + timedelta(hours=1)

        def cell(twilio, name):
            rows = [{"phone": row.to, "when": when.isoformat()} for row in planned(sandbox).rows]
            times = {"columns": {"send_at": "when"}} if own_times else {"send_at": when}
            service = {"messaging_service_sid": sandbox.services[0], "now": sandbox.clock.now()}
            return plan(rows, "phone", "Hi", **times, **service).send(twilio, name, undo_seconds=0)

        with Twilio(sandbox.connection) as twilio:
            cell(twilio, "later").wait(20)
            sandbox.clock.advance("2 hours")
            again = cell(twilio, "later")
            assert again.progress.counts["accepted"] == 3
            assert not again.under_way
            with pytest.raises(TwilioWidgetsError, match=r"in the past|no ready row"):
                cell(twilio, "a new one")
            assert len(sandbox.ledger) == 3


def test_a_cell_run_again_after_an_opt_out_shows_the_outcomes(sandbox):
    def cell(twilio):
        stopped = twilio.messages.list(limit=None, progress=False)
        return planned(sandbox, opt_outs=stopped).send(twilio, "spring", undo_seconds=0)

    with Twilio(sandbox.connection) as twilio:
        cell(twilio).wait(20)
        sandbox.receive(body="STOP", from_="+14155550102", to=sandbox.numbers[0])
        again = cell(twilio)
        assert again.progress.counts["accepted"] == 3
        assert "row 1 is no longer there" in again.progress.note


def test_a_log_that_was_cut_off_is_named_wherever_the_plan_is_seen(sandbox):
    with Twilio(sandbox.connection) as twilio:
        for n in range(3):
            sandbox.receive(body=f"{n}", from_=f"+1415555010{n}", to=sandbox.numbers[0])
        cut = planned(sandbox, opt_outs=twilio.messages.list(limit=2, progress=False))
        whole = planned(sandbox, opt_outs=twilio.messages.list(limit=None, progress=False))

    message = (
        "opt_outs is not the complete log, so a STOP may be missing (2 messages read, the log has"
    )
    for seen in (str(cut.summary), repr(cut), plan_html(cut)):
        assert message in seen
        assert "limit=None" in seen
    assert whole.summary.warnings == ()


@pytest.mark.parametrize(
    ("options", "rate", "per"),
    [
        ({}, 7.0, "segment"),
        ({"rate": None}, None, "segment"),
        ({"rate": 2.0, "per": "message"}, 2.0, "message"),
    ],
)
def test_a_plan_is_sent_at_its_planned_rate_by_default(sandbox, monkeypatch, options, rate, per):
    begun = {}
    monkeypatch.setattr(Job, "start", classmethod(lambda _kind, *_, **asked: begun.update(asked)))
    made = planned(sandbox, rate=7.0, per="segment")

    made.send(None, "spring", **options)

    assert (begun["name"], begun["rate"], begun["per"]) == ("spring", rate, per)


def test_it_takes_what_a_job_takes_with_the_same_defaults():
    ours, theirs = (
        {name: one.default for name, one in inspect.signature(function).parameters.items()}
        for function in (Plan.send, Job.start)
    )
    for mine in ("self", "twilio", "rate", "per"):
        ours.pop(mine, None)
        theirs.pop(mine, None)
    theirs.pop("plan")

    assert ours == theirs
