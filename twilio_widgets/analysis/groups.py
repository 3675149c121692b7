"""The groups of an answer: which are shown, in which order, and as which column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from twilio_widgets.analysis.chart_spec import ChartSpec, Kind, Series, Unit
from twilio_widgets.analysis.dimensions import WEEKDAYS
from twilio_widgets.analysis.intervals import wilson
from twilio_widgets.frames.schema import TEXT, WHOLE, money

if TYPE_CHECKING:
    from decimal import Decimal

    from twilio_widgets.analysis.prepared import PreparedLog

TIMES = ("day", "month", "weekday", "hour")
"""The dimensions whose keys are times: they are shown in their order."""

MOST_BARS = 20
"""The number of bars of a chart whose categories are not times."""

_DAY: Any = "datetime64[s]"
_WHOLE_KEYS = frozenset({"hour", "error_code", "segments", "media"})
_WEEKDAY = pd.CategoricalDtype(list(WEEKDAYS), ordered=True)


def shown(log: PreparedLog, by: str, totals: np.ndarray[Any, Any]) -> list[int]:
    """Return the positions of the groups to show, in order.

    Hours and weekdays are all shown; days and months from the first to the last with messages;
    other groups if they have messages, the largest first.
    """
    keys = log.keys(by)
    known = len(keys) - (None in keys[-1:])
    some = np.flatnonzero(totals).tolist()
    unknown = [place for place in some if place >= known]
    if by in {"hour", "weekday"}:
        return [*range(known), *unknown]
    if by in TIMES:
        dated = [place for place in some if place < known]
        return [*(range(dated[0], dated[-1] + 1) if dated else ()), *unknown]
    return sorted(some, key=lambda place: (-totals[place], place))


def key_array(by: str, keys: Sequence[Any]) -> Any:
    """Return the keys of groups as a column."""
    if by == "day":
        return pd.array(pd.to_datetime(pd.Series(list(keys), dtype=object)).astype(_DAY))
    if by == "weekday":
        return pd.Categorical(list(keys), dtype=_WEEKDAY)
    if by in _WHOLE_KEYS:
        return whole(keys)
    return text(keys)


def text(values: Iterable[str | None]) -> Any:
    """Return texts as a column."""
    return pd.array(list(values), TEXT)


def whole(values: Iterable[int | None]) -> Any:
    """Return whole numbers as a column."""
    return pd.array([pd.NA if one is None else int(one) for one in values], WHOLE)


def numbers(values: Iterable[float | None]) -> Any:
    """Return numbers with a fraction as a column."""
    return pd.array([pd.NA if one is None else float(one) for one in values], "Float64")


def amounts(values: Iterable[Decimal | None]) -> Any:
    """Return exact amounts of money as a column."""
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([money(values)]))


def moments(values: np.ndarray[Any, Any], zone: str) -> Any:
    """Return times as a column in a time zone.

    Args:
        values: Microseconds since 1970 in UTC.
        zone: The IANA name of the zone.
    """
    utc = pd.DatetimeIndex(values.view("datetime64[us]"), tz="UTC")
    return utc.tz_convert(zone).array


def rate(successes: int, total: int) -> float | None:
    """Return a rate; None without any message."""
    return successes / total if total else None


def rates(pairs: Sequence[tuple[int, int]], name: str) -> dict[str, Any]:
    """Return a rate and its 95 % interval as three columns."""
    intervals = [wilson(*pair) if pair[1] else (None, None) for pair in pairs]
    return {
        name: numbers(rate(*pair) for pair in pairs),
        f"{name}_low": numbers(low for low, _ in intervals),
        f"{name}_high": numbers(high for _, high in intervals),
    }


def many(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 message`` or ``2,000 messages``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def label(key: object) -> str:
    """Return a key as a chart shows it."""
    return "none" if key is None else str(key)


def bars(
    title: str,
    by: str,
    keys: Sequence[Any],
    series: Sequence[Series],
    *,
    kind: Kind = "bars",
    time_zone: str = "",
    unit: Unit = "count",
    currency: str = "",
    value_title: str = "Messages",
) -> ChartSpec:
    """Describe bars, one for each key; of keys that are not times, only the first ones."""
    many = len(keys) if by in TIMES else MOST_BARS
    return ChartSpec(
        kind=kind,
        title=title if len(keys) <= many else f"{title} (first {many} of {len(keys):,})",
        categories=tuple(label(key) for key in keys[:many]),
        keys=tuple("" if key is None else str(key) for key in keys[:many]),
        series=tuple(
            Series(name=one.name, values=one.values[:many], tone=one.tone) for one in series
        ),
        category_title=by.replace("_", " ").capitalize(),
        value_title=value_title,
        unit=unit,
        currency=currency,
        time_zone=time_zone if by in TIMES else "",
    )
