"""Missed events are found in Twilio's log, and no event is stored twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.listener.events.event import Arrival
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.polling.backfill import Backfill, BackfillReport
from twilio_widgets.listener.polling.checkpoint import Checkpoint, CheckpointFile
from twilio_widgets.listener.polling.message_log import MessageLogReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
THEM = "+14155550123"
ENDS = ("01", "02", "91", "94", "95", "96", "98")
"""Delivered twice, undelivered by two codes, failed, forever sent, delivered late."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=4, now=NOON) as sandbox:
        yield sandbox


class Bench:
    """A store and a client of one sandbox, with the listener's process left out."""

    def __init__(self, sandbox: Sandbox, store: Store, reader: Reader, twilio: Twilio) -> None:
        self.sandbox, self.store, self.reader, self.twilio = sandbox, store, reader, twilio
        self.marked = CheckpointFile(store.path, reader.store_id)

    def fill(self, per_second: float | None = None, **options: object) -> BackfillReport:
        log = MessageLogReader(self.twilio, per_second=per_second, attempts=1)
        gap = Backfill(self.reader, log, self.commit, self.marked)
        return gap.fill(now=self.sandbox.clock.now(), wall=NOON, **options)

    def commit(self, arrivals: Sequence[Arrival]) -> int:
        return sum(receipt.new for receipt in self.store.commit(arrivals))

    def send(self, end: str = "01") -> str:
        message = self.twilio.messages.send(
            to=f"+141555501{end}", from_=self.sandbox.numbers[0], body="Hello"
        )
        return message.sid

    def hear(self, sid: str, status: str = "sent", **more: str) -> None:
        """Let a webhook come, as the gate would hand it over."""
        parameters = {"MessageSid": sid, "AccountSid": self.account, **more}
        kind = "inbound" if status == "received" else "status"
        parameters |= {"SmsStatus" if kind == "inbound" else "MessageStatus": status}
        arrival = Arrival(
            kind=kind, received_at=NOON, parameters=tuple(parameters.items()), scheme="auth token"
        )
        self.store.commit([arrival])

    @property
    def account(self) -> str:
        return self.sandbox.connection.acting_sid

    @property
    def known(self) -> dict[str, tuple[str | None, int | None]]:
        return {one.sid: (one.status, one.error_code) for one in self.reader.messages()}

    @property
    def truth(self) -> dict[str, tuple[str | None, int | None]]:
        return {
            message.sid: (message.status, message.error_code)
            for message in self.twilio.messages.iterate()
        }


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Iterator[Bench]:
    account = sandbox.connection.acting_sid
    with (
        Store.open(
            tmp_path / "events.sqlite", account_sid=account, world="sandbox", now=lambda: NOON
        ) as store,
        Reader(store.path) as reader,
        Twilio(sandbox.connection) as twilio,
    ):
        yield Bench(sandbox, store, reader, twilio)


def test_after_a_gap_the_store_agrees_with_the_log(bench, sandbox):
    """Every end a message can have, and what came in, in one filling."""
    for end in ENDS * 4:
        bench.hear(bench.send(end))
    for hour in range(3):
        sandbox.receive(from_=THEM, body=f"Hello {hour}")
        sandbox.clock.advance("1 h")

    filled = bench.fill()

    assert bench.known == bench.truth
    # 4 of 28 are forever sent, as the store knew; 3 came in.
    assert (filled.found, filled.added) == (31, 27)
    inbound = [event.body for event in bench.reader.events() if event.kind == "inbound"]
    assert inbound == ["Hello 0", "Hello 1", "Hello 2"]
    assert {event.source for event in bench.reader.events(after=28)} == {"poll"}


def test_filling_twice_adds_nothing(bench, sandbox):
    bench.hear(bench.send())
    sandbox.receive(from_=THEM, body="Hello")
    sandbox.clock.advance("1 h")
    first, events = bench.fill(), bench.reader.events()

    again = bench.fill()

    assert (first.added, again.added) == (2, 0)
    assert bench.reader.events() == events


def test_events_that_arrived_as_webhooks_are_not_stored_again(bench, sandbox):
    sid = bench.send()
    inbound = str(sandbox.receive(from_=THEM, body="Hello")["sid"])
    sandbox.clock.advance("1 min")
    bench.hear(inbound, "received", Body="Hello", From=THEM, To=sandbox.numbers[0])
    bench.hear(sid, "delivered")

    assert bench.fill().added == 0
    assert [event.source for event in bench.reader.events()] == ["webhook", "webhook"]


