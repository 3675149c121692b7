"""`Overview`: the figures and charts of one period, which filter each other.

It is the engine of `ExplorePanel`. The figures are those of `tw.analysis.compare`, `delivery`,
`cost` and `opt_outs`, and are made by the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from twilio_widgets.analysis.chart_spec import ChartSpec, Series, Tone
from twilio_widgets.analysis.costs import bill
from twilio_widgets.analysis.deliveries import due, results_by
from twilio_widgets.analysis.dimensions import WEEKDAYS
from twilio_widgets.analysis.opt_out_history import find_changes, people_of
from twilio_widgets.analysis.prepared import PreparedLog
from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.core.text.opt_out_keywords import keyword_of

if TYPE_CHECKING:
    import pandas as pd

Where = Mapping[str, Sequence[str]]
"""The wanted keys by dimension, as texts; "" means no value."""

STATUSES: Final[dict[str, Tone]] = {
    "delivered": "good",
    "read": "good",
    "received": "neutral",
    "receiving": "neutral",
    "sent": "pending",
    "sending": "pending",
    "queued": "pending",
    "accepted": "pending",
    "scheduled": "pending",
    "partially_delivered": "pending",
    "canceled": "other",
    "undelivered": "bad",
    "failed": "bad",
}
"""The statuses in the order in which they are stacked, and their tones."""

MOST_BARS: Final = 8
MOST_SEGMENTS: Final = 10

_NO_TIME = np.iinfo(np.int64).min

SHORT: Final = timedelta(days=2)
"""Periods up to this length are drawn by hour instead of by day."""

GROUPINGS: Final = (
    ("day", "status"),
    ("error_code",),
    ("weekday", "hour"),
    ("country",),
    ("sender",),
    ("segments",),
)
"""The dimensions of each chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of some messages."""

    messages: int
    """All of them, inbound and outbound."""
    sent: int
    """The outbound ones."""
    delivered_rate: float | None
    """From 0 to 1; None if no message has a result."""
    failed: int
    inbound: int
    opt_outs: int
    """People who opted out by keyword."""
    costs: tuple[tuple[str | None, Decimal], ...]
    """The cost in each currency, which is None where Twilio has not named it."""
    not_billed: int
    segments_each: float | None
    """Segments of an outbound message, on average."""


class Overview:
    """One period of a log, and the period of the same length before it.

    Args:
        log: The whole log.
        since: The start of the period, included; None: everything is one period.
        until: Its end, excluded.
        covered_from: When the log begins; None if it has every message. A previous period that
            begins earlier is not compared.
    """

    def __init__(
        self,
        log: PreparedLog,
        since: datetime | None,
        until: datetime | None,
        covered_from: datetime | None = None,
    ) -> None:
        self._log, self._since, self._until = log, since, until
        self._covered_from = covered_from
        self.now = log if since is None and until is None else log.between(since, until)
        """The messages of the period."""

    @cached_property
    def before(self) -> PreparedLog | None:
        """The messages of the period before; None where there is none to compare with."""
        if self._since is None or self._until is None:
            return None
        start = self._since - (self._until - self._since)
        if self._covered_from is not None and start < self._covered_from:
            return None  # a part of a period would look like a quiet one
        found = self._log.between(start, self._since)
        return found if len(found) else None

    # Figures

    def figures(self, where: Where) -> tuple[Figures, Figures | None]:
        """Return the figures of the period, and of the period before.

        A filter on days has no counterpart in the period before, so there is nothing to compare.
        """
        now = self._figures(self.now, where, self._keywords)
        if self.before is None or self._keywords_before is None or "day" in where:
            return now, None
        return now, self._figures(self.before, where, self._keywords_before)

    def _figures(self, log: PreparedLog, where: Where, keywords: PreparedLog) -> Figures:
        chosen = log.where(**where)
        results = {name: int(counts[0]) for name, counts in results_by(chosen, None).items()}
        among = int(due({name: np.array(count) for name, count in results.items()}))
        answers = keywords.where(**where)
        changes = find_changes(answers, people_of(answers))
        costs = bill(chosen, None)
        return Figures(
            messages=len(chosen),
            sent=len(chosen.outbound),
            delivered_rate=results["delivered"] / among if among else None,
            failed=results["failed"],
            inbound=len(chosen) - len(chosen.outbound),
            opt_outs=int(changes["out"].sum()),
            costs=tuple(
                (unit, one.cost) for (_, unit), one in costs.items() if one.cost is not None
            ),
            not_billed=sum(one.not_billed for one in costs.values()),
            segments_each=_average(chosen.outbound),
        )

    @cached_property
    def _keywords(self) -> PreparedLog:
        return keywords_of(self.now)

    @cached_property
    def _keywords_before(self) -> PreparedLog | None:
        return None if self.before is None else keywords_of(self.before)

    # Charts

    def charts(self, where: Where) -> tuple[ChartSpec, ...]:
        """Return the charts, in the order of `GROUPINGS`, each without the filters on itself."""
        by_time = ("hour", "status") if self.is_short else GROUPINGS[0]
        found = self.now.cross_filtered((by_time, *GROUPINGS[1:]), where)
        over_time, errors, times, countries, senders, segments = found
        return (
            self._over_time(over_time),
            self._bars("error_code", errors, "Errors", tone="bad", name=_error),
            self._times(times),
            self._bars("country", countries, "Countries", name=_known),
            self._bars("sender", senders, "Your numbers", name=_known),
            self._segments(segments),
        )

    @property
    def is_short(self) -> bool:
        """Whether the period is drawn by hour."""
        if self._since is None or self._until is None:
            return False
        return self._until - self._since <= SHORT / 2

    def _over_time(self, counts: np.ndarray[Any, Any]) -> ChartSpec:
        by = "hour" if self.is_short else "day"
        keys = self.now.keys(by)
        places = self._hours() if self.is_short else self._days()
        known = {status: place for place, status in enumerate(self.now.keys("status"))}
        totals = self._totals("status")
        shown = [
            one
            for one in (*STATUSES, *sorted(set(known) - set(STATUSES), key=str))
            if one in known and totals[known[one]]
        ]
        return ChartSpec(
            kind="stacked_bars",
            title="Messages",
            categories=tuple(_hour(keys[p]) if self.is_short else str(keys[p]) for p in places),
            keys=tuple(str(keys[place]) for place in places),
            series=tuple(
                Series(
                    name=status or "no status",
                    key=status or "",
                    tone=STATUSES.get(status or "", "other"),
                    values=_floats(counts[places, known[status]]),
                )
                for status in shown
            ),
            category_title="Hour" if self.is_short else "Day",
            value_title="Messages",
            time_zone=self.now.tz,
        )

    def _days(self) -> list[int]:
        """Return the positions of the days of the period, also of those without messages."""
        keys = self.now.keys("day")
        dated = len(keys) - (None in keys[-1:])
        if self._since is not None and self._until is not None:
            zone = ZoneInfo(self.now.tz)
            first, last = (
                moment.astimezone(zone).date().isoformat()
                for moment in (self._since, self._until - timedelta(microseconds=1))
            )
            return [place for place in range(dated) if first <= keys[place] <= last]
        some = np.flatnonzero(self._totals("day")[:dated])
        return list(range(int(some[0]), int(some[-1]) + 1)) if len(some) else []

    def _hours(self) -> list[int]:
        """Return the positions of the 24 hours, beginning with that of the start."""
        first = self._since.astimezone(ZoneInfo(self.now.tz)).hour if self._since else 0
        return [(first + place) % 24 for place in range(24)]

    def _bars(
        self,
        by: str,
        counts: np.ndarray[Any, Any],
        title: str,
        *,
        name: Callable[[Any], str],
        tone: Tone = "neutral",
    ) -> ChartSpec:
        """Draw the largest groups of the period; filters change the bars and not their order."""
        keys, totals = self.now.keys(by), self._totals(by)
        some = [
            place
            for place in np.flatnonzero(totals).tolist()
            if by != "error_code" or keys[place] is not None
        ]
        ordered = sorted(some, key=lambda place: (-totals[place], place))
        places, left_out = ordered[:MOST_BARS], len(ordered) - MOST_BARS
        return ChartSpec(
            kind="bars",
            title=title,
            categories=tuple(name(keys[place]) for place in places),
            keys=tuple(_text(keys[place]) for place in places),
            series=(Series(name="Messages", tone=tone, values=_floats(counts[places])),),
            category_title=title,
            value_title="Messages",
            note=f"{left_out:,} more with fewer messages." if left_out > 0 else "",
        )

    def _times(self, counts: np.ndarray[Any, Any]) -> ChartSpec:
        return ChartSpec(
            kind="heat_map",
            title="Weekday and hour",
            categories=tuple(f"{hour:02}" for hour in range(24)),
            keys=tuple(str(hour) for hour in range(24)),
            series=tuple(
                Series(name=day[:3], key=day, values=_floats(counts[place, :24]))
                for place, day in enumerate(WEEKDAYS)
            ),
            category_title="Hour",
            value_title="Messages",
            time_zone=self.now.tz,
        )

    def _segments(self, counts: np.ndarray[Any, Any]) -> ChartSpec:
        keys, totals = self.now.keys("segments"), self._totals("segments")
        known = {key: place for place, key in enumerate(keys) if key is not None and totals[place]}
        last = min(max(known, default=0), MOST_SEGMENTS)
        bins = range(min(known, default=1), last + 1)
        values = [float(counts[known[one]]) if one in known else 0.0 for one in bins]
        longer = [key for key in known if key > MOST_SEGMENTS]
        return ChartSpec(
            kind="histogram",
            title="Segments",
            categories=tuple(map(str, bins)),
            keys=tuple(map(str, bins)),
            series=(Series(name="Messages", values=tuple(values)),),
            category_title="Segments of a message",
            value_title="Messages",
            note=f"Without messages of more than {MOST_SEGMENTS} segments." if longer else "",
        )

    def _totals(self, by: str) -> np.ndarray[Any, Any]:
        """Return the counts without filters, which decide what a chart shows."""
        if by not in self._counted:
            self._counted[by] = self.now.counts(by)
        return self._counted[by]

    @cached_property
    def _counted(self) -> dict[str, np.ndarray[Any, Any]]:
        return {}

    # Messages

    def rows(self, where: Where) -> pd.DataFrame:
        """Return all messages of the period that pass the filters."""
        return self.now.rows(where)

    def newest(self, where: Where, limit: int) -> tuple[pd.DataFrame, int]:
        """Return the newest of these messages, newest first, and the number of all."""
        chosen = self.now.where(**where)
        moments = chosen.moments
        if len(moments) > limit:
            places = np.argpartition(-moments, limit)[:limit]
        else:
            places = np.arange(len(moments))
        ordered = places[np.argsort(-moments[places], kind="stable")]
        return chosen.at(ordered).frame, len(chosen)

    def conversation(self, sid: str, limit: int) -> tuple[pd.DataFrame, int]:
        """Return the newest messages with the contact of one message, oldest first.

        They are of the whole log, and of every number of yours.

        Args:
            sid: The SID of the message.
            limit: The most messages.

        Returns:
            The messages, and how many there are in all.
        """
        place = np.flatnonzero(self._log.frame["sid"].to_numpy() == sid)
        if not len(place):
            return self._log.frame.iloc[:0], 0
        contact = self._log.dimension("contact")
        places = np.flatnonzero(contact.codes == contact.codes[place[0]])
        ordered = places[np.argsort(self._log.moments[places], kind="stable")]
        return self._log.frame.iloc[ordered[-limit:]], len(places)


def start_of(log: PreparedLog) -> datetime | None:
    """Return the time of the oldest message; None without a time."""
    dated = log.moments[log.moments != _NO_TIME]
    if not len(dated):
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(dated.min()))


def end_of(log: PreparedLog) -> datetime | None:
    """Return the time just after the newest message; None without a time."""
    newest = int(log.moments.max(initial=_NO_TIME))
    if newest == _NO_TIME:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=newest + 1)


def keywords_of(log: PreparedLog) -> PreparedLog:
    """Return the inbound messages that opt out or in, as a small log of their own.

    Its groups are few, so filters on it cost nothing.
    """
    bodies = log.received.dimension("body")
    meant = np.array([bool(key) and keyword_of(key) is not None for key in bodies.keys], np.bool_)
    places = np.flatnonzero(meant[bodies.codes]) if len(meant) else np.arange(0)
    return PreparedLog(log.received.at(places).frame, log.tz)


def _average(outbound: PreparedLog) -> float | None:
    """Return the segments of a message on average; None if none is known."""
    counts = outbound.counts("segments")
    keys = outbound.keys("segments")
    known = [(key, int(n)) for key, n in zip(keys, counts, strict=True) if key is not None]
    total = sum(n for _, n in known)
    return sum(key * n for key, n in known) / total if total else None


def _error(code: int) -> str:
    known = explain_error(code)
    return f"{code} {known.meaning}" if known.known else str(code)


def _known(key: str | None) -> str:
    return "unknown" if key is None else key


def _hour(hour: int) -> str:
    return f"{hour:02}:00"


def _text(key: object) -> str:
    return "" if key is None else str(key)


def _floats(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(map(float, values))
