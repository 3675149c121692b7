"""One look into Twilio's message log: what is new in it, and how unfinished messages have fared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from twilio_widgets.listener.events.event import Arrival

if TYPE_CHECKING:
    from twilio_widgets.core.message import Message
    from twilio_widgets.listener.asked.cadence import Budget
    from twilio_widgets.listener.asked.message_log import MessageLog
    from twilio_widgets.listener.events.reading import Reader
    from twilio_widgets.listener.events.store import Store

OVERLAP: Final = timedelta(minutes=2)
"""How much of the log is read again at each look: a message may enter it late."""

UNFINISHED_FOR: Final = timedelta(hours=24)
"""How long a message with no final status is asked about."""

_FIRST_PAGE: Final = 50
_PAGE: Final = 1_000
_PATIENCE: Final = 0.1
"""A message is asked about again when it has become older by this part of its age."""

_SHARE: Final = 4
"""A look takes at most this part of a minute's budget for single messages."""

_A_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one look brought."""

    at: datetime
    """Twilio's present when it began (UTC)."""
    requests: int
    found: int
    """Messages that were new or had changed."""
    added: int
    """Events that came of it."""

    def __repr__(self) -> str:
        return f"{self.added:,} events in {self.requests:,} requests at {self.at:%H:%M:%S} UTC"


class Looking:
    """Looks into the log, again and again, and stores what is new.

    Args:
        log: Twilio's message log; each request is one attempt.
        store: The one writer of the store.
        reader: Reads the same store.
        budget: How many requests may be made.
        since: Nothing older is looked at, by Twilio's clock.
        numbers: Only messages to or from these addresses; empty: the whole account's.
    """

    def __init__(
        self,
        log: MessageLog,
        store: Store,
        reader: Reader,
        budget: Budget,
        *,
        since: datetime,
        numbers: Sequence[str] = (),
    ) -> None:
        self._log = log
        self._store = store
        self._reader = reader
        self._budget = budget
        self._since = since.astimezone(UTC).replace(microsecond=0)  # as Twilio dates messages
        self._until = self._since
        self._numbers = tuple(numbers)
        self._asked_at: dict[str, datetime] = {}
        self._forgotten: dict[str, str | None] = {}

    def look(self, now: datetime) -> Looked:
        """Look once.

        Raises:
            TwilioWidgetsError: Twilio did not answer as it should; what was found before is stored.
        """
        before = self._log.requests
        recent = {message.sid: message for message in self._recent()}
        found, added = self._take(recent.values(), now)
        self._until = max([self._until, *(_date_of(one) - OVERLAP for one in recent.values())])
        more, more_added = self._take(self._unfinished(now, besides=recent), now)
        return Looked(
            at=now,
            requests=self._log.requests - before,
            found=found + more,
            added=added + more_added,
        )

    def remember(self) -> None:
        """Remember where messages stand: what is forgotten now is no news at the next look."""
        self._forgotten = {one.sid: one.status for one in self._reader.messages()}

    def _take(self, messages: Iterable[Message], now: datetime) -> tuple[int, int]:
        """Store what is new, oldest first; return how many messages, and how many new events."""
        news = sorted(filter(self._is_news, messages), key=_date_of)
        if not news:
            return 0, 0
        receipts = self._store.commit([Arrival.of_api(message.raw, now) for message in news])
        return len(news), sum(receipt.new for receipt in receipts)

    def _recent(self) -> Iterator[Message]:
        for narrowed in self._lists():
            yield from self._since_last(narrowed)

    def _lists(self) -> Iterator[dict[str, str]]:
        if not self._numbers:
            yield {}
        for number in self._numbers:
            yield {"to": number}
            yield {"from_": number}

    def _since_last(self, narrowed: dict[str, str]) -> list[Message]:
        """Read one list down to what was read before: in a small page if that will do."""
        for size in (_FIRST_PAGE, _PAGE):
            found: list[Message] = []
            for page in self._log.pages(**narrowed, size=size):
                found += (message for message in page if _date_of(message) >= self._since)
                if len(page) < size or any(self._is_old(message) for message in page):
                    return found
                if size == _FIRST_PAGE:
                    break
        return found

    def _is_old(self, message: Message) -> bool:
        return message.date_sent is not None and message.date_sent < self._until

    def _unfinished(self, now: datetime, besides: dict[str, Message]) -> Iterator[Message]:
        """Ask about messages that left the part of the list we read before they were finished."""
        standings = self._reader.unsettled(since=now - UNFINISHED_FOR, quiet_since=now + _A_MOMENT)
        ages = {one.sid: now - one.first_at for one in standings if one.sid not in besides}
        self._asked_at = {sid: at for sid, at in self._asked_at.items() if sid in ages}
        due = [sid for sid, age in ages.items() if self._is_due(sid, age, now)]
        due.sort(key=lambda sid: self._asked_at.get(sid, self._since))
        share = min(self._budget.left(now), self._budget.per_minute // _SHARE)
        for sid in due[:share]:
            self._asked_at[sid] = now
            if (message := self._log.message(sid)) is not None:
                yield message

    def _is_due(self, sid: str, age: timedelta, now: datetime) -> bool:
        last = self._asked_at.get(sid)
        return last is None or now - last >= age * _PATIENCE

    def _is_news(self, message: Message) -> bool:
        known = self._reader.message(message.sid)
        if known is None:
            return self._forgotten.get(message.sid) != message.status
        return (known.status, known.error_code) != (message.status, message.error_code or None)


def _date_of(message: Message) -> datetime:
    return message.date_sent or message.date_created or datetime(1970, 1, 1, tzinfo=UTC)
