"""The numbers and labels of an axis: round ticks, values as texts, and short names of days."""

from __future__ import annotations

import math
import re
from datetime import date
from itertools import chain, count, takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twilio_widgets.analysis.chart_spec import Unit

INTERVALS: Final = 4
"""The most intervals between ticks."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400
_CLOCK: Final = tuple(
    unit * factor
    for unit, factors in ((MINUTE, (1, 2, 5, 10, 15, 30)), (HOUR, (1, 2, 3, 6, 12)))
    for factor in factors
)
"""Steps of a clock in seconds, between those of a minute and a day."""

MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKDAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH: Final = re.compile(r"\d{4}-\d\d")


def ticks_of(largest: float, unit: Unit = "count") -> tuple[float, ...]:
    """Return evenly spaced round numbers from 0 to the first that is not below `largest`."""
    if not math.isfinite(largest) or largest <= 0:
        return (0, 1)
    step = next(step for step in _steps(unit) if step * INTERVALS >= largest)
    return tuple(step * number for number in range(math.ceil(round(largest / step, 9)) + 1))


def _steps(unit: Unit) -> Iterator[float]:
    """Yield the steps of an axis in ascending order."""
    if unit == "seconds":
        small = takewhile(lambda step: step < MINUTE / 2, _decimal(-3))
        return chain(small, _CLOCK, (DAY * step for step in _decimal(0)))
    return _decimal(0 if unit == "count" else -6)


def _decimal(power: int) -> Iterator[float]:
    for exponent in count(power):
        for factor in (1, 2, 5):
            yield factor * 10**exponent if exponent >= 0 else factor / 10**-exponent


def value_text(value: float, unit: Unit = "count", currency: str = "") -> str:
    """Return a value with its unit: ``1,234``, ``4.2 %``, ``3.5 min``, ``0.0075 USD``; – for NaN.

    Args:
        value: The value. Percentages are from 0 to 100, durations in seconds.
        unit: The unit.
        currency: The ISO 4217 code, where the unit is ``money``.
    """
    if not math.isfinite(value):
        return "–"
    if unit == "seconds":
        return _duration(value)
    if unit == "money":
        places = 2 if abs(value) >= 1 or value == 0 else 4
        number = f"{value:,.{places}f}"
        return f"${number}" if currency == "USD" else f"{number} {currency}".rstrip()
    return f"{_short(value, 1)} %" if unit == "percent" else _short(value, 2)


def _duration(seconds: float) -> str:
    for size, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if abs(seconds) >= size:
            return f"{_short(seconds / size, 1)} {name}"
    return f"{_short(seconds, 1 if seconds >= 1 else 3)} s"


def _short(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def axis_labels(categories: Sequence[str]) -> tuple[str, ...]:
    """Return short labels for an axis: ISO days and months become ``15 Jan`` and ``Jan``.

    The first one has the year.
    """
    if _all(_DAY, categories):
        labels = [f"{int(day[8:])} {MONTHS[int(day[5:7]) - 1]}" for day in categories]
    elif _all(_MONTH, categories):
        labels = [MONTHS[int(month[5:7]) - 1] for month in categories]
    else:
        return tuple(categories)
    return (f"{labels[0]} {categories[0][:4]}", *labels[1:])


def full_label(category: str) -> str:
    """Return a category for reading: an ISO day becomes ``Thu 15 Jan 2026``."""
    if _DAY.fullmatch(category):
        day = date.fromisoformat(category)
        return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"
    if _MONTH.fullmatch(category):
        return f"{MONTHS[int(category[5:7]) - 1]} {category[:4]}"
    return category


def label_steps(categories: Sequence[str]) -> tuple[int, ...]:
    """Return by how much labels may be thinned out: days by weeks, hours by quarters of a day."""
    if _all(_DAY, categories):
        return 1, 2, 7, 14, 28, 56, 112
    if _all(_MONTH, categories):
        return 1, 2, 3, 6, 12
    return (1, 2, 3, 6, 12) if len(categories) == 24 else (1, 2, 5, 10, 20, 50, 100)


def _all(pattern: re.Pattern[str], categories: Sequence[str]) -> bool:
    return bool(categories) and all(map(pattern.fullmatch, categories))
