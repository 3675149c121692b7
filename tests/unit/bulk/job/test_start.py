"""What cannot be begun says why and sends nothing; what was begun is found again by its own."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.jobs import Plan, begun, plan, statuses
from twilio_widgets import AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import (
    ConfigurationError,
    InvalidMessage,
    JobError,
    PolicyRefused,
    SandboxError,
)
from twilio_widgets.journal.journal import JobOptions, create
from twilio_widgets.journal.location import location_of
from twilio_widgets.journal.row import JournalRow


@pytest.mark.parametrize(
    ("change", "message"),
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
    sandbox, twilio, change, message
):
    begun(twilio).wait(20)
    with pytest.raises(JobError, match=message):
        Job.start(change(sandbox.numbers[0]), twilio, name="spring")
    assert len(sandbox.ledger) == 5


def test_a_plan_with_a_row_that_cannot_be_sent_sends_nothing(sandbox, twilio):
    past = sandbox.clock.now() - timedelta(seconds=1)
    late = plan(sandbox.numbers[0], messaging_service_sid=sandbox.services[0], send_at=past)
    with pytest.raises(InvalidMessage, match=r"^Row 0: send_at is in the past\. Nothing was sent"):
        Job.start(late, twilio, name="spring")
    with pytest.raises(ConfigurationError, match="no ready row"):
        Job.start(Plan(), twilio, name="spring")
    assert sandbox.ledger == ()
    assert begun(twilio).wait(20).counts["accepted"] == 5, "the name is free"


def test_the_policy_is_asked_before_the_first_request(sandbox):
    client = Twilio(sandbox.connection, policy=Policy(max_recipients=4))
    with pytest.raises(PolicyRefused):
        begun(client)
    assert sandbox.ledger == ()
    assert begun(client, rows=4).wait(20).counts["accepted"] == 4


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
    row = JournalRow(n=0, form=(("To", "+14155550101"), ("From", "+15005550006"), ("Body", "Hi")))
    create(location_of(begun_with, "spring", tmp_path), [row], JobOptions(), now=0)
    other = Twilio(AuthTokenConnection(account, token, region="ie1"))
    with pytest.raises(JobError, match="in the region us1, and this client is for ie1"):
        Job.open("spring", tmp_path).resume(other)
    with pytest.raises(JobError, match="in the region us1, and this client is for ie1"):
        Job.start(plan("+15005550006", 1), other, name="spring", folder=tmp_path)


def test_a_job_is_found_after_the_working_directory_changed(twilio, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    begun(twilio, folder="jobs").wait(20)
    found = Job.open("spring", "jobs", twilio.connection)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert statuses(found) == {"accepted": 5}
    assert found.file.is_relative_to(tmp_path / "jobs")


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


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ({"folder": "/dev/null"}, JobError, 'Job "spring" cannot be kept in /dev/null/'),
        ({"folder": 5}, ConfigurationError, "folder must be the path of a folder: got 5."),
        ({"folder": "~nobody-at-all/x"}, ConfigurationError, "folder must be the path of a folder"),
        ({"callbacks": "https://example.com"}, ConfigurationError, "callbacks must be a listener"),
    ],
)
def test_a_job_that_cannot_start_names_the_wrong_argument(twilio, given, kind, message):
    with pytest.raises(kind) as refused:
        begun(twilio, **given)
    assert str(refused.value).startswith(message)


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
def test_an_invalid_plan_is_not_started(twilio, given):
    message = r"plan must be a plan, such as tw\.plan\("
    with pytest.raises(ConfigurationError, match=message) as refused:
        Job.start(given, twilio, name="spring")
    assert refused.value.field == "plan"


def test_a_connection_is_refused_as_a_client(sandbox):
    with pytest.raises(ConfigurationError) as refused:
        Job.start(plan(sandbox.numbers[0]), sandbox.connection, name="spring")
    assert str(refused.value) == (
        "twilio must be a client, such as tw.Twilio(connection): got SandboxConnection."
    )


def test_a_name_that_stands_for_a_damaged_journal_is_refused(twilio):
    with pytest.raises(ConfigurationError, match="name must be a valid"):
        begun(twilio, name="spring.damaged-1")


def test_a_closed_sandbox_keeps_nothing_more(twilio, sandbox):
    sandbox.close()
    with pytest.raises(SandboxError, match="closed"):
        begun(twilio)
