"""Which days a sync reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from twilio_widgets.archive.manifest import Manifest
from twilio_widgets.core.flows.listing import Moment, span_of
from twilio_widgets.errors import ConfigurationError

LIST_HOLDS = timedelta(days=400)
"""How long Twilio's message list contains a message."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """The days that a sync is about."""

    since: date
    until: date
    to_read: tuple[date, ...]
    """Oldest first."""
    kept: tuple[date, ...] = ()
    """Archived days that are not read again."""
    beyond: int = 0
    """Days that Twilio's list no longer contains and that are not archived; they are not read."""
    notes: tuple[str, ...] = ()


def plan_sync(
    manifest: Manifest,
    since: Moment | None,
    until: Moment | None,
    *,
    started_at: datetime,
    margin: timedelta,
) -> SyncPlan:
    """Return the days to read: new ones, incomplete ones, and those that may still change.

    Args:
        manifest: The archive.
        since: The first day; None: the archive's, or the oldest in Twilio's list.
        until: The last day; None: today.
        started_at: The current time.
        margin: A day that was read this long after its end is not read again.

    Raises:
        ConfigurationError: A moment is invalid, or the range is empty.
    """
    today = started_at.date()
    held_from = (started_at - LIST_HOLDS).date() + _DAY  # the first day that is held in full
    first = (manifest.since or held_from) if since is None else _day(since, "since")
    last = today if until is None else min(today, _day(until, "until"))
    if first > last:
        raise ConfigurationError(
            f"The range is empty: its first day is {first}, its last day is {last} (UTC).",
            field="since",
        )
    days = list(_days(first, last))
    archived = [day for day in days if day in manifest.days]
    kept = {day for day in archived if day < held_from or manifest.days[day].is_final(day, margin)}
    beyond = [day for day in days if day < held_from and day not in manifest.days]
    note = (
        f"Twilio's list holds messages for {LIST_HOLDS.days} days, so {len(beyond):,} days before "
        f"{held_from} were not read."
    )
    return SyncPlan(
        since=first,
        until=last,
        to_read=tuple(day for day in days if day >= held_from and day not in kept),
        kept=tuple(sorted(kept)),
        beyond=len(beyond),
        notes=(note,) if beyond else (),
    )


def _day(value: Moment, name: str) -> date:
    start, end = span_of(value, name=name)
    return start.date() if name == "since" else (end - timedelta(microseconds=1)).date()


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
