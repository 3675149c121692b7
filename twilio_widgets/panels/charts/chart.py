"""`Chart`: a `ChartSpec` as an element of a notebook page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.panels.charts import export
from twilio_widgets.panels.charts.svg import picture_of
from twilio_widgets.panels.charts.view import Pick, view_of
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.saved_picture import SavedPicture
from twilio_widgets.panels.kit.unsaved import Unsaved

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection
    from pathlib import Path

    from twilio_widgets.analysis.chart_spec import ChartSpec
    from twilio_widgets.panels.kit.saved_picture import Static

    OnPick = Callable[[Pick, bool], object]


class Chart(SavedPicture, Unsaved):
    """A chart on the page: bars, stacked bars, a heat map or a histogram.

    Its values are not widget state; a page requests them, and a saved notebook shows a picture.

    Args:
        spec: What it shows.
        static: Whether a saved notebook shows a picture; ``"unmasked"`` for one with whole phone
            numbers.

    Example:
        >>> chart = tw.analysis.delivery(frame).chart()
        >>> chart.save("delivery.svg")
    """

    _esm = asset(__file__, "chart.js")
    _css = asset(__file__, "chart.css")

    def __init__(self, spec: ChartSpec, *, static: Static = True) -> None:
        self._pick_lock = ThreadLock()
        self._spec, self._picked = spec, frozenset[Pick]()
        self._on_pick: OnPick | None = None
        self._on_clear: Callable[[], object] | None = None
        super().__init__()
        self._begin_picture(static)
        self.show(spec)

    @property
    def spec(self) -> ChartSpec:
        """What the chart shows."""
        return self._spec

    @property
    def picked(self) -> frozenset[Pick]:
        """What is selected."""
        return self._picked

    def show(self, spec: ChartSpec, picked: Collection[Pick] = ()) -> None:
        """Show something else, in place.

        Args:
            spec: What to show.
            picked: What is selected.
        """
        chosen = frozenset(picked)
        with self._pick_lock:
            if self.epoch and (spec, chosen) == (self._spec, self._picked):
                return
            self._spec, self._picked = spec, chosen
            self._put(view_of(spec, sorted(chosen, key=str)))
        self._picture_changed()

    def on_pick(self, picked: OnPick, cleared: Callable[[], object] | None = None) -> None:
        """Call back when the user selects a mark. The callbacks must not raise.

        Args:
            picked: Called with the mark, and whether the user wants it selected.
            cleared: Called when the user wants nothing selected.
        """
        self._on_pick, self._on_clear = picked, cleared

    def vega_lite(self) -> dict[str, Any]:
        """Return the chart as a Vega-Lite 5 specification, with its values inside."""
        return export.vega_lite(self._spec)

    def to_altair(self) -> Any:
        """Return the chart as an ``altair.Chart``.

        Raises:
            ConfigurationError: Altair is not installed.
        """
        return export.to_altair(self._spec)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the chart to a file, as SVG or PNG by its name; return the path.

        A PNG needs vl-convert-python or cairosvg.

        Raises:
            ConfigurationError: The name ends otherwise, or nothing installed can make a PNG.
        """
        return export.save(self._spec, path)

    def close(self) -> None:
        """Remove the chart from every page."""
        self._end_picture()
        super().close()

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Handle a message of a page; anything unexpected is ignored as untrusted input."""
        match content:
            case {"t": "pick", "category": category, "series": series, "on": bool(on)}:
                pick = Pick(category, series)
                if self._on_pick is not None and self._has(pick):
                    self._on_pick(pick, on)
            case {"t": "clear"} if self._on_clear is not None:
                self._on_clear()
            case _:
                super()._receive(_widget, content, _buffers)

    def _has(self, pick: Pick) -> bool:
        """Return whether the chart still has the mark that a page showed."""
        with self._pick_lock:
            columns, rows = self._spec.keys, {one.key for one in self._spec.series}
        has_series = pick.series in rows if pick.series is not None else True
        has_category = pick.category in columns if pick.category is not None else True
        return has_series and has_category and pick != Pick()

    def _picture_html(self) -> str:
        return picture_of(self._spec, whole=self._picture_static == "unmasked")

    def _repr_mimebundle_(self, **kwargs: dict[Any, Any]) -> dict[str, object]:  # type: ignore[override]  # without metadata
        """Add the picture, for a notebook that is read without a kernel."""
        shown = super()._repr_mimebundle_(**kwargs)
        bundle = shown[0] if isinstance(shown, tuple) else shown
        return self._bundle_with_picture(bundle or {})

    def __repr__(self) -> str:
        return f"Chart({self._spec.title!r}, {len(self._spec.categories)} categories)"
