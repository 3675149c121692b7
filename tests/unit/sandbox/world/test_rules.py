"""The refusals of message creations, and their entries in the message list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from twilio_widgets.sandbox import Sandbox
from twilio_widgets.sandbox.world.refusals import CREATE_ERRORS
from twilio_widgets.sandbox.world.sids import SidMaker

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
THEM, US, GB = "+14155550105", "+14155550142", "+447700900142"
TEMPLATE = SidMaker(2).sid("HX", 0)
GOOD = {"To": THEM, "From": US, "Body": "Hello"}


class Door:
    """The Messages resource of a sandbox, in a form short enough for a table."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        name, secret = sandbox.connection.credentials
        self.http = httpx.Client(
            transport=sandbox.wire,
            base_url=f"https://api.twilio.com/2010-04-01/Accounts/{name}",
            auth=(name, secret.reveal()),
        )

    def create(self, **changes: object) -> httpx.Response:
        asked = {name: value for name, value in (GOOD | changes).items() if value is not None}
        return self.http.post("/Messages.json", data=asked)

    def listed(self, **query: str) -> list[dict[str, object]]:
        rows = self.http.get("/Messages.json", params=query).json()["messages"]
        assert isinstance(rows, list)
        return rows


@pytest.fixture
def door() -> Iterator[Door]:
    with Sandbox(seed=2, now=NOW) as sandbox:
        opened = Door(sandbox)
        yield opened
        opened.http.close()


