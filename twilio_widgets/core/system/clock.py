"""Time on two clocks: the wall clock, and the seconds since this computer started.

The wall clock may be set by the user, by NTP and after sleep, so it cannot measure durations. The
other clock cannot be set. A moment is read on both: later in the same boot, the second clock gives
its age, and the comparison of both shows whether the wall clock was changed in between.
"""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

CLOCKS_AGREE = 5.0
"""Seconds by which the elapsed times of the two clocks may differ."""

A_DAY = timedelta(days=1)
"""The uncertainty of a time that is known from the wall clock alone."""

_CLOCK = {
    "linux": getattr(time, "CLOCK_BOOTTIME", None),
    "darwin": getattr(time, "CLOCK_MONOTONIC", None),
}.get(sys.platform)
"""The clock that also counts sleep; `time.monotonic` does not on these systems."""


def seconds() -> float:
    """Return the seconds since this computer started, asleep or awake."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


@cache
def boot_id() -> str:
    """Return the id of this boot; on systems without one, an id of this process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One moment on both clocks."""

    wall: datetime
    """Aware, UTC."""
    boot: float | None = None
    """The result of `seconds`; None if it was not stored."""
    boot_id: str = ""
    """The boot that `boot` belongs to."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The time of an earlier moment on the current wall clock."""

    earliest: datetime
    latest: datetime
    sure: bool
    """Whether the same time has passed on both clocks."""


def placed(then: ClockReading, now: ClockReading) -> Placed:
    """Return the time of an earlier moment, even if the wall clock was set in between."""
    if then.boot is None or now.boot is None or then.boot_id != now.boot_id:
        return Placed(then.wall - A_DAY, min(then.wall + A_DAY, now.wall), sure=False)
    passed = timedelta(seconds=now.boot - then.boot)
    more = (now.wall - then.wall) - passed
    agree = abs(more.total_seconds()) <= CLOCKS_AGREE
    # The boot clock of a virtual machine stops while it is paused.
    earlier = timedelta(0) if agree else min(max(more, timedelta(0)), A_DAY)
    return Placed(now.wall - passed - earlier, now.wall - passed, sure=agree)
