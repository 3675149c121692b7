"""The colours of charts. `panels/kit/variables.css` has the same ones, mixed with the theme's ink.

Every pair differs for readers with protanopia, deuteranopia and tritanopia, on white and on black;
a test measures it. A colour never stands alone: marks have names, and a table is behind each chart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twilio_widgets.analysis.chart_spec import Series, Tone

COLOURS: Final[dict[Tone, str]] = {
    "good": "#40aa86",
    "pending": "#c98a14",
    "bad": "#b0402a",
    "neutral": "#3d6bd0",
    "other": "#835880",
}

SHADES: Final = (1.0, 0.6, 0.35)
"""The opacity of the first, second and later series with the same tone."""


def shades_of(series: Iterable[Series]) -> list[float]:
    """Return the opacity of each series, so that those with one tone stay distinct."""
    seen: dict[Tone, int] = {}
    found = []
    for one in series:
        seen[one.tone] = seen.get(one.tone, -1) + 1
        found.append(SHADES[min(seen[one.tone], len(SHADES) - 1)])
    return found
