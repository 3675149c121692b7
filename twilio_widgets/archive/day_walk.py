"""One day while a sync reads it: its parts, and what was noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from twilio_widgets.archive.merge import distinct
from twilio_widgets.archive.rows import ROW_SCHEMA
from twilio_widgets.archive.slices import SECOND, Slice
from twilio_widgets.archive.store import ArchiveFolder


class SliceFile:
    """The rows of one slice, streamed to a scratch file so that they need no memory.

    Args:
        folder: The archive's folder.
        slice_: The slice, of one day or several.
    """

    def __init__(self, folder: ArchiveFolder, slice_: Slice) -> None:
        self._folder = folder
        self._path = folder.scratch()
        self._needed_by = set(slice_.days)

    @contextmanager
    def writer(self) -> Iterator[Any]:
        """Open it for writing, as an Arrow stream."""
        with (
            self._folder.translated_errors(),
            self._folder.create(self._path) as file,
            ipc.new_stream(file, ROW_SCHEMA) as stream,
        ):
            yield stream

    def rows(self, day: date) -> Any:
        """Read the rows of one day back."""
        with (
            self._folder.translated_errors(),
            self._path.open("rb") as file,
            ipc.open_stream(file) as reader,
        ):
            table = reader.read_all()
        return table.filter(_within(table["date_sent"], *Slice.of_days(day).bounds))

    def discard(self, day: date) -> None:
        """Delete it, unless another day still needs it."""
        self.keep_for(self._needed_by - {day})

    def keep_for(self, days: set[date]) -> None:
        """Note which days still need it; without any it is deleted."""
        self._needed_by = days
        if not days:
            self._folder.remove([self._path.relative_to(self._folder.path).as_posix()])


@dataclass(slots=True)
class DayWalk:
    """The state of one day of a sync."""

    day: date
    parts: list[SliceFile] = field(default_factory=list)
    """The slices that were read to their end."""
    earlier: list[SliceFile] = field(default_factory=list)
    """Those of earlier walks; their rows are merged."""
    pages: int = 0
    walks: int = 1
    problem: str = ""
    """Why the day was given up."""

    def walk_again(self) -> None:
        """Begin another walk of the whole day."""
        self.earlier += self.parts
        self.parts = []
        self.walks += 1

    def rows(self) -> WalkedRows:
        """Read the scratch files back."""
        parts = [part.rows(self.day) for part in self.parts]
        earlier = [part.rows(self.day) for part in self.earlier]
        each = [distinct(part) for part in parts]
        walked = distinct(pa.concat_tables(each).combine_chunks())
        return WalkedRows(
            table=distinct(pa.concat_tables([walked, *earlier]).combine_chunks()),
            parts=max(1, sum(len(part) > 0 for part in parts)),
            moved=sum(len(part) for part in parts) - sum(map(len, each)),
            overlap=sum(map(len, each)) - len(walked),
        )

    def discard(self) -> None:
        """Delete the scratch files."""
        for part in (*self.parts, *self.earlier):
            part.discard(self.day)


@dataclass(frozen=True, slots=True)
class WalkedRows:
    """The rows that the walks of a day returned."""

    table: Any
    """Distinct rows of `ROW_SCHEMA`."""
    parts: int
    """The slices that returned rows of the day."""
    moved: int
    """Rows that were on two pages of one slice."""
    overlap: int
    """Rows that two slices returned."""


def sorted_out(rows: Any, slice_: Slice) -> tuple[Any, Any, int]:
    """Divide the rows of a page.

    Returns:
        The rows sent on the slice's days; those without a date sent; and the number of rows that
        its filter should not have selected.
    """
    sent = rows["date_sent"]
    days = Slice.of_days(slice_.first.date(), slice_.last.date())
    start, end = days.first, days.last + SECOND
    foreign = len(rows) - sent.null_count - _count(_within(sent, *slice_.bounds))
    return rows.filter(_within(sent, start, end)), rows.filter(pc.is_null(sent)), foreign


def is_newest_first(times: Any) -> bool:
    """Return whether no time is later than the one before it."""
    later, earlier = times.slice(1), times.slice(0, max(0, len(times) - 1))
    return pc.all(pc.less_equal(later, earlier)).as_py() is not False


def _within(sent: Any, start: datetime, end: datetime) -> Any:
    kind = sent.type
    after = pc.greater_equal(sent, pa.scalar(start, kind))
    return pc.fill_null(pc.and_(after, pc.less(sent, pa.scalar(end, kind))), False)


def _count(mask: Any) -> int:
    return pc.sum(mask).as_py() or 0
