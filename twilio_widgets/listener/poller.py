"""`Poller`: the events of a listener without a public URL, by polling Twilio's message log."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.core.flows.listing import Moment, span_of
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.system.thread_lock import ThreadLock
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
"""The default number of requests per minute."""

_DAY: Final = timedelta(days=1)
_CHECK_EVERY: Final = 0.5
"""Seconds between two checks of the clock: a sandbox clock may be advanced by hand."""

_OPEN_WATCHES: weakref.WeakValueDictionary[Path, _Watch] = weakref.WeakValueDictionary()
"""The open watch of each store, so that re-running a cell replaces the poller of its first run."""


class Poller(EventSource):
    """Receives events without a public URL, by polling Twilio's message log.

    It offers the same events, frames and table as a `Listener`, but later and incomplete: a change
    is seen at the next poll, and a status that lasts only between two polls is not seen at all.
    ``updated_at`` and ``next_look_at`` tell how fresh the events are. Close it, or use it as a
    context manager.

    It polls every 2 seconds while messages change and slows down to every minute while they do
    not. Automatic polling never exceeds the budget: a poll that needs more requests continues in
    the next minute, and ``updated_at`` is set when it is complete.

    Args:
        connection: The account to poll; or a client, which then makes the requests.
        numbers: Only messages to or from these numbers (two requests per number and poll); None
            polls the whole account (one request per poll).
        budget: Maximum number of requests in any 60 seconds.
        since: The earliest message (a date, an aware datetime or ISO text); None starts now.
        store: File or folder for the events; in the user's data folder if not given.
        watch: Whether to poll automatically. If False, only ``look()`` polls.
        retention_days: Days an event is kept; None keeps events until ``forget()``.

    Raises:
        ConfigurationError: An argument is invalid.
        ListenerError: A listener, or a poller in another process, already uses the store.
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
        connection = concealed(connection)
        twilio = client_of(connection)
        whose = twilio.connection
        spent = RequestQuota(budget)
        start = whose.now() if since is None else span_of(since, name="since")[0]
        addresses = _addresses(numbers)
        check_retention(retention_days)
        path = store_path(whose, store, "polled.sqlite")
        if (before := _OPEN_WATCHES.pop(path, None)) is not None:
            before.stop()
        opened = Store.open(
            path,
            account_sid=whose.acting_sid,
            world="sandbox" if whose.root_url else "live",
            retention_days=retention_days,
            now=whose.now,
        )
        reader = Reader(path)
        # One attempt per request: the poll schedule decides when to retry.
        log = MessageLogReader(twilio, attempts=1, before=lambda: spent.spend(whose.now()))
        poll = Poll(log, opened, reader, spent, since=start, numbers=addresses)
        super().__init__(twilio, reader, path)
        self._watch = _Watch(whose, poll, opened, spent, self._dispatcher.nudge)
        _OPEN_WATCHES[path] = self._watch
        self._release = weakref.finalize(self, _release, self._watch, self._dispatcher)
        if watch:
            self._watch.start()

    def look(self) -> PollResult:
        """Poll once, now. The requests count towards the budget, but are not limited by it.

        Returns:
            The numbers of requests, changed messages and new events.

        Raises:
            TwilioWidgetsError: A request failed.
        """
        return self._watch.look()

    @property
    def updated_at(self) -> datetime | None:
        """When the last complete poll began, by the connection's clock; None if there was none."""
        return self._watch.updated_at

    @property
    def next_look_at(self) -> datetime | None:
        """When the next poll is due, by the connection's clock; None without automatic polling."""
        return self._watch.next_look_at

    @property
    def problem(self) -> str | None:
        """Why the last poll failed, or None. It is retried at ``next_look_at``."""
        return self._watch.problem or self._dispatcher.problem

    def close(self) -> None:
        """Stop polling. Stored events can still be read."""
        self._release()

    def forget(self, before: datetime | None = None) -> int:
        """Delete events received before a moment, or all events, permanently.

        The next poll does not fetch them again; a new ``Poller(…, since=…)`` fetches everything
        since the moment it is given.

        Args:
            before: An aware datetime; None deletes everything.

        Returns:
            The number of deleted events.
        """
        check_moment(before)
        return self._watch.forget(before)

    def __repr__(self) -> str:
        ended = "" if self._release.alive else ", closed"
        return f"<Poller of {self.connection.masked_account}{ended}>"


class _Watch:
    """Polls on schedule in one daemon thread.

    It holds no reference to the `Poller`, so that an unused `Poller` can be garbage-collected.
    """

    def __init__(
        self,
        connection: Connection,
        poll: Poll,
        store: Store,
        budget: RequestQuota,
        nudge: Callable[[], None],
    ) -> None:
        self.updated_at: datetime | None = None
        self.next_look_at: datetime | None = None
        self.problem: str | None = None
        self._connection = connection
        self._poll = poll
        self._store = store
        self._planned_at = self._retired_at = connection.now()
        self._budget = budget
        self._schedule = PollSchedule(budget.per_minute)
        self._nudge = nudge
        self._lock = ThreadLock()
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
                looked = self._poll.look(now, within_budget=within_budget)
            except Exception as error:
                self.problem = _problem_text(error)
                asked = error.retry_after if isinstance(error, RateLimited) else None
                self._schedule_next(self._connection.now(), self._schedule.failed(asked))
                raise
            self.problem = None
            if looked.complete:
                self.updated_at = looked.at
            # The pause counts from the start of this poll, because changes during it are only seen
            # by the next one.
            pause = self._schedule.looked(news=looked.found > 0, requests=looked.requests)
            self._schedule_next(now, pause)
            if now - self._retired_at >= _DAY:
                self._retired_at = now
                self._poll.remember()
                self._store.retire(now)
        self._nudge()
        return looked

    def forget(self, before: datetime | None) -> int:
        with self._lock:
            self._poll.remember()
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
        while not self._stopped.wait(self._seconds_to_next_check()):
            # If the clock is before `_planned_at`, it was set back: poll now instead of waiting
            # for the old time.
            planned, now = self.next_look_at, self._connection.now()
            if planned is None or self._planned_at <= now < planned:
                continue
            # `look` has stored the error in `problem` and scheduled the next poll.
            with contextlib.suppress(Exception):
                self.look(within_budget=True)

    def _seconds_to_next_check(self) -> float:
        if self.next_look_at is None:
            return _CHECK_EVERY
        left = (self.next_look_at - self._connection.now()).total_seconds()
        return min(max(0.0, left), _CHECK_EVERY)

    def _schedule_next(self, since: datetime, pause: float) -> None:
        if self._thread is not None:
            self._planned_at = self._connection.now()
            free_at = self._budget.free_at(self._planned_at)
            self.next_look_at = max(since + timedelta(seconds=pause), free_at)


def _problem_text(error: Exception) -> str:
    if isinstance(error, TwilioWidgetsError):
        return str(error)
    return mask(f"Polling Twilio's message log failed: {type(error).__name__}: {error}")


def _release(watch: _Watch, dispatcher: EventDispatcher) -> None:
    dispatcher.stop()
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
