"""How far a job has come, in the words and numbers that its bar shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from twilio_widgets.bulk.planning.estimate import duration

if TYPE_CHECKING:
    from twilio_widgets.bulk.progress import JobProgress
    from twilio_widgets.panels.kit.elements import Tone

Wish = Literal["pause", "cancel", "resume"]
"""What a person can ask of a job."""

TONES: Final = {
    "accepted": "good",
    "rejected": "problem",
    "unknown": "warning",
    "attempted": "moving",
    "abandoned": "idle",
    "skipped": "idle",
    "pending": "ahead",
}
"""The colour of each part of the bar."""

_PILLS: Final[dict[str, tuple[str, Tone]]] = {
    "waiting": ("not begun", "hint"),
    "running": ("sending", "hint"),
    "settling": ("settling", "hint"),
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
    """What the bar shows."""

    total: int
    parts: tuple[tuple[str, int, str], ...]
    """Status, rows and colour of each part, in the order a row goes through them."""
    line: str
    note: str
    buttons: tuple[tuple[Wish, str], ...]
    """What can be asked now, and what stands on its button."""


def picture_of(progress: JobProgress, *, note: str = "", here: bool = True) -> Picture:
    """Return the picture of a job.

    Args:
        progress: How far it has come.
        note: What there is to say beside what the job says itself.
        here: Whether it goes on in this process, if it does: another one's cannot be asked.
    """
    buttons = _BUTTONS.get(progress.state, ())
    elsewhere = progress.under_way and not here
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
    """Say how far it has come, how fast it is and how long it still takes."""
    if progress.state == "waiting":
        return f"Nothing has left yet: {_rows(progress.total)} will, in a moment."
    if progress.state == "settling":
        return (
            f"Asking the message log what became of {_rows(progress.unknown)} whose answer was "
            "lost. Nothing is sent again."
        )
    said = [f"{progress.done:,} of {_rows(progress.total)}"]
    if progress.state == "running" and progress.rate:
        said.append(f"{progress.rate:.1f} a second")
    if progress.eta is not None:
        said.append(f"about {_left(progress.eta)} left")
    return " · ".join(said)


def waits(progress: JobProgress) -> bool:
    """Say whether there is anything to go on with: rows to send, or to settle."""
    counts = progress.counts
    return bool(counts["pending"] or counts["attempted"] or counts["unknown"])


def summary_of(progress: JobProgress) -> tuple[tuple[str, str], ...]:
    """Return what a saved notebook says of a job; no number and no text of anybody's."""
    counts = ", ".join(f"{count:,} {status}" for status, count, _tone in picture_of(progress).parts)
    rows = [("Job", progress.name), ("State", progress.state), ("Rows", counts or "none")]
    return (*rows, ("Note", progress.note)) if progress.note else tuple(rows)


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _left(eta: timedelta) -> str:
    return duration(eta.total_seconds())
