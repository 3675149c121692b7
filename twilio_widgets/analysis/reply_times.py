"""Who writes back, and how fast: `replies`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import Series
from twilio_widgets.analysis.deliveries import RESULTS
from twilio_widgets.analysis.dimensions import NO_TIME
from twilio_widgets.analysis.groups import bars, key_array, many, numbers, rates, shown, whole
from twilio_widgets.analysis.prepared import PreparedLog, prepared_of
from twilio_widgets.core.text.opt_out_keywords import keyword_of
from twilio_widgets.errors import ConfigurationError

_REACHED = RESULTS["delivered"][1] | RESULTS["sent"][1]


@dataclass(frozen=True, eq=False)
class FoundReplies:
    """The outbound messages that reached their recipient, and the reply to each."""

    messages: PreparedLog
    answered: np.ndarray[Any, np.dtype[np.bool_]]
    stopped: np.ndarray[Any, np.dtype[np.bool_]]
    """Whether the reply is an opt-out keyword."""
    seconds: np.ndarray[Any, np.dtype[np.int64]]
    """How long the reply took; 0 without one."""


def replies(
    source: object,
    by: str = "day",
    *,
    within: timedelta | str = timedelta(days=3),
    tz: str | None = None,
) -> AnswerFrame:
    """Count the outbound messages that were answered, and how fast.

    A message is answered if the recipient's next message arrives within `within` and before your
    next message to them, from whichever of your numbers. Messages that failed, or are not sent
    yet, do not count.

    Args:
        source: A message frame, an archive or a prepared log.
        by: The group of the message that was answered: ``"day"``, ``"hour"``, ``"sender"``,
            ``"country"``, ``"contact"`` or another dimension of a prepared log.
        within: How long a reply may take, such as ``timedelta(hours=6)`` or ``"6 hours"``.
        tz: The time zone of days and hours, as an IANA name; by default UTC.

    Returns:
        One row a group: `messages`, `answered`, `response_rate` with its 95 % interval (Wilson),
        `stopped` (replies that are an opt-out keyword; they count as answers), and
        `median_seconds` until the reply.

    Raises:
        ConfigurationError: A column is missing, or an argument is not valid.
    """
    log = prepared_of(source, tz, by, "day", "contact", "status", "body")
    found = find_replies(log, _duration(within), by)
    codes = found.messages.dimension(by).codes
    size = len(log.keys(by))
    totals, answered, stopped = (
        np.bincount(codes[chosen], minlength=size)
        for chosen in (slice(None), found.answered, found.stopped)
    )
    medians = pd.Series(found.seconds[found.answered]).groupby(codes[found.answered]).median()
    places = shown(log, by, totals)
    keys = [log.keys(by)[place] for place in places]
    pairs = list(zip(answered[places].tolist(), totals[places].tolist(), strict=True))
    columns = {
        by: key_array(by, keys),
        "messages": whole(totals[places]),
        "answered": whole(answered[places]),
        **rates(pairs, "response_rate"),
        "stopped": whole(stopped[places]),
        "median_seconds": numbers(medians.get(place) for place in places),
    }
    percent = tuple(100 * yes / total if total else 0.0 for yes, total in pairs)
    spec = bars(
        f"Response rate by {by}",
        by,
        keys,
        [Series(name="answered", values=percent, tone="good")],
        time_zone=log.tz,
        unit="percent",
        value_title="Answered",
    )
    counted = (
        f"Answered within {_duration(within) / timedelta(hours=1):g} hours: "
        f"{int(found.answered.sum()):,} of {many(len(found.messages), 'outbound message')}, times "
        f"in {log.tz}."
    )
    if stops := int(found.stopped.sum()):
        counted += f" Replies that opt out: {stops:,}."
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)


def find_replies(log: PreparedLog, within: timedelta, by: str = "day") -> FoundReplies:
    """Find the reply to each outbound message that was sent.

    Args:
        log: The messages.
        within: How long a reply may take.
        by: The dimension that the result is grouped by.
    """
    passing = log.mask({"status": _REACHED}) | log.inbound
    passing &= log.moments != NO_TIME
    ordered = log.at(np.flatnonzero(passing))
    # Twilio's times have whole seconds: within one, a message stands before its reply. The other
    # columns only make the result independent of the order of the rows.
    ties = [ordered.dimension(name).codes for name in (by, "body", "status", "sender")]
    keys = (*ties, ordered.inbound, ordered.moments, ordered.dimension("contact").codes)
    ordered = ordered.at(np.lexsort(keys))
    contact, inbound, at = ordered.dimension("contact").codes, ordered.inbound, ordered.moments
    wait = np.diff(at, append=0)
    replied = ~inbound & np.roll(inbound, -1) & (np.roll(contact, -1) == contact)
    replied[-1:] = False
    replied &= wait <= within // timedelta(microseconds=1)
    bodies = log.dimension("body")
    keyword = np.array([bool(key and keyword_of(key)) for key in bodies.keys], np.bool_)
    stop = np.roll(keyword[ordered.dimension("body").codes], -1) & replied
    ours = np.flatnonzero(~inbound)
    return FoundReplies(
        ordered.at(ours),
        replied[ours],
        stop[ours],
        np.where(replied, wait // 1_000_000, 0)[ours],
    )


def _duration(within: timedelta | str) -> timedelta:
    try:
        found = pd.Timedelta(within)
    except (ValueError, TypeError):
        found = pd.Timedelta(0)
    if not found > pd.Timedelta(0):  # NaT is not, either
        raise ConfigurationError(
            f"within must be a positive duration, such as '6 hours', not {within!r}.",
            field="within",
        )
    return found.to_pytimedelta()
