"""From when on a store's gap is to be filled: remembered beside it, by Twilio's clock."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from twilio_widgets.listener.files import durable


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Until when the gap was filled, and what is to stay forgotten (UTC)."""

    until: datetime | None = None
    """Until when the gap was filled last."""
    not_before: datetime | None = None
    """What is older was forgotten on purpose, and is not fetched again."""


class CheckpointFile:
    """The file that holds the mark of a store.

    Args:
        store: The store's file; the mark lies beside it.
        store_id: `Reader.store_id`. A store that was begun anew at the same place has no mark yet.
    """

    def __init__(self, store: Path, store_id: str) -> None:
        self._path = store.with_name(f"{store.name}.filled")
        self._store_id = store_id

    def read(self) -> Checkpoint:
        """Return the mark; an empty one when there is none that can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            kept = json.loads(self._path.read_bytes())
            if kept["store"] == self._store_id:
                return Checkpoint(_moment(kept["until"]), _moment(kept["not_before"]))
        return Checkpoint()

    def filled(self, until: datetime) -> None:
        """Note that the gap was filled until a moment."""
        self._write(replace(self.read(), until=until))

    def forgotten(self, until: datetime) -> None:
        """Note that what is older was forgotten on purpose, if more was not forgotten before."""
        mark = self.read()
        self._write(replace(mark, not_before=max(until, mark.not_before or until)))

    def _write(self, mark: Checkpoint) -> None:
        kept = {
            "store": self._store_id,
            "until": _text(mark.until),
            "not_before": _text(mark.not_before),
        }
        durable.write(self._path, json.dumps(kept).encode())


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
