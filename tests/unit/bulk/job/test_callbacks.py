"""What a listener hears of a job: it settles, it is joined to the outcomes, and it may be gone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.jobs import begun, plan, sent, statuses, statuses_after
from twilio_widgets.bulk.job import Job
from twilio_widgets.core.flows import messages
from twilio_widgets.errors import (
    JobError,
    ListenerError,
)


class Heard:
    """A listener that has heard nothing."""

    status_url = "https://example.com/status"

    def find_by_token(self, token: str) -> str | None:
        return None

    def heard_of(self, sid: str) -> None:
        return None


class Listening(Heard):
    """A listener that knows what the sandbox's ledger knows, by the callback's token."""

    status_url = "http://127.0.0.1:9/cb#rc=2"

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}

    def find_by_token(self, token: str) -> str | None:
        return self.tokens.get(token)


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


class Silent(Heard):
    """A listener whose address was there in the beginning and is not any more."""

    asked = 0

    @property
    def status_url(self) -> str:
        self.asked += 1
        if self.asked > 1:
            raise ListenerError("The tunnel is gone.")
        return "https://example.com/status"


def test_a_listener_without_its_address_pauses_the_job(sandbox, twilio):
    job = begun(twilio, callbacks=Silent())

    assert str(job.wait(20)) == (
        'Job "spring" is paused: 5 pending. The listener has no URL for status callbacks: '
        "The tunnel is gone."
    )
    assert sent(sandbox) == {}
    assert statuses(job.resume().wait(20) and job) == {"accepted": 5}


def test_a_callback_of_the_users_own_is_not_taken_away(sandbox, twilio, monkeypatch):
    forms = []
    create = messages.create

    def seen(connection, retry_policy, form, *others, **more):
        forms.append([value for name, value in form if name == "StatusCallback"])
        return create(connection, retry_policy, form, *others, **more)

    monkeypatch.setattr(messages, "create", seen)
    asked = plan(sandbox.numbers[0], 1, status_callback="https://example.com/mine")
    Job.start(asked, twilio, name="mine", undo_seconds=0, callbacks=Heard()).wait(20)
    assert forms == [["https://example.com/mine"]]


def test_resent_rows_can_have_callbacks(sandbox, twilio):
    """The riskiest sends of all: their tokens are evidence too."""
    asked: list[str] = []

    class Callbacks(Heard):
        @property
        def status_url(self) -> str:
            asked.append("url")
            return "http://127.0.0.1:9/status"

    sandbox.fail(21614)
    job = begun(twilio, rows=1)
    job.wait(20)
    job.resend([0], callbacks=Callbacks()).wait(20)
    assert statuses(job) == {"accepted": 1}
    assert asked


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


def test_statuses_from_the_listener_are_joined_to_the_outcomes_and_stored(sandbox, twilio):
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
