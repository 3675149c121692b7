"""`svg_of`: a chart as an SVG file, written without a browser; `picture_of`: for a saved notebook.

The geometry is that of `chart_layout.js`, at a fixed width.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.printable import inert, one_line, visible
from twilio_widgets.panels.charts.palette import COLOURS, shades_of
from twilio_widgets.panels.charts.scale import axis_labels, full_label, label_steps, value_text
from twilio_widgets.panels.charts.view import (
    EMPTY,
    axis_title,
    has_values,
    ticks,
    total_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from twilio_widgets.analysis.chart_spec import ChartSpec

WIDTH: Final = 640
CHARACTER: Final = 6.7
"""Pixels of an average character of 11 pixels."""

ROW, PLOT, BAR = 20, 150, 44
"""Pixels: the height of a row, the height of columns, and the widest column."""

LEVELS: Final = 20
"""The levels of colour in a heat map."""

LONGEST_LABEL: Final = 42
"""Characters of a horizontal bar's label."""

_FONT: Final = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours around the marks."""

    text: str
    soft: str
    line: str
    paper: str = ""


ON_PAPER: Final = Ink(text="#1f2328", soft="#5b6470", line="#d8dce2", paper="#ffffff")
"""For a file, which may be opened anywhere."""

ON_PAGE: Final = Ink(text="#7d8590", soft="#7d8590", line="#7d859055")
"""For a notebook: a picture cannot use the colours of the page, and these suit light and dark."""


def svg_of(spec: ChartSpec, *, ink: Ink = ON_PAPER, width: int = WIDTH) -> str:
    """Return a chart as an SVG document.

    Args:
        spec: What it shows.
        ink: The colours around the marks.
        width: In pixels.
    """
    pen = _Pen(ink)
    pen.text(0, 13, spec.title, size=13, fill=ink.text, weight=600)
    pen.text(width, 13, total_text(spec), anchor="end")
    top = _legend(pen, spec, width)
    if not has_values(spec):
        pen.text(width / 2, top + 40, EMPTY, anchor="middle")
        height = top + 70.0
    elif spec.kind == "bars":
        height = _bars(pen, spec, top, width)
    elif spec.kind == "heat_map":
        height = _cells(pen, spec, top, width)
    else:
        height = _columns(pen, spec, top, width)
    note = wrap(spec.note, int(width / CHARACTER))
    for words in filter(None, (axis_title(spec), *note)):
        height += 15
        pen.text(width / 2, height - 2, words, anchor="middle")
    return pen.document(width, height + 4)


def picture_of(spec: ChartSpec, *, whole: bool = False, width: int = WIDTH) -> str:
    """Return a chart as static HTML: an image, and its table behind a click.

    Args:
        spec: What it shows.
        whole: Whether phone numbers stay; otherwise they are masked.
        width: In pixels.
    """
    shown = spec if whole else masked_spec(spec)
    # Percent-encoded instead of Base64, so that a search finds the words in a notebook file.
    address = quote(svg_of(shown, ink=ON_PAGE, width=width), safe=" =:/;,.()+-'!*")
    summary = ": ".join(filter(None, (shown.title, total_text(shown) or EMPTY)))
    table = f"<details><summary>{inert(one_line(shown.title))}, as a table</summary>{_table(shown)}"
    return (
        '<div class="tex2jax_ignore mathjax_ignore">'
        f'<img alt="{html.escape(one_line(summary))}" style="max-width: 100%"'
        f' src="data:image/svg+xml,{address}">'
        f"{f'{table}</details>' if has_values(shown) else ''}</div>"
    )


def masked_spec(spec: ChartSpec) -> ChartSpec:
    """Return a chart with the phone numbers in its texts masked."""
    return replace(
        spec,
        title=mask(spec.title),
        categories=tuple(map(mask, spec.categories)),
        series=tuple(replace(one, name=mask(one.name)) for one in spec.series),
        note=mask(spec.note),
    )


def table_of(spec: ChartSpec) -> list[list[str]]:
    """Return the values behind a chart: a head, then a row for each category."""
    head = [spec.category_title, *(series.name or spec.value_title for series in spec.series)]
    columns = [
        [value_text(value, spec.unit, spec.currency) for value in series.values]
        for series in spec.series
    ]
    names = map(full_label, spec.categories)
    return [head, *([name, *row] for name, *row in zip(names, *columns, strict=True))]


def _table(spec: ChartSpec) -> str:
    head, *rows = table_of(spec)
    heads = "".join(f'<th scope="col">{inert(one_line(text))}</th>' for text in head)
    body = "".join(
        f'<tr><th scope="row">{inert(one_line(name))}</th>'
        f"{''.join(f'<td>{inert(text)}</td>' for text in cells)}</tr>"
        for name, *cells in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


class _Pen:
    """Collects the elements of a drawing."""

    def __init__(self, ink: Ink) -> None:
        self.ink = ink
        self._parts: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: int = 11,
        fill: str = "",
        weight: int = 400,
    ) -> None:
        if text:
            self._parts.append(
                f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                f'font-weight="{weight}" fill="{fill or self.ink.soft}">{_escaped(text)}</text>'
            )

    def line(self, x: float, y: float, to: float) -> None:
        self._parts.append(
            f'<path d="M{x:.1f} {y:.1f}H{to:.1f}" stroke="{self.ink.line}" fill="none"/>'
        )

    def path(self, path: str, fill: str, opacity: float = 1) -> None:
        if path:
            self._parts.append(f'<path d="{path}" fill="{fill}" fill-opacity="{opacity:.2f}"/>')

    def box(self, place: tuple[float, float, float, float], fill: str, opacity: float = 1) -> None:
        x, y, width, height = place
        self.path(f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z", fill, opacity)

    def document(self, width: float, height: float) -> str:
        paper = f'<path d="M0 0H{width}V{height:.0f}H0z" fill="{self.ink.paper}"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" '
            f'viewBox="0 0 {width} {height:.0f}" font-family="{_FONT}">'
            f"{paper if self.ink.paper else ''}{''.join(self._parts)}</svg>"
        )


def _escaped(text: str) -> str:
    return html.escape(visible(one_line(text)))


def _legend(pen: _Pen, spec: ChartSpec, width: float) -> float:
    """Write the names of stacked series below the title; return where the drawing begins."""
    x, y = 0.0, 32.0
    if spec.kind != "stacked_bars" or not has_values(spec):
        return 26
    for series, shade in zip(spec.series, shades_of(spec.series), strict=True):
        room = 14 + len(series.name) * CHARACTER + 12
        if x and x + room > width:
            x, y = 0.0, y + 16
        pen.box((x, y - 9, 9, 9), COLOURS[series.tone], shade)
        pen.text(x + 14, y, series.name)
        x += room
    return y + 10


def _columns(pen: _Pen, spec: ChartSpec, top: float, width: float) -> float:
    scale = ticks(spec)
    words = [value_text(tick, spec.unit, spec.currency) for tick in scale]
    left, base = max(map(len, words)) * CHARACTER + 10, top + PLOT
    step = (width - left) / max(1, len(spec.categories))
    for tick, text in zip(scale, words, strict=True):
        y = base - PLOT * tick / scale[-1]
        pen.line(left, y, width)
        pen.text(left - 6, y + 4, text, anchor="end")
    bar = step * 0.98 if spec.kind == "histogram" else min(step * 0.82, BAR)
    heights = [0.0] * len(spec.categories)
    for series, shade in zip(spec.series, shades_of(spec.series), strict=True):
        path = ""
        for index, value in enumerate(series.values):
            if not value > 0:
                continue
            x, y = left + index * step + (step - bar) / 2, base - PLOT * heights[index] / scale[-1]
            heights[index] += value
            high = PLOT * value / scale[-1]
            path += f"M{x:.1f} {y:.1f}h{bar:.1f}v-{high:.1f}h-{bar:.1f}z"
        pen.path(path, COLOURS[series.tone], shade)
    _labels(pen, spec, left, step, base + 14)
    return base + 18


def _cells(pen: _Pen, spec: ChartSpec, top: float, width: float) -> float:
    left = max(len(series.name) for series in spec.series) * CHARACTER + 14
    step = (width - left) / max(1, len(spec.categories))
    most = max(max(series.values) for series in spec.series)
    levels: dict[float, str] = {}  # a path for each level of colour is much shorter than all cells
    for row, series in enumerate(spec.series):
        pen.text(left - 6, top + row * ROW + 13, series.name, anchor="end")
        for column, value in enumerate(series.values):
            level = 0.06 + 0.94 * round(max(0.0, value / most) * LEVELS) / LEVELS
            corner = f"M{left + column * step:.1f} {top + row * ROW:.1f}"
            box = f"{corner}h{step - 1.5:.1f}v{ROW - 2}h-{step - 1.5:.1f}z"
            levels[level] = levels.get(level, "") + box
    for level, path in levels.items():
        pen.path(path, COLOURS["neutral"], level)
    base = top + len(spec.series) * ROW
    _labels(pen, spec, left, step, base + 12)
    return base + 16


def _bars(pen: _Pen, spec: ChartSpec, top: float, width: float) -> float:
    (series,) = spec.series
    labels = [_cut(full_label(category)) for category in spec.categories]
    texts = [value_text(value, spec.unit, spec.currency) for value in series.values]
    left = max(map(len, labels)) * CHARACTER + 14
    room = width - left - max(map(len, texts)) * CHARACTER - 8
    most = max(value for value in series.values if value == value)  # noqa: PLR0124  # not NaN
    for row, (label, value, text) in enumerate(zip(labels, series.values, texts, strict=True)):
        y = top + row * ROW
        pen.text(left - 8, y + 11, label, anchor="end")
        long = max(0.0, room * value / most) if value > 0 else 0.0
        pen.box((left, y + 1, long, 13), COLOURS[series.tone])
        pen.text(left + long + 6, y + 11, text)
    return top + len(labels) * ROW


def _labels(pen: _Pen, spec: ChartSpec, left: float, step: float, y: float) -> None:
    for index, label in _thinned(axis_labels(spec.categories), step, label_steps(spec.categories)):
        x = max(left + (index + 0.5) * step, len(label) * CHARACTER / 2)
        pen.text(x, y, label, anchor="middle")


def _thinned(labels: Sequence[str], step: float, steps: Iterable[int]) -> Iterator[tuple[int, str]]:
    first, others = len(labels[0]) * 0.75, max(map(len, labels[1:]), default=0)
    room = max(first, others) * CHARACTER + 8
    every = next((each for each in steps if each * step >= room), max(1, round(room / step)))
    return ((index, label) for index, label in enumerate(labels) if index % every == 0)


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
