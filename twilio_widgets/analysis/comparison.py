"""Two periods or campaigns side by side: `compare`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import ChartSpec, Series
from twilio_widgets.analysis.costs import bill
from twilio_widgets.analysis.deliveries import DUE, results_by
from twilio_widgets.analysis.groups import many, numbers, text
from twilio_widgets.analysis.intervals import newcombe
from twilio_widgets.analysis.opt_out_history import find_changes, people_of
from twilio_widgets.analysis.prepared import prepared_of
from twilio_widgets.analysis.reply_times import find_replies
from twilio_widgets.frames.schema import FLAG

if TYPE_CHECKING:
    from twilio_widgets.analysis.prepared import PreparedLog

_NOTHING = Decimal("0.000000")
"""The cost in a currency that only the other log has."""

_USED = ("day", "contact", "status", "body", "price", "segments")


@dataclass(frozen=True)
class _Share:
    """A rate, as the numbers it is made of."""

    part: int
    total: int

    @property
    def value(self) -> float | None:
        return self.part / self.total if self.total else None


def compare(a: object, b: object, *, tz: str | None = None) -> AnswerFrame:
    """Put the figures of two logs side by side, with the difference and whether it means something.

    A difference of two rates is more than noise if its 95 % interval (Newcombe's, from two Wilson
    intervals) does not contain zero. This assumes that messages fail or are answered independently
    of each other; an outage of a carrier breaks it, and then small differences look too certain.
    One in twenty equal rates still differs by more than noise.

    Args:
        a: A message frame, an archive or a prepared log: one period or campaign.
        b: The other one.
        tz: The time zone of both, as an IANA name; by default UTC.

    Returns:
        One row for each `figure`: its value in `a` and `b` (whole numbers for counts, fractions
        for rates, exact decimals for money), the `difference` (b - a), for rates the ends of its
        interval (`low`, `high`) and `more_than_noise`. Costs have one row for each currency.

    Raises:
        ConfigurationError: A column is missing, or `tz` is not known.
    """
    logs = [prepared_of(source, tz, *_USED) for source in (a, b)]
    first, second = map(_figures, logs)
    names = list(dict.fromkeys([*first, *second]))
    pairs = [(first.get(name, _NOTHING), second.get(name, _NOTHING)) for name in names]
    intervals = [_interval(*pair) for pair in pairs]
    columns = {
        "figure": text(names),
        "a": _mixed(_value(one) for one, _ in pairs),
        "b": _mixed(_value(other) for _, other in pairs),
        "difference": _mixed(_difference(*pair) for pair in pairs),
        "low": numbers(ends and ends[0] for ends in intervals),
        "high": numbers(ends and ends[1] for ends in intervals),
        "more_than_noise": pd.array(
            [ends and (ends[0] > 0 or ends[1] < 0) for ends in intervals], FLAG
        ),
    }
    counted = (
        f"a: {many(len(logs[0]), 'message')}, b: {many(len(logs[1]), 'message')}. Intervals "
        "contain the true difference 95 times in 100 if messages are independent of each other."
    )
    return answer(
        columns,
        counted=counted,
        spec=_chart(dict(zip(names, pairs, strict=True))),
        source=logs[1].frame if logs[1].frame.attrs.get("cut_off") else logs[0].frame,
        time_zone=logs[0].tz,
    )


def _figures(log: PreparedLog) -> dict[str, Any]:
    results = {name: int(counts[0]) for name, counts in results_by(log, None).items()}
    among = sum(results[name] for name in DUE)
    replies = find_replies(log, timedelta(days=3))
    keys, counts = log.outbound.combinations("segments")
    figures: dict[str, Any] = {
        "outbound messages": len(log.outbound),
        "inbound messages": len(log.received),
        "segments": sum((key or 0) * int(n) for (key,), n in zip(keys, counts, strict=True)),
        "delivered rate": _Share(results["delivered"], among),
        "failed rate": _Share(results["failed"], among),
        "response rate": _Share(int(replies.answered.sum()), len(replies.messages)),
        "opt-out rate": _opted_out(log, replies.messages),
    }
    for (_, unit), costs in bill(log, None).items():
        if costs.cost is not None:
            figures[f"cost in {unit or 'an unknown currency'}"] = costs.cost
    return figures


def _opted_out(log: PreparedLog, messages: PreparedLog) -> _Share:
    """Return the share of the people who were sent a message that opted out."""
    people = people_of(log)
    reached = set(people_of(messages).codes.tolist())
    changes = find_changes(log, people)
    return _Share(len(reached & set(changes["person"][changes["out"]])), len(reached))


def _value(figure: Any) -> Any:
    return figure.value if isinstance(figure, _Share) else figure


def _difference(a: Any, b: Any) -> Any:
    before, after = _value(a), _value(b)
    return None if before is None or after is None else after - before


def _interval(a: Any, b: Any) -> tuple[float, float] | None:
    if not (isinstance(a, _Share) and isinstance(b, _Share) and a.total and b.total):
        return None
    return newcombe((a.part, a.total), (b.part, b.total))


def _mixed(values: Iterable[Any]) -> Any:
    """Return values of several types as a column; each keeps its own type."""
    return pd.Series([pd.NA if one is None else one for one in values], dtype=object).array


def _chart(figures: dict[str, tuple[Any, Any]]) -> ChartSpec:
    """Draw the rates, which have one scale, as pairs of bars."""
    shares = {
        f"{name.removesuffix(' rate')} ({side})": 100 * (one.value or 0)
        for name, pair in figures.items()
        for side, one in zip("ab", pair, strict=True)
        if isinstance(one, _Share)
    }
    return ChartSpec(
        kind="bars",
        title="Rates in a and b",
        categories=tuple(shares),
        series=(Series(name="rate", values=tuple(shares.values())),),
        category_title="Rate",
        unit="percent",
    )
