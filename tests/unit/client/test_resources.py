"""Services, numbers, usage, the balance and alerts as typed values, blocking and with await."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.core.flows.resources import Balance, alerts_request, usage_request
from twilio_widgets.core.http.transport import BlockingTransport
from twilio_widgets.core.request import Reply
from twilio_widgets.errors import BadResponse, ConfigurationError, Forbidden
from twilio_widgets.frames.resource_schema import ALERTS, NUMBERS, SERVICES, USAGE
from twilio_widgets.frames.resources import resource_frame

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9/inbound"


@pytest.fixture
def sandbox():
    with Sandbox(seed=3, messages=60, now=NOON) as sandbox:
        yield sandbox


@pytest.fixture
def twilio(sandbox):
    with Twilio(sandbox.connection) as twilio:
        yield twilio


def fail_a_webhook(twilio: Twilio, sandbox: Sandbox) -> str:
    """Receive a message whose webhook cannot be reached; return its SID."""
    number = next(one for one in twilio.numbers() if one.phone_number == sandbox.numbers[0])
    path = f"/Accounts/$TWILIO_ACCOUNT_SID/IncomingPhoneNumbers/{number.sid}.json"
    twilio.raw(path, "POST", data={"SmsUrl": NOBODY})
    message = sandbox.receive(from_=sandbox.contacts[0], body="Hi")
    assert sandbox.settle()
    return str(message["sid"])


def has_schema(frame: pd.DataFrame, schema: Any) -> bool:
    return list(frame.dtypes.items()) == [(column.name, column.dtype) for column in schema]


def test_services_are_listed_with_their_senders(twilio, sandbox):
    frame = twilio.services.list()
    assert has_schema(frame, SERVICES)
    assert frame["sid"].tolist() == list(sandbox.services)
    full, empty = frame.to_dict("records")
    assert full["phone_numbers"].split(", ") == list(sandbox.numbers)
    assert (full["senders"], full["alpha_senders"]) == (len(sandbox.numbers) + 1, "Sandbox")
    assert (empty["senders"], empty["phone_numbers"]) == (0, None)
    assert full["date_created"] == pd.Timestamp(NOON)
    assert frame.attrs["complete"] is True


def test_services_can_be_listed_without_their_senders(twilio):
    frame = twilio.services.list(senders=False)
    assert has_schema(frame, SERVICES)
    assert frame["senders"].isna().all()


def test_a_subaccount_has_none_of_its_parents_services(sandbox):
    with Twilio(sandbox.subaccount_connection) as twilio:
        frame = twilio.services.list()
    assert (len(frame), has_schema(frame, SERVICES)) == (0, True)


def test_numbers_have_their_capabilities_and_webhooks(twilio, sandbox):
    fail_a_webhook(twilio, sandbox)
    frame = twilio.numbers.list().set_index("phone_number")
    assert frame.loc[sandbox.numbers[0], ["sms", "mms", "voice", "fax"]].tolist() == [
        True,
        True,
        True,
        False,
    ]
    assert frame.loc[sandbox.numbers[0], "sms_url"] == NOBODY
    assert frame.loc[sandbox.numbers[1], "sms_url"] is pd.NA
    assert has_schema(twilio.numbers.list(), NUMBERS)
    assert len(twilio.numbers()) == len(frame)


def test_usage_is_exact_by_category_and_by_day(twilio):
    by_category = twilio.usage(since="2026-01-01", until="2026-01-31", progress=False)
    assert has_schema(by_category, USAGE)
    assert by_category["category"].is_unique
    assert isinstance(by_category["price"].iloc[-1], Decimal)
    days = twilio.usage(by="day", category="sms", since=date(2026, 1, 13), until=date(2026, 1, 15))
    assert days["start_date"].dt.date.tolist() == [date(2026, 1, day) for day in (15, 14, 13)]
    assert days.attrs["filters"] == {
        "by": "day",
        "category": "sms",
        "since": "2026-01-13",
        "until": "2026-01-15",
    }


@pytest.mark.parametrize(
    ("limit", "complete"), [(1, False), (8, False), (9, True), (100, True), (None, True)]
)
def test_a_frame_is_complete_only_if_every_row_was_read(twilio, limit, complete):
    rows = twilio.usage(by="year", category="sms", since="2018-06-01", limit=limit)
    assert (len(rows), rows.attrs["complete"]) == (min(limit or 9, 9), complete)
    assert ("cut_off" in rows.attrs) is not complete


def test_a_list_of_several_pages_reports_its_progress(twilio):
    seen: list[Any] = []
    rows = twilio.usage(by="day", since="2025-06-01", progress=seen.append)
    assert [(one.rows, one.pages) for one in seen] == [(1000, 1), (len(rows), 2)]


def test_the_balance_is_an_exact_amount(twilio, sandbox):
    assert twilio.balance() == Balance(amount=Decimal("100"), currency="USD")
    assert str(twilio.balance()) == "100 USD"
    sandbox.fail(fault="not_json", path="/Balance")
    with pytest.raises(BadResponse):
        twilio.balance()


def test_an_alert_is_explained(twilio, sandbox):
    sid = fail_a_webhook(twilio, sandbox)
    frame = twilio.alerts.list(level="error", since=NOON, until=NOON)
    assert has_schema(frame, ALERTS)
    (alert,) = frame.to_dict("records")
    assert (alert["error_code"], alert["log_level"]) == (11205, "error")
    assert alert["meaning"] == "Twilio could not connect to the webhook"
    assert alert["advice"].startswith("Check that its host is running")
    assert (alert["request_url"], alert["resource_sid"]) == (NOBODY, sid)
    assert alert["rejection_id"] is None
    assert len(twilio.alerts.list(since="2026-01-16")) == 0
    assert has_schema(twilio.alerts.list(level="debug"), ALERTS)


@dataclass(frozen=True)
class Rejected:
    id: int = 7
    reason: str = "The signature is wrong."
    mend: str | None = "Check the auth token."


class FakeListener:
    """Rejected every request it is asked about, and remembers which."""

    def __init__(self, found: Rejected | None) -> None:
        self.found = found
        self.asked: list[Any] = []

    def rejections_of(self, requests):
        self.asked += requests
        return [self.found for _request in requests]


def test_an_alert_is_linked_to_the_request_that_the_listener_rejected(twilio, sandbox):
    fail_a_webhook(twilio, sandbox)
    listener = FakeListener(Rejected())
    (alert,) = twilio.alerts.list(listener=listener).to_dict("records")
    assert listener.asked == [(NOBODY, NOON)]
    assert (alert["rejection_id"], alert["rejection_reason"], alert["rejection_mend"]) == (
        7,
        "The signature is wrong.",
        "Check the auth token.",
    )
    (other,) = twilio.alerts.list(listener=FakeListener(None)).to_dict("records")
    assert other["rejection_id"] is None


READS = {
    "read Services at messaging.twilio.com": ("/v1/Services", lambda t: t.services.list()),
    "read AlphaSenders at messaging.twilio.com": ("/AlphaSenders", lambda t: t.services.list()),
    "read Alerts at monitor.twilio.com": ("/v1/Alerts", lambda t: t.alerts.list()),
    "read IncomingPhoneNumbers at api.twilio.com": ("/Incoming", lambda t: t.numbers.list()),
    "read Usage/Records/Daily at api.twilio.com": ("/Usage", lambda t: t.usage(by="day")),
    "read Balance at api.twilio.com": ("/Balance", lambda t: t.balance()),
    "read Content at content.dublin.ie1.twilio.com": (
        "/v1/Content",
        lambda t: t.raw("https://content.dublin.ie1.twilio.com/v1/Content/HX" + "0" * 32),
    ),
    "change PhoneNumbers at messaging.twilio.com": (
        "/v1/Services",
        lambda t: t.raw(
            f"https://messaging.twilio.com/v1/Services/MG{'0' * 32}/PhoneNumbers/PN{'0' * 32}",
            "POST",
            data={"a": "b"},
        ),
    ),
    "create Services at messaging.twilio.com": (
        "/v1/Services",
        lambda t: t.raw("https://messaging.twilio.com/v1/Services", "POST", data={"a": "b"}),
    ),
}


@pytest.mark.parametrize("permission", READS)
def test_a_403_names_the_missing_permission(twilio, sandbox, permission):
    path, read = READS[permission]
    sandbox.fail(status=403, path=path)
    with pytest.raises(Forbidden) as caught:
        read(twilio)
    assert caught.value.permission == permission
    assert f"lack the permission to {permission} (Twilio 20403)" in str(caught.value)


def test_a_403_that_is_not_twilios_is_not_blamed_on_the_credentials(twilio, sandbox, monkeypatch):
    page = Reply(status=403, headers={}, content=b"<html>Blocked by policy</html>")
    monkeypatch.setattr(BlockingTransport, "send", lambda _self, _request: page)
    with pytest.raises(Forbidden, match="The response is a web page, not Twilio's") as caught:
        twilio.balance()
    assert caught.value.permission is None


def test_test_credentials_lack_no_permission(twilio, sandbox):
    sandbox.fail(code=20008, path="/Balance")
    with pytest.raises(Forbidden) as caught:
        twilio.balance()
    assert caught.value.permission is None


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"by": "week"}, "by"),
        ({"since": "soon"}, "since"),
        ({"until": datetime(2026, 1, 1)}, "until"),  # noqa: DTZ001  # the subject of the test
    ],
)
def test_an_invalid_argument_of_usage_is_refused(sandbox, arguments, field):
    given = {"by": "day", "category": None, "since": None, "until": None} | arguments
    with pytest.raises(ConfigurationError) as caught:
        usage_request(sandbox.connection, **given)
    assert caught.value.field == field


def test_the_times_of_alerts_include_what_they_name():
    request = alerts_request(level=None, since="2026-01-15", until="2026-01-15")
    assert request.query == (
        ("StartDate", "2026-01-15T00:00:00Z"),
        ("EndDate", "2026-01-15T23:59:59Z"),
    )
    with pytest.raises(ConfigurationError, match="level must be one of"):
        alerts_request(level="fatal", since=None, until=None)


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "3"])
def test_a_limit_that_is_not_a_number_is_refused(twilio, limit):
    with pytest.raises(ConfigurationError, match="limit must be a whole number"):
        twilio.alerts.list(limit=limit)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date_generated", "yesterday"),
        ("error_code", "many"),
        ("error_code", {"a": 1}),
        ("date_created", 7),
    ],
)
def test_a_value_of_another_type_is_a_bad_response(name, value):
    with pytest.raises(BadResponse, match=name):
        resource_frame([{name: value}], ALERTS, noun="alerts", complete=True)


def parts(client: type[Any], connection: Any) -> dict[str, Any]:
    made = client(connection)
    return {"": made} | {name: getattr(made, name) for name in ("messages", *PARTS)}


PARTS = ("services", "numbers", "alerts", "templates")
OF_ONE_CLIENT = {"close", "aclose"}


def test_both_clients_have_the_same_public_methods_with_the_same_arguments(sandbox):
    blocking, awaiting = (parts(kind, sandbox.connection) for kind in (Twilio, AsyncTwilio))
    for name, part in blocking.items():
        methods = {one for one in dir(part) if not one.startswith("_")}
        others = {one for one in dir(awaiting[name]) if not one.startswith("_")}
        assert methods - OF_ONE_CLIENT == others - OF_ONE_CLIENT, name
        for method in methods - OF_ONE_CLIENT:
            mine, other = getattr(part, method), getattr(awaiting[name], method)
            if inspect.ismethod(mine):
                assert inspect.signature(mine).parameters == inspect.signature(other).parameters, (
                    method
                )


def test_the_awaiting_client_reads_the_same(twilio, sandbox):
    fail_a_webhook(twilio, sandbox)

    async def read() -> list[Any]:
        async with AsyncTwilio(sandbox.connection) as client:
            return [
                await client.services.list(),
                await client.numbers.list(),
                await client.alerts.list(),
                await client.usage(by="month", category="sms"),
                await client.balance(),
                await client.services(),
                await client.numbers(),
            ]

    services, numbers, alerts, usage, *values = asyncio.run(read())
    pd.testing.assert_frame_equal(services, twilio.services.list())
    pd.testing.assert_frame_equal(numbers, twilio.numbers.list())
    pd.testing.assert_frame_equal(alerts, twilio.alerts.list())
    pd.testing.assert_frame_equal(usage, twilio.usage(by="month", category="sms"))
    assert values == [twilio.balance(), twilio.services(), twilio.numbers()]
