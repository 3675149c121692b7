"""In the place of the store's process: it speaks, and nobody understands it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def main(told: Mapping[str, Any]) -> None:
    """Say that a store is open, then nonsense, then much to be believed; note that we were here."""
    from twilio_widgets.listener.store_process.protocol import Stored, StoreOpened, frame

    with Path(told["path"]).open("a") as file:
        file.write(f"{os.getpid()}\n")
    os.write(1, frame(StoreOpened("wal", ())))
    sys.stdin.buffer.read(1)
    os.write(1, b"\0\0\0\1!" + 100_000 * frame(Stored([])))
