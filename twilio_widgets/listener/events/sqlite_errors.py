"""Errors of SQLite and the operating system, translated into messages users can act on."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from twilio_widgets.errors import StoreUnavailable


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether the error means that the file is damaged."""
    return _name(error) in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def cannot_open(path: Path, error: OSError) -> StoreUnavailable:
    """Return the error to raise if the operating system cannot open the file."""
    return StoreUnavailable(
        f"The event store {path} cannot be opened: {error.strerror}. "
        "Choose a file in a folder you can write to: Listener(…, store=…).",
        cause="disk",
    )


def taken_away(path: Path) -> StoreUnavailable:
    """Return the error to raise when what was written would be lost with the file."""
    return StoreUnavailable(
        f"The event store {path} was deleted, moved or replaced while it was in use, so its events "
        "are lost unless you put it back. A new one is begun: ask fill_gap() for what Twilio still "
        "knows.",
        cause="disk",
    )


def unavailable(error: sqlite3.Error, path: Path) -> StoreUnavailable:
    """Return the error to raise for an error of SQLite."""
    cause, text = _CAUSES.get(_name(error), ("disk", "could not be written or read ({error})."))
    text = text.format(error=error)
    return StoreUnavailable(f"The event store {path} {text} No data was changed.", cause=cause)


_CAUSES: Final = {
    "SQLITE_FULL": ("full", "cannot grow: the disk is full. Free some disk space."),
    "SQLITE_BUSY": ("locked", "is locked by another program. Close the program that uses it."),
    "SQLITE_LOCKED": ("locked", "is locked by another program. Close the program that uses it."),
    "SQLITE_READONLY": ("read-only", "is read-only. Make it writable for its owner."),
    "SQLITE_CORRUPT": ("damaged", "is damaged. Start the listener again: it sets the file aside."),
    "SQLITE_NOTADB": ("damaged", "is damaged. Start the listener again: it sets the file aside."),
}


def _name(error: sqlite3.Error) -> str:
    """Return the primary error name: ``SQLITE_IOERR_WRITE`` becomes ``SQLITE_IOERR``."""
    name = getattr(error, "sqlite_errorname", None) or ""
    return "_".join(name.split("_")[:2])
