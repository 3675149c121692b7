"""Charts for other tools: Vega-Lite, Altair, SVG and PNG files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.charts.palette import COLOURS, shades_of
from twilio_widgets.panels.charts.scale import full_label
from twilio_widgets.panels.charts.svg import svg_of
from twilio_widgets.panels.charts.view import axis_title

if TYPE_CHECKING:
    import os

    from twilio_widgets.analysis.chart_spec import ChartSpec

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""JupyterLab draws version 5 itself, without a request; it does not know version 6."""

PNG_SCALE = 2
"""Pixels of a PNG for each pixel of the chart."""


def vega_lite(spec: ChartSpec) -> dict[str, Any]:
    """Return a chart as a Vega-Lite 5 specification, with its values inside."""
    rows = [
        {"category": full_label(category), "series": series.name, "value": value}
        for series in spec.series
        for category, value in zip(spec.categories, series.values, strict=True)
        if math.isfinite(value)
    ]
    found: dict[str, Any] = {
        "$schema": SCHEMA,
        "title": spec.title,
        "data": {"values": rows},
        "width": "container" if spec.kind != "heat_map" else 480,
    }
    return {**found, **_marks(spec)}


def _marks(spec: ChartSpec) -> dict[str, Any]:
    category = {
        "field": "category",
        "type": "ordinal",
        "sort": None,  # the order of the data
        "title": axis_title(spec) or None,
    }
    value = {"field": "value", "type": "quantitative", "title": _value_title(spec)}
    series = {"field": "series", "type": "nominal", "sort": None, "title": None}
    tip = [_plain(category), value]
    if spec.kind == "heat_map":
        colour = {**value, "scale": {"range": ["#eef1f5", COLOURS["neutral"]]}}
        encoding = {"x": category, "y": series, "color": colour, "tooltip": [_plain(series), *tip]}
        return {"mark": "rect", "encoding": encoding}
    if spec.kind == "bars":
        mark = {"type": "bar", "color": COLOURS[spec.series[0].tone] if spec.series else None}
        return {"mark": mark, "encoding": {"y": category, "x": value, "tooltip": tip}}
    named = list(zip(spec.series, shades_of(spec.series), strict=True))
    colours = {
        "domain": [one.name for one, _ in named],
        "range": [_faded(COLOURS[one.tone], shade) for one, shade in named],
    }
    colour = {**series, "scale": colours}
    if len(named) < 2:  # a legend of one name repeats the title
        colour["legend"] = None
    order = {"field": "place", "type": "quantitative"}
    places = " : ".join(
        f"datum.series === {_quoted(one.name)} ? {place}" for place, (one, _) in enumerate(named)
    )
    return {
        "transform": [{"calculate": f"{places} : {len(named)}" if places else "0", "as": "place"}],
        "mark": "bar",
        "encoding": {
            "x": category,
            "y": value,
            "color": colour,
            "order": order,
            "tooltip": [_plain(category), _plain(series), value],
        },
    }


def _plain(channel: dict[str, Any]) -> dict[str, Any]:
    """Return a channel without the order, which a tooltip does not have."""
    return {name: value for name, value in channel.items() if name != "sort"}


def _value_title(spec: ChartSpec) -> str | None:
    units = {"percent": "%", "seconds": "s", "money": spec.currency, "count": ""}
    unit = units[spec.unit]
    return f"{spec.value_title} ({unit})" if unit and spec.value_title else spec.value_title or unit


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _faded(colour: str, opacity: float) -> str:
    """Return a colour mixed with white, since a Vega-Lite scale has no opacity of its own."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part * opacity + 255 * (1 - opacity)):02x}" for part in parts)


def to_altair(spec: ChartSpec) -> Any:
    """Return a chart as an ``altair.Chart``.

    Raises:
        ConfigurationError: Altair is not installed.
    """
    try:
        import altair
    except ImportError:
        raise ConfigurationError(
            "Altair is not installed. Run: pip install altair. "
            "Without it, chart.vega_lite() returns the same chart as a dict.",
            field="altair",
        ) from None
    described = vega_lite(spec)
    del described["$schema"]  # that of the installed Altair
    return altair.Chart.from_dict(described)


def save(spec: ChartSpec, path: str | os.PathLike[str]) -> Path:
    """Write a chart to a file, as SVG or PNG by its name; return the path.

    Raises:
        ConfigurationError: The name ends otherwise, or nothing installed can make a PNG.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind == ".svg":
        target.write_text(svg_of(spec), "utf-8")
    elif kind == ".png":
        target.write_bytes(_png(svg_of(spec)))
    else:
        raise ConfigurationError(
            f"A chart is saved as .svg or .png, and {target.name!r} ends otherwise.", field="path"
        )
    return target


def _png(svg: str) -> bytes:
    try:
        import vl_convert
    except ImportError:
        pass
    else:
        return bytes(vl_convert.svg_to_png(svg, scale=PNG_SCALE))
    try:
        import cairosvg
    except (ImportError, OSError):  # OSError: the package without the C library
        raise ConfigurationError(
            "Nothing installed can make a PNG. Run: pip install vl-convert-python, or save the "
            "chart as .svg, which needs nothing.",
            field="path",
        ) from None
    return bytes(cairosvg.svg2png(bytestring=svg.encode(), scale=PNG_SCALE))
