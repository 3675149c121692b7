"""Conversations, one for each contact: `threads`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import ChartSpec, Series
from twilio_widgets.analysis.dimensions import NO_TIME
from twilio_widgets.analysis.groups import many, moments, text, whole
from twilio_widgets.analysis.prepared import PreparedLog, prepared_of
from twilio_widgets.frames.schema import FLAG

_BINS: Final = (1, 2, 3, 4, 6, 11, 21, 51, 101)
"""The smallest number of messages of each bin; the last one has no end."""


def threads(source: object, *, tz: str | None = None) -> AnswerFrame:
    """List the conversations: all messages with one contact, from whichever of your numbers.

    A number pool sends to the same contact from several numbers; these messages are one
    conversation.

    Args:
        source: A message frame, an archive or a prepared log.
        tz: The time zone of `first` and `last`, as an IANA name; by default UTC.

    Returns:
        One row for each contact, the latest conversation first: `contact`, `messages`, of them
        `sent` and `received`, the number of your `senders`, the times of the `first` and the
        `last` message, and `unanswered`: whether the contact wrote last.

    Raises:
        ConfigurationError: A column is missing, or `tz` is not known.
    """
    log = prepared_of(source, tz, "day", "contact", "sender")
    sent, received = log.outbound.counts("contact"), log.received.counts("contact")
    first, last, unanswered = _ends(log)
    pools = np.zeros(len(sent), np.int64)
    place = {key: number for number, key in enumerate(log.keys("contact"))}
    for contact, _ in log.combinations("contact", "sender")[0]:
        pools[place[contact]] += 1
    both = sent + received
    order = [n for n in np.lexsort((np.arange(len(both)), -last)).tolist() if both[n]]
    columns = {
        "contact": text(log.keys("contact")[n] for n in order),
        "messages": whole(both[order]),
        "sent": whole(sent[order]),
        "received": whole(received[order]),
        "senders": whole(pools[order]),
        "first": moments(first[order], log.tz),
        "last": moments(last[order], log.tz),
        "unanswered": pd.array(unanswered[order], FLAG),
    }
    counted = (
        f"{many(len(log), 'message')} in {many(len(order), 'conversation')}, one for each contact, "
        f"times in {log.tz}. With several of your numbers: {int((pools > 1).sum()):,}."
    )
    spec = _chart(both[order])
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)


def _ends(log: PreparedLog) -> tuple[np.ndarray[Any, Any], ...]:
    """Return the first and the last time of each contact, and whether the contact wrote last."""
    size = len(log.keys("contact"))
    first, last = np.full(size, NO_TIME), np.full(size, NO_TIME)
    unanswered = np.zeros(size, np.bool_)
    dated = np.flatnonzero(log.moments != NO_TIME)
    contact, at, inbound = (
        array[dated] for array in (log.dimension("contact").codes, log.moments, log.inbound)
    )
    order = np.lexsort((inbound, at, contact))
    contact, at, inbound = contact[order], at[order], inbound[order]
    found, begins = np.unique(contact, return_index=True)
    ends = np.append(begins[1:], len(contact)) - 1
    first[found], last[found] = at[begins], at[ends[: len(found)]]
    unanswered[found] = inbound[ends[: len(found)]]
    return first, last, unanswered


def _chart(messages: np.ndarray[Any, Any]) -> ChartSpec:
    bins = np.searchsorted(_BINS, messages, side="right") - 1
    counts = np.bincount(bins, minlength=len(_BINS))[: int(bins.max(initial=-1)) + 1]
    ends = [*(end - 1 for end in _BINS[1:]), None]
    labels = [
        f"{begin} or more" if end is None else f"{begin}" if begin == end else f"{begin} to {end}"
        for begin, end in zip(_BINS, ends, strict=True)
    ]
    return ChartSpec(
        kind="histogram",
        title="Messages in a conversation",
        categories=tuple(labels[: len(counts)]),
        series=(Series(name="conversations", values=tuple(map(float, counts))),),
        category_title="Messages",
        value_title="Conversations",
    )
