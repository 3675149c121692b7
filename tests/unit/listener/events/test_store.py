"""The same event twice is one event; what is acknowledged is stored; nothing is half written."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.arrivals import ACCOUNT, a_look, a_status, an_inbound, at, shuffled, sid
from twilio_widgets.errors import BadResponse, ListenerError, StoreUnavailable
from twilio_widgets.listener.events.batch import INVALID_UNICODE, NO_SID, Receipt
from twilio_widgets.listener.events.dedupe import key_of
from twilio_widgets.listener.events.event import Arrival, Event, Rejection
from twilio_widgets.listener.events.reading import Counts, Reader
from twilio_widgets.listener.events.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.sqlite"


@pytest.fixture
def store(path):
    with a_store(path) as opened:
        yield opened


@pytest.fixture
def reader(store, path):
    with Reader(path) as opened:
        yield opened


def a_store(path, **more):
    return Store.open(path, account_sid=ACCOUNT, world="live", now=lambda: at(0), **more)


def new(event_id):
    return Receipt(id=event_id, new=True)


def old(event_id):
    return Receipt(id=event_id, new=False)


# The same event


def test_ten_thousand_replays_with_new_idempotency_tokens_are_one_event(store, reader):
    """The token is not signed: a captured request could be replayed with another one."""
    replays = [a_status(1, "sent", seconds=n, token=f"token {n}") for n in range(10_000)]
    receipts = [
        receipt for n in range(0, 10_000, 500) for receipt in store.commit(replays[n : n + 500])
    ]
    assert receipts == [new(1)] + [old(1)] * 9_999
    (event,) = reader.events()
    assert (event.duplicates, event.idempotency_token) == (9_999, "token 0")
    assert (event.received_at, event.last_duplicate_at) == (at(0), at(9_999))
    assert reader.counts() == Counts(
        events={"status": 1}, duplicates={"status": 9_999}, proofs={"auth token": 1}, rejected={}
    )


def test_the_same_parameters_in_another_order_or_twice_are_the_same_event(store):
    arrival = a_status(1, "sent")
    shuffled = Arrival.of_request(
        kind="status",
        method="GET",
        url="https://hooks.example/other",
        parameters=(*reversed(arrival.parameters), arrival.parameters[0]),
        headers=(),
        received_at=at(1),
        scheme="shared key",
    )
    assert store.commit([arrival, shuffled]) == [new(1), old(1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_status(1, "sent"), a_status(1, "delivered")),
        (a_status(1, "sent"), a_status(2, "sent")),
        (a_status(1, "failed"), a_status(1, "failed", ErrorCode="30007")),
        (a_status(1, "sent", A="bc"), a_status(1, "sent", Ab="c")),
        (a_status(1, "sent", A="b&AB=d"), a_status(1, "sent", A="b", AB="d")),
        (a_status(1, "sent", A="b", C="d"), a_status(1, "sent", A="d", C="b")),
        (a_status(1, "sent"), an_inbound(1)),
    ],
)
def test_different_signed_parameters_make_a_different_event(store, one, other):
    assert [receipt.new for receipt in store.commit([one, other])] == [True, True]


PAIRS = st.lists(
    st.tuples(st.text('ab",[]\\', max_size=3), st.text('ab",[]\\', max_size=3)), max_size=4
)


@given(PAIRS, PAIRS)
def test_two_callbacks_are_one_event_exactly_when_the_same_was_signed(one, other):
    """Twilio's signature has no delimiters; the key has."""
    keys = [
        key_of(arrival, Event.of_arrival(arrival))
        for pairs in (one, other)
        for arrival in [Arrival(kind="status", received_at=at(0), parameters=tuple(pairs))]
    ]
    assert (keys[0] == keys[1]) == (set(one) == set(other))


def test_an_inbound_message_is_one_event_whatever_else_differs(store, reader):
    again = an_inbound(1, "hello", seconds=5, FromCity="OAKLAND")
    assert store.commit([an_inbound(1), again, an_inbound(2)]) == [new(1), old(1), new(2)]
    first, second = reader.events()
    assert (first.status, first.body, first.num_media, first.duplicates) == (
        "received",
        "hello",
        0,
        1,
    )
    assert second.message_sid == sid(2)


