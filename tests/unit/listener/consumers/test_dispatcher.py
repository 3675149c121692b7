"""Each event reaches each consumer at least once, in order, whatever a callback does."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.consumers.dispatcher import EventDispatcher
from twilio_widgets.listener.events.event import Arrival, Event
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
ACCOUNT = "AC" + "0f" * 16
WITHIN = 10.0


def arrival(number: int, status: str = "sent") -> Arrival:
    parameters = {"MessageSid": f"SM{number:032x}", "MessageStatus": status, "AccountSid": ACCOUNT}
    return Arrival(kind="status", received_at=NOON, parameters=tuple(parameters.items()))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "events.sqlite"
    with Store.open(path, account_sid=ACCOUNT, world="sandbox", now=lambda: NOON) as store:
        yield store


@contextmanager
def following(store: Store, **options: float) -> Iterator[EventDispatcher]:
    with Reader(store.path) as reader:
        made = EventDispatcher(reader, store.path, **{"pause": 0.0} | options)
        try:
            yield made
        finally:
            made.stop()


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < end, "it never held"
        time.sleep(0.005)


class Heard:
    """A consumer that keeps the numbers of its events, and can be waited for."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[int] = queue.SimpleQueue()

    def __call__(self, event: Event) -> None:
        self._queue.put(event.id)

    def next(self, count: int) -> list[int]:
        return [self._queue.get(timeout=WITHIN) for _ in range(count)]

    @property
    def nothing_more(self) -> bool:
        return self._queue.empty()


def test_a_consumer_receives_new_events_in_order(store):
    store.commit([arrival(1)])
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(heard, None, None)
        store.commit([arrival(2), arrival(3)])
        followed.nudge()
        store.commit([arrival(4)])
        followed.nudge()

        assert heard.next(3) == [2, 3, 4]


def test_a_slow_consumer_does_not_starve_the_others(store):
    """It never gets to the end of what there is."""
    numbers, done = iter(range(1, 10_000)), threading.Event()

    def slow(_event: Event) -> None:
        if not done.is_set():
            store.commit([arrival(next(numbers)), arrival(next(numbers))])
            time.sleep(0.01)

    heard = Heard()
    with following(store) as followed:
        followed.subscribe(slow, None, None)
        followed.subscribe(heard, None, None)
        store.commit([arrival(0)])
        try:
            assert heard.next(30) == list(range(1, 31))
        finally:
            done.set()


def test_an_event_is_found_without_a_nudge(store):
    """The line to the listener's process may be lost: the file itself tells."""
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(heard, None, None)
        store.commit([arrival(1)])

        assert heard.next(1) == [1]


def test_a_duplicate_is_not_handed_out_again(store):
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(heard, None, 0)
        store.commit([arrival(1), arrival(1)])
        store.commit([arrival(1), arrival(2)])
        followed.nudge()

        # A duplicate takes a number too: numbers are never given twice, and may have gaps.
        assert len(heard.next(2)) == 2
        followed.stop()
        assert heard.nothing_more


def test_an_id_from_a_frame_is_where_one_can_begin(store):
    store.commit([arrival(1), arrival(2), arrival(3)])
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(heard, "watch", np.int64(1))

        assert heard.next(2) == [2, 3]


def test_more_events_than_a_page_holds_all_arrive(store):
    store.commit([arrival(number) for number in range(1, 502)])
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(heard, None, 0)

        assert heard.next(501) == list(range(1, 502))


def test_a_named_consumer_continues_at_its_position(store):
    """Its cursor outlives the kernel; what came meanwhile is not missed."""
    first, second = Heard(), Heard()
    with following(store) as followed:
        followed.subscribe(first, "mine", None)
        store.commit([arrival(1)])
        followed.nudge()
        assert first.next(1) == [1]
    store.commit([arrival(2), arrival(3)])
    with following(store) as followed:
        followed.subscribe(second, "mine", None)

        assert second.next(2) == [2, 3]


