"""`ChartSpec`: what a chart shows, without saying how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["stacked_bars", "bars", "heat_map", "histogram"]
Tone = Literal["good", "pending", "bad", "neutral", "other"]
Unit = Literal["count", "percent", "seconds", "money"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One row of values: a status in stacked bars, a weekday in a heat map."""

    name: str
    """What the legend shows."""

    values: tuple[float, ...]
    """One value for each category of the chart."""

    tone: Tone = "neutral"
    """What the values mean, from which the element chooses the colour."""

    key: str | None = None
    """What a click selects: on the legend of stacked bars, or, with the key of its column, on a
    cell of a heat map; None where nothing can be selected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSpec:
    """What a chart shows: series of values over categories.

    `stacked_bars` draws one bar per category, made of the series; `bars` has one series; `heat_map`
    draws one row per series and one column per category; `histogram` has one series, and its
    categories are bins in ascending order.
    """

    kind: Kind
    title: str
    categories: tuple[str, ...]
    """The labels of the bars, columns or bins, in order."""

    keys: tuple[str, ...] = ()
    """What a click on each category selects; empty where nothing can be selected."""

    series: tuple[Series, ...]
    category_title: str = ""
    value_title: str = ""
    unit: Unit = "count"
    """Of the values; those of `percent` go from 0 to 100."""

    currency: str = ""
    """The ISO 4217 code, where `unit` is `money`."""

    time_zone: str = ""
    """The IANA name of the zone the categories are in, where they are times."""

    note: str = ""
    """One sentence below the chart, such as what was counted."""

    def __post_init__(self) -> None:
        """Check that every series covers every category.

        Raises:
            ValueError: A series or `keys` has another length than `categories`.
        """
        for series in self.series:
            if len(series.values) != len(self.categories):
                raise ValueError(f"Series {series.name!r} needs {len(self.categories)} values.")
        if self.keys and len(self.keys) != len(self.categories):
            raise ValueError(f"A chart of {len(self.categories)} categories needs as many keys.")
