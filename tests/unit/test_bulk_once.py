"""One message for one key, whatever happens and however often it is asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.bulk import once as module
from twilio_widgets.bulk.journal.place import Ownership
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import (
    ConfigurationError,
    InvalidMessage,
    JobError,
    NotConnected,
    OutcomeUnknown,
    PolicyRefused,
    RejectedMessage,
)

TO = "+14155550123"


@pytest.fixture
def sandbox():
    with Sandbox(now="2026-01-15T12:00:00Z") as world:
        yield world


@pytest.fixture
def twilio(sandbox):
    with Twilio(sandbox.connection) as client:
        yield client


def send(twilio, key="invoice 4711", body="Hi", **parameters):
    sender = twilio.connection.sandbox.numbers[0]
    return twilio.messages.send(TO, **{"from_": sender, "body": body, "once": key} | parameters)


def test_the_same_call_again_returns_the_first_message_as_it_is_now(sandbox, twilio):
    first = send(twilio)
    sandbox.clock.advance("1 min")
    again = send(twilio)
    assert (first.status, again.status) == ("queued", "delivered")
    assert [first.sid, again.sid] == [one.sid for one in sandbox.ledger] * 2
    other = Twilio(sandbox.connection)
    assert send(other).sid == first.sid, "another client, as after a restart"
    assert send(other, key="invoice 4712").sid != first.sid
    assert len(sandbox.ledger) == 2


def test_it_is_the_same_with_await(sandbox):
    async def both():
        async with AsyncTwilio(sandbox.connection) as twilio:
            return await send(twilio), await send(twilio)

    first, again = asyncio.run(both())
    assert first.sid == again.sid
    assert len(sandbox.ledger) == 1


def test_a_key_that_has_another_message_is_refused_and_says_what_differs(sandbox, twilio):
    send(twilio)
    with pytest.raises(JobError, match=r"another message \(changed: \(Body\)\)"):
        send(twilio, body="Ho")
    assert len(sandbox.ledger) == 1


@pytest.mark.parametrize("fault", ["reset_after_accept", "hang"])
def test_a_lost_reply_is_unknown_first_and_found_the_next_time(sandbox, twilio, fault):
    sandbox.fail(fault=fault)
    with pytest.raises(OutcomeUnknown) as caught:
        send(twilio)
    assert twilio.messages.find(caught.value).sid == sandbox.ledger[0].sid
    assert send(twilio).sid == sandbox.ledger[0].sid
    assert len(sandbox.ledger) == 1


def test_what_the_log_does_not_show_stays_unknown_and_is_not_sent_again(sandbox, twilio):
    sandbox.fail(status=503)
    with pytest.raises(OutcomeUnknown):
        send(twilio)
    sandbox.clock.advance("1 hour")
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match="earlier send for this key") as caught:
            send(twilio)
    assert twilio.messages.find(caught.value) is None, "now the person can decide"
    assert sandbox.ledger == ()


def test_a_process_that_died_while_it_sent_is_not_taken_for_one_that_did_not(
    sandbox, twilio, monkeypatch
):
    def dies(_self: object, endings: list[object]) -> list[object]:
        if endings:
            raise SystemExit
        return []

    monkeypatch.setattr(module.Journal, "close_attempts", dies)
    with pytest.raises(SystemExit):
        send(twilio)
    monkeypatch.undo()
    assert len(sandbox.ledger) == 1
    assert send(Twilio(sandbox.connection)).sid == sandbox.ledger[0].sid
    assert len(sandbox.ledger) == 1


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ({"fault": "refused", "times": 9}, NotConnected),
        ({"code": 21610}, RejectedMessage),
        ({"code": 21611}, RejectedMessage),
    ],
)
def test_what_was_certainly_not_sent_is_sent_when_it_is_asked_for_again(
    sandbox, twilio, trouble, error
):
    sandbox.fail(**trouble)
    with pytest.raises(error):
        send(twilio)
    sandbox._faults._waiting.clear()
    assert send(twilio).sid == sandbox.ledger[0].sid
    assert len(sandbox.ledger) == 1


def test_a_policy_keeps_it_back_and_the_key_stays_free(sandbox, twilio):
    with pytest.raises(PolicyRefused):
        send(Twilio(sandbox.connection, policy=Policy(dry_run=True)))
    assert send(twilio).sid == sandbox.ledger[0].sid


def test_a_message_that_cannot_be_right_takes_no_key(sandbox, twilio):
    with pytest.raises(InvalidMessage):
        send(twilio, body="")
    assert send(twilio).sid == sandbox.ledger[0].sid


def test_somebody_who_is_sending_it_right_now_is_named(sandbox, twilio):
    holder = Ownership(module._place_of(sandbox.connection, "invoice 4711"))
    with pytest.raises(JobError, match=r'once="invoice 4711" is being sent in this process'):
        send(twilio)
    holder.release()
    send(twilio)


@pytest.mark.parametrize("key", ["", "x" * 201, 4711, b"bytes"])
def test_a_key_that_is_none_is_refused(sandbox, twilio, key):
    with pytest.raises(ConfigurationError) as caught:
        send(twilio, key=key)
    assert caught.value.field == "once"
    assert sandbox.ledger == ()


def test_a_scheduled_message_is_the_same_message_after_its_time(sandbox, twilio):
    when = sandbox.clock.now() + timedelta(hours=1)
    service = {"from_": None, "messaging_service_sid": sandbox.services[0], "send_at": when}
    first = send(twilio, **service)
    sandbox.clock.advance("3 hours")
    assert send(twilio, **service).sid == first.sid


def test_the_keys_file_tells_nobody_the_key(sandbox, twilio):
    send(twilio, key="canary-key")
    names = [path.name for path in sandbox.data_folder.rglob("*")]
    held = b"".join(p.read_bytes() for p in sandbox.data_folder.rglob("*") if p.is_file())
    assert not any("canary" in name for name in names)
    assert b"canary" not in held
