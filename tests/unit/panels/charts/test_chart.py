"""A chart shows its spec, reports picks by key, and is exported without a browser."""

from __future__ import annotations

import builtins
import json
import re
import struct
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from tests.unit.panels.charts.specs import ALL, BARS, BINS, EMPTY, HEAT, RATE, STACK, ZEROS
from twilio_widgets.analysis.chart_spec import ChartSpec, Series
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.charts.chart import Chart
from twilio_widgets.panels.charts.export import SCHEMA
from twilio_widgets.panels.charts.svg import svg_of, table_of
from twilio_widgets.panels.charts.view import Pick, view_of
from twilio_widgets.panels.kit.saved_picture import VIEW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<img src=x onerror=alert(1)> $x$ \u202eevil"
SENDER = "+14155550123"

WITH_NUMBERS = ChartSpec(
    kind="bars",
    title=f"Messages from {SENDER}",
    categories=(SENDER,),
    keys=(SENDER,),
    series=(Series(name="Messages", values=(3,)),),
)


@pytest.fixture
def chart() -> Iterator[Chart]:
    chart = Chart(STACK)
    yield chart
    chart.close()


def picked(chart: Chart) -> list[tuple[Pick, bool]]:
    """Return a list that receives the picks of a chart."""
    found: list[tuple[Pick, bool]] = []
    chart.on_pick(lambda pick, on: found.append((pick, on)))
    return found


def says(chart: Chart, **content: object) -> None:
    """Receive a message as from a page."""
    chart._handle_custom_msg(content, [])


# The view


def test_the_view_of_stacked_bars() -> None:
    view = view_of(STACK, [Pick("2026-01-15")])

    assert {name: view[name] for name in ("title", "total", "axis", "note", "empty")} == {
        "title": "Messages by day",
        "total": "1,241 messages",
        "axis": "Sent · Europe/Berlin",
        "note": "Outbound messages.",
        "empty": "",
    }
    assert view["labels"] == ["14 Jan 2026", "15 Jan", "16 Jan"]
    assert view["names"] == ["Wed 14 Jan 2026", "Thu 15 Jan 2026", "Fri 16 Jan 2026"]
    assert view["ticks"] == [[0, "0"], [500, "500"], [1_000, "1,000"], [1_500, "1,500"]]
    assert view["totals"] == ["1,234", "0", "7"]
    assert view["picked"] == [["2026-01-15", None]]
    assert view["series"][2] == {
        "name": "undelivered",
        "key": "undelivered",
        "tone": "bad",
        "shade": 0.6,
        "values": [0, 0, 2],
        "texts": ["0", "0", "2"],
    }


def test_the_axis_of_a_heat_map_ends_at_its_largest_cell() -> None:
    assert view_of(HEAT)["ticks"] == [[0, "0"], [1, "1"], [2, "2"], [3, "3"], [4, "4"]]


def test_a_value_that_does_not_exist_is_a_dash_and_no_bar() -> None:
    (series,) = view_of(RATE)["series"]

    assert (series["values"], series["texts"]) == ([0, 97.25], ["–", "97.2 %"])
    assert view_of(RATE)["total"] == ""  # percentages have no sum


@pytest.mark.parametrize("spec", [EMPTY, ZEROS], ids=["no categories", "all zero"])
def test_a_chart_with_nothing_to_show_says_so(spec: ChartSpec) -> None:
    assert view_of(spec)["empty"] == "Nothing to show."
    assert "Nothing to show." in svg_of(spec)


def test_one_message_is_not_plural() -> None:
    one = ChartSpec(
        kind="bars",
        title="",
        categories=("a",),
        value_title="Messages",
        series=(Series(name="", values=(1,)),),
    )

    assert view_of(one)["total"] == "1 message"


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: f"{spec.kind} {spec.title}")
def test_a_view_is_json(spec: ChartSpec) -> None:
    assert json.loads(json.dumps(view_of(spec), allow_nan=False))


# The element


def test_a_chart_is_not_in_the_widget_state(chart: Chart) -> None:
    assert "Messages by day" not in json.dumps(chart.get_state(), default=str)


