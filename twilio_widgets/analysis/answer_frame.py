"""`AnswerFrame`: the result of an analysis, with a sentence about it and a chart of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

from twilio_widgets.analysis.chart_spec import ChartSpec
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.frames.safe_frame import SafeFrame

if TYPE_CHECKING:
    from twilio_widgets.panels.charts.chart import Chart


class AnswerFrame(SafeFrame):
    """A tidy DataFrame that says what was counted and draws itself.

    It is displayed and exported as safely as a message frame. A frame that pandas derives from it
    is a plain table: it has neither `counted` nor a chart, because both describe the whole answer.

    ``frame.attrs`` contains ``counted``; ``time_zone``, the IANA name of the zone of all times in
    it; and ``cut_off``, a sentence, if the messages were not the complete log.
    """

    _metadata: ClassVar[list[str]] = ["_spec"]
    _sheet = "answer"
    _spec: ChartSpec

    @property
    def _constructor(self) -> Any:
        return SafeFrame

    @property
    def counted(self) -> str:
        """One sentence or two about the messages that were counted."""
        return str(self.attrs["counted"])

    def chart_spec(self) -> ChartSpec:
        """Return what the chart of this answer shows."""
        return self._spec

    def chart(self, **options: Any) -> Chart:
        """Return a chart of this answer, as a widget.

        Args:
            options: Those of the chart.
        """
        from twilio_widgets.panels.charts.chart import Chart

        return Chart(self._spec, **options)

    def masked(self, *, bodies: bool = False) -> Self:
        """Return a copy with every phone number masked, also in the chart, to show to others.

        Args:
            bodies: Whether the texts of messages are hidden as well.
        """
        made = super().masked(bodies=bodies)
        made._spec = _masked_spec(self._spec, bodies=bodies and "body" in self.columns)
        return made

    def to_excel(  # type: ignore[misc]  # final in the stubs only
        self, excel_writer: Any, sheet_name: str | None = None, **options: Any
    ) -> Any:
        """Write a workbook of plain texts and numbers, with times in the zone of the answer.

        Args:
            excel_writer: A path ending in ``.xlsx``, an open file, or a `pandas.ExcelWriter`.
            sheet_name: The name of the sheet; ``"answer"`` by default.
            options: Those of `SafeFrame.to_excel`.
        """
        local = SafeFrame(self)
        local.attrs = self.attrs
        for place, dtype in enumerate(self.dtypes):
            if isinstance(dtype, pd.DatetimeTZDtype):  # Excel has no zones
                local.isetitem(place, self.iloc[:, place].dt.tz_localize(None).array)
        return local.to_excel(excel_writer, sheet_name or self._sheet, **options)

    def _cuts(self, rows: int, columns: int) -> list[str]:
        return [*super()._cuts(rows, columns), self.counted]


def answer(
    columns: Mapping[str, Any],
    *,
    counted: str,
    spec: ChartSpec,
    source: pd.DataFrame,
    time_zone: str,
) -> AnswerFrame:
    """Build an answer.

    Args:
        columns: The columns, as pandas arrays.
        counted: What was counted: complete sentences.
        spec: The chart; the first sentence becomes its note.
        source: The messages that were counted.
        time_zone: The IANA name of the zone of every time.
    """
    frame = AnswerFrame(columns, copy=False)
    frame._spec = replace(spec, note=f"{counted.partition('. ')[0].rstrip('.')}.")
    frame.attrs |= {"counted": counted, "time_zone": time_zone}
    if cut_off := source.attrs.get("cut_off"):
        frame.attrs["cut_off"] = cut_off
    return frame


def _masked_spec(spec: ChartSpec, *, bodies: bool) -> ChartSpec:
    """Mask the labels; a chart whose keys would contain numbers or bodies selects nothing."""
    categories = tuple("•••" if bodies else mask(label) for label in spec.categories)
    return replace(
        spec,
        title=mask(spec.title),
        note=mask(spec.note),
        categories=categories,
        keys=spec.keys if categories == spec.categories else (),
        series=tuple(replace(one, name=mask(one.name)) for one in spec.series),
    )