def in_seconds(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


NATURAL: list[tuple[int, dict[str, object]]] = [
    (21604, {"To": None}),
    (21604, {"To": ""}),
    (21603, {"From": None}),
    (21602, {"Body": None}),
    (21602, {"Body": ""}),
    (21211, {"To": "hello"}),
    (21211, {"To": "+1"}),
    (21211, {"To": "(415) 555-0105"}),
    (21211, {"To": "+15005550001"}),
    (21265, {"To": "12345"}),
    (21266, {"To": US}),
    (63031, {"To": "whatsapp:" + US, "From": "whatsapp:" + US}),
    (21617, {"Body": "x" * 1601}),
    (21620, {"MediaUrl": "example.com/a.png"}),
    (21620, {"MediaUrl": "ftp://example.com/a.png"}),
    (21623, {"MediaUrl": ["https://x.test/a.png"] * 11}),
    (21654, {"ContentVariables": "{}"}),
    (21655, {"ContentSid": "HX12"}),
    (21656, {"ContentSid": "HX" + "a" * 32, "ContentVariables": "{"}),
    (21656, {"ContentSid": "HX" + "a" * 32, "ContentVariables": "[1]"}),
    (21656, {"ContentSid": "HX" + "a" * 32, "ContentVariables": '{"1": null}'}),
    (21656, {"ContentSid": "HX" + "a" * 32, "ContentVariables": '{"1": ""}'}),
    (21656, {"ContentSid": "HX" + "a" * 32, "ContentVariables": '{"1": "a\\nb"}'}),
    (21656, {"ContentSid": "HX" + "a" * 32, "ContentVariables": '{"1": "a     b"}'}),
    (21655, {"ContentSid": "HX" + "a" * 32}),
    (21212, {"From": "+15005550001"}),
    (21212, {"From": "An Alphanumeric Sender"}),
    (21606, {"From": "+15005550007"}),
    (21606, {"From": "+15005550009"}),
    (21606, {"From": "+13125550119"}),
    (21611, {"From": "+15005550008"}),
    (21659, {"From": "+12025550100"}),
    (21659, {"From": "56789", "To": "+447700900005"}),
    (21659, {"From": "12345"}),
    (21660, {"From": "+16465550163"}),
    (63007, {"From": "whatsapp:+12025550100", "To": "whatsapp:" + THEM}),
    (63007, {"From": "whatsapp:" + US}),
    (63007, {"From": "whatsapp:" + US, "To": "rcs:" + THEM}),
    (20001, {"RiskCheck": "off"}),
    (20001, {"TrafficType": "paid"}),
    (20001, {"Attempt": "0"}),
    (20001, {"Attempt": "one"}),
    (20001, {"MessageIntent": "spam"}),
    (20001, {"SmartEncoded": "True"}),
    (21612, {"To": "+15005550002"}),
    (21612, {"From": "BirchStreet"}),
    (21408, {"To": "+15005550003"}),
    (21408, {"To": "+8816555501"}),
    (21610, {"To": "+15005550004"}),
    (21614, {"To": "+15005550009"}),
    (21614, {"To": "+442079460123"}),
    (21635, {"To": "+493023125123"}),
    (21609, {"StatusCallback": "http://my_host.test/"}),
    (21609, {"StatusCallback": "nowhere"}),
    (21624, {"ValidityPeriod": "0"}),
    (21624, {"ValidityPeriod": "36001"}),
    (30029, {"ContentRetention": "keep"}),
    (30030, {"AddressRetention": "keep"}),
    (21705, {"From": None, "MessagingServiceSid": "MG12"}),
    (21701, {"From": None, "MessagingServiceSid": "MG" + "0" * 32}),
    (21701, {"From": "MG" + "0" * 32}),
    (35118, {"ScheduleType": "fixed", "SendAt": in_seconds(3600)}),
]


@pytest.mark.parametrize(("code", "changes"), NATURAL)
def test_a_mistake_is_refused_with_its_code(
    code: int, changes: dict[str, object], door: Door
) -> None:
    answer = door.create(**changes)

    body = answer.json()
    assert (body["code"], body["status"]) == (code, answer.status_code)
    assert answer.status_code == (404 if code == 21701 else 400)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert door.sandbox.ledger == ()


SCHEDULES: list[tuple[int | None, dict[str, object]]] = [
    (35111, {"ScheduleType": "fixed"}),
    (35111, {"SendAt": in_seconds(3600)}),
    (35114, {"ScheduleType": "fixed", "SendAt": in_seconds(299)}),
    (None, {"ScheduleType": "fixed", "SendAt": in_seconds(300)}),
    (None, {"ScheduleType": "fixed", "SendAt": in_seconds(3_024_000)}),
    (35115, {"ScheduleType": "fixed", "SendAt": in_seconds(3_024_001)}),
]


@pytest.mark.parametrize(("code", "changes"), SCHEDULES)
def test_the_window_for_scheduling_is_kept(
    code: int | None, changes: dict[str, object], door: Door
) -> None:
    """From 300 seconds to 35 days ahead, both included."""
    service = door.sandbox.services[0]

    answer = door.create(From=None, MessagingServiceSid=service, **changes)

    assert answer.json().get("code") == code


def test_an_empty_pool_and_a_channel_recipient_have_no_sender(door: Door) -> None:
    full, empty = door.sandbox.services

    assert door.create(From=None, MessagingServiceSid=empty).json()["code"] == 21704
    channel = door.create(From=None, MessagingServiceSid=full, To="whatsapp:" + THEM)
    assert channel.json()["code"] == 21703


@pytest.mark.parametrize("code", CREATE_ERRORS)
def test_every_documented_create_error_can_be_triggered(code: int, door: Door) -> None:
    """Including those that no ordinary request triggers."""
    door.sandbox.fail(code=code)

    refused, accepted = door.create(), door.create()

    assert refused.json()["code"] == code
    assert accepted.status_code == 201
    assert len(door.sandbox.ledger) == 1


GOOD_SENDERS: list[dict[str, object]] = [
    {},
    {"From": "+15005550006"},
    {"From": "56789"},
    {"From": "BirchStreet", "To": "+447700900005"},
    {"From": "whatsapp:" + US, "To": "whatsapp:" + THEM},
    {"Body": None, "MediaUrl": "https://x.test/a.png"},
    {"Body": None, "ContentSid": TEMPLATE, "ContentVariables": '{"1": "a"}'},
    {"Body": "x" * 1600},
]


@pytest.mark.parametrize("changes", GOOD_SENDERS)
def test_valid_requests_are_accepted(changes: dict[str, object], door: Door) -> None:
    assert door.create(**changes).status_code == 201


def test_a_refused_creation_leaves_a_failed_entry() -> None:
    """As Twilio does since 2024; such an entry was never sent."""
    with Sandbox(now=NOW) as sandbox:
        door = Door(sandbox)
        door.create(To="+15005550009")
        (entry,) = door.listed()
        door.http.close()

    assert (entry["status"], entry["error_code"], entry["to"]) == ("failed", 21614, "+15005550009")
    assert entry["price"] is None
    assert sandbox.ledger == ()


def test_a_refused_creation_can_leave_nothing() -> None:
    with Sandbox(now=NOW, record_refused=False) as sandbox:
        door = Door(sandbox)
        door.create(To="+15005550009")
        rows = door.listed()
        door.http.close()

    assert rows == []


@pytest.mark.parametrize("word", ["STOP", "stop", " Unsubscribe ", "END", "QUIT", "STOPALL",
                                  "REVOKE", "OPTOUT", "CANCEL"])  # fmt: skip
def test_a_stop_word_blocks_the_recipient_until_start(word: str, door: Door) -> None:
    """The message is stored, an automatic reply is sent, and START removes the block."""
    door.sandbox.receive(from_=THEM, body=word)

    blocked = door.create()
    rows = [(row["direction"], row["to"]) for row in door.listed() if row["error_code"] is None]
    door.sandbox.receive(from_=THEM, body="START")
    free = door.create()

    assert (blocked.status_code, blocked.json()["code"]) == (400, 21610)
    assert sorted(rows) == [("inbound", US), ("outbound-reply", THEM)]
    assert free.status_code == 201
    assert [entry.to for entry in door.sandbox.ledger] == [THEM]


def test_a_stop_word_among_others_is_just_a_message(door: Door) -> None:
    door.sandbox.receive(from_=THEM, body="STOP PLEASE")

    assert door.create().status_code == 201


def test_a_stop_applies_to_the_pool_of_the_number(door: Door) -> None:
    door.sandbox.receive(from_=THEM, to=GB, body="STOP")

    by_service = door.create(From=None, MessagingServiceSid=door.sandbox.services[0])

    assert by_service.json()["code"] == 21610
    assert door.create(From="+15005550006").status_code == 201


def test_a_trial_account_sends_to_its_verified_number_only() -> None:
    with Sandbox(now=NOW, trial=True) as sandbox:
        door = Door(sandbox)
        caller = door.http.get("/OutgoingCallerIds.json").json()["outgoing_caller_ids"][0]
        stranger = door.create(To="+12025550177")
        verified = door.create(To=caller["phone_number"])
        door.http.close()

    assert stranger.json()["code"] == 21608
    assert verified.json()["body"] == "Sent from your Twilio trial account - Hello"


def test_smart_encoding_saves_a_segment(door: Door) -> None:
    """A curly quote costs a whole encoding; it is replaced only when asked for."""
    body = "It’s " + "a" * 100

    plain = door.create(Body=body).json()
    smart = door.create(Body=body, SmartEncoded="true").json()

    assert (plain["num_segments"], smart["num_segments"]) == ("2", "1")
    assert smart["body"] == "It's " + "a" * 100
