"""The colours differ for every reader, on white and on black."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from twilio_widgets.analysis.chart_spec import Series
from twilio_widgets.panels.charts.palette import COLOURS, SHADES, shades_of

VARIABLES = Path(__file__).parents[4] / "twilio_widgets/panels/kit/variables.css"

VISION = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB."""

LEAST = 0.1
"""A distance in Oklab; about five times the smallest difference that people notice."""

PAPERS = {"white": ("#ffffff", "#000000"), "black": ("#111111", "#ffffff")}
"""The background and the ink of a theme."""


def channels(colour):
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def linear(colour):
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def oklab(rgb):
    cone = times(
        (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        ),
        [min(max(c, 0), 1) for c in rgb],
    )
    return times(
        (
            (0.2104542553, 0.7936177850, -0.0040720468),
            (1.9779984951, -2.4285922050, 0.4505937099),
            (0.0259040371, 0.7827717662, -0.8086757660),
        ),
        [c ** (1 / 3) for c in cone],
    )


def on_theme(colour, ink):
    """The colour as the style sheet mixes it: 90 % of it, and 10 % of the ink."""
    mixed = (0.9 * a + 0.1 * b for a, b in zip(channels(colour), channels(ink), strict=True))
    return "#" + "".join(f"{round(255 * c):02x}" for c in mixed)


def contrast(one, other):
    light = sorted(sum(times(((0.2126, 0.7152, 0.0722),), linear(c))) for c in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("pair", list(itertools.combinations(COLOURS, 2)), ids="-".join)
def test_two_tones_differ_for_every_reader(pair, vision, paper):
    seen = [
        oklab(times(VISION[vision], linear(on_theme(COLOURS[tone], PAPERS[paper][1]))))
        for tone in pair
    ]

    assert sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5 >= LEAST


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("tone", COLOURS)
def test_a_bar_stands_out_from_the_background(tone, paper):
    """WCAG 2.2, non-text contrast."""
    ground, ink = PAPERS[paper]

    assert contrast(on_theme(COLOURS[tone], ink), ground) >= 3


@pytest.mark.parametrize("tone", COLOURS)
def test_the_style_sheet_has_the_same_colours(tone):
    found = re.search(
        rf"--tw-chart-{tone}: color-mix\(in srgb, (#\w+) 90%, var\(--tw-strong\)\)",
        VARIABLES.read_text(),
    )

    assert found is not None
    assert found[1] == COLOURS[tone]


def test_series_of_one_tone_have_their_own_shades():
    tones = ("good", "bad", "bad", "good", "bad", "bad")
    series = [Series(name=tone, values=(), tone=tone) for tone in tones]

    assert shades_of(series) == [1, 1, SHADES[1], SHADES[1], SHADES[2], SHADES[2]]
