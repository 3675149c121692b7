"""`SafeFrame`: a pandas DataFrame that shows strangers' texts safely and never hides rows."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from twilio_widgets.frames.csv_file import Written

_IGNORED_BY_MATHJAX = ["tex2jax_ignore", "mathjax_ignore"]  # MathJax 2 and 3, by their names

# Between tags nothing but escaped text stands, because pandas escapes < and >.
_TEXT_NODE = re.compile(r">[^<]+<")
_TEX_DELIMITER = re.compile(r"[$\\]")
# What moves a terminal's cursor, writes to its clipboard, or turns the reading order around.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class SafeFrame(pd.DataFrame):
    """A pandas DataFrame of strangers' texts: safe to look at, honest about what it leaves out.

    It is a DataFrame in every respect; what pandas derives from it is of the same kind again. Its
    display differs from pandas' in three ways: texts are never read as HTML or TeX, control
    characters never reach the terminal, and a line says when rows are not shown or were never read.
    ``frame.style`` is pandas' own and does *not* escape: do not use it on texts from strangers.

    pandas copies ``attrs`` to every derived frame (for `concat` and `merge`, when all the inputs'
    are equal), whatever happened to its rows. So a derived frame whose number of rows is not
    ``rows`` gets ``complete = False``, and ``rows`` still tells of the reading it came from.
    """

    _sheet: ClassVar[str] = "rows"

    @property
    def _constructor(self) -> Callable[..., Self]:
        return type(self)

    def __finalize__(self, other: Any, method: str | None = None, **kwargs: Any) -> Self:
        """Take over `other`'s attrs as pandas does, except for a claim that no longer holds."""
        super().__finalize__(other, method=method, **kwargs)  # type: ignore[misc]
        if self.attrs.get("complete") and self.attrs.get("rows") != len(self):
            self.attrs["complete"] = False
        return self

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """Write a CSV file that no spreadsheet runs.

        Texts that would be formulas get an apostrophe in front; phone numbers stay as they are (the
        rule is in `twilio_widgets.core.formulas`). ``pandas.DataFrame(frame).to_csv`` guards
        nothing.

        Args:
            path_or_buf: Where to; None returns the CSV as text.
            options: Those of `pandas.DataFrame.to_csv`. Row numbers are left out by default.

        Returns:
            What was written where, and whether it is complete; or the text.
        """
        from twilio_widgets.frames.csv_file import write_csv

        return write_csv(self, path_or_buf, **options)

    def to_excel(  # type: ignore[misc, override]
        self, path: str | os.PathLike[str], sheet_name: str | None = None
    ) -> Written:
        """Write an Excel workbook of plain texts and numbers.

        No cell is a formula or a link. Times are in UTC. The sheet *about* tells of the reading.

        Args:
            path: Where to, ending in ``.xlsx``.
            sheet_name: The name of the sheet with the rows; what they are when not given.

        Returns:
            What was written where, and whether it is complete.

        Raises:
            ConfigurationError: openpyxl is missing, or the frame does not fit into a sheet.
        """
        from twilio_widgets.frames.excel_file import write_excel

        return write_excel(self, path, sheet_name or self._sheet)

    def masked(self) -> Self:
        """Return a copy to show to others: every phone number masked, also inside texts.

        Texts keep their other words: what people wrote may still tell who they are.
        """
        from twilio_widgets.frames.masking import masked

        return masked(self)

    def _repr_html_(self) -> str | None:
        if not pd.get_option("display.notebook_repr_html"):
            return None
        rows = _how_many_shown(len(self), most="display.max_rows", few="display.min_rows")
        columns = _how_many_shown(len(self.columns), most="display.max_columns")
        table = self.to_html(
            max_rows=rows or None,
            max_cols=columns or None,
            show_dimensions=False,
            escape=True,
            notebook=True,
            classes=_IGNORED_BY_MATHJAX,
        )
        lines = "".join(f"<p>{escape(line)}</p>\n" for line in self._cuts(rows, columns))
        return _without_tex(f"{table}\n{lines}")

    def __repr__(self) -> str:
        # pandas' own text ends with the size of the frame when it does not show all of it.
        lines = [super().__repr__(), *self._cuts(len(self), len(self.columns))]
        return _CONTROL.sub(_visible, "\n".join(lines))

    def _cuts(self, rows: int, columns: int) -> list[str]:
        """Say what is not to be seen here: rows not shown, columns not shown, messages not read."""
        lines = []
        if rows < len(self):
            lines.append(f"showing {rows:,} of {len(self):,} rows")
        if columns < len(self.columns):
            lines.append(f"showing {columns:,} of {len(self.columns):,} columns")
        if cut_off := self.attrs.get("cut_off"):
            lines.append(str(cut_off))
        return lines


def _how_many_shown(total: int, *, most: str, few: str | None = None) -> int:
    """Return how many rows or columns pandas' options let us show: an even number unless all."""
    limit = pd.get_option(most) or total
    if total <= limit:
        return total
    shown = min(limit, (few and pd.get_option(few)) or limit)
    # pandas shows as many from the start as from the end.
    return max(shown - shown % 2, 1)


def _visible(control: re.Match[str]) -> str:
    return ascii(control[0])[1:-1]


def _without_tex(html: str) -> str:
    r"""Put every ``$`` and ``\`` between tags into an element of its own.

    JupyterLab typesets TeX in HTML outputs, and so a text of somebody else's could draw over the
    page. MathJax looks for ``$…$``, ``\(…\)`` and ``\begin…`` inside one run of text; a tag ends
    the run. The text that is read, searched or copied stays the same.
    """
    return _TEXT_NODE.sub(
        lambda text: _TEX_DELIMITER.sub(lambda mark: f"<span>{mark[0]}</span>", text[0]), html
    )
