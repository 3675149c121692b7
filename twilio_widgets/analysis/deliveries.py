"""How many messages arrived: `delivery` over time or by any group, and `senders`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import Series, Tone
from twilio_widgets.analysis.groups import bars, key_array, many, numbers, rate, rates, shown, whole
from twilio_widgets.analysis.prepared import prepared_of

if TYPE_CHECKING:
    from twilio_widgets.analysis.prepared import PreparedLog

RESULTS: Final[dict[str, tuple[Tone, frozenset[str]]]] = {
    "delivered": ("good", frozenset({"delivered", "read"})),
    "sent": ("pending", frozenset({"sent", "partially_delivered"})),
    "failed": ("bad", frozenset({"failed", "undelivered"})),
    "canceled": ("neutral", frozenset({"canceled"})),
}
"""The results of an outbound message, by Twilio's statuses; every other status is pending."""

DUE = ("delivered", "sent", "failed")
"""The results that a delivery rate is of."""


def results_by(log: PreparedLog, by: str | None) -> dict[str, np.ndarray[Any, Any]]:
    """Count the results of outbound messages; each has one number for each key of `by`."""
    outbound = log.outbound
    table = outbound.counts(by, "status") if by else outbound.counts("status")[np.newaxis]
    found = {}
    pending = table.sum(axis=1)
    for result, (_, statuses) in RESULTS.items():
        places = [place for place, one in enumerate(log.keys("status")) if one in statuses]
        found[result] = table[:, places].sum(axis=1)
        pending = pending - found[result]
    return found | {"pending": pending}


def due(results: dict[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Return how many messages have a result, or were sent and have no receipt yet."""
    total: np.ndarray[Any, Any] = sum((results[name] for name in DUE), np.array(0))
    return total


def delivery(source: object, by: str = "day", *, tz: str | None = None) -> AnswerFrame:
    """Count outbound messages by their result, and the share that was delivered.

    Args:
        source: A message frame, an archive or a prepared log.
        by: ``"day"``, ``"month"``, ``"weekday"``, ``"hour"``, ``"sender"``, ``"country"``,
            ``"service"`` or another dimension of a prepared log.
        tz: The time zone of days and hours, as an IANA name; by default UTC.

    Returns:
        One row a group: `messages`; of them `pending`, `sent` (no receipt yet, and perhaps never),
        `delivered`, `failed` and `canceled`; and `delivered_rate`: delivered ÷ (delivered + failed
        + sent). Days without messages are rows, too.

    Raises:
        ConfigurationError: A column is missing, or `by` or `tz` is not known.
    """
    log = prepared_of(source, tz, by, "direction", "status")
    results = results_by(log, by)
    totals = log.outbound.counts(by)
    places = shown(log, by, totals)
    keys = [log.keys(by)[place] for place in places]
    each = {name: counts[places].tolist() for name, counts in results.items()}
    among = due(results)[places].tolist()
    columns = {
        by: key_array(by, keys),
        "messages": whole(totals[places]),
        **{name: whole(each[name]) for name in ("pending", "sent", "delivered", "failed")},
        "canceled": whole(each["canceled"]),
        "delivered_rate": numbers(map(rate, each["delivered"], among)),
    }
    tones: dict[str, Tone] = {name: tone for name, (tone, _) in RESULTS.items()}
    series = [
        Series(name=name, values=_floats(each[name]), tone=tone)
        for name, tone in (tones | {"pending": "other"}).items()
        if sum(each[name]) or name == "delivered"
    ]
    counted = (
        f"{many(len(log.outbound), 'outbound message')} by {by.replace('_', ' ')}, times in "
        f"{log.tz}. "
        "The rate is of messages delivered, failed, or sent without a receipt."
    )
    spec = bars(
        f"Outbound messages by {by}", by, keys, series, kind="stacked_bars", time_zone=log.tz
    )
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)


def senders(source: object, *, tz: str | None = None) -> AnswerFrame:
    """Compare your senders: what each sent, how much of it arrived, and what it received.

    Args:
        source: A message frame, an archive or a prepared log.
        tz: The time zone that the answer names; by default UTC.

    Returns:
        One row for each of your numbers, the busiest first: `messages` sent, `delivered`,
        `failed`, `delivered_rate` with its 95 % interval (Wilson), and `received` messages. A row
        without a sender counts messages for which a messaging service had not chosen one.

    Raises:
        ConfigurationError: A column is missing, or `tz` is not known.
    """
    log = prepared_of(source, tz, "sender", "direction", "status")
    results = results_by(log, "sender")
    sent, received = log.outbound.counts("sender"), log.received.counts("sender")
    places = shown(log, "sender", sent + received)
    keys = [log.keys("sender")[place] for place in places]
    delivered, among = results["delivered"][places], due(results)[places]
    columns = {
        "sender": key_array("sender", keys),
        "messages": whole(sent[places]),
        "delivered": whole(delivered),
        "failed": whole(results["failed"][places]),
        **rates(list(zip(delivered.tolist(), among.tolist(), strict=True)), "delivered_rate"),
        "received": whole(received[places]),
    }
    other = sent - results["delivered"] - results["failed"]
    series = [
        Series(name="delivered", values=_floats(delivered), tone="good"),
        Series(name="failed", values=_floats(results["failed"][places]), tone="bad"),
        Series(name="other", values=_floats(other[places]), tone="other"),
    ]
    counted = (
        f"{many(len(log.outbound), 'outbound message')} and "
        f"{many(len(log.received), 'inbound message')} of {many(len(keys), 'sender')}. "
        "Intervals contain the true rate 95 times in 100."
    )
    spec = bars("Outbound messages by sender", "sender", keys, series, kind="stacked_bars")
    return answer(columns, counted=counted, spec=spec, source=log.frame, time_zone=log.tz)


def _floats(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(map(float, values))
