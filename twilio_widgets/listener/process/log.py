"""What went wrong in the listener's process: a line a second for each reason, and nobody's data."""

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
"""Bytes. Then it begins anew: a flood must not fill the disk."""


class Log:
    """A small file, for its owner's eyes only.

    Args:
        path: Where.
        now: Seconds, for the pace.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now = now
        self._last: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()

    def say(self, reason: str, text: str = "") -> None:
        """Write a line, unless the same reason was written within the last second.

        Args:
            reason: A word of ours; what is kept back is counted by it.
            text: More about it. Nothing that a request holds belongs here.
        """
        now = self._now()
        if now - self._last.get(reason, -1.0) < 1.0:
            self._unsaid[reason] += 1
            return
        self._last[reason] = now
        more = self._unsaid.pop(reason, 0)
        line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {reason}"
        line += f": {text}" if text else ""
        line += f" (and {more:,} times since)" if more else ""
        # The log is a courtesy: a full disk must not stop the listener because of it.
        with contextlib.suppress(OSError):
            self._write(line.replace("\n", " ") + "\n")

    def _write(self, line: str) -> None:
        anew = self._path.exists() and self._path.stat().st_size > _LARGEST
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if anew else os.O_APPEND)
        with os.fdopen(os.open(self._path, flags, OWNER_ONLY), "wb") as file:
            file.write(line.encode("utf-8", "backslashreplace"))  # a path may be in any encoding
