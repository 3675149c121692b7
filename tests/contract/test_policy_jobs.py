"""A job obeys the policy of its client: asked before its first request, and about each one."""

from __future__ import annotations

from decimal import Decimal

import pytest

import twilio_widgets as tw
from tests.jobs import plan
from twilio_widgets.bulk.job import Job
from twilio_widgets.errors import PolicyRefused


def begun(twilio: tw.Twilio, sandbox: tw.Sandbox, rows: int = 5, name: str = "spring") -> Job:
    asked = plan(sandbox.numbers[0], rows, "Hello", cost=Decimal("0.0083"))
    job = Job.start(asked, twilio, name=name, rate=None, undo_seconds=0)
    job.wait(30)
    return job


class Recording:
    """Lets everything pass, and counts the messages it is asked about."""

    def __init__(self, connection):
        self.verdicts = 0
        self._guard = tw.Policy(max_recipients=None).on(connection)

    def check(self, request):
        verdict = self._guard.check(request)
        self.verdicts += verdict is not None
        return verdict


def test_every_message_of_a_job_is_checked(sandbox):
    recording = Recording(sandbox.connection)
    with tw.Twilio(sandbox.connection, policy=recording) as twilio:
        begun(twilio, sandbox)
    assert (recording.verdicts, len(sandbox.ledger)) == (5, 5)


def test_a_plan_is_sent_under_the_same_policy(sandbox):
    rows = [{"phone": "+14155550101"}, {"phone": "+14155550102"}]
    whole = tw.plan(rows, to="phone", body="Hello", from_=sandbox.numbers[0])
    recording = Recording(sandbox.connection)
    with tw.Twilio(sandbox.connection, policy=recording) as twilio:
        whole.send(twilio, name="whole", rate=None, undo_seconds=0).wait(30)
    assert (recording.verdicts, len(sandbox.ledger)) == (2, 2)
    strict = tw.Twilio(sandbox.connection, policy=tw.Policy(max_recipients=1))
    with strict, pytest.raises(PolicyRefused, match="has 2 recipients"):
        whole.send(strict, name="again", rate=None, undo_seconds=0)
    assert len(sandbox.ledger) == 2


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ({"max_recipients": 4}, "max_recipients"),
        ({"max_segments": 4}, "max_segments"),
        ({"max_cost": "0.04"}, "max_cost"),
        ({"max_recipients_per_day": 4}, "max_recipients_per_day"),
        ({"dry_run": True}, "dry_run"),
    ],
)
def test_a_job_that_is_too_large_is_refused_before_any_request(sandbox, rules, rule):
    with tw.Twilio(sandbox.connection, policy=tw.Policy(**rules)) as twilio:
        with pytest.raises(PolicyRefused) as caught:
            begun(twilio, sandbox)
        assert (caught.value.rule, sandbox.ledger) == (rule, ())


def test_an_allowed_job_is_counted_as_it_is_sent(sandbox):
    policy = tw.Policy(max_recipients=5, max_cost="0.0415", max_segments_per_day=100)
    with tw.Twilio(sandbox.connection, policy=policy) as twilio:
        begun(twilio, sandbox)
        assert len(sandbox.ledger) == policy.today(sandbox.connection).recipients == 5


def test_rows_with_a_forbidden_recipient_are_not_sent(sandbox):
    policy = tw.Policy(allow=["+14155551001", "+14155551003"])
    with tw.Twilio(sandbox.connection, policy=policy) as twilio:
        begun(twilio, sandbox)
    assert {sent.to for sent in sandbox.ledger} <= {"+14155551001", "+14155551003"}


def test_a_resumed_job_is_checked_again(sandbox):
    """Two rows are sent under one policy; the next policy checks the other three as a new job."""
    with tw.Twilio(sandbox.connection, policy=tw.Policy(allow=["+1415555100*"])) as twilio:
        job = begun(twilio, sandbox, rows=12)
        assert len(sandbox.ledger) == 10
    for rules in ({"max_recipients": 1}, {"dry_run": True}):
        strict = tw.Twilio(sandbox.connection, policy=tw.Policy(**rules))
        with strict, pytest.raises(PolicyRefused):
            job.resume(strict)
    assert len(sandbox.ledger) == 10
    with tw.Twilio(sandbox.connection, policy=tw.Policy(max_recipients=2)) as twilio:
        job.resume(twilio).wait(30)
    assert len(sandbox.ledger) == 12


def test_rows_that_are_sent_again_are_checked_again(sandbox):
    """One row is rejected, and the user sends it again."""
    sandbox.fail(status=400, code=21408)
    dry = tw.Policy(dry_run=True)
    with tw.Twilio(sandbox.connection) as twilio, tw.Twilio(sandbox.connection, policy=dry) as none:
        job = begun(twilio, sandbox, rows=1)
        with pytest.raises(PolicyRefused, match="would have had 1 recipient"):
            job.resend([0], none)
        assert sandbox.ledger == ()
        job.resend([0], twilio).wait(30)
    assert len(sandbox.ledger) == 1
