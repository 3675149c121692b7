"""`view_of`: a chart as the page receives it, with every number already a text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.charts.palette import shades_of
from twilio_widgets.panels.charts.scale import (
    axis_labels,
    full_label,
    label_steps,
    ticks_of,
    value_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from twilio_widgets.analysis.chart_spec import ChartSpec

EMPTY = "Nothing to show."


@dataclass(frozen=True, slots=True)
class Pick:
    """What a click on a mark selects: the key of its category, of its series, or of both."""

    category: str | None = None
    series: str | None = None


def view_of(spec: ChartSpec, picked: Collection[Pick] = ()) -> dict[str, object]:
    """Return the view of a chart, as JSON.

    Args:
        spec: What it shows.
        picked: What is selected.
    """
    totals = totals_of(spec)
    return {
        "kind": spec.kind,
        "title": one_line(spec.title),
        "total": total_text(spec),
        "note": one_line(spec.note),
        "empty": "" if has_values(spec) else EMPTY,
        "axis": axis_title(spec),
        "heading": one_line(spec.category_title),
        "labels": [one_line(label) for label in axis_labels(spec.categories)],
        "names": [one_line(full_label(category)) for category in spec.categories],
        "steps": label_steps(spec.categories),
        "ticks": [[tick, value_text(tick, spec.unit, spec.currency)] for tick in ticks(spec)],
        "totals": [value_text(total, spec.unit, spec.currency) for total in totals],
        "keys": list(spec.keys),
        "series": [
            {
                "name": one_line(series.name),
                "key": series.key,
                "tone": series.tone,
                "shade": shade,
                "values": [value if math.isfinite(value) else 0 for value in series.values],
                "texts": [value_text(value, spec.unit, spec.currency) for value in series.values],
            }
            for series, shade in zip(spec.series, shades_of(spec.series), strict=True)
        ],
        "picked": [[pick.category, pick.series] for pick in picked],
    }


def totals_of(spec: ChartSpec) -> list[float]:
    """Return the sum of each category, which is the height of its bar."""
    columns = zip(*(series.values for series in spec.series), strict=True)
    return [_sum(column) for column in columns] if spec.series else [0.0] * len(spec.categories)


def ticks(spec: ChartSpec) -> tuple[float, ...]:
    """Return the ticks of the value axis; a heat map's are for its largest cell."""
    cells = [value for series in spec.series for value in series.values if math.isfinite(value)]
    heights = cells if spec.kind == "heat_map" else totals_of(spec)
    return ticks_of(max(heights, default=0), spec.unit)


def total_text(spec: ChartSpec) -> str:
    """Return the sum of all values with what they are; empty where a sum means nothing."""
    if spec.unit not in {"count", "money"} or not has_values(spec):
        return ""
    total = _sum(totals_of(spec))
    text, words = value_text(total, spec.unit, spec.currency), one_line(spec.value_title).lower()
    if spec.unit == "money" or not words:
        return text
    return f"{text} {words.removesuffix('s') if total == 1 else words}"


def axis_title(spec: ChartSpec) -> str:
    """Return the title of the category axis, with the time zone where it shows times.

    Horizontal bars have their categories beside them, and no axis.
    """
    if spec.kind == "bars" and not spec.time_zone:
        return ""
    return " · ".join(filter(None, (one_line(spec.category_title), one_line(spec.time_zone))))


def has_values(spec: ChartSpec) -> bool:
    """Return whether there is anything to draw."""
    return any(value and math.isfinite(value) for one in spec.series for value in one.values)


def _sum(values: Collection[float]) -> float:
    """Return the sum of the values that exist; NaN if none does."""
    known = [value for value in values if math.isfinite(value)]
    return math.fsum(known) if known or not values else math.nan