def test_the_start_of_a_consumer_is_saved_before_its_first_event(store):
    """It began when nothing was there; what came while its kernel was gone is not passed over."""
    with following(store) as followed:
        followed.subscribe(Heard(), "mine", None)
    store.commit([arrival(1), arrival(2)])
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(heard, "mine", None)

        assert heard.next(2) == [1, 2]


def test_a_slow_consumer_keeps_no_watcher_waiting(store):
    """A table is updated while a slow function handles an event."""
    store.commit([arrival(1)])
    began, go_on, told = threading.Event(), threading.Event(), threading.Event()
    with following(store) as followed:
        followed.subscribe(lambda event: (began.set(), go_on.wait(WITHIN)), None, 0)
        assert began.wait(WITHIN)
        followed.watch(told.set)
        assert told.wait(WITHIN)
        told.clear()
        store.commit([arrival(2)])

        assert told.wait(WITHIN)
        go_on.set()


def test_an_event_whose_callback_was_interrupted_is_delivered_again(store):
    """The cursor moves after the event was used, and not before."""
    store.commit([arrival(1), arrival(2)])
    began, go_on = threading.Event(), threading.Event()

    def slow(event: Event) -> None:
        began.set()
        go_on.wait(WITHIN)
        raise RuntimeError("the kernel went away")

    with following(store) as followed:
        followed.subscribe(slow, "mine", 0)
        assert began.wait(WITHIN)
        followed.stop(timeout=0.0)
        go_on.set()
        assert followed.parked == ()
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(heard, "mine", 0)

        assert heard.next(2) == [1, 2]


def test_running_the_cell_again_replaces_the_callback_of_that_name(store):
    old, new = Heard(), Heard()
    with following(store) as followed:
        followed.subscribe(old, "mine", None)
        followed.subscribe(new, "mine", None)
        store.commit([arrival(1)])
        followed.nudge()

        assert new.next(1) == [1]
        assert old.nothing_more


def test_a_callback_that_raises_is_tried_four_times_then_its_event_is_parked(store):
    store.commit([arrival(1), arrival(2)])
    calls: list[int] = []
    heard = Heard()

    def fails(event: Event) -> None:
        calls.append(event.id)
        if event.id == 1:
            raise ValueError("no room for +14155550123")
        heard(event)

    with following(store) as followed:
        followed.subscribe(fails, "mine", 0)

        assert heard.next(1) == [2]
        assert calls == [1, 1, 1, 1, 2]
        (parked,) = followed.parked
        shown = "DeadLetter(event 1 for mine: ValueError: no room for +1 4••• ••• 123)"
        assert repr(parked) == shown


def test_a_callback_that_fails_once_is_not_parked(store):
    store.commit([arrival(1)])
    heard, failures = Heard(), [ValueError("once")]

    def flaky(event: Event) -> None:
        if failures:
            raise failures.pop()
        heard(event)

    with following(store) as followed:
        followed.subscribe(flaky, None, 0)

        assert heard.next(1) == [1]
        assert followed.parked == ()


def test_an_error_of_one_consumer_does_not_affect_the_others(store):
    store.commit([arrival(1), arrival(2)])
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(lambda event: 1 / 0, "broken", 0)
        followed.subscribe(heard, "whole", 0)

        assert heard.next(2) == [1, 2]


def test_a_callback_that_asks_to_exit_ends_nothing_but_its_own_event(store):
    store.commit([arrival(1), arrival(2)])
    heard = Heard()
    told = threading.Event()
    with following(store) as followed:
        followed.watch(sys.exit)
        followed.watch(told.set)
        followed.subscribe(lambda event: sys.exit("no +14155550123"), "exits", 0)
        followed.subscribe(heard, "whole", 0)

        assert heard.next(2) == [1, 2]
        assert told.wait(WITHIN)
        assert [each.error for each in followed.parked] == ["SystemExit: no +1 4••• ••• 123"] * 2


