"""Delivers each event to its consumers: at least once, in order.

One thread per source reads the events after each consumer's cursor and moves the cursor after
delivery. Watchers, which are only notified of changes, have a separate thread, so that a slow
consumer does not delay a table.
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, SupportsIndex

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import ConfigurationError, ListenerError
from twilio_widgets.listener.consumers.cursors import Cursors
from twilio_widgets.listener.consumers.selection import as_integer
from twilio_widgets.listener.consumers.watcher import StoreWatcher
from twilio_widgets.listener.events.event import Event
from twilio_widgets.listener.events.reading import LAST_ID

if TYPE_CHECKING:
    from pathlib import Path

    from twilio_widgets.listener.events.reading import Reader

RETRIES: Final = 3
_FIRST_PAUSE: Final = 0.05
_PAGE: Final = 200
_TURN: Final = 0.2
"""Seconds of delivery to one lagging consumer before the others have their turn."""

_SAVE_EVERY: Final = 0.2
"""Seconds between two writes of a cursor: after a crash, events of this time are repeated."""

_logger = logging.getLogger(__name__)

OnEvent = Callable[[Event], object]
Unsubscribe = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeadLetter:
    """An event whose delivery failed: the callback raised each time."""

    consumer: str
    """The name given to `on_event`, or the name of the callback."""
    event: Event
    error: str
    """The last exception, by class and text, with phone numbers masked."""
    at: datetime

    def __repr__(self) -> str:
        return f"DeadLetter(event {self.event.id} for {self.consumer}: {self.error})"


@dataclass(eq=False, slots=True)
class _Consumer:
    call: OnEvent
    label: str
    after: int
    name: str | None
    saved_at: float = field(default=0.0)
    stopped: bool = field(default=False)


class EventDispatcher:
    """Follows a store and calls back, in two daemon threads that are started on demand.

    Args:
        reader: Reads the store.
        path: The store's file; the cursors of named consumers are kept beside it.
        retries: How often a callback that raises is retried before its event is parked.
        pause: Seconds before the first retry; it doubles with each retry.
    """

    def __init__(
        self,
        reader: Reader,
        path: Path,
        *,
        retries: int = RETRIES,
        pause: float = _FIRST_PAUSE,
    ) -> None:
        self._reader = reader
        self._path = path
        self._store_id = reader.store_id
        self._cursors = Cursors(path, self._store_id)
        self._retries = retries
        self._pause = pause
        self._lock = ThreadLock()
        self._consumers: list[_Consumer] = []
        self._watchers: list[Callable[[], object]] = []
        self._parked: list[DeadLetter] = []
        self._events = StoreWatcher(reader, self._dispatch, "twilio_widgets-listener-following")
        self._changes = StoreWatcher(
            reader, self._notify_watchers, "twilio_widgets-listener-watching"
        )
        self._stopped = self._events.stopped

    # Subscriptions

    def subscribe(
        self, call: OnEvent, name: str | None, after: SupportsIndex | None
    ) -> Unsubscribe:
        """Call `call` with every new event; see `EventSource.on_event`."""
        if name is not None and (not isinstance(name, str) or not name):
            raise ConfigurationError("name must be a non-empty str.", field="name")
        begin = self._reader.last_id() if after is None else as_integer(after)
        if begin is None or not 0 <= begin <= LAST_ID:
            raise ConfigurationError("after must be the id of an event, or 0.", field="after")
        if self._stopped.is_set():
            raise ListenerError(
                "This listener or poller is closed, so it reports no more events. Open a new one."
            )
        start = begin if name is None else self._cursors.start(name, begin)
        label = name or str(getattr(call, "__qualname__", type(call).__qualname__))
        consumer = _Consumer(call, label, start, name)
        with self._lock:
            for known in self._consumers:
                known.stopped = known.stopped or (name is not None and known.name == name)
            self._consumers = [*(one for one in self._consumers if not one.stopped), consumer]
        self._events.start()

        def unsubscribe() -> None:
            consumer.stopped = True
            with self._lock:
                self._consumers = [one for one in self._consumers if one is not consumer]

        return unsubscribe

    def watch(self, changed: Callable[[], object]) -> Unsubscribe:
        """Call `changed` after every change; see `EventSource.on_change`."""
        if not callable(changed) or inspect.iscoroutinefunction(changed):
            raise ConfigurationError(
                "on_change takes a function, and it cannot be async.", field="changed"
            )
        with self._lock:
            self._watchers = [*self._watchers, changed]
        self._changes.start()

        def unsubscribe() -> None:
            with self._lock:
                self._watchers = [one for one in self._watchers if one is not changed]

        return unsubscribe

    @property
    def parked(self) -> tuple[DeadLetter, ...]:
        """The events whose delivery failed, oldest first."""
        with self._lock:
            return tuple(self._parked)

    @property
    def problem(self) -> str | None:
        """Why the last reading of the store failed, or None."""
        return self._events.problem or self._changes.problem

    def nudge(self) -> None:
        """Check for changes now."""
        self._events.nudge()
        self._changes.nudge()

    def stop(self, timeout: float = 5.0) -> None:
        """Stop calling back, and wait for the threads; undelivered events stay undelivered."""
        self._changes.stop(timeout)
        self._events.stop(timeout)

    # In the threads

    def _notify_watchers(self) -> None:
        with self._lock:
            watchers = tuple(self._watchers)
        for changed in watchers:
            if not self._stopped.is_set():
                _notify(changed)

    def _dispatch(self) -> None:
        behind = True
        while behind:
            self._reset_if_store_was_replaced()
            with self._lock:
                consumers = tuple(self._consumers)
            turns = [self._serve(consumer) for consumer in consumers]
            behind = any(turns)

    def _reset_if_store_was_replaced(self) -> None:
        """Reset the cursors if a damaged store was replaced: the ids start at 1 again."""
        store_id = self._reader.store_id
        if store_id != self._store_id:
            self._store_id, self._cursors = store_id, Cursors(self._path, store_id)
            with self._lock:
                for consumer in self._consumers:
                    consumer.after = 0

    def _serve(self, consumer: _Consumer) -> bool:
        """Deliver pending events to one consumer; True if its turn ended before the last one."""
        until = time.monotonic() + _TURN
        try:
            while events := self._reader.events(after=consumer.after, limit=_PAGE):
                for event in events:
                    if consumer.stopped or not self._deliver(consumer, event):
                        return False
                    consumer.after = event.id
                    self._save(consumer, _SAVE_EVERY)
                    if time.monotonic() > until:
                        return True
            return False
        finally:
            self._save(consumer, 0.0)

    def _deliver(self, consumer: _Consumer, event: Event) -> bool:
        """Deliver one event, or park it; False if stopped before either."""
        for attempt in range(1 + self._retries):
            if self._stopped.is_set():
                return False
            try:
                _call(consumer.call, event)
            # Even SystemExit of a callback must not end the thread that all consumers share.
            except BaseException as error:  # noqa: BLE001
                text = mask(f"{type(error).__name__}: {error}")
            else:
                return True
            if attempt < self._retries:
                self._stopped.wait(self._pause * 2**attempt)
        parked = DeadLetter(consumer=consumer.label, event=event, error=text, at=datetime.now(UTC))
        with self._lock:
            self._parked.append(parked)
        return True

    def _save(self, consumer: _Consumer, at_most_every: float) -> None:
        now = time.monotonic()
        if consumer.name is not None and now - consumer.saved_at >= at_most_every:
            consumer.saved_at = now
            self._cursors.move(consumer.name, consumer.after)


def _call(call: OnEvent, event: Event) -> None:
    """Call a function; a returned coroutine is an error, because its body has not run."""
    returned = call(event)
    if inspect.iscoroutine(returned):
        returned.close()
        raise TypeError("on_event does not support async functions")


def _notify(changed: Callable[[], object]) -> None:
    try:
        changed()
    # One watcher's exception must not affect the others.
    except BaseException as error:  # noqa: BLE001
        _logger.warning("A watcher of events raised %s.", type(error).__name__)
