"""The result of a sync: what was copied, and whether it is complete, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import pandas as pd

SliceState = Literal["complete", "incomplete", "kept", "not read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """How far a sync is."""

    days: int
    """Days that are finished."""
    of_days: int
    """Days that the sync reads."""
    rows: int
    """Messages read so far; a message can be on two pages."""
    pages: int
    """Pages read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceReport:
    """The evidence for one day."""

    day: date
    state: SliceState
    """``complete``; ``incomplete``: see `reason`; ``kept``: archived before, and no longer within
    the look-back window; ``not read``: the sync ended before."""
    rows: int = 0
    """Messages of the day in the archive."""
    pages: int = 0
    """Pages with messages of the day; a page can have those of several days."""
    parts: int = 1
    """Slices that it was read in: more than 1 if it was cut."""
    overlap: int = 0
    """Messages that two neighbouring slices returned: their common seconds."""
    moved: int = 0
    """Messages that were on two pages of one walk: they moved while it went on."""
    added: int = 0
    changed: int = 0
    """Values that changed; `Archive.changes` lists them."""
    deleted: int = 0
    """Messages newly marked as deleted."""
    reason: str = ""
    """Why the day is not complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsentReport:
    """The walk for messages without a date sent: scheduled, queued, cancelled."""

    found: int = 0
    """Such messages, in all walks of the sync."""
    pages: int = 0
    complete: bool = False
    reason: str = ""
    """Why the walk is not complete."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SyncReport:
    """The result of `Archive.sync`, with its certificate of completeness."""

    since: date
    """The first day, in UTC."""
    until: date
    """The last day, in UTC."""
    settled_until: datetime
    """The certificate covers messages sent before this time; later ones may not have been listed
    yet."""
    slices: tuple[SliceReport, ...]
    """One for each day, oldest first."""
    unsent: UnsentReport
    rows: int
    """Messages in the archive now."""
    requests: int
    """Requests made."""
    limited: int = 0
    """Requests that Twilio refused because there were too many (429)."""
    split: str = ""
    """Whether days were read together and in parts, and why not."""
    notes: tuple[str, ...] = ()
    """Other remarks, such as a range that begins before Twilio's list."""
    cancelled: bool = False
    beyond: int = 0
    """Days that were not asked for, because Twilio's list no longer contains them."""

    @property
    def complete(self) -> bool:
        """Whether the archive has every message of the range that Twilio listed.

        One case is not noticed at once: a message that is deleted while a list is read can move
        another one up to a page that was read before. Unless a message is on two pages (`moved`),
        nothing shows it; the next sync finds the message if its day is in the look-back window.
        """
        return (
            not self.cancelled
            and not self.beyond
            and self.unsent.complete
            and all(
                one.state == "complete" or (one.state == "kept" and not one.reason)
                for one in self.slices
            )
        )

    @property
    def incomplete(self) -> tuple[SliceReport, ...]:
        """The slices that are not complete."""
        return tuple(
            one
            for one in self.slices
            if one.state != "complete" and (one.state != "kept" or one.reason)
        )

    @property
    def added(self) -> int:
        """Messages that were not archived before."""
        return sum(one.added for one in self.slices)

    @property
    def changed(self) -> int:
        """Values that have changed since they were archived."""
        return sum(one.changed for one in self.slices)

    @property
    def deleted(self) -> int:
        """Messages newly marked as deleted."""
        return sum(one.deleted for one in self.slices)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the slices as a table, one row for each day."""
        names = list(SliceReport.__dataclass_fields__)
        return pd.DataFrame(
            [[getattr(one, name) for name in names] for one in self.slices], columns=names
        )

    def __repr__(self) -> str:
        complete = len(self.slices) - len(self.incomplete)
        days = len(self.slices) + self.beyond
        lines = [
            f"{'Complete' if self.complete else 'Not complete'}: {self.since} to {self.until} "
            f"(UTC), {complete:,} of {days:,} days.",
            f"{self.rows:,} messages archived: {self.added:,} new, {self.changed:,} changed "
            f"values, {self.deleted:,} deleted; {self.unsent.found:,} not sent yet.",
        ]
        if self.cancelled:
            lines.append("Cancelled: call sync again to continue.")
        if self.unsent.reason:
            lines.append(self.unsent.reason)
        lines += self.notes
        lines += [f"{one.day}: {one.reason or one.state}" for one in self.incomplete[:5]]
        if len(self.incomplete) > 5:
            lines.append(f"… and {len(self.incomplete) - 5:,} more days: report.incomplete")
        return "\n".join(lines)
