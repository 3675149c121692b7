"""Polling Twilio's message log: new messages, and changes of messages without a final status."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from twilio_widgets.listener.events.event import Arrival

if TYPE_CHECKING:
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.listener.events.reading import Reader
    from twilio_widgets.listener.events.store import Store
    from twilio_widgets.listener.polling.message_log import MessageLogReader
    from twilio_widgets.listener.polling.schedule import RequestQuota

OVERLAP: Final = timedelta(minutes=2)
"""How much of the log is read again at each poll: messages may appear in it late."""

UNFINISHED_FOR: Final = timedelta(hours=24)
"""How long a message without a final status is looked up."""

_FIRST_PAGE: Final = 50
_PAGE: Final = 1_000
_RECHECK_SHARE: Final = 0.1
"""A message is looked up again after this share of its age: older ones change less often."""

_SHARE: Final = 4
"""A round spends at most one part in `_SHARE` of a minute's budget on single messages."""

_ONE_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """The result of one poll."""

    at: datetime
    """Twilio's time (UTC) when the poll began, or when the round that it continues began."""
    complete: bool
    """Whether the round is complete; if the budget was used up, the next poll continues it."""
    requests: int
    found: int
    """Messages that were new or had changed."""
    added: int
    """New events."""

    def __repr__(self) -> str:
        return f"{self.added:,} events in {self.requests:,} requests at {self.at:%H:%M:%S} UTC"


@dataclass(slots=True)
class _List:
    """One list of the log, and the time down to which it has to be read."""

    filters: dict[str, str]
    until: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class _Round:
    """All lists, then the messages without a final status; may take several polls."""

    began: datetime
    batches: Iterator[Sequence[Message]]
    """The messages of each request; a request is made when its batch is consumed."""


class Poll:
    """Polls the log and stores changes.

    Args:
        log: Reads Twilio's message log, with one attempt per request.
        store: The writer of the store.
        reader: Reads the same store.
        budget: Limits the number of requests.
        since: Older messages are ignored (Twilio's clock).
        numbers: Only messages to or from these addresses; empty for the whole account.
    """

    def __init__(
        self,
        log: MessageLogReader,
        store: Store,
        reader: Reader,
        budget: RequestQuota,
        *,
        since: datetime,
        numbers: Sequence[str] = (),
    ) -> None:
        self._log = log
        self._store = store
        self._reader = reader
        self._budget = budget
        self._since = since.astimezone(UTC).replace(microsecond=0)  # as Twilio dates messages
        filters = [one for number in numbers for one in ({"to": number}, {"from_": number})]
        self._lists = [_List(each, self._since, self._since) for each in filters or [{}]]
        self._begun: _Round | None = None
        self._asked_at: dict[str, datetime] = {}
        self._forgotten: dict[str, str | None] = {}

    def look(self, now: datetime, *, within_budget: bool = False) -> PollResult:
        """Poll once.

        Args:
            now: The current time of Twilio's clock.
            within_budget: Stop when the budget is used up; the next such poll continues there.

        Raises:
            TwilioWidgetsError: A request failed; what was found before is stored.
        """
        before = self._log.requests
        begun = self._begun if within_budget else None
        round_ = begun or _Round(now, self._batches(now))
        self._begun = None  # after an error, start a new round from the last complete one
        found: dict[str, Message] = {}
        complete = False
        try:
            while not complete and not (within_budget and self._budget.left(now) == 0):
                batch = next(round_.batches, None)
                complete = batch is None
                found |= {message.sid: message for message in batch or ()}
        finally:
            news, added = self._store_changes(found.values(), now)
        if complete:
            for each in self._lists:
                each.until = max(each.until, each.newest - OVERLAP)
        else:
            self._begun = round_
        return PollResult(
            at=round_.began,
            complete=complete,
            requests=self._log.requests - before,
            found=news,
            added=added,
        )

    def remember(self) -> None:
        """Remember the current statuses, so that the next poll does not store them as new.

        Call it before events are forgotten or deleted by their age.
        """
        self._forgotten |= {one.sid: one.status for one in self._reader.messages()}

    def _store_changes(self, messages: Iterable[Message], now: datetime) -> tuple[int, int]:
        """Store changes, oldest first; return the numbers of changed messages and new events."""
        news = sorted(filter(self._has_changed, messages), key=_date_of)
        if not news:
            return 0, 0
        receipts = self._store.commit([Arrival.of_api(message.raw, now) for message in news])
        return len(news), sum(receipt.new for receipt in receipts)

    def _batches(self, now: datetime) -> Iterator[Sequence[Message]]:
        seen: set[str] = set()
        for each in self._lists:
            for batch in self._since_last(each):
                seen.update(message.sid for message in batch)
                yield batch
        for sid in self._unfinished(now, besides=seen):
            self._asked_at[sid] = now
            message = self._log.message(sid)
            yield () if message is None else (message,)

    def _since_last(self, each: _List) -> Iterator[Sequence[Message]]:
        """Read one list down to what was read before; try a small page first."""
        for size in (_FIRST_PAGE, _PAGE):
            for page in self._log.pages(**each.filters, size=size):
                batch = [message for message in page if _date_of(message) >= self._since]
                each.newest = max([each.newest, *map(_date_of, batch)])
                yield batch
                if len(page) < size or any(_is_before(each.until, message) for message in page):
                    return
                if size == _FIRST_PAGE:
                    break

    def _unfinished(self, now: datetime, besides: Collection[str]) -> Sequence[str]:
        """Return messages without a final status that are older than the part of the list read."""
        states = self._reader.unsettled(since=now - UNFINISHED_FOR, quiet_since=now + _ONE_SECOND)
        ages = {one.sid: now - one.first_at for one in states if one.sid not in besides}
        self._asked_at = {sid: at for sid, at in self._asked_at.items() if sid in ages}
        due = [sid for sid, age in ages.items() if self._is_due(sid, age, now)]
        due.sort(key=lambda sid: self._asked_at.get(sid, self._since))
        return due[: max(1, self._budget.per_minute // _SHARE)]

    def _is_due(self, sid: str, age: timedelta, now: datetime) -> bool:
        last = self._asked_at.get(sid)
        return last is None or now - last >= age * _RECHECK_SHARE

    def _has_changed(self, message: Message) -> bool:
        known = self._reader.message(message.sid)
        if known is None:
            return self._forgotten.get(message.sid) != message.status
        return (known.status, known.error_code) != (message.status, message.error_code or None)


def _is_before(moment: datetime, message: Message) -> bool:
    return message.date_sent is not None and message.date_sent < moment


def _date_of(message: Message) -> datetime:
    return message.date_sent or message.date_created or datetime(1970, 1, 1, tzinfo=UTC)
