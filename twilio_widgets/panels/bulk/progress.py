"""The progress of a job as the text and numbers of its progress bar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from twilio_widgets.bulk.planning.estimate import counted, duration

if TYPE_CHECKING:
    from twilio_widgets.bulk.progress import JobProgress
    from twilio_widgets.panels.kit.elements import Tone

Wish = Literal["pause", "cancel", "resume"]
"""A button of the progress bar."""

TONES: Final = {
    "accepted": "moving",
    "rejected": "problem",
    "unknown": "warning",
    "attempted": "idle",
    "abandoned": "idle",
    "skipped": "idle",
    "pending": "ahead",
}
"""The colour of each part of the bar."""

_PILLS: Final[dict[str, tuple[str, Tone]]] = {
    "waiting": ("waiting", "hint"),
    "running": ("sending", "hint"),
    "settling": ("checking the log", "hint"),
    "paused": ("paused", "warning"),
    "cancelled": ("cancelled", "warning"),
    "finished": ("finished", "good"),
}

_BUTTONS: Final[dict[str, tuple[tuple[Wish, str], ...]]] = {
    "waiting": (("cancel", "Undo"),),
    "running": (("pause", "Pause"), ("cancel", "Cancel")),
    "settling": (("pause", "Pause"),),
    "paused": (("resume", "Go on"), ("cancel", "Cancel")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything that the progress bar shows."""

    total: int
    parts: tuple[tuple[str, int, str], ...]
    """Status, number of rows and colour of each part, from done to pending."""
    line: str
    note: str
    buttons: tuple[tuple[Wish, str], ...]
    """The buttons available now: the action and the label of each."""
    starts_in: float | None = None
    """Seconds until the first message is sent. The page counts them down in place of ``{}``."""


def picture_of(progress: JobProgress, *, note: str = "", here: bool = True) -> Picture:
    """Return the picture of a job.

    Args:
        progress: The job's progress.
        note: A sentence to add to the job's own note.
        here: Whether the job, if it is running, runs in this process; another process's job has
            no buttons.
    """
    buttons = _BUTTONS.get(progress.state, ())
    elsewhere = progress.under_way and not here
    if progress.starts_in is not None:
        buttons = (("cancel", "Undo ({} s)"),)
    if elsewhere or (progress.state == "paused" and not waits(progress)):
        buttons = ()
    return Picture(
        total=progress.total,
        parts=tuple(
            (status, progress.counts[status], tone)
            for status, tone in TONES.items()
            if progress.counts.get(status)
        ),
        line=line_of(progress),
        note=" ".join(filter(None, (progress.note, note))),
        buttons=buttons,
        starts_in=progress.starts_in,
    )


def unreadable(why: str) -> Picture:
    """Return the picture of a job whose journal cannot be read."""
    return Picture(total=0, parts=(), line="", note=why, buttons=())


def pill_of(progress: JobProgress) -> tuple[str, Tone]:
    """Return the state of a job for the head of its card."""
    words, tone = _PILLS.get(progress.state, (progress.state, "idle"))
    if progress.state == "finished" and progress.unknown:
        return f"finished, {progress.unknown:,} not sure", "warning"
    return words, tone


def line_of(progress: JobProgress) -> str:
    """Return the progress in words: rows done, rate and remaining time."""
    if progress.state == "waiting":
        if progress.starts_in is None:
            return f"Sending {_rows(progress.total)} in a moment. Nothing has been sent yet."
        return f"Sending {counted(progress.total, 'message')} in {{}} s. Nothing has been sent yet."
    if progress.state == "settling":
        return (
            f"Searching the message log for {_rows(progress.unknown)} whose response was lost. "
            "Nothing is sent again."
        )
    parts = [f"{progress.done:,} of {_rows(progress.total)}"]
    if progress.state == "running" and progress.rate:
        parts.append(f"{progress.rate:.1f} per second")
    if progress.eta is not None:
        parts.append(f"about {_left(progress.eta)} left")
    return " · ".join(parts)


def waits(progress: JobProgress) -> bool:
    """Return whether rows are left to send or to look up."""
    counts = progress.counts
    return bool(counts["pending"] or counts["attempted"] or counts["unknown"])


def summary_of(progress: JobProgress) -> tuple[tuple[str, str], ...]:
    """Return the summary for a saved notebook, without message texts or phone numbers."""
    counts = ", ".join(f"{count:,} {status}" for status, count, _tone in picture_of(progress).parts)
    rows = [("Job", progress.name), ("State", progress.state), ("Rows", counts or "none")]
    return (*rows, ("Note", progress.note)) if progress.note else tuple(rows)


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _left(eta: timedelta) -> str:
    return duration(eta.total_seconds())
