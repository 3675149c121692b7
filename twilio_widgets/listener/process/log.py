"""The error log of the listener's process: one line per second and reason, without user data."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from twilio_widgets.listener.files.durable import OWNER_ONLY

_LARGEST = 256_000
"""Bytes. A larger file is overwritten, so that a flood of errors cannot fill the disk."""


class Log:
    """A small log file that only its owner can read.

    Args:
        path: The file.
        now: Returns monotonic seconds, for the rate limit.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now = now
        self._last: dict[str, float] = {}
        self._suppressed: Counter[str] = Counter()

    def say(self, reason: str, text: str = "") -> None:
        """Write a line, unless the same reason was written within the last second.

        Args:
            reason: A fixed key; suppressed lines are counted by it.
            text: Details. It must not contain anything from a request.
        """
        now = self._now()
        if now - self._last.get(reason, -1.0) < 1.0:
            self._suppressed[reason] += 1
            return
        self._last[reason] = now
        more = self._suppressed.pop(reason, 0)
        line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {reason}"
        line += f": {text}" if text else ""
        line += f" (and {more:,} times since)" if more else ""
        # A full disk must not stop the listener just because of its log.
        with contextlib.suppress(OSError):
            self._write(line.replace("\n", " ") + "\n")

    def _write(self, line: str) -> None:
        overwrite = self._path.exists() and self._path.stat().st_size > _LARGEST
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if overwrite else os.O_APPEND)
        with os.fdopen(os.open(self._path, flags, OWNER_ONLY), "wb") as file:
            file.write(line.encode("utf-8", "backslashreplace"))  # a path may be in any encoding
