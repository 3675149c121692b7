"""Time in the sandbox: the clock, the life of a message, updates and deletes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox import Sandbox
from twilio_widgets.sandbox.world.addresses import CHANNEL_SENDERS
from twilio_widgets.sandbox.world.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
US = "+14155550142"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=4, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def http(box: Sandbox) -> Iterator[httpx.Client]:
    name, secret = box.connection.credentials
    base = f"https://api.twilio.com/2010-04-01/Accounts/{name}"
    with httpx.Client(transport=box.wire, base_url=base, auth=(name, secret.reveal())) as client:
        yield client


def create(http: httpx.Client, **asked: Any) -> dict[str, Any]:
    usual = {"To": "+14155550105", "From": US, "Body": "Hello"}
    chosen = {name: value for name, value in (usual | asked).items() if value is not None}
    answer = http.post("/Messages.json", data=chosen)
    assert answer.status_code == 201, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


def life(box: Sandbox, http: httpx.Client, sid: str, seconds: float) -> list[str]:
    """Return the statuses a message passes in this time, each once."""
    seen = []
    for _ in range(int(seconds * 10)):
        seen.append(http.get(f"/Messages/{sid}.json").json()["status"])
        box.clock.advance(0.1)
    return list(dict.fromkeys(seen))


ENDS = [
    ("+14155550105", ["queued", "sending", "sent", "delivered"], None),
    ("+14155550191", ["queued", "sending", "sent", "undelivered"], 30003),
    ("+14155550192", ["queued", "sending", "sent", "undelivered"], 30005),
    ("+447700900393", ["queued", "sending", "sent", "undelivered"], 30006),
    ("+14155550194", ["queued", "sending", "sent", "undelivered"], 30007),
    ("+14155550195", ["queued", "failed"], 30034),
    ("+14155550196", ["queued", "sending", "sent"], None),
    ("+14155550197", ["queued", "sending", "sent", "undelivered"], 30008),
    ("+14155550190", ["queued", "sending", "sent", "undelivered"], 30004),
    ("+14155551091", ["queued", "sending", "sent", "delivered"], None),
]


@pytest.mark.parametrize(("to", "statuses", "code"), ENDS)
def test_the_recipient_determines_the_final_status(
    to: str, statuses: list[str], code: int | None, box: Sandbox, http: httpx.Client
) -> None:
    """Only numbers reserved for fiction fail."""
    sid = create(http, To=to)["sid"]

    assert life(box, http, sid, 4) == statuses
    assert http.get(f"/Messages/{sid}.json").json()["error_code"] == code


@pytest.mark.parametrize(
    ("to", "statuses", "code"),
    [
        ("whatsapp:+14155550190", ["queued", "failed"], 63013),
        ("whatsapp:+14155550191", ["queued", "failed"], 63003),
        ("rcs:+14155550192", ["queued", "sending", "sent", "undelivered"], 63024),
        ("rcs:+14155550193", ["queued", "sending", "sent", "undelivered"], 63033),
        ("whatsapp:+447700900394", ["queued", "failed"], 63005),
        ("messenger:100000000000195", ["queued", "failed"], 63018),
        ("messenger:100000000000197", ["queued", "sending", "sent", "undelivered"], 63012),
        ("whatsapp:+14155550199", ["queued", "failed"], 63001),
        ("messenger:100000000000105", ["queued", "sending", "sent", "delivered"], None),
        ("rcs:+14155550105", ["queued", "sending", "sent", "delivered", "read"], None),
    ],
)
def test_a_channels_recipient_ends_with_an_error_of_channels(
    to: str, statuses: list[str], code: int | None, box: Sandbox, http: httpx.Client
) -> None:
    channel = to.partition(":")[0]
    sender = next(one for one in CHANNEL_SENDERS if one.startswith(channel))
    sid = create(http, To=to, From=sender)["sid"]

    assert life(box, http, sid, 5) == statuses
    message = http.get(f"/Messages/{sid}.json").json()
    assert message["error_code"] == code
    assert (message["error_message"] is None) == (code is None)


def test_a_service_picks_the_sender_later(box: Sandbox, http: httpx.Client) -> None:
    """Until it is queued there is no sender and no segment count."""
    created = create(http, From=None, MessagingServiceSid=box.services[0])
    statuses = life(box, http, created["sid"], 4)
    later = http.get(f"/Messages/{created['sid']}.json").json()

    assert (created["status"], created["from"], created["num_segments"]) == ("accepted", None, "0")
    assert statuses == ["accepted", "queued", "sending", "sent", "delivered"]
    assert (later["from"], later["num_segments"]) == (US, "1")
    assert later["messaging_service_sid"] == box.services[0]


def test_a_sender_named_beside_a_service_is_kept(box: Sandbox, http: httpx.Client) -> None:
    created = create(http, MessagingServiceSid=box.services[0])

    assert (created["status"], created["from"]) == ("accepted", US)


def test_whatsapp_messages_are_read(box: Sandbox, http: httpx.Client) -> None:
    box.receive(from_="whatsapp:+14155550105", body="Hello")  # opens the 24-hour window
    sid = create(http, To="whatsapp:+14155550105", From="whatsapp:" + US)["sid"]

    assert life(box, http, sid, 6)[-2:] == ["delivered", "read"]


def test_price_and_date_sent_appear_on_sending(box: Sandbox, http: httpx.Client) -> None:
    created = create(http, Body="x" * 200)
    box.clock.advance("1 min")
    later = http.get(f"/Messages/{created['sid']}.json").json()

    assert (created["price"], created["price_unit"], created["date_sent"]) == (None, "USD", None)
    assert (later["num_segments"], later["price"]) == ("2", "-0.01660")
    assert later["date_sent"] == "Wed, 04 Mar 2026 12:00:00 +0000"


def scheduled(box: Sandbox, http: httpx.Client) -> dict[str, Any]:
    at = (NOW + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    service = box.services[0]
    return create(http, From=None, MessagingServiceSid=service, ScheduleType="fixed", SendAt=at)


def test_a_scheduled_message_leaves_at_its_time(box: Sandbox, http: httpx.Client) -> None:
    created = scheduled(box, http)
    box.clock.advance("9 min")
    waiting = http.get(f"/Messages/{created['sid']}.json").json()["status"]
    box.clock.advance("2 min")
    after = http.get(f"/Messages/{created['sid']}.json").json()

    assert (created["status"], waiting, after["status"]) == ("scheduled", "scheduled", "delivered")
    assert after["date_sent"] == "Wed, 04 Mar 2026 12:10:00 +0000"


def test_a_cancelled_message_never_leaves(box: Sandbox, http: httpx.Client) -> None:
    sid = scheduled(box, http)["sid"]
    answer = http.post(f"/Messages/{sid}.json", data={"Status": "canceled"})
    box.clock.advance("1 hour")
    later = http.get(f"/Messages/{sid}.json").json()
    again = http.post(f"/Messages/{sid}.json", data={"Status": "canceled"})

    assert answer.json()["status"] == "canceled"
    assert (later["status"], later["date_sent"], later["price"]) == ("canceled", None, None)
    assert (again.status_code, again.json()["code"]) == (409, 30409)


BAD_UPDATES: list[dict[str, str]] = [
    {}, {"Body": "new text"}, {"Status": "sent"}, {"Body": "", "Status": "canceled"},
]  # fmt: skip


@pytest.mark.parametrize("asked", BAD_UPDATES)
def test_other_updates_are_refused(asked: dict[str, str], http: httpx.Client) -> None:
    sid = create(http)["sid"]

    assert http.post(f"/Messages/{sid}.json", data=asked).json()["code"] == 30400


def test_a_sent_message_cannot_be_cancelled(box: Sandbox, http: httpx.Client) -> None:
    sid = create(http)["sid"]
    box.clock.advance("1 min")

    answer = http.post(f"/Messages/{sid}.json", data={"Status": "canceled"})

    assert answer.json()["code"] == 30409


def test_redaction_removes_the_text_and_nothing_else(box: Sandbox, http: httpx.Client) -> None:
    sid = create(http, Body="A secret")["sid"]
    box.clock.advance("1 min")
    before = http.get(f"/Messages/{sid}.json").json()
    after = http.post(f"/Messages/{sid}.json", data={"Body": ""}).json()

    assert after == before | {"body": "", "date_updated": "Wed, 04 Mar 2026 12:01:00 +0000"}


def test_deleting_too_early_is_refused(box: Sandbox, http: httpx.Client) -> None:
    sid = create(http)["sid"]
    early = http.delete(f"/Messages/{sid}.json")
    box.clock.advance("1 min")
    late = http.delete(f"/Messages/{sid}.json")

    assert (early.status_code, early.json()["code"]) == (400, 20009)
    assert (late.status_code, late.content) == (204, b"")
    assert http.get(f"/Messages/{sid}.json").status_code == 404


def test_an_inbound_message_is_there_at_once(box: Sandbox, http: httpx.Client) -> None:
    given = box.receive(from_="+14155550105", body="Hi", media_urls=["https://x.test/a.png"])
    fetched = http.get(f"/Messages/{given['sid']}.json").json()

    assert given == fetched
    assert (given["direction"], given["status"], given["num_media"]) == ("inbound", "received", "1")
    with pytest.raises(SandboxError, match="not a number of this sandbox"):
        box.receive(from_="+14155550105", to="+12025550100")


TURNS = [
    ("10 min", 600), ("2 hours", 7200), ("1.5 s", 1.5), ("1 day", 86400), ("0 s", 0), (3, 3),
    (timedelta(seconds=4), 4), ("2 weeks", 1_209_600), ("5m", 300),
]  # fmt: skip


@pytest.mark.parametrize(("by", "seconds"), TURNS)
def test_the_clock_advances_by_text_and_numbers(by: Any, seconds: float) -> None:
    clock = Clock(NOW)

    assert clock.advance(by) == NOW + timedelta(seconds=seconds)
    assert clock.now() == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("by", ["soon", "10", "-1 s", "1 fortnight", -1])
def test_the_clock_refuses_an_invalid_duration(by: Any) -> None:
    with pytest.raises(SandboxError):
        Clock(NOW).advance(by)


def test_a_frozen_clock_needs_an_unambiguous_time() -> None:
    with pytest.raises(SandboxError, match="no time zone"):
        Clock(datetime(2026, 1, 1))  # noqa: DTZ001  # the mistake itself
    with pytest.raises(SandboxError, match="is not an ISO 8601 time"):
        Clock("tomorrow")


def test_a_real_clock_can_be_advanced() -> None:
    clock = Clock()
    before = clock.now()

    assert clock.advance("1 hour") - before >= timedelta(hours=1)
    assert not clock.frozen


@pytest.mark.parametrize(
    "options",
    [{"date_filters": "exclusive"}, {"unsent": "middle"}, {"messages": -1}],
)
def test_an_unknown_option_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SandboxError):
        Sandbox(**options)


BAD_FAULTS: list[dict[str, Any]] = [
    {}, {"fault": "gremlins"}, {"code": 21211, "fault": "hang"}, {"status": 200},
    {"fault": "delay"},
]  # fmt: skip


@pytest.mark.parametrize("asked", BAD_FAULTS)
def test_an_unknown_fault_is_refused(asked: dict[str, Any], box: Sandbox) -> None:
    with pytest.raises(SandboxError):
        box.fail(**asked)


def test_the_connection_uses_the_clock_of_the_sandbox(box: Sandbox) -> None:
    connection = box.connection
    connection.sleep(90)

    assert connection.now() == NOW + timedelta(seconds=90)
    assert (connection.kind, connection.world_id) == ("sandbox", box.world_id)
    assert connection.settle_seconds == 1.0
    assert connection == box.connection
    assert connection.auth_token.reveal() not in repr(connection)
    assert box.api_key_connection.kind == "API key"
