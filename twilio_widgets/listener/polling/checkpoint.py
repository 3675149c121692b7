"""The checkpoint of a store's backfill, in a file beside it; times are by Twilio's clock."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from twilio_widgets.listener.files import durable


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of the last backfill, and the limit of what was forgotten (UTC)."""

    until: datetime | None = None
    """The end of the last backfill."""
    not_before: datetime | None = None
    """Older messages were forgotten on purpose, and are not fetched again."""


class CheckpointFile:
    """The file that contains the checkpoint of a store.

    Args:
        store: The store's file; the checkpoint is kept beside it.
        store_id: `Reader.store_id`. The checkpoint of a previous store at the path is ignored.
    """

    def __init__(self, store: Path, store_id: str) -> None:
        self._path = store.with_name(f"{store.name}.filled")
        self._store_id = store_id

    def read(self) -> Checkpoint:
        """Return the checkpoint; an empty one if there is none or it is not readable."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            kept = json.loads(self._path.read_bytes())
            if kept["store"] == self._store_id:
                return Checkpoint(_moment(kept["until"]), _moment(kept["not_before"]))
        return Checkpoint()

    def filled(self, until: datetime) -> None:
        """Save the end of a backfill."""
        self._write(replace(self.read(), until=until))

    def forgotten(self, until: datetime) -> None:
        """Save that older messages were forgotten on purpose; an earlier, later limit is kept."""
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
