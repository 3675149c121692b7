"""Choose the next rows to send: in the plan's order, and never two to one recipient at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from twilio_widgets.bulk.run.pacing import Pacer
from twilio_widgets.journal.row import JournalRow

LOOK_AHEAD = 1_000
"""How many rows are searched for one whose recipient has no request in flight."""


@dataclass(frozen=True, slots=True)
class NextRow:
    """The rows to send now, and when to look again."""

    rows: list[JournalRow]
    again_at: float | None = None
    """None: only after a response."""


class Queue:
    """The pending rows, by sender.

    Args:
        rows: Pending rows, in the order of the plan.
        per: What a sender's rate counts: ``"message"`` or ``"segment"``.
    """

    def __init__(self, rows: Iterable[JournalRow], per: str = "message") -> None:
        self._per = per
        self._waiting: dict[str, deque[JournalRow]] = {}
        self._busy: set[str] = set()
        for row in rows:
            self._waiting.setdefault(row.sender, deque()).append(row)

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._waiting.values())

    def choose(self, pace: Pacer, now: float, limit: int) -> NextRow:
        """Remove and return the rows that may be sent now.

        Args:
            pace: The limits; each chosen row is counted in it.
            now: The current time, in the pacer's seconds.
            room: The maximum number of rows.
        """
        chosen: list[JournalRow] = []
        again: float | None = None
        for sender in sorted(self._waiting, key=self._first):
            while len(chosen) < limit and (place := self._free(sender)) is not None:
                row = self._waiting[sender][place]
                cost = float(row.segments) if self._per == "segment" else 1.0
                ready = pace.ready_at(sender, cost, now)
                if ready > now:
                    again = ready if again is None else min(again, ready)
                    break
                pace.leaves(sender, cost, now)
                del self._waiting[sender][place]
                self._busy.add(row.to)
                chosen.append(row)
        return NextRow(chosen, again)

    def _first(self, sender: str) -> int:
        rows = self._waiting[sender]
        return rows[0].n if rows else -1

    def _free(self, sender: str) -> int | None:
        """Return the place of the first row whose recipient is not being sent to."""
        rows = self._waiting[sender]
        for place in range(min(len(rows), LOOK_AHEAD)):
            if rows[place].to not in self._busy:
                return place
        return None

    def finish(self, row: JournalRow) -> None:
        """Record that a row's request has ended."""
        self._busy.discard(row.to)

    def requeue(self, row: JournalRow) -> None:
        """Put a row back into the queue, before the rows that follow it in the plan."""
        rows = self._waiting.setdefault(row.sender, deque())
        place = next((place for place, other in enumerate(rows) if other.n > row.n), len(rows))
        rows.insert(place, row)
