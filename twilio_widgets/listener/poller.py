"""`Poller`: the events of a listener where nothing can call us, by asking Twilio's message log."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.flows.listing import Moment, span_of
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import (
    ConfigurationError,
    ListenerError,
    RateLimited,
    TwilioWidgetsError,
)
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import (
    RETENTION_DAYS,
    Store,
    check_moment,
    check_retention,
)
from twilio_widgets.listener.polling.message_log import MessageLogReader
from twilio_widgets.listener.polling.poll import Poll, PollResult
from twilio_widgets.listener.polling.schedule import PollSchedule, RequestQuota
from twilio_widgets.listener.source import EventSource, client_of, store_path

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.listener.consumers.dispatcher import EventDispatcher

BUDGET: Final = 30
"""Requests a minute, unless another number is given."""

_A_DAY: Final = timedelta(days=1)
_CHECK_EVERY: Final = 0.5
"""Seconds between two glances at the clock, which may be a sandbox's and turned by hand."""

_OF_THIS_PROCESS: weakref.WeakValueDictionary[Path, _Watch] = weakref.WeakValueDictionary()
"""Who looks into which store here. A cell that is run again takes over from its first run."""


class Poller(EventSource):
    """Events without an address that Twilio can call: its message log is asked, again and again.

    It gives the same events, frames and table as a `Listener`, later and fewer: an event is seen at
    the next look, and a status that lasted no longer than that is not seen at all. ``updated_at``
    and ``next_look_at`` say how fresh what you see is. Close it, or use it as a context manager.

    It looks often while things change (every 2 seconds), seldom when it is quiet (every minute),
    and by itself it never makes more requests than its budget allows: a look that would need more
    goes on when the next minute allows it, and ``updated_at`` waits for its end.

    Args:
        connection: Whose messages; or a client, which then makes the requests.
        numbers: Only messages to or from these numbers (two requests a look for each); None is the
            whole account (one request a look).
        budget: The most requests in any minute.
        since: Messages from then on (a day, an aware datetime, or ISO text); None: from now on.
        store: Where events are kept, a file or a folder; the user's data folder when not given.
        watch: Whether it looks by itself. Without, only ``look()`` does.
        retention_days: Days an event is kept; None keeps it until ``forget()``.

    Raises:
        ConfigurationError: An argument cannot be right.
        ListenerError: A listener, or a poller of another process, keeps its events there.
    """

    def __init__(
        self,
        connection: Connection | Twilio,
        numbers: Sequence[str] | str | None = None,
        budget: int = BUDGET,
        *,
        since: Moment | None = None,
        store: str | Path | None = None,
        watch: bool = True,
        retention_days: float | None = RETENTION_DAYS,
    ) -> None:
        twilio = client_of(connection)
        whose = twilio.connection
        spent = RequestQuota(budget)
        start = whose.now() if since is None else span_of(since, name="since")[0]
        addresses = _addresses(numbers)
        check_retention(retention_days)
        path = store_path(whose, store, "polled.sqlite")
        if (before := _OF_THIS_PROCESS.pop(path, None)) is not None:
            before.stop()
        opened = Store.open(
            path,
            account_sid=whose.acting_sid,
            world="sandbox" if whose.root_url else "live",
            retention_days=retention_days,
            now=whose.now,
        )
        reader = Reader(path)
        # One attempt for each request: how often it is tried again is the cadence's to say.
        log = MessageLogReader(twilio, attempts=1, before=lambda: spent.spend(whose.now()))
        looking = Poll(log, opened, reader, spent, since=start, numbers=addresses)
        super().__init__(twilio, reader, path)
        self._watch = _Watch(whose, looking, opened, spent, self._following.nudge)
        _OF_THIS_PROCESS[path] = self._watch
        self._let_go = weakref.finalize(self, _let_go, self._watch, self._following)
        if watch:
            self._watch.start()

    def look(self) -> PollResult:
        """Look once, now, at everything; the budget counts it and does not stop it.

        Returns:
            What it brought.

        Raises:
            TwilioWidgetsError: Twilio did not answer as it should.
        """
        return self._watch.look()

    @property
    def updated_at(self) -> datetime | None:
        """When it last saw everything there was, by the connection's clock; None: not yet."""
        return self._watch.updated_at

    @property
    def next_look_at(self) -> datetime | None:
        """When it will look next, by the connection's clock; None: it does not look by itself."""
        return self._watch.next_look_at

    @property
    def problem(self) -> str | None:
        """Why the last look went wrong, if it did; it is tried again at ``next_look_at``."""
        return self._watch.problem or self._following.problem

    def close(self) -> None:
        """Stop looking. The events that came can still be read."""
        self._let_go()

    def forget(self, before: datetime | None = None) -> int:
        """Delete events received before a moment, or all of them, for good.

        The next look does not fetch them again; a Poller(…, since=…) that is opened later fetches
        what its moment names.

        Args:
            before: An aware datetime; None: everything.

        Returns:
            How many events were deleted.
        """
        check_moment(before)
        return self._watch.forget(before)

    def __repr__(self) -> str:
        ended = "" if self._let_go.alive else ", closed"
        return f"<Poller of {self.connection.masked_account}{ended}>"


