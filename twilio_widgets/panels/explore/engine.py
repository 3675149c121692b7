"""`ExploreEngine`: the messages that were read, prepared, and the overview of the last question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twilio_widgets.analysis.overview import Overview, end_of, start_of
from twilio_widgets.analysis.prepared import PreparedLog, prepare
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.panels.explore.state import wanted

if TYPE_CHECKING:
    from datetime import datetime

    from twilio_widgets.panels.explore.state import Asked, Where

Frame = Any
"""A message frame; the panels do not import pandas."""


class ExploreEngine:
    """The messages and their counts. Thread-safe; one count runs at a time."""

    def __init__(self) -> None:
        self.lock = ThreadLock()
        self._log: PreparedLog | None = None
        self._covered_from: datetime | None = None
        self._key: tuple[object, ...] = ()
        self._overview: Overview | None = None
        self._rows_key: tuple[object, ...] | None = None
        self._rows: Frame = None

    @property
    def frame(self) -> Frame:
        """All messages that were read; None before that."""
        return None if self._log is None else self._log.frame

    def put(self, log: PreparedLog | None, covered_from: datetime | None = None) -> None:
        """Use other messages.

        Args:
            log: The messages.
            covered_from: When they begin; None: these are all messages.
        """
        with self.lock:
            self._covered_from = covered_from
            self._log, self._overview, self._key = log, None, ()
            self._rows_key, self._rows = None, None

    def overview(self, asked: Asked, now: datetime) -> Overview | None:
        """Return the counts of a period; None if nothing was read."""
        with self.lock:
            if self._log is None:
                return None
            if self._log.tz != asked.tz:
                self._log = prepare(self._log.frame, tz=asked.tz)
            span = asked.span(now)
            key = (id(self._log), *span)
            if self._overview is None or self._key != key:
                self._overview = Overview(self._log, *span, self._covered_from)
                self._key = key
            return self._overview

    def filtered(self, asked: Asked, now: datetime, where: Where) -> Frame:
        """Return the messages of a period that pass the filters, the same object for the same."""
        with self.lock:
            overview = self.overview(asked, now)
            key = (*self._key, where)
            if overview is not None and self._rows_key != key:
                self._rows, self._rows_key = overview.rows(wanted(where)), key
            return self._rows if overview is not None else None


def prepared(frame: Frame, tz: str) -> tuple[PreparedLog, datetime | None, datetime | None]:
    """Prepare messages; return them with the times of the oldest and just after the newest one."""
    log = prepare(frame, tz=tz)
    return log, start_of(log), end_of(log)