def test_the_same_chart_again_sends_nothing(chart: Chart) -> None:
    before = chart.epoch
    chart.show(STACK)
    assert chart.epoch == before

    chart.show(STACK, [Pick("2026-01-15")])
    assert chart.epoch == before + 1


@pytest.mark.parametrize(
    ("category", "series"), [("2026-01-15", None), (None, "failed"), ("2026-01-15", "failed")]
)
def test_a_pick_arrives_with_the_keys_of_its_mark(
    chart: Chart, category: str | None, series: str | None
) -> None:
    found = picked(chart)
    says(chart, t="pick", category=category, series=series, on=True)

    assert found == [(Pick(category, series), True)]


@pytest.mark.parametrize(
    "content",
    [
        {"category": "2026-02-01", "series": None, "on": True},  # no longer in the chart
        {"category": None, "series": "read", "on": True},
        {"category": None, "series": None, "on": True},
        {"category": 3, "series": None, "on": True},
        {"category": "2026-01-15", "series": None, "on": "yes"},
        {"category": "2026-01-15"},
    ],
)
def test_a_pick_of_what_the_chart_does_not_have_is_ignored(
    chart: Chart, content: dict[str, object]
) -> None:
    found = picked(chart)
    says(chart, t="pick", **content)

    assert found == []


def test_a_series_without_a_key_cannot_be_picked() -> None:
    chart = Chart(BINS)
    found = picked(chart)
    says(chart, t="pick", category="0", series=None, on=True)

    assert found == []


def test_escape_clears_the_picks(chart: Chart) -> None:
    cleared: list[bool] = []
    chart.on_pick(lambda _pick, _on: None, lambda: cleared.append(True))
    says(chart, t="clear")

    assert cleared == [True]


def test_the_repr_names_the_chart(chart: Chart) -> None:
    assert repr(chart) == "Chart('Messages by day', 3 categories)"


# Exports


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: f"{spec.kind} {spec.title}")
def test_an_svg_is_well_formed_and_has_the_title(spec: ChartSpec) -> None:
    root = ElementTree.fromstring(svg_of(spec))

    assert root.tag == f"{SVG}svg"
    assert spec.title in [text.text for text in root.iter(f"{SVG}text")]


def test_an_svg_shows_hostile_text_as_text() -> None:
    hostile = ChartSpec(
        kind="bars",
        title=HOSTILE,
        categories=(HOSTILE,),
        series=(Series(name=HOSTILE, values=(1,)),),
    )
    root = ElementTree.fromstring(svg_of(hostile))

    assert {node.tag for node in root.iter()} == {f"{SVG}svg", f"{SVG}path", f"{SVG}text"}
    assert "\u202e" not in svg_of(hostile)


def test_bars_in_an_svg_are_as_long_as_their_values() -> None:
    bars = [node.get("d", "") for node in ElementTree.fromstring(svg_of(BARS)).iter(f"{SVG}path")]
    lengths = [float(path.split("h")[1].split("v")[0]) for path in bars if "h" in path]

    assert lengths[0] == pytest.approx(4 * lengths[1], abs=0.2)


def test_the_table_behind_a_chart_has_every_value() -> None:
    assert table_of(STACK) == [
        ["Sent", "delivered", "failed", "undelivered"],
        ["Wed 14 Jan 2026", "1,200", "34", "0"],
        ["Thu 15 Jan 2026", "0", "0", "0"],
        ["Fri 16 Jan 2026", "4", "1", "2"],
    ]


def test_the_picture_of_a_chart_has_an_image_and_its_table(chart: Chart) -> None:
    html = chart._saved_html()

    assert 'alt="Messages by day: 1,241 messages"' in html
    assert "<td>1,200</td>" in html
    assert "<script" not in html


def test_a_chart_has_its_picture_in_its_bundle_too() -> None:
    chart = Chart(WITH_NUMBERS)
    bundle = chart._repr_mimebundle_()

    assert set(bundle) == {VIEW, "text/plain", "text/html"}
    assert bundle["text/html"] == chart._picture_html()
    assert SENDER not in unquote(bundle["text/html"])


