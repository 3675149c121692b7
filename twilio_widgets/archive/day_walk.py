"""One day while a sync reads it: its parts, and what was noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from twilio_widgets.archive.merge import distinct
from twilio_widgets.archive.rows import ROW_SCHEMA
from twilio_widgets.archive.slices import SPLIT_AFTER, Slice
from twilio_widgets.archive.store import ArchiveFolder


class PartWriter:
    """Streams the rows of one slice to a scratch file, so that they need no memory."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.newest: datetime | None = None
        self.oldest: datetime | None = None
        """The dates sent of the newest and the oldest row so far."""
        self.first_pages: list[Any] = []
        """The rows of the first pages, for a probe."""
        self.is_sample = False
        """Whether the slice was split: its parts must return these rows again."""

    def add(self, table: Any) -> None:
        """Append the rows of one page."""
        if not len(table):
            return
        self._stream.write_table(table)
        if len(self.first_pages) < SPLIT_AFTER:
            self.first_pages.append(table.select(["sid", "date_sent"]))
        ends = pc.min_max(table["date_sent"])
        oldest, newest = ends["min"].as_py(), ends["max"].as_py()
        self.oldest = min(self.oldest or oldest, oldest)
        self.newest = max(self.newest or newest, newest)


@dataclass(slots=True)
class DayWalk:
    """The state of one day of a sync."""

    day: date
    folder: ArchiveFolder
    unread: int = 1
    """Slices of the day that are not read yet."""
    parts: list[Path] = field(default_factory=list)
    """Scratch files of the slices that were read to their end."""
    earlier: list[Path] = field(default_factory=list)
    """Those of samples and of earlier walks; their rows are merged."""
    pages: int = 0
    walks: int = 1
    was_split: bool = False
    problem: str = ""
    """Why the day was given up."""

    @contextmanager
    def part(self) -> Iterator[PartWriter]:
        """Open the scratch file of one slice; it counts only if the block succeeds."""
        path = self.folder.scratch()
        with (
            self.folder.translated_errors(),
            self.folder.create(path) as file,
            ipc.new_stream(file, ROW_SCHEMA) as stream,
        ):
            writer = PartWriter(stream)
            yield writer
        (self.earlier if writer.is_sample else self.parts).append(path)

    def walk_again(self) -> None:
        """Begin another walk of the whole day."""
        self.earlier += self.parts
        self.parts = []
        self.walks += 1
        self.unread = 1
        self.was_split = False

    def rows(self) -> WalkedRows:
        """Read the scratch files back."""
        with self.folder.translated_errors():
            parts = [_read(path) for path in self.parts]
            earlier = [_read(path) for path in self.earlier]
        each = [distinct(part) for part in parts]
        walked = distinct(pa.concat_tables(each).combine_chunks())
        merged = distinct(pa.concat_tables([walked, *earlier]).combine_chunks())
        return WalkedRows(
            table=merged,
            unseen=len(merged) - len(walked),
            moved=sum(len(part) for part in parts) - sum(map(len, each)),
            overlap=sum(map(len, each)) - len(walked),
        )

    def discard(self) -> None:
        """Delete the scratch files."""
        paths = (*self.parts, *self.earlier)
        self.folder.remove(path.relative_to(self.folder.path).as_posix() for path in paths)


@dataclass(frozen=True, slots=True)
class WalkedRows:
    """The rows that the walks of a day returned."""

    table: Any
    """Distinct rows of `ROW_SCHEMA`."""
    unseen: int
    """Rows that only a sample or an earlier walk returned."""
    moved: int
    """Rows that were on two pages of one slice."""
    overlap: int
    """Rows that two slices returned."""


def _read(path: Path) -> Any:
    with path.open("rb") as file, ipc.open_stream(file) as reader:
        return reader.read_all()


def sorted_out(rows: Any, slice_: Slice) -> tuple[Any, Any, int]:
    """Divide the rows of a page.

    Returns:
        The rows sent on the slice's day; those without a date sent; and the number of rows that its
        filter should not have selected.
    """
    sent = rows["date_sent"]
    day, selected = Slice(slice_.day).bounds, slice_.bounds
    foreign = len(rows) - sent.null_count - _count(_within(sent, *selected))
    return rows.filter(_within(sent, *day)), rows.filter(pc.is_null(sent)), foreign


def _within(sent: Any, start: datetime, end: datetime) -> Any:
    kind = sent.type
    after = pc.greater_equal(sent, pa.scalar(start, kind))
    return pc.fill_null(pc.and_(after, pc.less(sent, pa.scalar(end, kind))), False)


def _count(mask: Any) -> int:
    return pc.sum(mask).as_py() or 0
