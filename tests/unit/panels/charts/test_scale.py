"""Ticks are round and reach the largest value; numbers and days read as people write them."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_widgets.panels.charts.scale import (
    INTERVALS,
    axis_labels,
    full_label,
    label_steps,
    ticks_of,
    value_text,
)


@pytest.mark.parametrize(
    ("largest", "unit", "expected"),
    [
        (0, "count", (0, 1)),
        (math.nan, "count", (0, 1)),
        (1, "count", (0, 1)),
        (3, "count", (0, 1, 2, 3)),
        (7, "count", (0, 2, 4, 6, 8)),
        (1_234, "count", (0, 500, 1_000, 1_500)),
        (97.5, "percent", (0, 50, 100)),
        (0.3, "money", (0, 0.1, 0.2, 0.3)),
        (0.0075, "money", (0, 0.002, 0.004, 0.006, 0.008)),
        (0.9, "seconds", (0, 0.5, 1)),
        (45, "seconds", (0, 20, 40, 60)),
        (200, "seconds", (0, 60, 120, 180, 240)),
        (7_000, "seconds", (0, 1_800, 3_600, 5_400, 7_200)),
        (500_000, "seconds", (0, 172_800, 345_600, 518_400)),
    ],
)
def test_ticks_are_round(largest, unit, expected):
    assert ticks_of(largest, unit) == pytest.approx(expected)


@given(st.floats(1e-4, 1e12), st.sampled_from(["count", "percent", "seconds", "money"]))
def test_ticks_are_few_even_and_reach_the_largest_value(largest, unit):
    ticks = ticks_of(largest, unit)

    assert ticks[0] == 0
    assert 2 <= len(ticks) <= INTERVALS + 1
    assert ticks[-1] >= largest * (1 - 1e-8)
    assert ticks[-2] < largest
    assert len({round(b - a, 9) for a, b in itertools.pairwise(ticks)}) == 1


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1_234, "count", "1,234"),
        (1.4, "count", "1.4"),
        (math.nan, "count", "–"),
        (97.25, "percent", "97.2 %"),
        (100, "percent", "100 %"),
        (0.25, "seconds", "0.25 s"),
        (4.2, "seconds", "4.2 s"),
        (90, "seconds", "1.5 min"),
        (7_200, "seconds", "2 h"),
        (172_800, "seconds", "2 d"),
        (12.5, "money", "$12.50"),
        (0.0075, "money", "$0.0075"),
        (0, "money", "$0.00"),
    ],
)
def test_a_value_is_written_with_its_unit(value, unit, expected):
    assert value_text(value, unit, "USD") == expected


def test_days_are_short_on_the_axis_and_the_first_has_the_year():
    assert axis_labels(("2025-12-31", "2026-01-01")) == ("31 Dec 2025", "1 Jan")
    assert axis_labels(("2025-12", "2026-01")) == ("Dec 2025", "Jan")


def test_other_labels_stay_as_they_are():
    assert axis_labels(("2026-01-15", "no date")) == ("2026-01-15", "no date")
    assert axis_labels(()) == ()


@pytest.mark.parametrize(
    ("category", "expected"),
    [("2026-01-15", "Thu 15 Jan 2026"), ("2026-01", "Jan 2026"), ("08", "08")],
)
def test_a_category_reads_in_full(category, expected):
    assert full_label(category) == expected


def test_days_are_thinned_out_by_weeks_and_hours_by_parts_of_a_day():
    assert 7 in label_steps(("2026-01-15",))
    assert label_steps([f"{hour:02}" for hour in range(24)]) == (1, 2, 3, 6, 12)
