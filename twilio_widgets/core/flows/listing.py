"""Which messages of the log are meant: filters, written so that no reading of Twilio's dates hurts.

Twilio documents ``DateSent<`` and ``DateSent>`` as whole days, inclusive both ways; a sibling API
was clarified to exclude the upper day. So the question asked is never narrower than what is meant
under either reading, and the rows are cut to the exact meaning here.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from twilio_widgets.core.flows.paging import MAX_PAGE_SIZE
from twilio_widgets.core.message.message import date_of_api, is_message_sid
from twilio_widgets.core.request import Request
from twilio_widgets.errors import BadResponse, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

Moment = date | datetime | str
"""A day, an aware datetime, or either as ISO 8601 text."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


def span_of(value: Moment, *, name: str) -> tuple[datetime, datetime]:
    """Return the first moment and the first moment after it: a day, or one second.

    Raises:
        ConfigurationError: It is not a date, or is a time without a zone.
    """
    moment = _parsed(value) if isinstance(value, str) else value
    if not isinstance(moment, date):
        raise ConfigurationError(
            f'{name} must be a date such as "2026-01-15" or "2026-01-15T12:00:00Z".',
            field=name,
        )
    if moment != moment:  # noqa: PLR0124  NaT differs from itself
        raise ConfigurationError(
            f"{name} is missing in the table it comes from ({moment}). Give None for no bound.",
            field=name,
        )
    if isinstance(moment, datetime) and not (moment.tzinfo and moment.utcoffset() is not None):
        raise ConfigurationError(
            f"{name} has no time zone, so it is ambiguous. Add one, such as "
            f"{moment.isoformat(timespec='seconds')}Z for UTC.",
            field=name,
        )
    try:
        if isinstance(moment, datetime):
            start, length = moment.astimezone(UTC).replace(microsecond=0), timedelta(seconds=1)
        else:
            start, length = datetime.combine(moment, time(), tzinfo=UTC), timedelta(days=1)
        return start, start + length
    except OverflowError:
        too_far = f"{name} is out of range. Leave it out to set no bound."
    raise ConfigurationError(too_far, field=name)


