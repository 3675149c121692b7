"""How long messages take: `latency`."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import ChartSpec, Series
from twilio_widgets.analysis.deliveries import RESULTS
from twilio_widgets.analysis.dimensions import NO_TIME
from twilio_widgets.analysis.groups import many, numbers, whole
from twilio_widgets.analysis.prepared import PreparedLog, prepared_of
from twilio_widgets.errors import ConfigurationError

_EDGES: Final = (0, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400)
"""Where the bins begin, in seconds; the last one has no end."""

_COLUMNS = ("date_created", "date_sent", "date_updated", "status")


def latency(
    source: object, until: Literal["delivered", "sent"] = "delivered", *, tz: str | None = None
) -> AnswerFrame:
    """Measure how long outbound messages took, as a histogram.

    Twilio has no time of delivery. The last change of a delivered message is usually its delivery,
    but a later one, such as a redaction, hides it. Times have whole seconds.

    Args:
        source: A message frame, an archive or a prepared log.
        until: ``"delivered"`` measures delivered messages from their creation to their last
            change; ``"sent"`` measures all messages from their creation until Twilio sent them.
        tz: The time zone that the answer names; by default UTC.

    Returns:
        One row for each bin: `from_seconds` (included), `to_seconds` (excluded; NA: no end),
        `messages`, their `share`, and the `share_so_far` of this and all faster bins.

    Raises:
        ConfigurationError: A column is missing, or `until` or `tz` is not known.
    """
    if until not in {"delivered", "sent"}:
        raise ConfigurationError(
            f"until must be 'delivered' or 'sent', not {until!r}.", field="until"
        )
    log = prepared_of(source, tz, "direction", columns=_COLUMNS)
    seconds, left_out = _seconds(log, until)
    bins = np.searchsorted(_EDGES, seconds, side="right") - 1
    counts = np.bincount(bins, minlength=len(_EDGES))
    shown = counts[: int(bins.max(initial=-1)) + 1]
    ends = [*_EDGES[1:], None][: len(shown)]
    total = max(1, len(seconds))
    columns = {
        "from_seconds": whole(_EDGES[: len(shown)]),
        "to_seconds": whole(ends),
        "messages": whole(shown),
        "share": numbers(shown / total),
        "share_so_far": numbers(np.cumsum(shown) / total),
    }
    spec = ChartSpec(
        kind="histogram",
        title=f"Time until messages were {until}",
        categories=tuple(map(_bin, _EDGES, ends)),
        series=(Series(name="messages", values=tuple(map(float, shown))),),
        category_title="Time",
        value_title="Messages",
    )
    counted = f"{many(len(seconds), 'outbound message')}, from created to {until}."
    if len(seconds):
        half, most = np.quantile(seconds, [0.5, 0.95], method="inverted_cdf")
        counted += f" Half took at most {half:,} s, 95 % at most {most:,} s."
    if left_out:
        counted += f" Left out, with times missing or out of order: {left_out:,}."
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)


def _seconds(
    log: PreparedLog, until: str
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], int]:
    """Return the duration of each message that has one, and how many have none."""
    measured, end = log.outbound, "date_sent"
    if until == "delivered":
        measured, end = measured.where(status=RESULTS["delivered"][1]), "date_updated"
    begun, ended = (
        pd.DatetimeIndex(measured.column(name)).as_unit("us").asi8 for name in ("date_created", end)
    )
    known = (begun != NO_TIME) & (ended != NO_TIME) & (ended >= begun)
    return (ended[known] - begun[known]) // 1_000_000, len(known) - int(known.sum())


def _bin(begin: int, end: int | None) -> str:
    if end is None:
        return f"{_duration(begin)} or more"
    return f"{_duration(begin)} to {_duration(end)}"


def _duration(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