@pytest.mark.parametrize("raised", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit])
def test_an_exception_of_a_callback_does_not_stop_the_others(store, raised):
    """`asyncio.run` in a callback raises the first; none of them is an `Exception`."""

    def fails(*_event: Event) -> None:
        raise raised

    store.commit([arrival(1)])
    heard, told = Heard(), threading.Event()
    with following(store) as followed:
        followed.watch(fails)
        followed.watch(told.set)
        followed.subscribe(fails, "fails", 0)
        followed.subscribe(heard, "whole", 0)

        assert heard.next(1) == [1]
        assert told.wait(WITHIN)
        assert [each.error for each in followed.parked] == [f"{raised.__name__}: "]


def test_an_event_is_not_used_by_a_function_that_only_returns_a_coroutine(store):
    """For example a lambda around an async function, whose body would silently never run."""

    async def handle(event: Event) -> None:
        raise AssertionError(event)

    store.commit([arrival(1), arrival(2)])
    heard = Heard()
    with following(store) as followed:
        followed.subscribe(lambda event: handle(event), "async", 0)
        followed.subscribe(heard, "whole", 0)

        assert heard.next(2) == [1, 2]
        error = "TypeError: on_event does not support async functions"
        assert [(each.event.id, each.error) for each in followed.parked] == [(1, error), (2, error)]


@pytest.mark.parametrize(
    ("name", "after", "field"),
    [(5, 0, "name"), ("", 0, "name"), *((None, x, "after") for x in ("1", -1, 10**30, True, 1.0))],
)
def test_an_invalid_name_or_id_is_rejected_at_once(store, name, after, field):
    with following(store) as followed:
        with pytest.raises(ConfigurationError) as refused:
            followed.subscribe(lambda event: None, name, after)
        assert refused.value.field == field
        with pytest.raises(ConfigurationError, match="takes a function, and it cannot be async"):
            followed.watch(5)


def test_an_unexpected_error_is_reported_and_delivery_continues(store, monkeypatch):
    store.commit([arrival(1)])
    heard = Heard()
    with following(store) as followed:
        reading, events = followed._reader, followed._reader.events
        wrong = threading.Event()

        def fails(**_: object) -> list[Event]:
            wrong.set()
            raise MemoryError("for +14155550123")

        monkeypatch.setattr(reading, "events", fails)
        followed.subscribe(heard, None, 0)
        assert wrong.wait(WITHIN)
        until(lambda: followed.problem)
        parameters = "Events could not be delivered: MemoryError: for +1 4••• ••• 123"
        assert followed.problem == parameters
        monkeypatch.setattr(reading, "events", events)
        followed.nudge()
        assert heard.next(1) == [1]
        until(lambda: followed.problem is None)


def test_unsubscribed_is_unsubscribed_even_from_within(store):
    store.commit([arrival(1), arrival(2)])
    heard, marker = Heard(), Heard()
    with following(store) as followed:
        unsubscribe = followed.subscribe(lambda event: (heard(event), unsubscribe()), None, 0)
        assert heard.next(1) == [1]
        followed.subscribe(marker, None, 0)
        assert marker.next(2) == [1, 2]

        assert heard.nothing_more


def test_watchers_are_notified_of_rejections_too(store):
    from twilio_widgets.listener.events.event import Rejection

    told = threading.Event()
    with following(store) as followed:
        followed.watch(lambda: 1 / 0)
        followed.watch(told.set)
        assert told.wait(WITHIN)
        told.clear()
        store.reject([Rejection(at=NOON, status=403, reason="No.", cause="unsigned")])

        assert told.wait(WITHIN)


def test_a_recreated_store_is_followed_from_its_beginning(store, tmp_path):
    """A damaged file is set aside; its successor counts from 1 again."""
    store.commit([arrival(number) for number in range(1, 6)])
    heard = Heard()
    other = tmp_path / "other"
    with following(store) as followed:
        followed.subscribe(heard, "mine", None)
        store.close()
        with Store.open(other, account_sid=ACCOUNT, world="sandbox", now=lambda: NOON) as anew:
            anew.commit([arrival(9)])
        for ending in ("-wal", "-shm"):
            store.path.with_name(store.path.name + ending).unlink(missing_ok=True)
        other.replace(store.path)
        followed.nudge()

        assert heard.next(1) == [1]
