"""What Twilio, the network or a policy does to a job on its way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.jobs import NOW, begun, sent, statuses, statuses_after
from twilio_widgets import Twilio
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import (
    JobError,
    PolicyRefused,
)


def test_rows_that_the_policy_refuses_later_wait_for_the_user(sandbox):
    class NoThree:
        def check(self, request):
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
    assert "not one of the recipients" in progress.note
    assert job.resume().wait(20).counts["accepted"] == 5
    assert sent(sandbox) == {f"Hi {n}": 1 for n in range(20, 25)}


def test_a_limit_that_is_reached_on_the_way_stops_the_job_at_once(sandbox):
    class OnlyTwo:
        left = 2

        def check(self, request):
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
        "Account exceeded the 50 daily messages limit (Twilio 63038). The limit covers the last 24 "
        "hours: resume() continues as they pass, at 2026-01-16 12:00 UTC at the latest if nothing "
        "else is sent."
    )
    assert sum(job.outcomes["attempts"]) <= 2


def test_a_job_that_receives_only_429_pauses(sandbox, twilio):
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


@pytest.mark.parametrize(
    ("trouble", "made", "note"),
    [
        (
            {"fault": "error_after_accept", "status": 303},
            1,
            "The response was a redirect (HTTP 303)",
        ),
        ({"fault": "html", "status": 403, "method": "POST"}, 0, "The response was not Twilio's"),
        ({"fault": "html", "status": 404, "method": "POST"}, 0, "The response was not Twilio's"),
    ],
)
def test_an_answer_from_something_in_between_pauses_the_job_and_rejects_no_row(
    sandbox, twilio, trouble, made, note
):
    sandbox.fail(**trouble)
    job = begun(twilio)
    progress = job.wait(20)
    assert (progress.state, progress.note[: len(note)]) == ("paused", note)
    assert progress.counts["rejected"] == 0
    assert progress.unknown == 1
    job.resume().wait(20)
    assert statuses(job) == {"accepted": 4 + made} | ({} if made else {"unknown": 1})
    assert set(sent(sandbox).values()) == {1}


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
