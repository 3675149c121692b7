"""Creating and changing the resources beside messages, and answers in other formats."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., httpx.Response]

SELF = "https://api.twilio.com/2010-04-01/Accounts"
SERVICES = "https://messaging.twilio.com/v1/Services"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=4, messages=3, now=datetime(2026, 3, 4, 12, tzinfo=UTC)) as sandbox:
        yield sandbox


@pytest.fixture
def ask(box: Sandbox) -> Iterator[Ask]:
    """Make a request; a path that begins with a slash is below the account."""
    name, secret = box.connection.credentials
    with httpx.Client(transport=box.wire, auth=(name, secret.reveal())) as client:

        def request(method: str, path: str, **form: str) -> httpx.Response:
            url = f"{SELF}/{name}{path}" if path.startswith("/") else path
            return client.request(method, url, data=form or None)

        yield request


def created(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_subaccount_is_created_suspended_and_can_no_longer_send(box: Sandbox, ask: Ask) -> None:
    child = created(ask("POST", f"{SELF}.json", FriendlyName="Shop"))
    path = f"{SELF}/{child['sid']}"
    message = {"To": "+14155550105", "From": "+15005550006", "Body": "Hi"}
    with httpx.Client(transport=box.wire, auth=(child["sid"], child["auth_token"])) as client:
        before = client.post(f"{path}/Messages.json", data=message)
        changed = ask("POST", f"{path}.json", Status="suspended", FriendlyName="Closed shop").json()
        after = client.post(f"{path}/Messages.json", data=message)

    assert (child["friendly_name"], child["status"]) == ("Shop", "active")
    assert (changed["friendly_name"], changed["status"]) == ("Closed shop", "suspended")
    assert (before.status_code, after.json()["code"]) == (201, 20005)
    assert ask("POST", f"{path}.json", Status="paused").json()["code"] == 20001
    listed = ask("GET", f"{SELF}.json?Status=suspended").json()["accounts"]
    assert [account["sid"] for account in listed] == [child["sid"]]


def test_a_key_works_until_it_is_deleted(box: Sandbox, ask: Ask) -> None:
    key = created(ask("POST", "/Keys.json", FriendlyName="CI"))
    path = f"/Keys/{key['sid']}.json"
    here = f"{SELF}/{box.connection.account_sid}/Messages.json"
    assert ask("POST", path, FriendlyName="CI 2").json()["friendly_name"] == "CI 2"
    assert "secret" not in ask("GET", path).json()

    with httpx.Client(transport=box.wire, auth=(key["sid"], key["secret"])) as client:
        before, gone, after = client.get(here), ask("DELETE", path), client.get(here)

    assert [one.status_code for one in (before, gone, after)] == [200, 204, 401]
    assert ask("GET", path).status_code == 404


def test_a_number_is_bought_configured_and_released(box: Sandbox, ask: Ask) -> None:
    number = created(
        ask("POST", "/IncomingPhoneNumbers.json", AreaCode="415", SmsUrl="https://a.example/sms")
    )
    path = f"/IncomingPhoneNumbers/{number['sid']}.json"

    assert number["phone_number"] == "+14155550100"
    assert number["sms_url"] == "https://a.example/sms"
    assert number["phone_number"] in box.numbers
    assert ask("DELETE", path).status_code == 204
    assert ask("GET", path).status_code == 404
    assert number["phone_number"] not in box.numbers


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"PhoneNumber": "+15005550000"}, 21422),
        ({"PhoneNumber": "+15005550001"}, 21421),
        ({"PhoneNumber": "+14155550142"}, 21422),
        ({"PhoneNumber": "12"}, 21421),
        ({"AreaCode": "1"}, 21451),
        ({}, 21451),
    ],
    ids=str,
)
def test_a_number_that_cannot_be_bought_is_refused(ask: Ask, form: dict, code: int) -> None:
    assert ask("POST", "/IncomingPhoneNumbers.json", **form).json()["code"] == code


@pytest.mark.parametrize(
    ("name", "value"),
    [("SmsUrl", "a.example/sms"), ("StatusCallback", "ftp://a.example"), ("SmsMethod", "PUT")],
)
def test_a_webhook_of_a_number_that_cannot_be_called_is_refused(
    ask: Ask, name: str, value: str
) -> None:
    sid = ask("GET", "/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"][0]["sid"]
    path = f"/IncomingPhoneNumbers/{sid}.json"
    before = ask("GET", path).json()

    refused = ask("POST", path, FriendlyName="New", **{name: value})

    assert refused.json() | {"more_info": ""} == {
        "code": 20001, "message": f"Invalid '{name}'", "more_info": "", "status": 400
    }  # fmt: skip
    assert ask("GET", path).json() == before


def test_a_service_is_created_filled_and_deleted(box: Sandbox, ask: Ask) -> None:
    service = created(ask("POST", SERVICES, FriendlyName="News"))
    url = f"{SERVICES}/{service['sid']}"
    number = ask("GET", "/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"][0]
    form = {"To": "+14155550105", "MessagingServiceSid": service["sid"], "Body": "Hi"}
    empty = ask("POST", "/Messages.json", **form)
    added = created(ask("POST", f"{url}/PhoneNumbers", PhoneNumberSid=number["sid"]))

    assert empty.json()["code"] == 21704
    assert added["phone_number"] == number["phone_number"]
    assert created(ask("POST", "/Messages.json", **form))["status"] == "accepted"
    assert ask("DELETE", url).status_code == 204
    assert service["sid"] not in box.services


def test_a_call_is_queued_and_can_be_cancelled_once(box: Sandbox, ask: Ask) -> None:
    form = {"To": "+14155550105", "From": box.numbers[0], "Url": "https://a.example/twiml"}
    call = created(ask("POST", "/Calls.json", **form))
    path = f"/Calls/{call['sid']}.json"

    assert (call["status"], call["duration"]) == ("queued", None)
    assert ask("GET", "/Calls.json").json()["calls"][0]["sid"] == call["sid"]
    assert ask("POST", path, Status="canceled").json()["status"] == "canceled"
    assert ask("POST", path, Status="canceled").json()["code"] == 21220
    assert ask("POST", "/Calls.json", **(form | {"Url": "x"})).json()["code"] == 21205
    assert ask("POST", "/Calls.json", **(form | {"From": "+14155550199"})).json()["code"] == 21210


def test_a_list_can_be_read_as_csv(ask: Ask) -> None:
    answer = ask("GET", "/Messages.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed = ask("GET", "/Messages.json").json()["messages"]

    assert answer.headers["content-type"] == "text/csv"
    assert [(row["Sid"], row["Body"]) for row in rows] == [
        (message["sid"], message["body"]) for message in listed
    ]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/Messages.json", "GET, POST, OPTIONS"), ("/Balance.json", "GET, OPTIONS")],
)
def test_a_preflight_needs_no_credentials_and_names_the_methods(
    box: Sandbox, path: str, allowed: str
) -> None:
    with httpx.Client(transport=box.wire) as client:
        answer = client.options(f"{SELF}/{box.connection.account_sid}{path}")
    assert (answer.status_code, answer.headers["allow"]) == (204, allowed)
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("accepted", "zipped"), [("gzip", True), ("identity", False)])
def test_answers_are_compressed_for_a_client_that_accepts_it(accepted: str, zipped: bool) -> None:
    with Sandbox(seed=1, messages=5, compress=True) as sandbox:
        name, secret = sandbox.connection.credentials
        with httpx.Client(transport=sandbox.wire, auth=(name, secret.reveal())) as client:
            url = f"{SELF}/{name}/Messages.json"
            with client.stream("GET", url, headers={"Accept-Encoding": accepted}) as answer:
                body = b"".join(answer.iter_raw())

    assert (answer.headers.get("content-encoding") == "gzip") is zipped
    assert body.startswith(b"\x1f\x8b") is zipped
    assert b'"messages":[' in (gzip.decompress(body) if zipped else body)
