"""The manifest: whose archive it is, and the current file of every day.

A JSON file with a checksum. Replacing it is the commit of every change of the archive.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import ArchiveError

if TYPE_CHECKING:
    from twilio_widgets.archive.store import ArchiveFolder
    from twilio_widgets.core.credentials.connection import Connection

NAME = "manifest.json"
FORMAT = 1
"""Increased when older versions of this package can no longer read an archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedDay:
    """One UTC day of the archive, or (as `Manifest.unsent`) the messages without a date sent."""

    rows: int = 0
    file: str | None = None
    """The Parquet file; None when there are no rows."""
    changes: str | None = None
    """The Parquet file of late changes; None when there were none."""
    walked_at: str = ""
    """When the sync that last read it started (ISO 8601)."""
    complete: bool = False
    reason: str = ""
    """Why it is not complete."""

    @property
    def files(self) -> list[str]:
        """The names of its files."""
        return [name for name in (self.file, self.changes) if name is not None]

    def is_final(self, day: date, margin: timedelta) -> bool:
        """Return whether it was read completely, and later than `margin` after the day's end."""
        if not self.complete or not self.walked_at:
            return False
        return datetime.fromisoformat(self.walked_at) >= end_of(day) + margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of the manifest."""

    account: str
    """The account SID."""
    region: str
    world: str | None = None
    """A sandbox's world; None for Twilio itself."""
    since: date | None = None
    """The first day that a sync was asked for; None if there was no sync."""
    days: Mapping[date, ArchivedDay] = field(default_factory=dict)
    unsent: ArchivedDay = ArchivedDay()

    @classmethod
    def for_connection(cls, connection: Connection) -> Manifest:
        """Return the manifest of an empty archive for the connection's account."""
        return cls(
            account=connection.acting_sid,
            region=connection.served_in,
            world=connection.world_id,
        )

    @property
    def files(self) -> set[str]:
        """The names of all data files."""
        return {name for one in (*self.days.values(), self.unsent) for name in one.files}

    @property
    def rows(self) -> int:
        """The number of messages."""
        return sum(one.rows for one in (*self.days.values(), self.unsent))

    def with_day(self, day: date, entry: ArchivedDay) -> Manifest:
        """Return a manifest with another entry for a day."""
        return replace(self, days={**self.days, day: entry})

    def without_missing_files(self, folder: ArchiveFolder) -> Manifest:
        """Return a manifest without the days whose file was deleted: they are read again."""
        there = set(folder.names())
        days = {day: entry for day, entry in self.days.items() if entry.file in {None, *there}}
        unsent = self.unsent if self.unsent.file in {None, *there} else ArchivedDay()
        return replace(self, days=days, unsent=unsent)

    def check_account(self, connection: Connection, folder: ArchiveFolder) -> None:
        """Check that the archive belongs to the connection's account.

        Raises:
            ArchiveError: It does not.
        """
        other = Manifest.for_connection(connection)
        if (self.account, self.region, self.world) == (other.account, other.region, other.world):
            return
        if self.account != other.account:
            whose = (
                f"account {_masked(self.account)}, and this connection is {_masked(other.account)}"
            )
        elif self.region != other.region:
            whose = f"region {self.region}, and this connection reads {other.region}"
        else:
            whose = "another sandbox, or to Twilio itself"
        raise ArchiveError(
            f"The archive in {folder.path} belongs to {whose}. Use another folder for this one; "
            "nothing was changed.",
            cause="other account",
        )


def _masked(account: str) -> str:
    return f"{account[:4]}…{account[-4:]}"


def start_of(day: date) -> datetime:
    """Return the first moment of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def end_of(day: date) -> datetime:
    """Return the first moment after a UTC day."""
    return start_of(day) + timedelta(days=1)


def load(folder: ArchiveFolder) -> Manifest | None:
    """Read the manifest; None when the folder has no archive.

    Raises:
        ArchiveError: It is damaged or missing, or a newer version of this package wrote it.
    """
    with folder.translated_errors():
        try:
            content = (folder.path / NAME).read_bytes()
        except FileNotFoundError:
            if any(name.endswith(".parquet") for name in folder.names()):
                raise damaged(folder, f"{NAME} is missing") from None
            return None
    try:
        document = json.loads(content)
        body = document["archive"]
        if document["format"] > FORMAT:
            raise ArchiveError(
                f"A newer version of twilio_widgets wrote the archive in {folder.path}. "
                "Update this one to read it.",
                cause="damaged",
            )
        if document["checksum"] != _checksum(body):
            raise damaged(folder, f"{NAME} was changed or is damaged")
        return _from_json(body)
    except (ValueError, KeyError, TypeError):
        raise damaged(folder, f"{NAME} is damaged") from None


REMEDY = "Archive(folder).repair() rebuilds the manifest from the data files; then call sync again."


def damaged(folder: ArchiveFolder, what: str, *, remedy: str = REMEDY) -> ArchiveError:
    """Return the error for an archive whose files do not fit together."""
    return ArchiveError(f"{what} in {folder.path}; no file was changed. {remedy}", cause="damaged")


def save(folder: ArchiveFolder, manifest: Manifest) -> None:
    """Replace the manifest: this commits.

    Raises:
        ArchiveError: It cannot be written; the old one is in place.
    """
    body = _to_json(manifest)
    document = {"format": FORMAT, "checksum": _checksum(body), "archive": body}
    folder.write(NAME, lambda file: file.write(json.dumps(document, indent=1).encode()))


def entry_json(entry: ArchivedDay) -> dict[str, Any]:
    """Return an entry as JSON, without what has its default value."""
    plain = asdict(ArchivedDay())
    return {name: value for name, value in asdict(entry).items() if value != plain[name]}


def _to_json(manifest: Manifest) -> dict[str, Any]:
    return {
        "account": manifest.account,
        "region": manifest.region,
        "world": manifest.world,
        "since": None if manifest.since is None else manifest.since.isoformat(),
        "days": {
            day.isoformat(): entry_json(entry) for day, entry in sorted(manifest.days.items())
        },
        "unsent": entry_json(manifest.unsent),
    }


def _from_json(body: dict[str, Any]) -> Manifest:
    return Manifest(
        account=body["account"],
        region=body["region"],
        world=body["world"],
        since=None if body["since"] is None else date.fromisoformat(body["since"]),
        days={date.fromisoformat(day): ArchivedDay(**one) for day, one in body["days"].items()},
        unsent=ArchivedDay(**body["unsent"]),
    )


def _checksum(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
