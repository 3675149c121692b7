"""Filling the gap while no listener was running, from Twilio's message log.

Missed webhooks are lost: by default Twilio retries only after a failed connection, and not for
long. The log still contains the status of each message, and the inbound messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.core.message.message import is_message_sid
from twilio_widgets.errors import ConfigurationError, TwilioWidgetsError
from twilio_widgets.listener.events.event import Arrival

if TYPE_CHECKING:
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.listener.events.event import Event
    from twilio_widgets.listener.events.reading import Reader
    from twilio_widgets.listener.polling.checkpoint import CheckpointFile
    from twilio_widgets.listener.polling.message_log import MessageLogReader

STATUS_AGE: Final = timedelta(hours=24)
"""How long a message without a final status is looked up; older ones get no more callbacks."""

OVERLAP: Final = timedelta(hours=1)
"""The log is read again from this long before the last backfill: messages may appear in it late."""

MOST_ADDRESSES: Final = 20
"""With more own addresses, one list of the whole account is cheaper than a list for each."""

PER_SECOND: Final = 5.0
_PAGE: Final = 1_000
_ONE_SECOND: Final = timedelta(seconds=1)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COMMIT: Final = 100
"""Arrivals per commit: those already found are kept when a later request fails."""

Commit = Callable[[Sequence[Arrival]], int]
"""Stores arrivals in the listener's process, and returns the number of new events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """The result of a backfill from Twilio's message log."""

    asked: int
    """Requests made."""
    found: int
    """Messages checked."""
    added: int
    """New events; the others had already arrived as webhooks."""
    since: datetime
    """The start of the search for inbound messages (UTC, Twilio's clock)."""

    def __repr__(self) -> str:
        return (
            f"{self.added:,} events added: {self.found:,} messages checked in {self.asked:,} "
            f"requests, inbound messages since {self.since:%Y-%m-%d %H:%M} UTC"
        )


def sids_of(sids: Any) -> tuple[str, ...]:
    """Return message SIDs as a tuple, given one or several.

    Raises:
        ConfigurationError: A value is not a message SID.
    """
    several = (sids,) if isinstance(sids, str) else sids
    found = tuple(several) if isinstance(several, Iterable) else (several,)
    if not all(map(is_message_sid, found)):
        raise ConfigurationError(
            "sids must be a message SID (SM… or MM… and 32 hex digits), or a list of them.",
            field="sids",
        )
    return found


class Backfill:
    """Fills the gap between a store and Twilio's message log.

    Args:
        reader: Reads the store.
        log: Reads Twilio's message log.
        commit: Stores arrivals.
        checkpoint_file: Saves the time until which the gap was filled.
    """

    def __init__(
        self, reader: Reader, log: MessageLogReader, commit: Commit, checkpoint_file: CheckpointFile
    ) -> None:
        self._reader = reader
        self._log = log
        self._commit = commit
        self._checkpoint_file = checkpoint_file

    def fill(
        self,
        *,
        now: datetime,
        wall: datetime,
        sids: Iterable[str] = (),
        since: datetime | None = None,
        retention_days: float | None = None,
    ) -> BackfillReport:
        """Look up messages without a final status and inbound messages, and store what was missed.

        Args:
            now: The current time of Twilio's clock.
            wall: The current time of this machine's clock, which dates events.
            sids: Further messages to look up, such as those sent before the listener started.
            since: Start of the search for inbound messages, including forgotten ones; None
                continues after the last backfill, without forgotten messages.
            retention_days: Without `since`, messages older than this many days are not fetched.

        Raises:
            TwilioWidgetsError: A request failed; what was found before is stored.
        """
        before, leaves_no_gap = self._log.requests, self._leaves_no_gap(since)
        since = since or self._since(now, retention_days)
        found = added = 0
        for arrivals in _batches(self._news(since, wall, sids)):
            found += len(arrivals)
            added += self._commit(arrivals)
        if leaves_no_gap:
            # If the local clock is fast, its time would hide later gaps: Twilio's is the limit.
            self._checkpoint_file.filled(min(now, self._log.server_time or now))
        asked = self._log.requests - before
        return BackfillReport(asked=asked, found=found, added=added, since=since)

    def _news(self, since: datetime, wall: datetime, sids: Iterable[str]) -> Iterator[Arrival]:
        for message in self._unfinished(wall, sids):
            yield Arrival.of_api(message.raw, wall)
        # In the order they were sent; the log lists the newest first.
        for message in sorted(self._inbound(since), key=_date_of):
            yield Arrival.of_api(message.raw, wall)

    def _unfinished(self, wall: datetime, sids: Iterable[str]) -> Iterator[Message]:
        states = self._reader.unsettled(since=wall - STATUS_AGE, quiet_since=wall + _ONE_SECOND)
        known = (state.sid for state in states if state.kind == "status")
        for sid in dict.fromkeys((*known, *sids)):
            message = self._log.message(sid)
            if message is not None:
                yield message

    def _inbound(self, since: datetime) -> Iterator[Message]:
        for address in self._addresses():
            for page in self._log.pages(to=address, size=_PAGE):
                yield from (message for message in page if _is_inbound_since(since, message))
                # The list is ordered by `date_sent`; a scheduled message was created long before.
                if any(message.date_sent and message.date_sent < since for message in page):
                    break

    def _addresses(self) -> Sequence[str | None]:
        """Return the addresses that may receive inbound messages; ``(None,)`` means any."""
        known_addresses = (
            one.to for one in self._reader.messages() if one.kind == "inbound" and one.to
        )
        own = dict.fromkeys((*self._log.numbers(), *known_addresses))
        return tuple(own) if len(own) <= MOST_ADDRESSES else (None,)

    def _since(self, now: datetime, retention_days: float | None) -> datetime:
        """Return the start of the search for inbound messages, by Twilio's clock."""
        kept = None if retention_days is None else now - timedelta(days=retention_days)
        mark, first = self._checkpoint_file.read(), self._reader.events(limit=1)
        if mark.until is not None:
            start = mark.until
        else:
            start = self._created_at(first[0]) if first else now - STATUS_AGE
        return max(filter(None, (start - OVERLAP, mark.not_before, kept)))

    def _leaves_no_gap(self, since: datetime | None) -> bool:
        """Return whether a backfill from `since` connects to the previous one without a gap."""
        until = self._checkpoint_file.read().until
        return since is None or (until is not None and since <= until - OVERLAP)

    def _created_at(self, event: Event) -> datetime:
        """Return when an event's message was created (Twilio's clock), or else was received."""
        message = self._log.message(event.message_sid)
        return event.received_at if message is None else _date_of(message)


def _is_inbound_since(since: datetime, message: Message) -> bool:
    return message.direction == "inbound" and _date_of(message) >= since


def _date_of(message: Message) -> datetime:
    return message.date_created or message.date_sent or _LONG_AGO


def _batches(arrivals: Iterator[Arrival]) -> Iterator[list[Arrival]]:
    """Yield arrivals in batches for one commit each; an error is raised after the last batch."""
    batch: list[Arrival] = []
    failure: TwilioWidgetsError | None = None
    try:
        for arrival in arrivals:
            batch.append(arrival)
            if len(batch) == _COMMIT:
                yield batch
                batch = []
    except TwilioWidgetsError as error:
        failure = error
    if batch:
        yield batch
    if failure is not None:
        raise failure
