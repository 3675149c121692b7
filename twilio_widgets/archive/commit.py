"""Write the rows of a day, and commit them with the manifest."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.archive import manifest as manifests
from twilio_widgets.archive.manifest import ArchivedDay, Manifest, entry_json
from twilio_widgets.archive.merge import (
    CHANGE_SCHEMA,
    Comparison,
    deletions,
    newest_first,
)
from twilio_widgets.archive.rows import FILE_SCHEMA, ROW_SCHEMA, read_table, write_table
from twilio_widgets.archive.store import CHANGES, DAYS, UNSENT, ArchiveFolder
from twilio_widgets.core.message.message import STATUSES, status_is_final

COMMIT_WITHIN = 0.5
"""Seconds for which finished days may wait for the manifest, which is written whole each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What the commit of a day has changed."""

    rows: int
    added: int = 0
    changed: int = 0
    deleted: int = 0


class Committer:
    """Compares and commits days, one at a time. Not thread-safe.

    Args:
        folder: The archive's folder, locked by the caller.
        committed: Its current manifest, on the disk.
        manifest: What the next commit will write.
        started_at: When the sync started.
        margin: A day that is read this long after its end is final.
    """

    def __init__(
        self,
        folder: ArchiveFolder,
        committed: Manifest,
        manifest: Manifest,
        started_at: datetime,
        margin: timedelta,
    ) -> None:
        self._folder = folder
        self.manifest = manifest
        self._committed = committed
        self._started_at = started_at
        self._margin = margin
        self._last_commit = time.monotonic()

    def archived(self, entry: ArchivedDay) -> Any:
        """Return the rows of an entry, as a table of `FILE_SCHEMA`."""
        if entry.file is None:
            return FILE_SCHEMA.empty_table()
        return read_table(self._folder, entry.file, FILE_SCHEMA)

    def compare(self, day: date, walked: Any) -> Comparison:
        """Compare the rows of a walk with the archived ones."""
        entry = self.manifest.days.get(day, ArchivedDay())
        return Comparison(newest_first(walked), self.archived(entry))

    def commit_day(
        self, day: date, comparison: Comparison, deleted: set[str], reason: str
    ) -> Committed:
        """Write a day's file unless nothing has changed, and list it in the manifest.

        Args:
            day: The day.
            comparison: Its rows.
            deleted: SIDs of archived rows that Twilio has deleted.
            reason: Why the day is not complete; empty if it is.
        """
        old = self.manifest.days.get(day)
        entry, counts = self._updated(old or ArchivedDay(), day, comparison, deleted, reason)
        if old is not None and entry.files == old.files and entry.complete == old.complete:
            final = [one.is_final(day, self._margin) for one in (old, entry)]
            if final[0] == final[1]:
                return counts  # nothing new, so no file changes
        self.manifest = self.manifest.with_day(day, entry)
        self.flush(COMMIT_WITHIN)
        return counts

    def compare_unsent(self, rows: Any) -> Comparison:
        """Compare messages without a date sent with the archived ones, but those a day has now."""
        archived = self.archived(self.manifest.unsent)
        waiting = pa.concat_tables([rows, archived.select(ROW_SCHEMA.names)])
        waiting = waiting.filter(pc.invert(_is_final(waiting)))
        sent = self._in_days(waiting)
        return Comparison(_without(rows, sent), _without(archived, sent))

    def _in_days(self, rows: Any) -> Any:
        """Return the SIDs among `rows` that a day's file has."""
        created = pc.min(rows["date_created"]).as_py()
        sids = rows["sid"].combine_chunks()
        found = [sids.slice(0, 0)]
        if created is not None:
            for day, entry in self.manifest.days.items():
                if day >= created.date() and entry.file is not None:
                    have = self.archived(entry)["sid"].combine_chunks()
                    found.append(sids.filter(pc.is_in(sids, have)))
        return pa.concat_arrays(found)

    def pending(self, comparison: Comparison) -> list[str]:
        """Return the missing messages that may have changed: most cancelled ones have not."""
        archived = comparison.archived
        since = pa.scalar(self._started_at - self._margin, archived["date_created"].type)
        old = pc.less(archived["date_created"], since)
        settled = pc.and_(_is_final(archived), pc.fill_null(old, False))
        return replace(comparison, archived=archived.filter(pc.invert(settled))).missing

    def commit_unsent(self, comparison: Comparison, deleted: set[str], complete: bool) -> None:
        """Write the file of the messages without a date sent, unless nothing has changed.

        Args:
            comparison: From `compare_unsent`, with the missing messages that were looked up.
            deleted: SIDs of archived rows that Twilio has deleted.
            complete: Whether the walk was.
        """
        old = self.manifest.unsent
        filed = self._file_sent(comparison.walked)
        staying = Comparison(
            _without(comparison.walked, filed), _without(comparison.archived, filed)
        )
        reason = "" if complete else "not walked completely"
        leaves = len(staying.archived) < old.rows
        entry, _ = self._updated(old, None, staying, deleted, reason, rewrite=leaves)
        if entry.files != old.files or entry.complete != old.complete:
            self.manifest = replace(self.manifest, unsent=entry)

    def _file_sent(self, rows: Any) -> Any:
        """Add messages that were sent meanwhile to their days; return their SIDs."""
        filed = [rows["sid"].combine_chunks().slice(0, 0)]
        sent = rows.filter(pc.is_valid(rows["date_sent"]))
        for day in {moment.date() for moment in sent["date_sent"].to_pylist()}:
            old = self.manifest.days.get(day)
            if old is not None:
                within = pc.equal(pc.cast(sent["date_sent"], pa.date32()), pa.scalar(day))
                comparison = Comparison(sent.filter(within), self.archived(old))
                entry, _ = self._updated(old, day, comparison, set(), old.reason)
                entry = replace(entry, walked_at=old.walked_at)
                self.manifest = self.manifest.with_day(day, entry)
                filed.append(comparison.walked["sid"].combine_chunks())
        return pa.concat_arrays(filed)

    def replace_rows(self, day: date | None, entry: ArchivedDay, rows: Any, changes: Any) -> None:
        """Write other rows and changes of a day, or (None) of the messages without a date sent."""
        entry = replace(entry, changes=self._write_changes(day, changes, None), rows=len(rows))
        entry = replace(entry, file=self._write_rows(day, rows, entry))
        if day is None:
            self.manifest = replace(self.manifest, unsent=entry)
        else:
            self.manifest = self.manifest.with_day(day, entry)

    def _updated(
        self,
        old: ArchivedDay,
        day: date | None,
        comparison: Comparison,
        deleted: set[str],
        reason: str,
        *,
        rewrite: bool = False,
    ) -> tuple[ArchivedDay, Committed]:
        """Write the files of an entry, if rows have changed, and return the new entry."""
        changes = comparison.changes(self._started_at)
        counts = Committed(
            rows=len(comparison.archived) + comparison.added,
            added=comparison.added,
            changed=len(changes),
            deleted=len(deleted),
        )
        entry = replace(
            old,
            rows=counts.rows,
            walked_at=self._started_at.isoformat(),
            complete=not reason,
            reason=reason,
        )
        if counts.added or counts.changed or deleted or rewrite:
            changes = pa.concat_tables([changes, deletions(deleted, self._started_at)])
            entry = replace(entry, changes=self._write_changes(day, changes, old.changes))
            merged = comparison.merged(deleted, self._started_at)
            entry = replace(entry, file=self._write_rows(day, merged, entry))
        return entry, counts

    def _write_rows(self, day: date | None, table: Any, entry: ArchivedDay) -> str | None:
        if not len(table):
            return None
        name = self._folder.new_name(UNSENT if day is None else f"{DAYS}/day={day}")
        about = {
            "account": self.manifest.account,
            "region": self.manifest.region,
            "world": self.manifest.world,
            "day": None if day is None else day.isoformat(),
            "entry": entry_json(replace(entry, file=name)),
        }
        self._folder.write(name, lambda file: write_table(table, file, about), durable=False)
        return name

    def _write_changes(self, day: date | None, new: Any, old: str | None) -> str | None:
        if not len(new):
            return old
        if old is not None:
            earlier = read_table(self._folder, old, CHANGE_SCHEMA)
            new = pa.concat_tables([earlier, new]).combine_chunks()
        name = self._folder.new_name(f"{CHANGES}/day={day or 'unsent'}")
        self._folder.write(name, lambda file: write_table(new, file, {}), durable=False)
        return name

    def flush(self, after: float = 0.0) -> None:
        """Commit what has been written, and delete the files that it replaces.

        Args:
            after: Seconds that must have passed since the last commit.
        """
        if self.manifest == self._committed or time.monotonic() - self._last_commit < after:
            return
        self._folder.make_durable(self.manifest.files - self._committed.files)
        manifests.save(self._folder, self.manifest)
        self._folder.remove(self._committed.files - self.manifest.files)
        self._committed = self.manifest
        self._last_commit = time.monotonic()


def _is_final(rows: Any) -> Any:
    final = [status for status in STATUSES if status_is_final(status)]
    return pc.is_in(rows["status"], pa.array(final, pa.large_string()))


def _without(rows: Any, sids: Any) -> Any:
    return rows.filter(pc.invert(pc.is_in(rows["sid"], sids)))