def test_overlapping_deliveries_have_one_first(store, reader):
    """Eight threads deliver the same twenty events; each is new exactly once."""
    arrivals = [a_status(n, "sent") for n in range(20)]
    receipts: list[Receipt] = []
    threads = [
        threading.Thread(target=lambda: receipts.extend(store.commit(arrivals))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(receipt.new for receipt in receipts) == 20
    assert [event.duplicates for event in reader.events()] == [7] * 20


# Twilio's log beside the webhooks


def test_a_message_from_the_log_is_stored_only_if_it_changes_the_state(store, reader):
    receipts = store.commit(
        [
            a_status(1, "sent"),
            a_look(1, "sent", seconds=60),
            a_look(1, "queued", seconds=61),
            a_look(1, "delivered", seconds=120),
            a_look(1, "delivered", seconds=180),
        ]
    )
    assert receipts == [new(1), old(1), old(1), new(2), old(2)]
    sent, delivered = reader.events()
    assert (sent.duplicates, delivered.duplicates) == (0, 0)
    assert (delivered.source, delivered.scheme, delivered.status) == ("poll", None, "delivered")
    assert reader.message(sid(1)).last_at == at(120)


def test_a_webhook_replaces_the_event_from_the_log(store, reader):
    signed = a_status(1, "delivered", seconds=300, RawDlrDoneDate="2604011205")
    assert store.commit([a_look(1, "delivered"), signed, signed]) == [new(1), old(1), old(1)]
    (event,) = reader.events()
    assert (event.source, event.scheme, event.duplicates) == ("webhook", "auth token", 2)
    assert event.received_at == at(0)
    assert event.parameters == signed.parameters

    looked = a_look(2, "received", direction="inbound", body="hi", **{"from": "+14155550177"})
    assert store.commit([looked, an_inbound(2, "hi", FromCity="OAKLAND")]) == [new(2), old(2)]
    assert dict(reader.event(2).parameters)["FromCity"] == "OAKLAND"


def test_the_log_decides_between_two_final_statuses_and_a_late_repeat_changes_nothing(
    store, reader
):
    delivered, failed = a_status(1, "delivered"), a_status(1, "failed")
    store.commit([delivered, failed])
    assert reader.message(sid(1)).conflict
    assert store.commit([a_look(1, "delivered")]) == [new(3)]
    assert store.commit([delivered, failed]) == [old(1), old(2)]
    standing = reader.message(sid(1))
    assert (standing.status, standing.conflict) == ("delivered", False)


def test_the_log_completes_what_a_callback_left_out(store, reader):
    store.commit([a_status(1, "sent"), a_look(1, "sent", body="Hi Ada")])
    assert (reader.message(sid(1)).body, reader.last_id()) == ("Hi Ada", 1)


def test_a_malformed_message_of_the_log_is_rejected():
    with pytest.raises(BadResponse):
        Arrival.of_api({"sid": "SM1", "status": "sent"}, at(0))


# Order


def test_shuffled_duplicated_callbacks_with_a_restart_equal_an_oracle(path):
    """10,000 callbacks; the oracle is a plain maximum over a table written by hand."""
    come, oracle = shuffled(2_500, 10_000)
    callbacks = [a_status(n, word) for n, word in come]
    for half in (callbacks[:5_000], callbacks[5_000:]):
        with a_store(path) as store:
            for at_ in range(0, len(half), 500):
                store.commit(half[at_ : at_ + 500])
    with Reader(path) as reader:
        assert {each.sid: each.status for each in reader.messages()} == oracle
        assert not any(each.conflict for each in reader.messages())
        counts = reader.counts()
        assert counts.total == len(set(reader.events())) == len(set(come))
        assert counts.total + sum(counts.duplicates.values()) == 10_000


def test_an_event_keeps_everything_that_came(store, reader):
    arrival = a_status(
        7, "undelivered", url="https://me:pw@hooks.example/s?tw=row-7&x=1", ErrorCode="30003"
    )
    store.commit([arrival])
    (event,) = reader.events()
    assert event.parameters == arrival.parameters
    assert event.headers == arrival.headers
    assert event.url == "https://hooks.example/s?tw=row-7&x=1"
    assert (event.error_code, event.account_sid) == (30003, ACCOUNT)
    assert (event.from_, event.to, event.body) == ("+14155550100", "+14155550199", None)
    assert repr(event) == (
        f"Event(1, status, {sid(7)}, undelivered, error 30003, from +1 4••• ••• 100, "
        "to +1 4••• ••• 199, webhook, 0 duplicates)"
    )


def test_a_job_finds_its_row_by_the_token_in_the_callbacks_url(store, reader):
    store.commit([a_status(1, "queued"), a_status(2, "queued", url="https://hooks.example/s?tw=b")])
    assert reader.sid_of_token("b") == sid(2)
    assert reader.message(sid(2)).row_token == "b"
    assert reader.sid_of_token("c") is None


def test_credentials_in_headers_are_not_kept(store, reader):
    arrival = Arrival.of_request(
        kind="status",
        method="POST",
        url="https://hooks.example/s",
        parameters=a_status(1, "sent").parameters,
        headers=(("AUTHORIZATION", "Basic bWU6cHc="), ("cookie", "a=b"), ("Host", "h")),
        received_at=at(0),
        scheme="auth token",
    )
    store.commit([arrival])
    assert reader.events()[0].headers == (
        ("AUTHORIZATION", "••••"),
        ("cookie", "••••"),
        ("Host", "h"),
    )


@pytest.mark.parametrize("code", ["", "none", "9" * 40, "-1", "٣٠٠٠٧", "1.5"])
def test_a_non_numeric_error_code_stays_in_the_parameters(store, reader, code):
    store.commit([a_status(1, "failed", ErrorCode=code)])
    (event,) = reader.events()
    assert event.error_code is None
    assert dict(event.parameters)["ErrorCode"] == code


# What cannot be stored


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (a_status(2, "sent", ErrorMessage="\ud83d"), INVALID_UNICODE),
        (an_inbound(2, "\udfff"), INVALID_UNICODE),
        (a_status(2, "sent", token="\ud800"), INVALID_UNICODE),
        (a_status(2, "sent", url="https://hooks.example/\ud800"), INVALID_UNICODE),
        (a_status(2, "sent", MessageSid="", SmsSid=""), NO_SID),
    ],
)
def test_one_that_cannot_be_stored_does_not_hold_back_the_others(store, reader, broken, problem):
    receipts = store.commit([a_status(1, "sent"), broken, a_status(3, "sent")])
    assert receipts == [new(1), Receipt(id=None, new=False, problem=problem), new(2)]
    assert [event.message_sid for event in reader.events()] == [sid(1), sid(3)]


