"""One message for one key, whatever happens and however often it is asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from twilio_widgets import AsyncTwilio, Twilio
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
from twilio_widgets.journal import once as module
from twilio_widgets.journal.ledger import reading
from twilio_widgets.journal.location import JobLock

TO = "+14155550123"


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


def test_a_message_that_was_made_and_answered_with_a_redirect_is_found_and_not_made_again(
    sandbox, twilio
):
    sandbox.fail(fault="error_after_accept", status=303)
    with pytest.raises(OutcomeUnknown, match="redirect"):
        send(twilio)
    assert send(twilio).sid == sandbox.ledger[0].sid
    assert len(sandbox.ledger) == 1


def test_it_is_the_same_with_await(sandbox):
    async def both():
        async with AsyncTwilio(sandbox.connection) as twilio:
            return await send(twilio), await send(twilio)

    first, again = asyncio.run(both())
    assert first.sid == again.sid
    assert len(sandbox.ledger) == 1


def test_a_key_that_has_another_message_is_refused_and_says_what_differs(sandbox, twilio):
    send(twilio)
    taken = f"{sandbox.ledger[0].sid}, whose text is not kept"
    with pytest.raises(JobError, match=rf"another message \({taken}\)"):
        send(twilio, body="Ho")
    assert len(sandbox.ledger) == 1
    sandbox.fail(status=503)
    with pytest.raises(OutcomeUnknown):
        send(twilio, key="invoice 4712")
    with pytest.raises(JobError, match=r"another message \(changed: \(Body\)\)"):
        send(twilio, key="invoice 4712", body="Ho")


@pytest.mark.parametrize("fault", ["reset_after_accept", "hang"])
def test_a_lost_reply_is_unknown_first_and_found_the_next_time(sandbox, twilio, fault):
    sandbox.fail(fault=fault)
    with pytest.raises(OutcomeUnknown) as caught:
        send(twilio)
    assert twilio.messages.find(caught.value).sid == sandbox.ledger[0].sid
    assert send(twilio).sid == sandbox.ledger[0].sid
    assert len(sandbox.ledger) == 1


def test_a_lost_reply_that_cannot_be_settled_now_says_why_within_its_time(sandbox):
    twilio = Twilio(sandbox.connection, timeout=0.5)
    sandbox.fail(fault="reset_after_accept")
    with pytest.raises(OutcomeUnknown):
        send(twilio)
    home = module._location_of(sandbox.connection, "invoice 4711")
    other = JobLock(replace(home, name=".settling"))
    with pytest.raises(OutcomeUnknown, match="Another job is settling its unknown rows in this"):
        send(twilio)
    other.release()
    assert send(twilio).sid == sandbox.ledger[0].sid


def test_a_row_that_the_log_lacks_stays_unknown_and_is_not_resent(sandbox, twilio):
    sandbox.fail(status=503)
    with pytest.raises(OutcomeUnknown):
        send(twilio)
    sandbox.clock.advance("1 hour")
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match="earlier send for this key") as caught:
            send(twilio)
    assert twilio.messages.find(caught.value) is None, "now the person can decide"
    assert sandbox.ledger == ()


def test_a_process_that_died_while_sending_leaves_an_unknown_outcome(sandbox, twilio, monkeypatch):
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
def test_a_message_that_was_certainly_not_sent_can_be_sent_again(sandbox, twilio, trouble, error):
    sandbox.fail(**trouble)
    with pytest.raises(error):
        send(twilio)
    sandbox._faults._waiting.clear()
    assert send(twilio).sid == sandbox.ledger[0].sid
    assert len(sandbox.ledger) == 1


def kept(sandbox):
    """What the journals of a key say: each status, and how the attempts ended."""
    found_rows = []
    home = module._location_of(sandbox.connection, "invoice 4711")
    files = home.folder.glob("*.sqlite")
    for file in sorted(files, key=lambda file: (len(file.name), file.name)):
        with reading(replace(home, name=file.stem)) as ledger:
            ((row, endings),) = [
                (row, [one.ending for one in ledger.attempts(row.n)]) for row in ledger.rows()
            ]
            found_rows.append((row.status, endings))
    return found_rows


def refused_by(policy):
    def refuse(sandbox, body):
        with pytest.raises(PolicyRefused):
            send(Twilio(sandbox.connection, policy=policy), body=body)

    return refuse


def made_none_by(error, **trouble):
    def refuse(sandbox, body):
        sandbox.fail(**trouble)
        with pytest.raises(error):
            send(Twilio(sandbox.connection), body=body)
        sandbox._faults._waiting.clear()

    return refuse


MADE_NONE = {
    "a dry run": (refused_by(Policy(dry_run=True)), "skipped", "policy"),
    "an allow-list": (refused_by(Policy(allow="+14155550199")), "skipped", "policy"),
    "a rejection": (made_none_by(RejectedMessage, code=21610), "rejected", "rejected"),
    "a full queue": (made_none_by(RejectedMessage, code=21611), "skipped", "queue_full"),
    "no connection": (made_none_by(NotConnected, fault="refused", times=9), "skipped", "not_sent"),
}


@pytest.mark.parametrize("trouble", MADE_NONE)
def test_a_message_that_was_not_made_leaves_its_key_to_another(sandbox, twilio, trouble):
    refuse, status, ending = MADE_NONE[trouble]
    refuse(sandbox, "Hi, Amm")
    refuse(sandbox, "Hi, An")
    assert send(twilio, body="Hi, Ann").body == "Hi, Ann"
    assert kept(sandbox) == [
        (status, [ending]),
        (status, [ending]),
        ("accepted", ["accepted"]),
    ], "and each is recorded as what it is"
    for body in ("Hi, Amm", "Hi, An"):
        with pytest.raises(JobError, match="another message"):
            send(twilio, body=body)
    assert [send(twilio, body="Hi, Ann").sid] == [one.sid for one in sandbox.ledger]


@pytest.mark.parametrize("trouble", MADE_NONE)
def test_the_same_message_can_be_sent_under_its_key_after_a_failure(sandbox, twilio, trouble):
    refuse, _status, ending = MADE_NONE[trouble]
    refuse(sandbox, "Hi")
    assert send(twilio).sid == sandbox.ledger[0].sid
    assert kept(sandbox) == [("accepted", [ending, "accepted"])]


def test_a_message_that_gave_way_can_be_asked_for_again_while_none_was_made(sandbox, twilio):
    refuse, *_ = MADE_NONE["a dry run"]
    for body in ("Hi", "Ho", "Hi"):
        refuse(sandbox, body)
    send(twilio)
    assert [status for status, _ in kept(sandbox)] == ["skipped", "skipped", "accepted"]


@pytest.mark.parametrize("trouble", [{"fault": "reset_before_read"}, {"status": 503}])
def test_a_message_that_may_have_been_sent_keeps_its_key_from_another(sandbox, twilio, trouble):
    MADE_NONE["a rejection"][0](sandbox, "Ha")
    sandbox.fail(**trouble)
    with pytest.raises(OutcomeUnknown):
        send(twilio)
    for body in ("Ho", "Ha"):
        with pytest.raises(JobError, match="another message"):
            send(twilio, body=body)
    assert (sandbox.ledger, [status for status, _ in kept(sandbox)]) == (
        (),
        ["rejected", "unknown"],
    )


def test_a_journal_that_was_closed_halfway_is_opened_for_its_own_message_alone(
    sandbox, twilio, monkeypatch
):
    """Killed after the last journal was closed, before the next one had its name."""
    refuse, *_ = MADE_NONE["a dry run"]
    refuse(sandbox, "Hi")

    def dies(*_args, **_options):
        raise SystemExit

    monkeypatch.setattr(module, "create", dies)
    with pytest.raises(SystemExit):
        send(twilio, body="Ho")
    monkeypatch.undo()
    assert [status for status, _ in kept(sandbox)] == ["skipped"]
    assert send(twilio).sid == sandbox.ledger[0].sid
    assert kept(sandbox) == [("accepted", ["policy", "accepted"])]


def test_a_damaged_journal_blocks_its_key_also_when_others_gave_way_to_it(sandbox, twilio):
    MADE_NONE["a rejection"][0](sandbox, "Hi")
    send(twilio, body="Ho")
    (second,) = sandbox.data_folder.rglob("once/**/*-2.sqlite")
    second.write_bytes(b"\0" * 8192)
    for body in ("Ho", "Hi", "Ha"):
        with pytest.raises(JobError, match="damaged or taken away, and what is left is kept aside"):
            send(twilio, body=body)
    assert len(sandbox.ledger) == 1


def test_a_schedule_that_has_passed_gives_way_to_a_later_one(sandbox, twilio):
    service = {"from_": None, "messaging_service_sid": sandbox.services[0]}
    first, dry = sandbox.clock.now() + timedelta(hours=1), Policy(dry_run=True)
    with pytest.raises(PolicyRefused):
        send(Twilio(sandbox.connection, policy=dry), send_at=first, **service)
    sandbox.clock.advance("40 days")
    later = sandbox.clock.now() + timedelta(hours=1)
    assert send(twilio, send_at=later, **service).status == "scheduled"
    assert send(twilio, send_at=later, **service).sid == sandbox.ledger[0].sid


def test_a_message_that_cannot_be_right_takes_no_key(sandbox, twilio):
    with pytest.raises(InvalidMessage):
        send(twilio, body="")
    assert send(twilio).sid == sandbox.ledger[0].sid


def test_the_process_that_is_sending_it_is_named(sandbox, twilio):
    holder = JobLock(module._location_of(sandbox.connection, "invoice 4711"))
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


def test_the_file_of_a_key_does_not_reveal_the_key(sandbox, twilio):
    send(twilio, key="canary-key")
    names = [path.name for path in sandbox.data_folder.rglob("*")]
    held = b"".join(p.read_bytes() for p in sandbox.data_folder.rglob("*") if p.is_file())
    assert not any("canary" in name for name in names)
    assert b"canary" not in held


def canaries(sandbox) -> list[bytes]:
    """What the files still hold of the messages."""
    held = b"".join(path.read_bytes() for path in sandbox.data_folder.rglob("once/**/*.*"))
    return [canary for canary in (b"4155550123", b"canary") if canary in held]


def rejected(sandbox, twilio):
    sandbox.fail(code=21610)
    with pytest.raises(RejectedMessage):
        send(twilio, body="canary")


def gave_way(sandbox, twilio):
    refuse, *_ = MADE_NONE["a dry run"]
    refuse(sandbox, "canary")
    send(twilio, body="another")


def settled(sandbox, twilio):
    sandbox.fail(fault="reset_after_accept")
    with pytest.raises(OutcomeUnknown):
        send(twilio, body="canary")
    assert canaries(sandbox) == [b"4155550123", b"canary"], "by these it is looked for"
    send(twilio, body="canary")


def accepted(_sandbox, twilio):
    send(twilio, body="canary")


@pytest.mark.parametrize("ends", [accepted, settled, rejected, gave_way])
def test_a_settled_message_leaves_no_number_and_no_text(sandbox, twilio, ends):
    ends(sandbox, twilio)
    assert canaries(sandbox) == []
    body = "another" if ends is gave_way else "canary"
    assert [send(twilio, body=body).sid] == [one.sid for one in sandbox.ledger]
    assert canaries(sandbox) == []


def test_an_incomplete_deletion_is_finished_by_the_next_call(sandbox, twilio, monkeypatch):
    def busy(_journal, *, now):
        raise JobError("Somebody is reading it.")

    monkeypatch.setattr(module.Journal, "forget", busy)
    first = send(twilio, body="canary")
    assert canaries(sandbox) == [b"4155550123", b"canary"]
    monkeypatch.undo()
    assert send(twilio, body="canary").sid == first.sid
    assert canaries(sandbox) == []
