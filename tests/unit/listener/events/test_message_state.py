"""The state of a message does not depend on the order of its events."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from twilio_widgets.core.message.message import STATUSES, status_is_final
from twilio_widgets.listener.events.event import FINAL_RANK, Arrival, Event, MessageState
from twilio_widgets.listener.events.message_state import join, rank_of, state_of

SID = "SM" + "1" * 32
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def an_event(status: str | None, n: int = 1, **more: object) -> Event:
    parameters = {"MessageSid": SID, "From": "+14155550100", "To": "+14155550199"}
    if status is not None:
        parameters["MessageStatus"] = status
    arrival = Arrival(
        kind="status", received_at=NOON + timedelta(seconds=n), parameters=tuple(parameters.items())
    )
    return replace(Event.of_arrival(arrival, id=n), **more)


def standing_of(events: Iterable[Event]) -> MessageState:
    return reduce(join, map(state_of, events))


@pytest.mark.parametrize(
    ("status", "rank"),
    [
        ("accepted", 0),
        ("scheduled", 0),
        ("queued", 1),
        ("sending", 2),
        ("sent", 3),
        ("delivered", 4),
        ("undelivered", 4),
        ("failed", 4),
        ("canceled", 4),
        ("partially_delivered", 4),
        ("read", 5),
        ("receiving", 0),
        ("received", 4),
        ("a word of tomorrow", 2),
        (None, -1),
    ],
)
def test_every_status_has_its_rank(status, rank):
    assert rank_of(status) == rank


@pytest.mark.parametrize("status", STATUSES)
def test_the_rank_agrees_with_the_final_statuses(status):
    assert (rank_of(status) >= FINAL_RANK) == status_is_final(status)


def test_every_order_of_a_history_gives_the_same_state():
    """Eight events, two of them final, in all 40,320 orders."""
    history = [
        state_of(an_event("accepted", 1, from_=None)),
        state_of(an_event("queued", 2)),
        state_of(an_event("sending", 3)),
        state_of(an_event("throttled", 4)),
        state_of(an_event("sent", 5)),
        state_of(an_event("sent", 6, error_code=30008)),
        state_of(an_event("delivered", 7)),
        state_of(an_event("read", 8)),
    ]
    ends = set()
    for order in itertools.permutations(history):
        standing = order[0]
        for news in order[1:]:
            standing = join(standing, news)
        ends.add((standing, standing.status))
    assert len(ends) == 1
    ((end, _),) = ends
    assert (end.status, end.conflict, end.first_event, end.last_event) == ("read", False, 1, 8)
    assert (end.from_, end.first_at, end.last_at) == (
        "+14155550100",
        NOON + timedelta(seconds=1),
        NOON + timedelta(seconds=8),
    )


EVENTS = st.builds(
    an_event,
    st.sampled_from([*STATUSES, "throttled", "paused", None]),
    st.integers(1, 99),
    error_code=st.sampled_from([None, 30003, 30007]),
    source=st.sampled_from(["webhook", "poll"]),
    from_=st.sampled_from([None, "+14155550100", "whatsapp:+14155550100"]),
    body=st.sampled_from([None, "hello"]),
    row_token=st.sampled_from([None, "a", "b"]),
)


@given(EVENTS, EVENTS, EVENTS)
def test_the_join_is_a_join(one, two, three):
    """Commutative, associative, idempotent: for any news in any order."""
    a, b, c = state_of(one), state_of(two), state_of(three)
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))
    assert join(join(a, b), b) == join(a, b)
    assert join(a, a) == a


@given(st.lists(EVENTS, min_size=1, max_size=8), st.data())
def test_any_order_with_any_duplicates_ends_the_same(events, data):
    again = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events)))))
    assert standing_of(again) == standing_of(events)


@given(st.lists(EVENTS, min_size=2, max_size=6))
def test_a_status_never_goes_back(events):
    standing = state_of(events[0])
    for event in events[1:]:
        before, standing = standing, join(standing, state_of(event))
        assert standing.rank >= before.rank


def test_two_final_statuses_contradict_each_other_until_the_log_is_asked():
    delivered, failed = an_event("delivered", 1), an_event("failed", 2, error_code=30003)
    conflict = standing_of([delivered, failed])
    assert (conflict.status, conflict.conflict, conflict.error_code) == ("failed", True, 30003)
    assert not conflict.is_final

    asked = standing_of([delivered, failed, an_event("delivered", 3, source="poll")])
    assert (asked.status, asked.conflict, asked.error_code) == ("delivered", False, None)
    assert asked.is_final
    assert standing_of([delivered, failed, an_event("read", 4)]).status == "read"


def test_compatible_statuses_are_not_a_conflict():
    """Two words of one rank contradict each other only at the end of a message's life."""
    assert not standing_of([an_event("accepted"), an_event("scheduled")]).conflict
    assert not standing_of([an_event("delivered"), an_event("delivered", 2)]).conflict


def test_the_repr_of_a_state_masks_phone_numbers():
    shown = repr(state_of(an_event("failed", error_code=30003, body="my secret")))
    assert shown == (
        f"MessageState({SID}, status, failed, error 30003, from +1 4••• ••• 100, "
        "to +1 4••• ••• 199)"
    )


def test_words_survive_the_round_trip_through_the_file():
    standing = standing_of([an_event("delivered"), an_event("failed", 2, error_code=30003)])
    again = tuple((word, code) for word, code in json.loads(json.dumps(standing.words)))
    assert again == standing.words == (("delivered", None), ("failed", 30003))
