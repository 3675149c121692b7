"""`SafeFrame`: a pandas DataFrame that displays texts of other people safely."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

from twilio_widgets.core.printable import visible
from twilio_widgets.frames.decimal_array import DecimalArray, is_decimal
from twilio_widgets.frames.decimal_series import DecimalSeries, in_floats

if TYPE_CHECKING:
    from collections.abc import Callable

_IGNORED_BY_MATHJAX = ["tex2jax_ignore", "mathjax_ignore"]  # MathJax 2 and 3, by their names

# There is only escaped text between tags, because pandas escapes < and >.
_TEXT_NODE = re.compile(r">[^<]+<")
_TEX_DELIMITER = re.compile(r"[$\\]")


class SafeFrame(pd.DataFrame):
    """A pandas DataFrame whose texts come from other people: displayed and exported safely.

    It is a DataFrame in every respect; frames that pandas derives from it have the same class. Its
    display differs from pandas' in three ways: texts are never read as HTML or TeX, control
    characters never reach the terminal, and a line says if rows are not shown or were not read.
    ``frame.style`` is pandas' own and does *not* escape: do not use it on texts from other people.

    pandas copies ``attrs`` to every derived frame (for `concat` and `merge`, if the inputs' are
    equal), whatever happened to its rows. ``complete`` therefore stays True only if a derived frame
    certainly has each of the ``rows`` once; ``rows`` still describes the original reading.

    Amounts of money are exact decimals. ``sum``, ``cumsum``, ``groupby`` and comparisons keep them
    exact; statistics (`describe`) and databases (`to_sql`) get floats.
    """

    _sheet: ClassVar[str] = "rows"
    _keys: ClassVar[tuple[str, ...]] = ("sid", "id", "row")
    """Columns that identify a row, in this package's frames."""

    @property
    def _constructor(self) -> Callable[..., Self]:
        return type(self)

    @property
    def _constructor_sliced(self) -> Callable[..., pd.Series]:
        return SafeSeries

    def __finalize__(self, other: Any, method: str | None = None, **kwargs: Any) -> Self:
        """Copy the attrs of `other` as pandas does; clear ``complete`` if it is no longer true."""
        super().__finalize__(other, method=method, **kwargs)  # type: ignore[misc]
        if self.attrs.get("complete") and not self._has_every_row(other, method):
            self.attrs["complete"] = False
        if method == "concat":
            self._say_what_is_missing(getattr(other, "input_objs", getattr(other, "objs", ())))
        return self

    def _has_every_row(self, other: Any = None, method: str | None = None) -> bool:
        """Return whether this certainly has each row of the reading once, with its values."""
        if self.attrs.get("rows") != len(self) or method == "shift" or not self.index.is_unique:
            return False
        key = next((name for name in self._keys if name in self.columns), None)
        if key is not None and self.columns.is_unique:
            if method in {"concat", "merge"} and not self[key].is_unique:
                return False
            return not self[key].isna().any()
        if other is None or any(name in self._keys for name in self.index.names):
            return True
        return isinstance(other, pd.DataFrame) and not len(
            self.index.symmetric_difference(other.index)
        )

    def _say_what_is_missing(self, parts: Any) -> None:
        """Keep ``cut_off`` of any part, also if the parts' sentences differ."""
        said = [part.attrs["cut_off"] for part in parts if part.attrs.get("cut_off")]
        if said and not self.attrs.get("cut_off"):
            self.attrs |= {"complete": False, "cut_off": "; ".join(dict.fromkeys(map(str, said)))}

    def where(self, *args: Any, **options: Any) -> Any:
        """Replace values where a condition is False, as pandas does."""
        return _changed(super().where(*args, **options))

    def mask(self, *args: Any, **options: Any) -> Any:
        """Replace values where a condition is True, as pandas does."""
        return _changed(super().mask(*args, **options))

    def describe(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return statistics of the columns, as pandas does; amounts count as numbers."""
        return self._with_floats().describe(*args, **options)

    def select_dtypes(self, *args: Any, **options: Any) -> Any:
        """Return the columns of some dtypes, as pandas does; amounts are numbers."""
        plain = self._with_floats()
        plain.columns = pd.RangeIndex(len(plain.columns))
        return self.iloc[:, list(plain.select_dtypes(*args, **options).columns)]

    def convert_dtypes(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return the columns in their best dtypes, as pandas does; amounts stay exact."""
        made = self._with_floats().convert_dtypes(*args, **options)
        for place, dtype in enumerate(self.dtypes):
            if is_decimal(dtype):
                made.isetitem(place, self.iloc[:, place].array)
        return self._constructor(made).__finalize__(self)

    def to_sql(self, name: str, con: Any, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Write the rows to a database, as pandas does.

        Amounts become floats, which every database supports, unless ``dtype`` gives their type,
        such as ``dtype={"price": sqlalchemy.Numeric(18, 6)}``.
        """
        typed = options.get("dtype") or {}
        frame = self._with_floats(but=typed if isinstance(typed, dict) else self.columns)
        return frame.to_sql(name, con, *args, **options)

    def nlargest(self, n: int, columns: Any, *args: Any, **options: Any) -> Any:
        """Return the rows with the largest values, as pandas does."""
        return self._extreme("nlargest", n, columns, *args, **options)

    def nsmallest(self, n: int, columns: Any, *args: Any, **options: Any) -> Any:
        """Return the rows with the smallest values, as pandas does."""
        return self._extreme("nsmallest", n, columns, *args, **options)

    def groupby(self, *args: Any, **options: Any) -> Any:
        """Group the rows, as pandas does; running totals of amounts are exact."""
        return super(SafeFrame, self._exact()).groupby(*args, **options)

    def resample(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Group the rows by time, as pandas does; running totals of amounts are exact."""
        return super(SafeFrame, self._exact()).resample(*args, **options)

    def cumsum(self, *args: Any, **options: Any) -> Any:
        """Return running totals, as pandas does; exact for amounts."""
        return _changed(super(SafeFrame, self._exact()).cumsum(*args, **options))

    def cummax(self, *args: Any, **options: Any) -> Any:
        """Return the largest values so far, as pandas does."""
        return _changed(super(SafeFrame, self._exact()).cummax(*args, **options))

    def cummin(self, *args: Any, **options: Any) -> Any:
        """Return the smallest values so far, as pandas does."""
        return _changed(super(SafeFrame, self._exact()).cummin(*args, **options))

    def isin(self, values: Any) -> Any:
        """Return whether each value is one of several, as pandas does."""
        return super(SafeFrame, self._exact()).isin(values)

    def eval(self, expr: str, *, inplace: bool = False, **options: Any) -> Any:
        """Evaluate an expression, as pandas does; amounts count as floats in it.

        An assignment adds columns; the frame's own amounts stay exact.
        """
        options["level"] = options.get("level", 0) + 1  # names with @ are the caller's
        found = self._with_floats().eval(expr, **options)
        if not isinstance(found, pd.DataFrame):
            return found
        made = self if inplace else self.copy()
        for name in found.columns:
            if name not in self.columns or not is_decimal(self[name].dtype):
                made[name] = found[name]
        return None if inplace else made

    def _extreme(self, verb: str, *args: Any, **options: Any) -> Any:
        places = self._with_floats().reset_index(drop=True)
        return self.iloc[getattr(places, verb)(*args, **options).index]

    def _exact(self) -> Self:
        """Return the same frame, with the methods that pandas lacks for its amounts."""
        made = self.copy(deep=False)
        for place, dtype in enumerate(self.dtypes):
            if is_decimal(dtype):
                made.isetitem(place, DecimalArray.of(self.iloc[:, place].array))
        return made

    def _with_floats(self, but: Any = ()) -> pd.DataFrame:
        """Return a plain DataFrame whose amounts are floats."""
        made = pd.DataFrame(self, copy=False)
        for place, dtype in enumerate(self.dtypes):
            if is_decimal(dtype) and self.columns[place] not in but:
                made.isetitem(place, in_floats(made.iloc[:, place]).array)
        return made

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """Write a CSV file without text that a spreadsheet runs as a formula.

        Texts that would be formulas get an apostrophe in front; phone numbers are not changed (the
        rule is in `twilio_widgets.core.formulas`). ``pandas.DataFrame(frame).to_csv`` does not
        guard.

        Args:
            path_or_buf: The file; None returns the CSV as text.
            options: Those of `pandas.DataFrame.to_csv`. Row numbers are left out by default.

        Returns:
            A description of the file and whether it is complete; or the text.
        """
        from twilio_widgets.frames.csv_file import write_csv

        return write_csv(self, path_or_buf, **options)

    def to_excel(self, excel_writer: Any, sheet_name: str | None = None, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Write an Excel workbook of plain texts and numbers.

        No cell is a formula or a link. Times are in UTC. In a file of its own, the sheet *about*
        contains ``attrs``.

        Args:
            excel_writer: A path ending in ``.xlsx``, an open file, or a `pandas.ExcelWriter`.
            sheet_name: The name of the sheet of the rows; by default their kind ("messages").
            options: Those of `pandas.DataFrame.to_excel`. Row numbers are left out by default; an
                index with a name or with labels is written.

        Returns:
            A description of the file and whether it is complete; None for a `pandas.ExcelWriter`.

        Raises:
            ConfigurationError: openpyxl is missing, or the frame does not fit into a sheet. No file
                is written.
        """
        from twilio_widgets.frames.excel_file import write_excel

        return write_excel(self, excel_writer, sheet_name or self._sheet, **options)

    def masked(self, *, bodies: bool = False) -> Self:
        """Return a copy with every phone number masked, also within texts, to show to others.

        The rest of the texts is not changed and may still identify people.

        Args:
            bodies: Whether the texts in the column ``body`` are hidden as well.
        """
        from twilio_widgets.frames.masking import masked

        return masked(self, bodies=bodies)

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
        return _without_tex(visible(f"{table}\n{lines}"))

    def __repr__(self) -> str:
        # pandas' own text ends with the size of the frame when it does not show all of it.
        lines = [super().__repr__(), *self._cuts(len(self), len(self.columns))]
        return visible("\n".join(lines))

    def _cuts(self, rows: int, columns: int) -> list[str]:
        """Return a line for rows not shown, for columns not shown and for messages not read."""
        lines = []
        if rows < len(self):
            lines.append(f"showing {rows:,} of {len(self):,} rows")
        if columns < len(self.columns):
            lines.append(f"showing {columns:,} of {len(self.columns):,} columns")
        if cut_off := self.attrs.get("cut_off"):
            lines.append(str(cut_off))
        return lines


class SafeSeries(DecimalSeries):
    """One column of a `SafeFrame`: a pandas Series, as safe to print and to export as the frame."""

    @property
    def _constructor_expanddim(self) -> Callable[..., pd.DataFrame]:
        return SafeFrame

    def __repr__(self) -> str:
        return visible(super().__repr__())

    def to_csv(self, path_or_buf: Any = None, *args: Any, **options: Any) -> Any:
        """Write a CSV file without formulas: see `SafeFrame.to_csv`."""
        return self.to_frame().to_csv(path_or_buf, *args, **options)

    def to_excel(self, excel_writer: Any, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Write a workbook of plain texts and numbers: see `SafeFrame.to_excel`."""
        return self.to_frame().to_excel(excel_writer, *args, **options)


def _how_many_shown(total: int, *, most: str, few: str | None = None) -> int:
    """Return how many rows or columns to show by pandas' options: an even number unless all."""
    limit = pd.get_option(most) or total
    if total <= limit:
        return total
    shown = min(limit, (few and pd.get_option(few)) or limit)
    # pandas shows as many from the start as from the end.
    return max(shown - shown % 2, 1)


def _changed(frame: Any) -> Any:
    """Mark a frame as not complete: some of its values may have been replaced."""
    if frame is not None and frame.attrs.get("complete"):
        frame.attrs["complete"] = False
    return frame


def _without_tex(html: str) -> str:
    r"""Put every ``$`` and ``\`` between tags into an element of its own.

    JupyterLab typesets TeX in HTML outputs, so a received text could draw over the page. MathJax
    looks for ``$…$``, ``\(…\)`` and ``\begin…`` within one text node; a tag ends the node. The text
    to read, search or copy stays the same.
    """
    return _TEXT_NODE.sub(
        lambda text: _TEX_DELIMITER.sub(lambda mark: f"<span>{mark[0]}</span>", text[0]), html
    )
