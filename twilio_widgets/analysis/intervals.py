"""Confidence intervals of rates: Wilson's for one rate, Newcombe's for the difference of two.

Both keep their meaning for few messages and for rates near 0 and 1, where the usual interval
(the rate ± 1.96 standard errors) leaves the possible range.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
(1927); R. G. Newcombe, "Interval estimation for the difference between independent proportions:
comparison of eleven methods" (1998), method 10.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

_Z: Final = 1.959963984540054
"""For intervals that contain the true value 95 times in 100."""


def wilson(successes: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate; from 0 to 1 without any observation."""
    if total == 0:
        return 0.0, 1.0
    rate, z2 = successes / total, _Z * _Z
    middle = rate + z2 / (2 * total)
    margin = _Z * sqrt(rate * (1 - rate) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    return max(0.0, (middle - margin) / scale), min(1.0, (middle + margin) / scale)


def newcombe(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float]:
    """Return the 95 % interval of the difference ``rate of b - rate of a``.

    Args:
        a: Successes and total of the first group; the total is positive.
        b: The same of the second group.
    """
    rate_a, rate_b = a[0] / a[1], b[0] / b[1]
    low_a, high_a = wilson(*a)
    low_b, high_b = wilson(*b)
    difference = rate_b - rate_a
    below = sqrt((rate_b - low_b) ** 2 + (high_a - rate_a) ** 2)
    above = sqrt((high_b - rate_b) ** 2 + (rate_a - low_a) ** 2)
    return difference - below, difference + above
