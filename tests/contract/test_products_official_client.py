"""The official client reads templates, prices and lookups from the sandbox, host by host."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from twilio_widgets.sandbox import Sandbox

NOW = "2026-03-04T12:00:00Z"
PRODUCTS = {"content.twilio.com", "pricing.twilio.com", "lookups.twilio.com"}


class InProcessClient(HttpClient):
    """An HTTP client of the official client that keeps the host, and asks the sandbox in process.

    Args:
        sandbox: The sandbox.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.http = httpx.Client(transport=sandbox.wire)
        self.hosts: set[str] = set()

    def request(  # noqa: PLR0917  the official client's signature
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        **_options: Any,
    ) -> Response:
        self.hosts.add(urlsplit(url).hostname or "")
        is_json = (headers or {}).get("Content-Type") == "application/json"
        body = {"json": data} if is_json else {"data": data}
        answer = self.http.request(method, url, params=params, headers=headers, auth=auth, **body)
        return Response(answer.status_code, answer.text, answer.headers)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=11, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def official(box: Sandbox) -> Iterator[Client]:
    name, secret = box.connection.credentials
    http = InProcessClient(box)
    yield Client(name, secret.reveal(), http_client=http)
    assert http.hosts <= PRODUCTS
    http.http.close()


def test_templates_are_listed_page_by_page_and_fetched(box: Sandbox, official: Client) -> None:
    listed = official.content.v1.content_and_approvals.list(page_size=2)
    one = official.content.v1.contents(box.templates[1]).fetch()
    approval = official.content.v1.contents(box.templates[1]).approval_fetch().fetch()

    assert [each.sid for each in listed] == list(box.templates)
    assert listed[2].approval_requests["status"] == "rejected"
    assert (one.friendly_name, one.language, one.variables) == (
        "appointment", "en", {"name": "Ada", "time": "10:30"},
    )  # fmt: skip
    assert approval.whatsapp["status"] == "approved"


def test_a_template_is_created_submitted_and_deleted(box: Sandbox, official: Client) -> None:
    types = {"twilio/text": {"body": "Hi {{1}}, welcome!"}}
    made = official.content.v1.contents.create(
        ContentList.ContentCreateRequest(
            {"friendly_name": "hello", "language": "en", "variables": {"1": "Ada"}, "types": types}
        )
    )

    assert made.types["twilio/text"]["body"] == "Hi {{1}}, welcome!"
    assert made.sid in box.templates
    assert official.content.v1.contents(made.sid).delete()
    with pytest.raises(TwilioRestException) as caught:
        official.content.v1.contents(made.sid).fetch()
    assert caught.value.status == 404


def test_prices_are_read_by_country(official: Client) -> None:
    listed = official.pricing.v1.messaging.countries.list()
    britain = official.pricing.v1.messaging.countries("GB").fetch()

    assert [each.iso_country for each in listed] == ["US", "CA", "GB", "FR", "DE"]
    assert (britain.country, britain.price_unit) == ("United Kingdom", "USD")
    o2 = next(each for each in britain.outbound_sms_prices if each["carrier"] == "O2")
    assert Decimal(o2["prices"][0]["current_price"]) == Decimal("0.0503")


def test_numbers_are_looked_up(box: Sandbox, official: Client) -> None:
    found = official.lookups.v2.phone_numbers("+14155550123").fetch(fields="line_type_intelligence")
    short = official.lookups.v2.phone_numbers("+1415").fetch()

    assert (found.valid, found.country_code) == (True, "US")
    assert found.line_type_intelligence["type"] == "mobile"
    assert (short.valid, short.validation_errors) == (False, ["TOO_SHORT"])
    assert [each.number for each in box.lookups] == ["+14155550123", "+1415"]
