"""Intervals of rates, compared with published examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_widgets.analysis.intervals import newcombe, wilson

COUNTS = st.integers(1, 10**6).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total))
)


@pytest.mark.parametrize(
    ("successes", "total", "interval"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_gives_the_published_interval(successes, total, interval):
    assert wilson(successes, total) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "interval"),
    [
        # Newcombe, "Interval estimation for the difference" (1998), table II, method 10.
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
    ],
)
def test_newcombe_gives_the_published_interval(first, second, interval):
    assert newcombe(second, first) == pytest.approx(interval, abs=5e-5)


@given(COUNTS)
def test_a_rate_is_in_its_interval(counts):
    low, high = wilson(*counts)

    assert 0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1


@given(COUNTS, COUNTS)
def test_the_interval_of_a_difference_changes_sides_with_the_groups(a, b):
    low, high = newcombe(a, b)

    assert newcombe(b, a) == pytest.approx((-high, -low), abs=1e-12)


def test_without_observations_every_rate_is_possible():
    assert wilson(0, 0) == (0.0, 1.0)
