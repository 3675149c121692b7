"""A plan becomes a job as it stands: each row once, at the rate it was planned for."""

from __future__ import annotations

import inspect

import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.planning.plan import Plan, plan
from twilio_widgets.errors import JobError

PEOPLE = "phone,name\n+14155550101,Ada\n+14155550102,Bo\nnobody,Cy\n+14155550104,Dé\n"


@pytest.fixture
def sandbox():
    with Sandbox(seed=1) as world:
        yield world


def planned(sandbox, **given):
    asked = {"to": "phone", "body": "Hi {name}", "from_": sandbox.numbers[0], "rate": None}
    return plan(PEOPLE, **(asked | given))


def test_what_is_ready_is_what_is_sent_and_the_second_run_sends_nothing(sandbox):
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


@pytest.mark.parametrize(
    ("options", "rate", "per"),
    [
        ({}, 7.0, "segment"),
        ({"rate": None}, None, "segment"),
        ({"rate": 2.0, "per": "message"}, 2.0, "message"),
    ],
)
def test_it_is_sent_at_the_rate_it_was_planned_for_unless_told_otherwise(
    sandbox, monkeypatch, options, rate, per
):
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
