"""What may have been sent is settled by the log, said, and never sent again by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.jobs import begun, sent, statuses, statuses_after
from twilio_widgets import Twilio
from twilio_widgets.errors import (
    InvalidMessage,
    JobError,
)
from twilio_widgets.journal.location import JobLock, location_of

AMBIGUOUS = [
    {"fault": "reset_after_accept"},
    {"fault": "close_after_accept"},
    {"fault": "hang"},
    {"fault": "error_after_accept", "status": 500},
    {"fault": "error_after_accept", "status": 503},
    {"fault": "truncated", "method": "POST"},
    {"fault": "not_json", "method": "POST"},
]


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=[str(list(one.values())) for one in AMBIGUOUS])
def test_a_possibly_sent_message_is_settled_by_the_log_and_never_resent(sandbox, twilio, fault):
    sandbox.fail(**fault)
    job = begun(twilio)
    assert job.wait(20).counts["accepted"] == 5
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(5)}
    frame = job.outcomes
    assert list(frame["settled_by"]) == ["log"] + ["answer"] * 4
    assert sorted(frame["sid"]) == sorted(one.sid for one in sandbox.ledger)


def test_a_web_page_in_place_of_an_answer_pauses_the_job_and_is_settled_when_it_resumes(
    sandbox, twilio
):
    """A proxy's login page says nothing about the message, and would answer every other row."""
    sandbox.fail(fault="html", method="POST")
    job = begun(twilio)
    progress = job.wait(20)
    assert (progress.state, progress.counts["accepted"]) == ("paused", 0)
    assert job.resume().wait(20).counts["accepted"] == 5
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(5)}
    assert list(job.outcomes["settled_by"]) == ["log"] + ["answer"] * 4


@pytest.mark.parametrize(
    "fault", [{"fault": "reset_before_read", "method": "POST"}, {"status": 503}]
)
def test_an_unsent_message_stays_unknown_until_the_user_asks(sandbox, twilio, fault):
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
def test_an_outcome_that_cannot_be_settled_now_stays_unknown_and_says_why(sandbox, trouble):
    """The rows of two jobs may be like each other: one at a time claims what the log shows."""
    twilio = Twilio(sandbox.connection, timeout=0.5)
    claims = replace(location_of(twilio.connection, "spring"), name=".settling")
    if trouble == "it is no file":
        claims.lock_file.mkdir(parents=True)
        message = "The lock on the message log cannot be kept in "
    else:
        other = JobLock(claims)
        message = "Another job is settling its unknown rows in this process "
    sandbox.fail(fault="reset_after_accept")
    job = begun(twilio, on_unknown="abandon")
    assert job.wait(20).note.startswith(f"The unknown rows were not settled: {message}")
    assert statuses(job) == {"accepted": 4, "unknown": 1}, "the rule is for what was looked for"
    if trouble == "it is no file":
        claims.lock_file.rmdir()
    else:
        other.release()
    assert job.resume().wait(20).counts["accepted"] == 5
    assert len(sandbox.ledger) == 5


def test_unknown_rows_can_be_abandoned_by_rule_or_by_the_user(sandbox, twilio):
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


def test_a_row_can_be_assigned_a_message(sandbox, twilio):
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


def test_a_row_cannot_be_assigned_the_message_of_another_row(sandbox, twilio):
    sandbox.fail(status=503)
    job = begun(twilio)
    job.wait(20)
    (lost,) = job.outcomes.query("status == 'unknown'")["row"]
    taken = sandbox.ledger[0].sid
    with pytest.raises(JobError, match=f"{taken} is another row's message, so nothing was changed"):
        job.attach(lost, taken)
    assert statuses(job) == {"accepted": 4, "unknown": 1}


def test_a_message_of_another_job_does_not_match_a_lost_one(sandbox, twilio):
    begun(twilio, name="first", rows=1).wait(20)
    sandbox.fail(status=503)
    with Twilio(sandbox.connection) as another:  # which knows nothing of the first one's sends
        job = begun(another, name="second", rows=1)
        assert job.wait(20).unknown == 1
    assert job.outcomes["sid"].isna().all()


def test_a_single_send_of_the_client_does_not_match_a_lost_row(sandbox, twilio):
    twilio.messages.send("+14155551000", from_=sandbox.numbers[0], body="Hi 0")
    sandbox.fail(status=503)
    job = begun(twilio, rows=1)
    assert job.wait(20).unknown == 1
