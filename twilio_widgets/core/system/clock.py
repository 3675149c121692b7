"""Time that nobody sets: seconds since this computer started.

The wall clock is set by people, by NTP and after a sleep, so it dates things and measures nothing.
A moment is read on both clocks. Later, in the same boot, the second tells how long ago it was, and
both together tell whether the first can be relied on since.
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
"""Seconds by which the two clocks may differ in what they say has passed."""

A_DAY = timedelta(days=1)
"""By so much a time is uncertain that only the wall clock tells."""

_CLOCK = {
    "linux": getattr(time, "CLOCK_BOOTTIME", None),
    "darwin": getattr(time, "CLOCK_MONOTONIC", None),
}.get(sys.platform)
"""The clock that also counts the time asleep; `time.monotonic` does not on these systems."""


def seconds() -> float:
    """Return the seconds since this computer started, asleep or awake."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


@cache
def boot_id() -> str:
    """Return a name for this start of the computer; where it has none, one for this process."""
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
    """Seconds of `seconds`; None when it was not kept."""
    boot_id: str = ""
    """Which boot these count."""


@dataclass(frozen=True, slots=True)
class Placed:
    """When an earlier moment was, by the wall clock of now."""

    earliest: datetime
    latest: datetime
    sure: bool
    """Whether both clocks say that the same time has passed since."""


def placed(then: ClockReading, now: ClockReading) -> Placed:
    """Say when an earlier moment was, whatever the wall clock was set to in between."""
    if then.boot is None or now.boot is None or then.boot_id != now.boot_id:
        return Placed(then.wall - A_DAY, min(then.wall + A_DAY, now.wall), sure=False)
    passed = timedelta(seconds=now.boot - then.boot)
    more = (now.wall - then.wall) - passed
    agree = abs(more.total_seconds()) <= CLOCKS_AGREE
    # A virtual machine that was paused counts too little.
    earlier = timedelta(0) if agree else min(max(more, timedelta(0)), A_DAY)
    return Placed(now.wall - passed - earlier, now.wall - passed, sure=agree)
