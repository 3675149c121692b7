"""How far a job has come: counts, rate and the time left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from twilio_widgets.journal import states

RECENT = 30.0
"""Seconds over which the rate is measured."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JobProgress:
    """How far a job has come, at one moment."""

    name: str
    state: str
    """waiting (its undo time runs), running, settling, paused, cancelled or finished."""
    counts: Mapping[str, int]
    """Rows by status."""
    note: str = ""
    """Why it waits for a person, when it does; what differs when it was begun again by a plan that
    has less."""
    rate: float | None = None
    """Rows a second over the last half minute, while it runs."""

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """Rows that are neither waiting nor on their way."""
        return self.total - self.counts[states.PENDING] - self.counts[states.ATTEMPTED]

    @property
    def unknown(self) -> int:
        """Rows that may or may not have been sent."""
        return self.counts[states.UNKNOWN]

    @property
    def eta(self) -> timedelta | None:
        """The time left at this rate, while that can be told."""
        if self.state != "running" or not self.rate:
            return None
        return timedelta(seconds=round((self.total - self.done) / self.rate))

    @property
    def under_way(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in {"waiting", "running", "settling"}

    def __str__(self) -> str:
        said = ", ".join(f"{count:,} {status}" for status, count in self.counts.items() if count)
        left = f", {self.rate:.1f}/s" if self.rate else ""
        left += f", about {self.eta} left" if self.eta is not None else ""
        note = f" {self.note}" if self.note else ""
        return f'Job "{self.name}" is {self.state}: {said or "no rows"}{left}.{note}'

    __repr__ = __str__


def rate_of(answered: Sequence[float], now: float) -> float | None:
    """Return rows a second over the last half minute; None before the second row."""
    recent = [at for at in answered if at > now - RECENT]
    if len(recent) < 2 or now <= recent[0]:
        return None
    return len(recent) / (now - recent[0])