def test_a_late_webhook_replaces_the_event_from_the_log(bench, sandbox):
    sandbox.receive(from_=THEM, body="Hello")
    bench.fill()
    (found,) = bench.reader.events()
    bench.hear(found.message_sid, "received", Body="Hello", From=THEM, To=sandbox.numbers[0])

    (event,) = bench.reader.events()
    assert (found.source, event.source, event.id) == ("poll", "webhook", found.id)


def test_a_hole_between_two_times_of_listening_is_found(bench, sandbox):
    """Counting from the last event would pass over it: something came in after the hole too."""
    bench.fill()
    sandbox.clock.advance("2 h")
    sandbox.receive(from_=THEM, body="in the hole")
    sandbox.clock.advance("5 h")
    after = str(sandbox.receive(from_=THEM, body="heard")["sid"])
    bench.hear(after, "received", Body="heard", From=THEM, To=sandbox.numbers[0])

    assert bench.fill().added == 1
    assert [event.body for event in bench.reader.events()] == ["heard", "in the hole"]


def test_the_first_backfill_starts_at_the_beginning_of_the_store(bench, sandbox):
    sandbox.receive(from_=THEM, body="before anybody listened")
    sandbox.clock.advance("3 h")
    first = str(sandbox.receive(from_=THEM, body="first")["sid"])
    bench.hear(first, "received", Body="first", From=THEM, To=sandbox.numbers[0])
    sandbox.clock.advance("40 h")
    sandbox.receive(from_=THEM, body="missed")

    filled = bench.fill()

    assert [event.body for event in bench.reader.events()] == ["first", "missed"]
    assert filled.since == NOON + timedelta(hours=2)


def test_the_start_of_the_search_can_be_given(bench, sandbox):
    sandbox.receive(from_=THEM, body="three hours ago")
    sandbox.clock.advance("3 h")
    bench.fill()
    sandbox.clock.advance("40 h")
    bench.fill()

    assert bench.fill(since=NOON - timedelta(hours=1)).since == NOON - timedelta(hours=1)
    assert [event.body for event in bench.reader.events()] == ["three hours ago"]


def test_messages_before_a_given_start_are_found_by_the_next_call(bench, sandbox):
    bench.fill()
    sandbox.clock.advance("5 h")
    sandbox.receive(from_=THEM, body="five hours later")
    sandbox.clock.advance("5 h")

    assert bench.fill(since=sandbox.clock.now() - timedelta(hours=1)).added == 0
    assert bench.fill().added == 1
    assert bench.marked.read().until == sandbox.clock.now()


def test_events_forgotten_on_purpose_are_not_fetched_again(bench, sandbox):
    sandbox.receive(from_=THEM, body="to be forgotten")
    sandbox.clock.advance("10 min")
    bench.fill()
    bench.store.forget()
    bench.marked.forgotten(sandbox.clock.now())
    sandbox.clock.advance("10 min")
    sandbox.receive(from_=THEM, body="after")

    bench.fill()

    assert [event.body for event in bench.reader.events()] == ["after"]


def test_forgetting_less_later_brings_nothing_back(bench, sandbox):
    sandbox.receive(from_=THEM, body="to be forgotten")
    sandbox.clock.advance("10 min")
    bench.fill()
    bench.store.forget()
    bench.marked.forgotten(sandbox.clock.now())
    bench.marked.forgotten(NOON - timedelta(days=5))

    assert bench.fill().added == 0
    assert bench.marked.read().not_before == sandbox.clock.now()


def test_a_given_start_also_fetches_forgotten_events(bench, sandbox):
    """Asked for in so many words, it is fetched; the next filling leaves it alone again."""
    sandbox.receive(from_=THEM, body="forgotten")
    sandbox.clock.advance("10 min")
    bench.marked.forgotten(sandbox.clock.now())

    assert bench.fill().added == 0
    assert bench.fill(since=NOON).added == 1
    assert bench.fill().found == 0


def test_events_beyond_the_retention_are_not_fetched_again(bench, sandbox):
    """The gap was filled long ago, and since then events came by webhook and went by their age."""
    bench.fill()
    sandbox.receive(from_=THEM, body="of its time")
    sandbox.clock.advance("40 days")
    sandbox.receive(from_=THEM, body="missed")
    sandbox.clock.advance("10 days")

    filled = bench.fill(retention_days=30)

    assert filled.since == sandbox.clock.now() - timedelta(days=30)
    assert [event.body for event in bench.reader.events()] == ["missed"]
    assert bench.fill(since=NOON, retention_days=30).added == 1


