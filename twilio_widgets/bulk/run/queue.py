"""Which row may leave next: in the order of the plan, and never two to one recipient at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from twilio_widgets.bulk.run.pacing import Pacer
from twilio_widgets.journal.row import JournalRow

LOOK_AHEAD = 1_000
"""How far behind a row that must wait for its recipient the next one is looked for."""


@dataclass(frozen=True, slots=True)
class NextRow:
    """What may leave now, or when it is worth looking again."""

    rows: list[JournalRow]
    again_at: float | None = None
    """None: only an answer can change anything."""


class Queue:
    """The rows that wait, by sender.

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

    def choose(self, pace: Pacer, now: float, room: int) -> NextRow:
        """Take the rows that may leave now.

        Args:
            pace: Is told of each.
            now: The present, as the pace counts it.
            room: How many there may be.
        """
        chosen: list[JournalRow] = []
        again: float | None = None
        for sender in sorted(self._waiting, key=self._first):
            while len(chosen) < room and (place := self._free(sender)) is not None:
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

    def landed(self, row: JournalRow) -> None:
        """Note that a row is no longer on its way."""
        self._busy.discard(row.to)

    def back(self, row: JournalRow) -> None:
        """Let a row wait again, before those that came after it."""
        rows = self._waiting.setdefault(row.sender, deque())
        place = next((place for place, other in enumerate(rows) if other.n > row.n), len(rows))
        rows.insert(place, row)
