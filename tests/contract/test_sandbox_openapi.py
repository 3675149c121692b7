"""Every JSON response of the sandbox matches Twilio's OpenAPI document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent / "data"
DOCUMENT: dict[str, Any] = json.loads((DATA / "twilio_api_v2010.messages.json").read_text("utf-8"))
NEWER: dict[str, Any] = json.loads((DATA / "twilio_v1.services_alerts.json").read_text("utf-8"))
DOCUMENT["paths"] |= NEWER["paths"]
DOCUMENT["components"]["schemas"] |= NEWER["components"]["schemas"]
NOW = "2026-03-04T12:00:00Z"


def strict(schema: Any) -> Any:
    """Return the schema with every described field required and no other allowed.

    The document requires nothing, so that it would accept an empty answer. Two gaps are mended: an
    enumeration behind a reference may be null, and `price` of a usage record is a number there,
    while every example of the document writes a string.
    """
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    mended = {name: strict(one) for name, one in schema.items()}
    if isinstance(schema.get("properties"), dict):
        mended |= {"required": sorted(schema["properties"]), "additionalProperties": False}
    if schema.get("format") == "date-time-rfc-2822":
        mended["pattern"] = (
            r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} \+0000$"
        )
    return mended


def prepared() -> dict[str, Any]:
    document = strict(DOCUMENT)
    for name, schema in document["components"]["schemas"].items():
        if ".usage." in name:
            schema["properties"]["price"] = {"type": "string", "nullable": True}
    return document


MENDED = prepared()
REGISTRY = Registry().with_resource(
    "urn:twilio", Resource.from_contents(MENDED, default_specification=DRAFT4)
)


def check(path: str, method: str, response: httpx.Response) -> None:
    """Hold an answer against the schema of its path, method and status."""
    described = MENDED["paths"][path][method]["responses"]
    assert str(response.status_code) in described, response.text
    content = described[str(response.status_code)].get("content")
    if content is None:
        assert response.content == b""
        return
    schema = {"$ref": "urn:twilio#" + pointer(path, method, response.status_code)}
    errors = [
        f"{list(error.absolute_path)}: {error.message}"
        for error in OAS30Validator(schema, registry=REGISTRY).iter_errors(response.json())
    ]
    assert errors == []


def pointer(path: str, method: str, status: int) -> str:
    escaped = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return f"/paths/{escaped}/{method}/responses/{status}/content/application~1json/schema"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=3, messages=300, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def http(box: Sandbox) -> Iterator[httpx.Client]:
    name, secret = box.connection.credentials
    with httpx.Client(
        transport=box.wire, base_url="https://api.twilio.com", auth=(name, secret.reveal())
    ) as client:
        yield client


A = "/2010-04-01/Accounts/{AccountSid}"
READ = [
    "/2010-04-01/Accounts.json",
    "/2010-04-01/Accounts/{Sid}.json",
    f"{A}/Balance.json",
    f"{A}/Calls.json",
    f"{A}/IncomingPhoneNumbers.json",
    f"{A}/Messages.json",
    *(path for path in DOCUMENT["paths"] if "/Usage/" in path),
]


@pytest.mark.parametrize("path", READ)
def test_every_resource_matches_the_openapi_document(
    path: str, http: httpx.Client, box: Sandbox
) -> None:
    account = box.connection.account_sid
    response = http.get(path.replace("{AccountSid}", account).replace("{Sid}", account))

    check(path, "get", response)
    rows = [value for value in response.json().values() if isinstance(value, list)]
    assert all(rows), "an empty list proves nothing"


def test_every_message_of_the_history_matches_the_openapi_document(
    http: httpx.Client, box: Sandbox
) -> None:
    """One page contains inbound, outbound and failed messages, with and without media."""
    response = http.get(
        f"{A}/Messages.json".replace("{AccountSid}", box.connection.account_sid),
        params={"PageSize": "1000"},
    )

    check(f"{A}/Messages.json", "get", response)
    rows = response.json()["messages"]
    assert {row["direction"] for row in rows} == {"inbound", "outbound-api"}
    assert {"delivered", "received", "sent"} < {row["status"] for row in rows}
    assert any(row["error_code"] for row in rows)
    assert any(row["num_media"] == "1" for row in rows)


def test_the_life_cycle_of_a_message_matches_the_openapi_document(
    http: httpx.Client, box: Sandbox
) -> None:
    """Create, fetch, feedback, media, update and delete, each against its own schema."""
    base = f"/2010-04-01/Accounts/{box.connection.account_sid}/Messages"
    asked = {
        "To": box.contacts[0],
        "From": box.numbers[0],
        "Body": "Hello",
        "MediaUrl": "https://example.com/a.png",
    }
    created = http.post(f"{base}.json", data=asked)
    check(f"{A}/Messages.json", "post", created)
    here = f"{base}/{created.json()['sid']}"
    box.clock.advance("1 min")
    one = f"{A}/Messages/{{Sid}}.json"
    under = f"{A}/Messages/{{MessageSid}}"

    check(one, "get", http.get(f"{here}.json"))
    check(f"{under}/Feedback.json", "post", http.post(f"{here}/Feedback.json"))
    media = http.get(f"{here}/Media.json")
    check(f"{under}/Media.json", "get", media)
    medium = f"{here}/Media/{media.json()['media_list'][0]['sid']}.json"
    check(f"{under}/Media/{{Sid}}.json", "get", http.get(medium))
    check(f"{under}/Media/{{Sid}}.json", "delete", http.delete(medium))
    check(one, "post", http.post(f"{here}.json", data={"Body": ""}))
    check(one, "delete", http.delete(f"{here}.json"))


def test_numbers_and_calls_match_the_openapi_document(http: httpx.Client, box: Sandbox) -> None:
    base = f"/2010-04-01/Accounts/{box.connection.account_sid}"
    number = http.get(f"{base}/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"][0]
    call = http.get(f"{base}/Calls.json").json()["calls"][0]
    described = f"{A}/IncomingPhoneNumbers/{{Sid}}.json"

    check(described, "get", http.get(number["uri"]))
    changed = http.post(number["uri"], data={"SmsUrl": "http://127.0.0.1:9/in"})
    check(described, "post", changed)
    check(f"{A}/Calls/{{Sid}}.json", "get", http.get(call["uri"]))


def test_services_and_their_senders_match_the_openapi_document(
    http: httpx.Client, box: Sandbox
) -> None:
    root = "https://messaging.twilio.com/v1/Services"
    here = f"{root}/{box.services[0]}"
    described = "/v1/Services/{ServiceSid}"

    check("/v1/Services", "get", http.get(root))
    check("/v1/Services/{Sid}", "get", http.get(here))
    numbers = http.get(f"{here}/PhoneNumbers")
    check(f"{described}/PhoneNumbers", "get", numbers)
    check(
        f"{described}/PhoneNumbers/{{Sid}}",
        "get",
        http.get(numbers.json()["phone_numbers"][0]["url"]),
    )
    check(f"{described}/AlphaSenders", "get", http.get(f"{here}/AlphaSenders"))
    check(f"{described}/ShortCodes", "get", http.get(f"{here}/ShortCodes"))
    channels = http.get(f"{here}/ChannelSenders")
    check("/v1/Services/{MessagingServiceSid}/ChannelSenders", "get", channels)


def test_alerts_match_the_openapi_document(http: httpx.Client, box: Sandbox) -> None:
    base = f"/2010-04-01/Accounts/{box.connection.account_sid}"
    number = http.get(f"{base}/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"][0]
    http.post(number["uri"], data={"SmsUrl": "http://127.0.0.1:9/in"})
    box.receive(from_=box.contacts[0], body="Hi")
    assert box.settle()
    alerts = http.get("https://monitor.twilio.com/v1/Alerts")

    check("/v1/Alerts", "get", alerts)
    check("/v1/Alerts/{Sid}", "get", http.get(alerts.json()["alerts"][0]["url"]))


def test_the_check_detects_a_wrong_type(http: httpx.Client, box: Sandbox) -> None:
    """A number instead of a string of digits is reported."""
    response = http.get(
        f"{A}/Messages.json?PageSize=1".replace("{AccountSid}", box.connection.account_sid)
    )
    spoiled = re.sub(rb'"num_segments":"(\d+)"', rb'"num_segments":\1', response.content)

    with pytest.raises(AssertionError, match="num_segments"):
        check(f"{A}/Messages.json", "get", httpx.Response(200, content=spoiled))
