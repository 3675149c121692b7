"""Compare what a walk returned with the archived rows of the same day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.archive.rows import DELETED_AT, FILE_SCHEMA, ROW_SCHEMA
from twilio_widgets.frames.schema import MOMENT_TYPE

PRIVATE = frozenset({"body", "from", "to"})
"""Columns of which the changes have no values: a redacted text must not live on there."""

CHANGE_SCHEMA = pa.schema(
    [
        ("sid", pa.large_string()),
        ("column", pa.large_string()),
        ("before", pa.large_string()),
        ("after", pa.large_string()),
        ("noticed_at", MOMENT_TYPE),
    ]
)
"""One changed value of one message."""


def distinct(table: Any) -> Any:
    """Keep one row for each SID: the one updated last, or the first of equal ones."""
    if pc.count_distinct(table["sid"]).as_py() == len(table):
        return table
    numbered = table.append_column("_place", pa.array(range(len(table))))
    latest = pc.sort_indices(numbered, [("date_updated", "descending"), ("_place", "ascending")])
    sids = table["sid"].combine_chunks().take(latest)
    firsts = latest.take(pc.index_in(sids.unique(), sids))
    return table.take(firsts.take(pc.sort_indices(firsts)))


def newest_first(table: Any) -> Any:
    """Sort by the date sent as Twilio does, keeping the order of rows of the same second."""
    numbered = table.append_column("_place", pa.array(range(len(table))))
    return table.take(
        pc.sort_indices(numbered, [("date_sent", "descending"), ("_place", "ascending")])
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows of a walk beside the archived ones."""

    walked: Any
    """Distinct rows of `ROW_SCHEMA`."""
    archived: Any
    """Rows of `FILE_SCHEMA`."""

    @property
    def added(self) -> int:
        """The number of rows that are not archived yet."""
        known = pc.is_in(self.walked["sid"], self.archived["sid"].combine_chunks())
        return len(self.walked) - (pc.sum(known).as_py() or 0)

    @property
    def missing(self) -> list[str]:
        """The SIDs of archived rows that the walk did not return and that are not marked yet."""
        absent = pc.invert(pc.is_in(self.archived["sid"], self.walked["sid"].combine_chunks()))
        unmarked = pc.is_null(self.archived[DELETED_AT])
        sids: list[str] = self.archived["sid"].filter(pc.and_(absent, unmarked)).to_pylist()
        return sids

    def with_rows(self, table: Any) -> Comparison:
        """Return a comparison with more walked rows."""
        return replace(self, walked=pa.concat_tables([self.walked, table]).combine_chunks())

    def changes(self, noticed_at: datetime) -> Any:
        """Return the values that differ, as a table of `CHANGE_SCHEMA`."""
        if not len(self.archived):
            return CHANGE_SCHEMA.empty_table()
        places = pc.index_in(self.walked["sid"], self.archived["sid"].combine_chunks())
        walked = self.walked.filter(pc.is_valid(places))
        archived = self.archived.take(pc.drop_null(places))
        parts = [
            _changes_of(name, archived, walked, noticed_at)
            for name in [*ROW_SCHEMA.names, DELETED_AT]
            if name != "sid"
        ]
        return pa.concat_tables(parts).combine_chunks()

    def merged(self, deleted: set[str], noticed_at: datetime) -> Any:
        """Return all rows, newest first: those of the walk, then those only archived.

        Args:
            deleted: SIDs of archived rows that Twilio has deleted.
            noticed_at: When this was noticed.
        """
        unmarked = pa.nulls(len(self.walked), MOMENT_TYPE)
        walked = self.walked.append_column(FILE_SCHEMA.field(DELETED_AT), unmarked)
        absent = pc.invert(pc.is_in(self.archived["sid"], self.walked["sid"].combine_chunks()))
        kept = self.archived.filter(absent)
        if deleted:
            gone = pc.is_in(kept["sid"], pa.array(sorted(deleted), pa.large_string()))
            marks = pc.if_else(gone, pa.scalar(noticed_at, MOMENT_TYPE), kept[DELETED_AT])
            kept = kept.set_column(len(ROW_SCHEMA), FILE_SCHEMA.field(DELETED_AT), marks)
        return newest_first(pa.concat_tables([walked, kept]).combine_chunks())


def deletions(sids: set[str], noticed_at: datetime) -> Any:
    """Return the changes of messages that Twilio has deleted."""
    rows = [
        {
            "sid": sid,
            "column": DELETED_AT,
            "after": noticed_at.isoformat(),
            "noticed_at": noticed_at,
        }
        for sid in sorted(sids)
    ]
    return pa.Table.from_pylist(rows, CHANGE_SCHEMA)


def _changes_of(name: str, archived: Any, walked: Any, noticed_at: datetime) -> Any:
    before, sids = archived[name], walked["sid"]
    if name in walked.column_names:
        after = walked[name]
    else:  # a row that was marked as deleted is listed again
        after = pa.chunked_array([pa.nulls(len(walked), before.type)])
    differs = pc.or_(
        pc.fill_null(pc.not_equal(before, after), False),
        pc.xor(pc.is_null(before), pc.is_null(after)),
    )
    count = pc.sum(differs).as_py() or 0
    texts = [pa.nulls(count, pa.large_string())] * 2
    if name not in PRIVATE:
        texts = [one.filter(differs).cast(pa.large_string()) for one in (before, after)]
    constant = [
        pa.array([name] * count, pa.large_string()),
        pa.array([noticed_at] * count, MOMENT_TYPE),
    ]
    columns = [sids.filter(differs), constant[0], *texts, constant[1]]
    return pa.table(columns, schema=CHANGE_SCHEMA)
