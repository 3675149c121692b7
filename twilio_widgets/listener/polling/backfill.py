"""What happened while nobody listened: Twilio's message log is asked, and the store is told.

Callbacks that found nobody are gone: by default Twilio tries a webhook again only when it could not
connect, and never for long. The log still knows where each message stands, and what came in.
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
"""How long an unfinished message is asked about; an older one has had its last callback."""

OVERLAP: Final = timedelta(hours=1)
"""How far before the last filling the log is read again: a message may enter it late."""

MOST_ADDRESSES: Final = 20
"""Above this many own addresses one list of the whole account costs less than a list for each."""

PER_SECOND: Final = 5.0
_PAGE: Final = 1_000
_ONE_SECOND: Final = timedelta(seconds=1)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COMMIT: Final = 100
"""Arrivals of one commit: what was found is kept when a later request fails."""

Commit = Callable[[Sequence[Arrival]], int]
"""Stores arrivals through the one writer, and returns how many of them were news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What a look into Twilio's message log brought."""

    asked: int
    """Requests made."""
    found: int
    """Messages looked at."""
    added: int
    """Events that were news; the others had been heard by webhook."""
    since: datetime
    """From when on inbound messages were looked for (UTC, Twilio's clock)."""

    def __repr__(self) -> str:
        return (
            f"{self.added:,} events added: {self.found:,} messages checked in {self.asked:,} "
            f"requests, inbound messages since {self.since:%Y-%m-%d %H:%M} UTC"
        )


def sids_of(sids: Any) -> tuple[str, ...]:
    """Return which messages are meant: one SID, or several.

    Raises:
        ConfigurationError: It is something else.
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
    """The gap between a store and Twilio's message log.

    Args:
        reader: The store.
        log: Twilio's message log.
        commit: Stores what is found.
        marked: Remembers until when the gap was filled.
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
        """Ask about unfinished messages and about inbound ones, and store what was missed.

        Args:
            now: Twilio's present.
            wall: This machine's present, by which events are dated.
            sids: Messages to ask about as well, such as those sent before anybody listened.
            since: From when on to look for inbound messages, forgotten ones too; None: from where
                it was filled last, and nothing that was forgotten.
            retention_days: Days an event is kept: without `since`, older messages are not fetched
                again. None: for ever.

        Raises:
            TwilioWidgetsError: Twilio was not reached or refused; what was found before is stored.
        """
        before, leaves_no_gap = self._log.requests, self._leaves_no_gap(since)
        since = since or self._since(now, retention_days)
        found = added = 0
        for arrivals in _batches(self._news(since, wall, sids)):
            found += len(arrivals)
            added += self._commit(arrivals)
        if leaves_no_gap:
            # With a fast clock, the checkpoint would be later than messages that still arrive.
            self._checkpoint_file.filled(min(now, self._log.server_time or now))
        asked = self._log.requests - before
        return BackfillReport(asked=asked, found=found, added=added, since=since)

    def _news(self, since: datetime, wall: datetime, sids: Iterable[str]) -> Iterator[Arrival]:
        for message in self._unfinished(wall, sids):
            yield Arrival.of_api(message.raw, wall)
        # As they came, and not as the log lists them.
        for message in sorted(self._inbound(since), key=_date_of):
            yield Arrival.of_api(message.raw, wall)

    def _unfinished(self, wall: datetime, sids: Iterable[str]) -> Iterator[Message]:
        standings = self._reader.unsettled(since=wall - STATUS_AGE, quiet_since=wall + _ONE_SECOND)
        known = (standing.sid for standing in standings if standing.kind == "status")
        for sid in dict.fromkeys((*known, *sids)):
            message = self._log.message(sid)
            if message is not None:
                yield message

    def _inbound(self, since: datetime) -> Iterator[Message]:
        for address in self._addresses():
            for page in self._log.pages(to=address, size=_PAGE):
                yield from (message for message in page if _is_inbound_since(since, message))
                # The list is in the order of sending; a scheduled message was made long before.
                if any(message.date_sent and message.date_sent < since for message in page):
                    break

    def _addresses(self) -> Sequence[str | None]:
        """Return where inbound messages may have come to; None alone: anywhere."""
        heard_of = (one.to for one in self._reader.messages() if one.kind == "inbound" and one.to)
        own = dict.fromkeys((*self._log.numbers(), *heard_of))
        return tuple(own) if len(own) <= MOST_ADDRESSES else (None,)

    def _since(self, now: datetime, retention_days: float | None) -> datetime:
        """Return from when on to look for inbound messages, by Twilio's clock."""
        kept = None if retention_days is None else now - timedelta(days=retention_days)
        mark, first = self._checkpoint_file.read(), self._reader.events(limit=1)
        if mark.until is not None:
            start = mark.until
        else:
            start = self._created_at(first[0]) if first else now - STATUS_AGE
        return max(filter(None, (start - OVERLAP, mark.not_before, kept)))

    def _leaves_no_gap(self, since: datetime | None) -> bool:
        """Say whether a filling since then leaves nothing out after the one before it."""
        until = self._checkpoint_file.read().until
        return since is None or (until is not None and since <= until - OVERLAP)

    def _created_at(self, event: Event) -> datetime:
        """Return when an event's message came into being: by Twilio's clock, if it still knows."""
        message = self._log.message(event.message_sid)
        return event.received_at if message is None else _date_of(message)


def _is_inbound_since(since: datetime, message: Message) -> bool:
    return message.direction == "inbound" and _date_of(message) >= since


def _date_of(message: Message) -> datetime:
    return message.date_created or message.date_sent or _LONG_AGO


def _batches(arrivals: Iterator[Arrival]) -> Iterator[list[Arrival]]:
    """Yield arrivals in lots for one commit each; an error comes after what was found before it."""
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