def day_of(value: Moment, *, name: str) -> tuple[datetime, datetime]:
    """Return the first moment of a day and of the next one.

    Args:
        value: A date, as a day in UTC; or its midnight, which may be in another zone.
        name: What it is called in an error.

    Raises:
        ConfigurationError: It is not a date, or a time of day.
    """
    moment = _parsed(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        return span_of(value, name=name)
    if moment.time() != time():
        raise ConfigurationError(
            f'{name} is a day: write "{moment.date().isoformat()}". For a time of day, give '
            "sent_after and sent_before.",
            field=name,
        )
    if moment.utcoffset() is None:
        return span_of(moment.date(), name=name)
    try:
        return moment.astimezone(UTC), (moment + timedelta(days=1)).astimezone(UTC)
    except OverflowError:
        too_far = f"{name} is too far away. Leave it out to set no bound."
    raise ConfigurationError(too_far, field=name)


def _parsed(text: str) -> date | datetime | None:
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    return None


def _count(limit: int | None) -> int | None:
    if limit is None:
        return None
    try:
        count = -1 if isinstance(limit, bool) else operator.index(limit)
    except TypeError:
        count = -1
    if count < 0:
        raise ConfigurationError(
            "limit must be a whole number of messages, or None for all of them.", field="limit"
        )
    return count


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What Twilio can filter by, and `since`, which reads only what is new.

    Days are days in UTC. `sent_after` and `sent_before` include the moment they name.
    """

    to: str | None = None
    from_: str | None = None
    sent_on: Moment | None = None
    sent_after: Moment | None = None
    sent_before: Moment | None = None
    since: Moment | None = None
    """A message SID, or a moment: everything newer than it."""

    @property
    def since_sid(self) -> str | None:
        """The SID in `since`, when it is one."""
        return self.since if isinstance(self.since, str) and is_message_sid(self.since) else None

    @property
    def since_time(self) -> datetime | None:
        """The moment in `since`, when it is one."""
        if self.since is None or self.since_sid is not None:
            return None
        return span_of(self.since, name="since")[0]

    def window(self) -> tuple[datetime, datetime] | None:
        """Return the range of sending times, as [start, end), or None for all."""
        if self.sent_on is None and self.sent_after is None and self.sent_before is None:
            return None
        start, end = _EVER, _NEVER
        if self.sent_on is not None:
            start, end = day_of(self.sent_on, name="sent_on")
        if self.sent_after is not None:
            start = max(start, span_of(self.sent_after, name="sent_after")[0])
        if self.sent_before is not None:
            end = min(end, span_of(self.sent_before, name="sent_before")[1])
        return start, end

    def request(self, path: str, *, limit: int | None) -> Request:
        """Return the request for the first page.

        Raises:
            ConfigurationError: A moment or the limit is none.
        """
        for name in ("to", "from_"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ConfigurationError(
                    f"{name} is a number as text, such as '+15005550006', not "
                    f"{type(value).__name__}.",
                    field=name,
                )
        query: list[tuple[str, str]] = []
        if self.to is not None:
            query.append(("To", self.to))
        if self.from_ is not None:
            query.append(("From", self.from_))
        size = min(count, MAX_PAGE_SIZE) if (count := _count(limit)) else MAX_PAGE_SIZE
        window = self.window()
        if window is not None:
            start, end = window
            if start > _EVER:
                query.append(("DateSent>", start.date().isoformat()))
            if end < _NEVER:
                # The day after the last one: right whether Twilio means "on or before" or "before".
                last = (end - timedelta(microseconds=1)).date() + timedelta(days=1)
                query.append(("DateSent<", last.isoformat()))
                size = MAX_PAGE_SIZE  # that day's rows come first and are left out: many, maybe
        query.append(("PageSize", str(size)))
        return Request(method="GET", path=path, query=tuple(query))

    def described(self) -> dict[str, str]:
        """Return what was asked, as text, for a frame's ``attrs``."""
        return {
            name: str(value)
            for name in ("to", "from_", "sent_on", "sent_after", "sent_before", "since")
            if (value := getattr(self, name)) is not None
        }


class Dated(Protocol):
    """A row as paging needs to know it: a wire row or a Message."""

    @property
    def sid(self) -> str | None:
        """The message SID."""

    @property
    def date_sent(self) -> object:
        """When it was sent, as Twilio wrote it or parsed, or None."""


R = TypeVar("R", bound=Dated)


@dataclass
class Selection(Generic[R]):
    """Takes from each page the rows that are meant, up to a limit, and says when to stop."""

    filters: Filters
    limit: int | None
    taken: int = 0
    """How many rows have been taken."""
    cut: bool = False
    """The limit left rows out."""
    _passed: bool = False

    def take(self, rows: Iterable[R]) -> list[R]:
        """Return the rows of a page that are meant."""
        wanted = list(rows) if self._takes_all else list(self._meant(rows))
        if self.limit is not None and self.taken + len(wanted) > self.limit:
            self.cut = True
            wanted = wanted[: self.limit - self.taken]
        self.taken += len(wanted)
        return wanted

    @property
    def done(self) -> bool:
        """Whether no further page can contain a matching row."""
        return self._passed or (self.limit is not None and self.taken >= self.limit)

    def complete(self, *, more: bool) -> bool:
        """Return whether every matching row was taken, given whether there are more pages."""
        return not self.cut and (self._passed or not more)

    @property
    def _takes_all(self) -> bool:
        return self.filters.since is None and self.filters.window() is None

    def _meant(self, rows: Iterable[R]) -> Iterable[R]:
        window, since = self.filters.window(), self.filters.since_time
        since_sid = self.filters.since_sid
        for row in rows:
            if since_sid is not None and row.sid == since_sid:
                self._passed = True
                return
            sent = _moment_of(row)
            if since is not None and sent is not None and sent < since:
                self._passed = True
                return
            if window is None or (sent is not None and window[0] <= sent < window[1]):
                yield row


def _moment_of(row: Dated) -> datetime | None:
    sent = row.date_sent
    if isinstance(sent, datetime):
        return sent
    try:
        return date_of_api(sent)
    except ValueError as error:
        raise BadResponse(f"The date_sent of {row.sid} cannot be parsed.") from error