def test_the_mark_of_another_store_counts_for_nothing(bench, sandbox):
    """A damaged store was set aside: what Twilio still knows is fetched again."""
    sandbox.receive(from_=THEM, body="Hello")
    sandbox.clock.advance("10 h")
    CheckpointFile(bench.store.path, "another store").filled(sandbox.clock.now())

    assert bench.fill().added == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"1", b'{"store": 1}', b'"x"'])
def test_a_mark_that_cannot_be_read_is_none(bench, content):
    bench.marked.filled(NOON)
    assert bench.marked.read() == Checkpoint(until=NOON)
    bench.store.path.with_name(f"{bench.store.path.name}.filled").write_bytes(content)

    assert bench.marked.read() == Checkpoint()


def test_messages_sent_before_the_listener_started_can_be_looked_up(bench, sandbox):
    sid = bench.send("94")
    sandbox.clock.advance("1 min")

    assert bench.fill(sids=[sid]).added == 1
    assert bench.known == {sid: ("undelivered", 30007)}


def test_a_message_twilio_no_longer_has_is_passed_over(bench, sandbox):
    sid = bench.send()
    bench.hear(sid)
    sandbox.clock.advance("1 min")
    bench.twilio.messages.delete(sid)

    assert bench.fill().found == 0
    assert bench.known == {sid: ("sent", None)}


def test_an_old_message_is_not_polled_forever(bench):
    """After a day a receipt no longer comes: `sent` is its end."""
    bench.hear(bench.send("96"))
    log = MessageLogReader(bench.twilio, attempts=1)
    gap = Backfill(bench.reader, log, bench.commit, bench.marked)

    day_later = NOON + timedelta(hours=24, seconds=1)
    filled = gap.fill(now=bench.sandbox.clock.now(), wall=day_later)

    assert filled.found == 0


def test_requests_keep_their_pace_on_the_connections_clock(bench, sandbox):
    for _ in range(10):
        bench.hear(bench.send())
    began = sandbox.clock.now()

    filled = bench.fill(per_second=5.0)

    # One request for the date of the first event, ten for messages, one for numbers, a list each.
    assert filled.asked == 12 + len(bench.twilio.numbers())
    took = (sandbox.clock.now() - began).total_seconds()
    assert took == pytest.approx((filled.asked - 1) / 5, abs=1e-3)


def test_events_found_before_an_error_are_stored_and_the_rest_is_found_later(bench, sandbox):
    sids = [bench.send() for _ in range(3)]
    for sid in sids:
        bench.hear(sid)
    sandbox.clock.advance("1 min")
    sandbox.fail(status=503, method="GET", path=sids[2])

    with pytest.raises(TwilioWidgetsError):
        bench.fill()
    assert [bench.known[sid][0] for sid in sids] == ["delivered", "delivered", "sent"]
    assert bench.marked.read() == Checkpoint()

    assert bench.fill().added == 1
    assert bench.known == bench.truth


def test_an_account_with_many_numbers_is_read_in_one_list(bench, sandbox, monkeypatch):
    monkeypatch.setattr("twilio_widgets.listener.polling.backfill.MOST_ADDRESSES", 0)
    bench.send()
    sandbox.receive(from_=THEM, body="Hello")
    sandbox.clock.advance("1 min")

    assert bench.fill().added == 1


def test_inbound_messages_of_a_channel_are_polled_at_known_addresses(bench, sandbox):
    """A WhatsApp sender is none of the account's phone numbers."""
    bench.hear("SM" + "0" * 32, "received", Body="Hi", From=THEM, To=sandbox.numbers[0])
    bench.hear("SM" + "1" * 32, "received", Body="Hi", From=THEM, To="whatsapp:+15005550006")
    gap = Backfill(bench.reader, MessageLogReader(bench.twilio), bench.commit, bench.marked)

    own = [number.phone_number for number in bench.twilio.numbers()]
    assert tuple(gap._addresses()) == (*own, "whatsapp:+15005550006")


@pytest.mark.parametrize("fast", [timedelta(hours=1), timedelta(days=40)])
def test_a_fast_clock_puts_no_mark_where_no_later_gap_is_found(bench: Bench, fast: timedelta):
    log = MessageLogReader(bench.twilio, attempts=1)
    gap = Backfill(bench.reader, log, bench.commit, bench.marked)
    gap.fill(now=bench.sandbox.clock.now() + fast, wall=NOON)
    assert bench.marked.read().until == bench.sandbox.clock.now()
