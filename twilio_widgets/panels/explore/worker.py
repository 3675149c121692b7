"""Read the messages to explore: from Twilio's log, from an archive, or from a frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.explore.state import Loaded, Running
from twilio_widgets.panels.messages.reader import read_log
from twilio_widgets.panels.messages.state import MessagesQuery

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from twilio_widgets.archive.archive import Archive
    from twilio_widgets.archive.report import SyncProgress
    from twilio_widgets.client import Twilio
    from twilio_widgets.panels.explore.state import Asked
    from twilio_widgets.progress import ReadProgress

Frame = Any
"""A message frame; the panels do not import pandas."""


@dataclass(frozen=True)
class LoadHooks:
    """How a load reports its progress, and learns that it should stop.

    Args:
        show: Called with the progress.
        stopped: Returns whether the user cancelled.
    """

    show: Callable[[Running], object]
    stopped: Callable[[], bool]


def days_of(asked: Asked, now: datetime) -> tuple[date | None, date | None]:
    """Return the first and the last day (UTC) to read: the period, and the one before it."""
    start, end = asked.span(now)
    if start is None:
        return None, end and end.astimezone(UTC).date()
    length = (end or now) - start
    last = None if end is None or end > now else end.astimezone(UTC).date()
    return (start - length).astimezone(UTC).date(), last


def covered_from(loaded: Loaded, oldest: datetime | None) -> datetime | None:
    """Return from when on no message is missing; None if all messages were read.

    Args:
        loaded: What was read.
        oldest: The time of its oldest message.
    """
    if loaded.origin == "live" and loaded.complete and loaded.since is None:
        return None
    day = loaded.covered_from
    return oldest if day is None else datetime.combine(day, time(), UTC)


def read_live(twilio: Twilio, asked: Asked, reading: LoadHooks) -> tuple[Frame, Loaded]:
    """Read the messages of the period and of the one before from Twilio's log."""
    now = twilio.connection.now()
    since, until = days_of(asked, now)
    query = MessagesQuery(period="custom", start=since, end=until, limit=None)

    def on_page(progress: ReadProgress) -> None:
        pages = f"{progress.pages:,} page{'s'[: progress.pages != 1]}"
        text = f"{progress.rows:,} messages · {pages}"
        reading.show(Running(kind="load", text=text))

    frame, _rows, read = read_log(twilio, query, on_page=on_page, stopped=reading.stopped)
    if frame is None:
        raise ConfigurationError("ExplorePanel needs pandas and pyarrow.")
    note = "Reading was stopped: older messages are missing." if read.stopped else ""
    return frame, Loaded(
        origin="live",
        rows=len(frame),
        now=now,
        since=since,
        until=until,
        complete=read.complete,
        covered_from=since if read.complete else None,
        note=note,
    )


def read_archive(archive: Archive, now: datetime, reading: LoadHooks) -> tuple[Frame, Loaded]:
    """Read all messages of an archive."""
    reading.show(Running(kind="load", text="Reading the archive…"))
    frame = archive.to_dataframe()
    complete = bool(frame.attrs.get("complete"))
    note = "" if complete else "The archive has days that are not complete: press Sync."
    return frame, Loaded(
        origin="archive",
        rows=len(frame),
        now=now,
        complete=complete,
        covered_from=_without_gap(archive),
        note=note,
    )


def _without_gap(archive: Archive) -> date | None:
    """Return the first of the days up to the last one that are all archived completely."""
    first = last = None
    days = archive.days
    for day, complete in zip(days["day"].tolist(), days["complete"].tolist(), strict=True):
        if not complete or (last is not None and day != last + timedelta(days=1)):
            first = None
        if complete and first is None:
            first = day
        last = day
    return first


def sync_archive(archive: Archive, twilio: Twilio, asked: Asked, reading: LoadHooks) -> str:
    """Copy what is new into an archive; return a remark about what is missing, or an empty text."""
    since, _ = days_of(asked, twilio.connection.now())
    days = archive.days["day"].tolist()
    if days and (since is None or since >= min(days)):
        since = None  # the archive's own first day

    def show(progress: SyncProgress) -> None:
        if reading.stopped():
            handle.cancel()
        share = progress.days / progress.of_days if progress.of_days else None
        text = f"{progress.days:,} of {progress.of_days:,} days · {progress.rows:,} messages"
        reading.show(Running(kind="sync", text=text, share=share))

    handle = archive.start_sync(twilio, since)
    report = handle.follow(show)
    if report.cancelled:
        return "The sync was stopped: press Sync to continue."
    left = len(report.incomplete)
    return f"{left:,} days could not be read completely." if left else ""


def read_given(frame: Frame, now: datetime) -> tuple[Frame, Loaded]:
    """Return the frame that the user passed; a frame that was cut off says so."""
    cut_off = str(frame.attrs.get("cut_off") or "")
    complete = bool(frame.attrs.get("complete", True)) and not cut_off
    return frame, Loaded(
        origin="messages", rows=len(frame), now=now, complete=complete, note=cut_off
    )