def test_a_chart_without_a_picture_has_none_in_its_bundle() -> None:
    assert set(Chart(WITH_NUMBERS, static=False)._repr_mimebundle_()) == {VIEW, "text/plain"}


def test_phone_numbers_in_the_picture_are_masked() -> None:
    html = unquote(Chart(WITH_NUMBERS)._saved_html())

    assert SENDER not in html
    assert html.count("+1 4••• ••• 123") == 5  # title, label, alternative text, summary and table


def test_the_user_can_ask_for_whole_numbers() -> None:
    assert SENDER in unquote(Chart(WITH_NUMBERS, static="unmasked")._saved_html())


def test_a_chart_is_saved_as_svg(chart: Chart, tmp_path: Path) -> None:
    path = chart.save(tmp_path / "messages.svg")

    assert path.read_text("utf-8") == svg_of(STACK)


def test_another_kind_of_file_is_refused(chart: Chart, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"saved as \.svg or \.png, and 'm.pdf' ends"):
        chart.save(tmp_path / "m.pdf")


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make imports of these packages fail, as where they are not installed."""
    real = builtins.__import__

    def importing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".", maxsplit=1)[0] in names:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(builtins, "__import__", importing)


def test_a_png_without_anything_that_makes_one_says_what_to_install(
    chart: Chart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "vl_convert", "cairosvg")

    with pytest.raises(ConfigurationError, match="pip install vl-convert-python"):
        chart.save(tmp_path / "messages.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("spec", ALL, ids=lambda spec: f"{spec.kind} {spec.title}")
def test_a_chart_is_saved_as_png_at_twice_its_size(spec: ChartSpec, tmp_path: Path) -> None:
    pytest.importorskip("vl_convert", reason="vl-convert-python draws PNG files")
    content = Chart(spec, static=False).save(tmp_path / "chart.png").read_bytes()
    drawn = re.search(r'width="(\d+)" height="(\d+)"', svg_of(spec))

    assert drawn is not None
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (2 * int(drawn[1]), 2 * int(drawn[2]))


@pytest.mark.long
@pytest.mark.parametrize("spec", ALL, ids=lambda spec: f"{spec.kind} {spec.title}")
def test_vega_lite_5_draws_its_specification(spec: ChartSpec) -> None:
    convert = pytest.importorskip("vl_convert", reason="vl-convert-python contains Vega-Lite")
    drawn = ElementTree.fromstring(
        convert.vegalite_to_svg(Chart(spec, static=False).vega_lite(), vl_version="5.20")
    )
    texts = "".join(text for element in drawn.iter(f"{SVG}text") for text in element.itertext())

    assert spec.title in texts


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: f"{spec.kind} {spec.title}")
def test_a_vega_lite_specification_is_version_5_and_json(spec: ChartSpec) -> None:
    described = Chart(spec, static=False).vega_lite()

    assert described["$schema"] == SCHEMA
    assert json.loads(json.dumps(described, allow_nan=False)) == described


def test_vega_lite_has_every_value_and_stacks_in_the_order_of_the_series(chart: Chart) -> None:
    described = chart.vega_lite()

    assert len(described["data"]["values"]) == 9
    assert described["data"]["values"][0] == {
        "category": "Wed 14 Jan 2026",
        "series": "delivered",
        "value": 1_200,
    }
    assert described["encoding"]["color"]["scale"]["domain"] == [
        "delivered",
        "failed",
        "undelivered",
    ]
    assert described["transform"][0]["calculate"].startswith("datum.series === 'delivered' ? 0 : ")


@pytest.mark.parametrize("spec", [STACK, BARS, HEAT, BINS, RATE], ids=lambda spec: spec.title)
def test_altair_accepts_the_chart(spec: ChartSpec) -> None:
    pytest.importorskip("altair", reason="Altair is not installed")

    made = Chart(spec, static=False).to_altair()
    assert made.to_dict()["title"] == spec.title


def test_without_altair_the_error_says_what_to_do(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "altair")

    with pytest.raises(ConfigurationError, match="pip install altair"):
        chart.to_altair()