def test_unusual_text_is_stored_unchanged(store, reader):
    bodies = ["", "\x00null", "<b>\u202e", "'; drop table event; --", "🧑🏽‍🚀", "a\r\nb"]
    store.commit([an_inbound(n, body) for n, body in enumerate(bodies)])
    assert [event.body for event in reader.events()] == bodies


@pytest.mark.parametrize(
    ("harm", "cause", "mend"),
    [
        ("pragma max_page_count = 1", "full", "pragma max_page_count = 1073741823"),
        ("pragma query_only = on", "read-only", "pragma query_only = off"),
    ],
)
def test_a_full_disk_is_reported_and_nothing_is_half_written(store, reader, harm, cause, mend):
    store.commit([a_status(1, "sent")])
    before = reader.events(), reader.messages(), reader.counts()
    many = [a_status(n, "sent", Note="x" * 500) for n in range(2, 200)]
    store._db.execute(harm)
    with pytest.raises(StoreUnavailable) as told:
        store.commit(many)
    assert told.value.cause == cause
    assert (reader.events(), reader.messages(), reader.counts()) == before

    store._db.execute(mend)
    assert all(receipt.new for receipt in store.commit(many))


def test_a_locked_store_is_reported_and_works_again_afterwards(store, reader, path):
    store._db.execute("pragma busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreUnavailable) as told:
            store.commit([a_status(1, "sent")])
        assert (told.value.cause, reader.events()) == ("locked", [])
        other.execute("rollback")
    assert store.commit([a_status(1, "sent")]) == [new(1)]


def test_an_error_in_the_middle_of_a_batch_leaves_nothing_of_it(store, reader):
    class Broken(Exception):
        pass

    def arrivals():
        yield a_status(1, "sent")
        raise Broken

    with pytest.raises(Broken):
        store.commit(arrivals())
    assert (reader.events(), reader.messages(), reader.counts().total) == ([], [], 0)


def test_a_closed_store_says_so(path):
    store = a_store(path)
    store.close()
    store.close()
    with pytest.raises(ListenerError, match="is closed"):
        store.commit([a_status(1, "sent")])


# What was turned away


def a_rejection(n, cause="signature"):
    return Rejection.of_request(
        at=at(n),
        status=403,
        reason="The signature does not match.",
        cause=cause,
        mend="Give the account's primary auth token.",
        method="POST",
        url=f"https://hooks.example/status?secret={n}",
        parameters=(("From", "+14155550177"), ("To", "me"), ("MessageSid", sid(n))),
    )


def test_a_rejection_keeps_hints_and_no_more():
    assert a_rejection(7) == Rejection(
        at=at(7),
        status=403,
        reason="The signature does not match.",
        cause="signature",
        mend="Give the account's primary auth token.",
        method="POST",
        path="/status",
        from_="+1 4••• ••• 177",
        to="me",
        message_sid=sid(7),
    )


@pytest.mark.parametrize("url", ["https://[broken/x", "\ud800", "https://h/" + "x" * 9_999, ""])
def test_any_rejected_request_can_be_recorded(store, reader, url):
    hostile = (("From", "\ud83d" * 999), ("To", "\x00<script>"), ("MessageSid", "x"))
    store.reject(
        [
            Rejection.of_request(
                at=at(0), status=400, reason="r", cause="c", method="\udfff", url=url,
                parameters=hostile,
            )
        ]
    )  # fmt: skip
    (noted,) = reader.rejections()
    assert (noted.from_, noted.message_sid, noted.method) == ("?" * 64, None, "?")
    assert len(noted.path) <= 200


def test_the_last_thousand_rejections_are_kept_and_all_are_counted(store, reader):
    store.reject([a_rejection(n) for n in range(600)])
    store.reject([a_rejection(n, "host") for n in range(600, 1_200)])
    kept = reader.rejections()
    assert [each.id for each in kept] == list(range(201, 1_201))
    assert kept[-1].at == at(1_199)
    assert reader.counts().rejected == {"host": 600, "signature": 600}
    assert reader.counts().total_rejected == 1_200
    assert [each.id for each in reader.rejections(limit=2, newest=True)] == [1_199, 1_200]
    assert [each.id for each in reader.rejections(after=1_198)] == [1_199, 1_200]
