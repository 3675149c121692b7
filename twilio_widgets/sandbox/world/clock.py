"""The sandbox's clock: real, or frozen and advanced explicitly."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio_widgets.core.system.thread_lock import ThreadLock
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
    """The sandbox's clock.

    A frozen clock stands still until `advance` or `sleep` moves it. A real clock runs, and
    `advance` sets it ahead.

    Args:
        start: The time of a frozen clock: an aware datetime, or ISO text (UTC if it has no zone).
            None gives a real clock.
    """

    def __init__(self, start: str | datetime | None = None) -> None:
        self._lock = ThreadLock()
        self._ahead = 0.0
        self._frozen_at = None if start is None else _moment(start).timestamp()
        self._on_advance: list[Callable[[], None]] = []

    @property
    def frozen(self) -> bool:
        """Whether time passes only through `advance` and `sleep`."""
        return self._frozen_at is not None

    @property
    def ahead(self) -> float:
        """Seconds by which it was turned ahead of this computer's."""
        with self._lock:
            return self._ahead

    def now(self) -> datetime:
        """Return the current time (aware, UTC)."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """Return the current time in seconds since 1970-01-01 UTC."""
        with self._lock:
            return (time.time() if self._frozen_at is None else self._frozen_at) + self._ahead

    def advance(self, by: str | float | timedelta) -> datetime:
        """Move the clock forward and return the new time.

        Args:
            by: Seconds, a timedelta, or text such as ``"10 min"``, ``"2 hours"``, ``"1.5 s"``.

        Raises:
            SandboxError: The text is not a duration, or the duration is negative.
        """
        seconds = _length(by)
        with self._lock:
            self._ahead += seconds
        for callback in tuple(self._on_advance):
            callback()
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Sleep; a frozen clock is advanced instead and nothing waits."""
        if self.frozen:
            self.advance(max(0.0, seconds))
        else:
            time.sleep(max(0.0, seconds))

    def on_advance(self, callback: Callable[[], None]) -> None:
        """Call `callback` each time the clock was advanced."""
        self._on_advance.append(callback)

    def __repr__(self) -> str:
        kind = "frozen at" if self.frozen else "real,"
        return f"<Clock {kind} {self.now():%Y-%m-%d %H:%M:%S} UTC>"


def _moment(start: str | datetime) -> datetime:
    if isinstance(start, str):
        try:
            start = datetime.fromisoformat(start)
        except ValueError as error:
            raise SandboxError(
                f'now={start!r} is not an ISO 8601 time, such as "2026-01-31T12:00:00Z".'
            ) from error
        return start.replace(tzinfo=start.tzinfo or UTC)
    if start.tzinfo is None:
        raise SandboxError("now= has no time zone. Use datetime(..., tzinfo=UTC).")
    return start


def _length(by: str | float | timedelta) -> float:
    if isinstance(by, timedelta):
        seconds = by.total_seconds()
    elif isinstance(by, str):
        seconds = _parse_duration(by)
    else:
        seconds = float(by)
    if seconds < 0:
        raise SandboxError(f"The clock cannot be moved back ({by!r}).")
    return seconds


def _parse_duration(text: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*", text.lower())
    if found is None or found[2] not in _UNITS:
        raise SandboxError(f'{text!r} is not a duration, such as "10 min" or "2 h".')
    return float(found[1]) * _UNITS[found[2]]
