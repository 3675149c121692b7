"""The world's clock: real, or frozen and turned by hand."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio_widgets.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {
    "s": 1.0, "sec": 1.0, "second": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0,
    "h": 3600.0, "hour": 3600.0,
    "d": 86400.0, "day": 86400.0,
    "w": 604800.0, "week": 604800.0,
}  # fmt: skip


class Clock:
    """Tells the world's time.

    A frozen clock stands still until `advance` or `sleep` turns it; a real one runs, and
    `advance` puts it ahead.

    Args:
        start: Where a frozen clock stands: an aware time or ISO text (taken as UTC when it names
            no zone). None gives a real clock.
    """

    def __init__(self, start: str | datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._ahead = 0.0
        self._stands_at = None if start is None else _moment(start).timestamp()
        self._on_turn: list[Callable[[], None]] = []

    @property
    def frozen(self) -> bool:
        """Whether time passes only when it is told to."""
        return self._stands_at is not None

    @property
    def ahead(self) -> float:
        """Seconds by which it was turned ahead of this computer's."""
        with self._lock:
            return self._ahead

    def now(self) -> datetime:
        """Return the present (aware, UTC)."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """Return the present in seconds since 1970-01-01 UTC."""
        with self._lock:
            return (time.time() if self._stands_at is None else self._stands_at) + self._ahead

    def advance(self, by: str | float | timedelta) -> datetime:
        """Turn the clock ahead and return the new present.

        Args:
            by: Seconds, a timedelta, or words such as ``"10 min"``, ``"2 hours"``, ``"1.5 s"``.

        Raises:
            SandboxError: The words are not a length of time, or time would run backwards.
        """
        seconds = _length(by)
        with self._lock:
            self._ahead += seconds
        for woken in tuple(self._on_turn):
            woken()
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass: at once on a frozen clock, for real on a real one."""
        if self.frozen:
            self.advance(max(0.0, seconds))
        else:
            time.sleep(max(0.0, seconds))

    def on_turn(self, woken: Callable[[], None]) -> None:
        """Call `woken` after every turn of the clock."""
        self._on_turn.append(woken)

    def __repr__(self) -> str:
        kind = "frozen at" if self.frozen else "real,"
        return f"<Clock {kind} {self.now():%Y-%m-%d %H:%M:%S} UTC>"


def _moment(start: str | datetime) -> datetime:
    if isinstance(start, str):
        try:
            start = datetime.fromisoformat(start)
        except ValueError as error:
            raise SandboxError(
                f'now={start!r} is not a time. Write it like "2026-01-31T12:00:00Z".'
            ) from error
        return start.replace(tzinfo=start.tzinfo or UTC)
    if start.tzinfo is None:
        raise SandboxError("now= has no time zone. Use datetime(..., tzinfo=UTC).")
    return start


def _length(by: str | float | timedelta) -> float:
    if isinstance(by, timedelta):
        seconds = by.total_seconds()
    elif isinstance(by, str):
        seconds = _from_words(by)
    else:
        seconds = float(by)
    if seconds < 0:
        raise SandboxError(f"The clock cannot be turned back ({by!r}).")
    return seconds


def _from_words(words: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*", words.lower())
    if found is None or found[2] not in _UNITS:
        raise SandboxError(f'{words!r} is not a length of time. Write it like "10 min" or "2 h".')
    return float(found[1]) * _UNITS[found[2]]
