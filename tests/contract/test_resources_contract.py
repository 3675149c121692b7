"""Our frames of services, numbers, usage and alerts have what the official client reads."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import Connect
    from twilio_widgets import Sandbox

NOBODY = "http://127.0.0.1:9/inbound"


class OnTheSocket(TwilioHttpClient):
    """The official HTTP client, with the sandbox's socket in place of every Twilio host.

    This is how to point it at a sandbox: the path alone selects the resource.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(timeout=10)
        self.url = sandbox.url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        path = url.removeprefix(self.url).split(".twilio.com", 1)[-1]
        return super().request(method, self.url + path, *args, **kwargs)


@pytest.fixture
def official(sandbox: Sandbox) -> Iterator[Client]:
    http = OnTheSocket(sandbox)
    name, secret = sandbox.connection.credentials
    yield Client(name, secret.reveal(), http_client=http)
    http.session.close()


@pytest.fixture
def twilio(connect: Connect, sandbox: Sandbox) -> Any:
    return connect(sandbox)


def same(frame: pd.DataFrame, resources: list[Any], **columns: str) -> bool:
    """Whether each column has the attribute of each resource; empty text counts as no value."""
    values = frame.astype(object).where(frame.notna(), None)
    return all(
        values[column].tolist() == [getattr(one, name) or None for one in resources]
        for column, name in columns.items()
    )


def test_services_and_their_senders(twilio: Any, official: Client) -> None:
    frame = twilio.services.list()
    services = official.messaging.v1.services.list()

    assert same(frame, services, sid="sid", friendly_name="friendly_name", usecase="usecase")
    assert same(frame, services, date_created="date_created", inbound_method="inbound_method")
    for sid, row in frame.set_index("sid").iterrows():
        own = official.messaging.v1.services(str(sid))
        numbers = [one.phone_number for one in own.phone_numbers.list(page_size=1)]
        names = [one.alpha_sender for one in own.alpha_senders.list()]
        assert row.fillna("")["phone_numbers"] == ", ".join(numbers)
        assert row.fillna("")["alpha_senders"] == ", ".join(names)
        assert row["senders"] == len(numbers) + len(names)


def test_numbers(twilio: Any, official: Client) -> None:
    frame = twilio.numbers.list()
    numbers = official.incoming_phone_numbers.list()

    assert same(frame, numbers, sid="sid", phone_number="phone_number", sms_url="sms_url")
    assert same(frame, numbers, date_created="date_created", voice_url="voice_url", status="status")
    assert frame["sms"].tolist() == [one.capabilities["sms"] for one in numbers]


def test_usage_by_category_and_day(twilio: Any, official: Client, sandbox: Sandbox) -> None:
    twilio.messages.send(sandbox.contacts[0], from_=sandbox.numbers[0], body="Hello")
    sandbox.clock.advance("1 min")

    for frame, records in (
        (twilio.usage(), official.usage.records.list()),
        (twilio.usage(by="day", limit=70), official.usage.records.daily.list(limit=70)),
    ):
        assert same(frame, records, category="category", description="description")
        assert frame["start_date"].dt.date.tolist() == [one.start_date for one in records]
        assert frame["count"].tolist() == [int(one.count) for one in records]
        assert frame["price"].tolist() == [Decimal(str(one.price)) for one in records]
    assert twilio.balance().amount == Decimal(official.balance.fetch().balance)


def test_alerts(twilio: Any, official: Client, sandbox: Sandbox) -> None:
    number = official.incoming_phone_numbers.list(phone_number=sandbox.numbers[0])[0]
    number.update(sms_url=NOBODY)
    for _message in range(2):
        sandbox.receive(from_=sandbox.contacts[0], body="Hi")
        assert sandbox.settle()
        sandbox.clock.advance("1 min")

    frame = twilio.alerts.list(progress=False)
    alerts = official.monitor.v1.alerts.list(page_size=1)

    assert same(frame, alerts, sid="sid", request_url="request_url", alert_text="alert_text")
    assert same(frame, alerts, date_generated="date_generated", resource_sid="resource_sid")
    assert frame["error_code"].tolist() == [int(one.error_code) for one in alerts]
    assert frame["log_level"].tolist() == [one.log_level for one in alerts] == ["error", "error"]