class _Watch:
    """Looks when it is time, in one daemon thread; it knows nothing of the face it looks for."""

    def __init__(
        self,
        connection: Connection,
        looking: Poll,
        store: Store,
        budget: RequestQuota,
        nudge: Callable[[], None],
    ) -> None:
        self.updated_at: datetime | None = None
        self.next_look_at: datetime | None = None
        self.problem: str | None = None
        self._connection = connection
        self._looking = looking
        self._store = store
        self._planned_at = self._retired_at = connection.now()
        self._budget = budget
        self._cadence = PollSchedule(budget.per_minute)
        self._nudge = nudge
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self.next_look_at = self._connection.now()
        self._thread = threading.Thread(target=self._run, name="twilio_widgets-poller", daemon=True)
        self._thread.start()

    def look(self, *, within_budget: bool = False) -> PollResult:
        if self._stopped.is_set():
            raise ListenerError("This poller is closed. Create a new Poller(…) with its store.")
        with self._lock:
            now = self._connection.now()
            try:
                looked = self._looking.look(now, within_budget=within_budget)
            except Exception as error:
                self.problem = _said(error)
                asked = error.retry_after if isinstance(error, RateLimited) else None
                self._plan(self._connection.now(), self._cadence.failed(asked))
                raise
            self.problem = None
            if looked.complete:
                self.updated_at = looked.at
            # From its beginning on: what happened while it looked is seen by the next one.
            pause = self._cadence.looked(news=looked.found > 0, requests=looked.requests)
            self._plan(now, pause)
            if now - self._retired_at >= _A_DAY:
                self._retired_at = now
                self._store.retire(now)
        self._nudge()
        return looked

    def forget(self, before: datetime | None) -> int:
        with self._lock:
            self._looking.remember()
            deleted = self._store.forget(before)
        self._nudge()
        return deleted

    def stop(self) -> None:
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(5.0)
        self.next_look_at = None
        self._store.close()

    def _run(self) -> None:
        while not self._stopped.wait(self._until_a_glance()):
            # Before it was planned: the clock was set back, and nothing waits for the old hour.
            planned, now = self.next_look_at, self._connection.now()
            if planned is None or self._planned_at <= now < planned:
                continue
            with contextlib.suppress(Exception):  # `problem` says it; the next look is planned
                self.look(within_budget=True)

    def _until_a_glance(self) -> float:
        if self.next_look_at is None:
            return _CHECK_EVERY
        left = (self.next_look_at - self._connection.now()).total_seconds()
        return min(max(0.0, left), _CHECK_EVERY)

    def _plan(self, since: datetime, pause: float) -> None:
        if self._thread is not None:
            self._planned_at = self._connection.now()
            free_at = self._budget.free_at(self._planned_at)
            self.next_look_at = max(since + timedelta(seconds=pause), free_at)


def _said(error: Exception) -> str:
    if isinstance(error, TwilioWidgetsError):
        return str(error)
    return mask(f"Polling Twilio's message log failed: {type(error).__name__}: {error}")


def _let_go(watch: _Watch, following: EventDispatcher) -> None:
    following.stop()
    watch.stop()


def _addresses(numbers: Sequence[str] | str | None) -> tuple[str, ...]:
    if numbers is None:
        return ()
    if isinstance(numbers, str):
        numbers = (numbers,)
    if not isinstance(numbers, Iterable) or not all(isinstance(each, str) for each in numbers):
        raise ConfigurationError(
            "numbers must be a phone number or a list of phone numbers, as str.", field="numbers"
        )
    if not numbers:
        raise ConfigurationError(
            "numbers is empty. Leave it out to poll the whole account.", field="numbers"
        )
    return tuple(numbers)
