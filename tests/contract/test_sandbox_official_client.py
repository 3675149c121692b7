"""The official Python client, only pointed at another base URL, works against the sandbox."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def elsewhere(url: str, base: str) -> str:
    """Keep path and query, change scheme and host."""
    return urlunsplit((*urlsplit(base)[:2], *urlsplit(url)[2:]))


class Redirected(TwilioHttpClient):
    """The official HTTP client with one change: the host."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, elsewhere(url, self.base), *args, **kwargs)


class RedirectedAsync(AsyncTwilioHttpClient):
    """The same for the async client."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self.base = base

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return await super().request(method, elsewhere(url, self.base), *args, **kwargs)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=11, messages=230, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def official(box: Sandbox) -> Iterator[Client]:
    http = Redirected(box.url)
    name, secret = box.connection.credentials
    yield Client(name, secret.reveal(), http_client=http)
    http.session.close()


def send(official: Client, box: Sandbox, **changes: Any) -> Any:
    asked = {"to": box.contacts[0], "from_": box.numbers[0], "body": "Hello"} | changes
    return official.messages.create(**asked)


def test_a_message_is_sent_and_becomes_delivered(official: Client, box: Sandbox) -> None:
    """The main job: create, then watch."""
    message = send(official, box)

    assert (message.status, message.direction, message.num_segments) == (
        "queued",
        "outbound-api",
        "1",
    )
    assert message.date_created == NOW
    assert message.date_sent is None
    seen = []
    for _ in range(8):
        box.clock.advance(0.4)
        seen.append(official.messages(message.sid).fetch().status)
    assert list(dict.fromkeys(seen)) == ["sending", "sent", "delivered"]
    assert [entry.sid for entry in box.ledger] == [message.sid]


def test_listing_reads_every_page_once(official: Client, box: Sandbox) -> None:
    """Pages of 50 over 231 messages, newest first."""
    mine = send(official, box)
    box.clock.advance("1 min")

    rows = official.messages.list(page_size=50)

    assert len(rows) == len({row.sid for row in rows}) == 231
    assert rows[0].sid == mine.sid
    dates = [row.date_sent for row in rows]
    assert dates == sorted(dates, reverse=True)


def test_a_limit_above_a_thousand_is_not_an_error(official: Client) -> None:
    """The official client then asks for PageSize=limit; it is clamped."""
    assert len(official.messages.list(limit=1500)) == 230


def test_pages_can_be_read_forwards_and_backwards(official: Client) -> None:
    first = official.messages.page(page_size=40)
    first_sids = [row.sid for row in first]
    second = first.next_page()
    second_sids = [row.sid for row in second]
    third = second.next_page()

    assert [row.sid for row in third.previous_page()] == second_sids
    assert [row.sid for row in second.previous_page()] == first_sids
    assert first.previous_page() is None


def test_filters_reach_the_list(official: Client, box: Sandbox) -> None:
    """To, From and the dates, as the official client writes them."""
    everything = official.messages.list()
    day = everything[30].date_sent.date()
    contact = next(row.to for row in everything if row.direction == "outbound-api")

    on_day = official.messages.list(date_sent=datetime(day.year, day.month, day.day, tzinfo=UTC))
    to_contact = official.messages.list(to=contact)
    late = official.messages.list(date_sent_after=everything[30].date_sent)
    early = official.messages.list(date_sent_before=everything[30].date_sent)

    assert [row.sid for row in on_day] == sids(
        row for row in everything if row.date_sent.date() == day
    )
    assert [row.sid for row in to_contact] == sids(row for row in everything if row.to == contact)
    assert [row.sid for row in late] == sids(everything[:31])
    assert [row.sid for row in early] == sids(everything[30:])


def sids(rows: Any) -> list[str]:
    return [row.sid for row in rows]


def test_redact_cancel_and_delete(official: Client, box: Sandbox) -> None:
    plain = send(official, box, body="A secret")
    scheduled = send(
        official,
        box,
        from_=None,
        messaging_service_sid=box.services[0],
        schedule_type="fixed",
        send_at=NOW + timedelta(hours=1),
    )
    box.clock.advance("1 min")

    assert scheduled.status == "scheduled"
    assert official.messages(plain.sid).update(body="").body == ""
    assert official.messages(scheduled.sid).update(status="canceled").status == "canceled"
    assert official.messages(plain.sid).delete() is True
    with pytest.raises(TwilioRestException) as refused:
        official.messages(plain.sid).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_media_are_listed_fetched_and_deleted(official: Client, box: Sandbox) -> None:
    message = send(
        official, box, media_url=["https://example.com/1.png", "https://example.com/2.png"]
    )

    media = official.messages(message.sid).media.list()

    assert message.sid.startswith("MM")
    assert (message.num_media, len(media)) == ("2", 2)
    assert media[0].fetch().content_type == "image/png"
    assert media[0].delete() is True
    assert sids(official.messages(message.sid).media.list()) == [media[1].sid]


def test_feedback_balance_numbers_usage_and_calls(official: Client, box: Sandbox) -> None:
    message = send(official, box)
    feedback = official.messages(message.sid).feedback.create(outcome="unconfirmed")

    assert (feedback.message_sid, feedback.outcome) == (message.sid, "unconfirmed")
    assert official.balance.fetch().currency == "USD"
    numbers = official.incoming_phone_numbers.list()
    assert set(box.numbers) < {number.phone_number for number in numbers}
    number = official.incoming_phone_numbers(numbers[0].sid)
    assert number.update(sms_url="http://127.0.0.1:9/in").sms_url == "http://127.0.0.1:9/in"
    assert number.fetch().sms_url == "http://127.0.0.1:9/in"
    assert {record.category for record in official.usage.records.list()} >= {"sms", "totalprice"}
    days = official.usage.records.daily.list(
        category="sms", start_date=date(2026, 3, 1), end_date=date(2026, 3, 3)
    )
    assert [record.start_date for record in days] == [date(2026, 3, day) for day in (3, 2, 1)]
    assert official.calls(official.calls.list()[0].sid).fetch().status == "completed"
    assert len(official.api.accounts.list()) == 2


def test_messaging_services_are_listed_fetched_and_updated(official: Client, box: Sandbox) -> None:
    """The client finds the rows by `meta.key` and the pages by their whole URLs."""
    services = official.messaging.v1.services.list(page_size=1)

    assert sids(services) == list(box.services)
    service = official.messaging.v1.services(box.services[0])
    assert service.fetch().friendly_name == "Notifications"
    changed = service.update(status_callback="http://127.0.0.1:9/s")
    assert changed.status_callback == "http://127.0.0.1:9/s"
    assert changed.date_created == NOW


def test_a_number_is_found_in_the_service_whose_pool_contains_it(
    official: Client, box: Sandbox
) -> None:
    number = official.incoming_phone_numbers.list(phone_number=box.numbers[0])[0]
    pooled, empty = (official.messaging.v1.services(sid).phone_numbers for sid in box.services)

    found = pooled(number.sid).fetch()
    assert (found.phone_number, found.service_sid) == (box.numbers[0], box.services[0])
    with pytest.raises(TwilioRestException, match="was not found"):
        empty(number.sid).fetch()


def test_the_senders_of_a_service_are_listed(official: Client, box: Sandbox) -> None:
    full, empty = (official.messaging.v1.services(sid) for sid in box.services)

    numbers = full.phone_numbers.list(page_size=1)
    assert [one.phone_number for one in numbers] == list(box.numbers)
    assert [one.alpha_sender for one in full.alpha_senders.list()] == ["Sandbox"]
    assert full.short_codes.list() == empty.phone_numbers.list() == empty.alpha_senders.list() == []


def test_a_webhook_that_fails_becomes_an_alert(official: Client, box: Sandbox) -> None:
    number = official.incoming_phone_numbers.list(phone_number=box.numbers[0])[0]
    nobody = "http://127.0.0.1:9/inbound"
    official.incoming_phone_numbers(number.sid).update(sms_url=nobody)

    first = box.receive(from_=box.contacts[0], body="Hi", to=box.numbers[0])
    assert box.settle()
    box.clock.advance("1 min")
    box.receive(from_=box.contacts[0], body="Hi", to=box.numbers[0])
    assert box.settle()

    alerts = official.monitor.v1.alerts.list(page_size=1)
    assert [(one.error_code, one.log_level, one.request_url) for one in alerts] == [
        ("11205", "error", nobody)
    ] * 2
    assert (alerts[1].resource_sid, alerts[1].date_generated) == (first["sid"], NOW)
    details = official.monitor.v1.alerts(alerts[1].sid).fetch()
    assert (details.sid, details.response_body) == (alerts[1].sid, "")
    assert "Body=Hi" in details.request_variables
    later = official.monitor.v1.alerts.list(start_date=NOW + timedelta(seconds=1))
    assert sids(later) == [alerts[0].sid]
    assert sids(official.monitor.v1.alerts.list(end_date=NOW)) == [alerts[1].sid]
    assert official.monitor.v1.alerts.list(log_level="debug") == []


def test_an_api_key_and_a_subaccount(box: Sandbox) -> None:
    """A Standard key sends; the parent's credentials act on the child's path."""
    key = box.api_key_connection
    name, secret = key.credentials
    http = Redirected(box.url)
    by_key = Client(name, secret.reveal(), key.account_sid, http_client=http)
    parent = box.connection.credentials
    for_child = Client(parent[0], parent[1].reveal(), box.subaccount_sid, http_client=http)

    assert send(by_key, box).account_sid == key.account_sid
    assert for_child.messages.list() == []
    with pytest.raises(TwilioRestException) as refused:
        by_key.api.accounts(key.account_sid).fetch()
    http.session.close()

    assert refused.value.status == 403


def test_errors_carry_twilios_code(official: Client, box: Sandbox) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(official, box, to="+15005550009")

    assert (refused.value.status, refused.value.code) == (400, 21614)


# The official client calls aiohttp by names that newer aiohttp deprecates.
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
def test_the_async_client_does_the_same(box: Sandbox) -> None:
    async def main() -> tuple[str, list[str], str, bool]:
        name, secret = box.connection.credentials
        async with RedirectedAsync(box.url) as http:
            official = Client(name, secret.reveal(), http_client=http)
            message = await official.messages.create_async(
                to=box.contacts[0], from_=box.numbers[0], body="Hello 👋"
            )
            box.clock.advance("1 min")
            rows = await official.messages.list_async(page_size=50)
            fetched = await official.messages(message.sid).fetch_async()
            deleted = await official.messages(message.sid).delete_async()
            return message.sid, sids(rows), fetched.status, deleted

    sid, rows, status, deleted = asyncio.run(main())

    assert (rows[0], len(rows), status, deleted) == (sid, 231, "delivered", True)
