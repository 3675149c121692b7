"""A job's progress: counts, rate and remaining time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from twilio_widgets.journal import states

RECENT = 30.0
"""Seconds over which the rate is measured."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JobProgress:
    """A job's progress at one moment."""

    name: str
    state: str
    """waiting (in its undo window), running, settling, paused, cancelled or finished."""
    counts: Mapping[str, int]
    """Rows by status."""
    note: str = ""
    """Why it paused, if it did; what differs, if it was started again with a plan of fewer rows."""
    rate: float | None = None
    """Rows a second over the last 30 seconds, while it runs."""
    starts_in: float | None = None
    """Seconds left of its undo window, while it waits in this process."""

    @property
    def total(self) -> int:
        """The number of rows."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """The number of rows that are neither pending nor in flight."""
        return self.total - self.counts[states.PENDING] - self.counts[states.ATTEMPTED]

    @property
    def unknown(self) -> int:
        """The number of rows that may or may not have been sent."""
        return self.counts[states.UNKNOWN]

    @property
    def eta(self) -> timedelta | None:
        """The estimated remaining time at this rate; None if it is not known."""
        if self.state != "running" or not self.rate:
            return None
        return timedelta(seconds=round((self.total - self.done) / self.rate))

    @property
    def under_way(self) -> bool:
        """Whether the job is active: it continues without a call."""
        return self.state in {"waiting", "running", "settling"}

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {status}" for status, count in self.counts.items() if count)
        left = f", {self.rate:.1f}/s" if self.rate else ""
        left += f", about {self.eta} left" if self.eta is not None else ""
        note = f" {self.note}" if self.note else ""
        return f'Job "{self.name}" is {self.state}: {counts or "no rows"}{left}.{note}'

    __repr__ = __str__


def rate_of(answered: Sequence[float], now: float) -> float | None:
    """Return rows a second over the last 30 seconds; None before the second row."""
    recent = [at for at in answered if at > now - RECENT]
    if len(recent) < 2 or now <= recent[0]:
        return None
    return len(recent) / (now - recent[0])
