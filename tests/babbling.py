"""A replacement for the store process that replies with invalid data."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def main(settings: Mapping[str, Any]) -> None:
    """Log the process ID, report an open store, then send an invalid frame and many valid ones."""
    from twilio_widgets.listener.store_process.protocol import Stored, StoreOpened, frame

    with Path(settings["path"]).open("a") as file:
        file.write(f"{os.getpid()}\n")
    os.write(1, frame(StoreOpened("wal", ())))
    sys.stdin.buffer.read(1)
    os.write(1, b"\0\0\0\1!" + 100_000 * frame(Stored([])))
