"""`DecimalSeries`: a pandas Series whose everyday methods also work on exact decimals.

pandas and Arrow do not implement some of them for decimals. Here running totals, the largest and
smallest values and look-ups are computed exactly; statistics are computed in floats, as pandas
computes those of any column.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from twilio_widgets.frames.schema import money

if TYPE_CHECKING:
    from collections.abc import Callable


def is_decimal(dtype: Any) -> bool:
    """Return whether a column contains exact decimals."""
    return isinstance(dtype, pd.ArrowDtype) and dtype.type is Decimal


def in_floats(series: pd.Series) -> pd.Series:
    """Return exact decimals as nullable floats."""
    return pd.Series(series).astype("Float64")


class DecimalSeries(pd.Series):
    """A pandas Series; if its values are exact decimals, its methods keep them exact."""

    @property
    def _constructor(self) -> Callable[..., Self]:
        return type(self)

    def cumsum(self, *args: Any, **options: Any) -> Any:
        """Return the running total, as pandas does; exact for decimals."""
        return self._running("cumsum", lambda a, b: a + b, args, options)

    def cummax(self, *args: Any, **options: Any) -> Any:
        """Return the largest value so far, as pandas does."""
        return self._running("cummax", max, args, options)

    def cummin(self, *args: Any, **options: Any) -> Any:
        """Return the smallest value so far, as pandas does."""
        return self._running("cummin", min, args, options)

    def cumprod(self, *args: Any, **options: Any) -> Any:
        """Return the running product, as pandas does; in floats for decimals."""
        return self._plain().cumprod(*args, **options)

    def describe(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return statistics, as pandas does; in floats for decimals."""
        return self._plain().describe(*args, **options)

    def pct_change(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return the relative change, as pandas does; in floats for decimals."""
        return self._plain().pct_change(*args, **options)

    def nlargest(self, *args: Any, **options: Any) -> Any:
        """Return the largest values, as pandas does."""
        return self._extreme("nlargest", args, options)

    def nsmallest(self, *args: Any, **options: Any) -> Any:
        """Return the smallest values, as pandas does."""
        return self._extreme("nsmallest", args, options)

    def isin(self, values: Any) -> Any:
        """Return whether each value is one of several, as pandas does."""
        if not is_decimal(self.dtype):
            return super().isin(values)
        wanted = {Decimal(str(value)) for value in values if not pd.isna(value)}
        blank = any(pd.isna(value) for value in values)
        found = [blank if pd.isna(value) else value in wanted for value in self.tolist()]
        return pd.Series(found, index=self.index, name=self.name, dtype=bool)

    def clip(self, lower: Any = None, upper: Any = None, **options: Any) -> Any:
        """Limit the values, as pandas does."""
        if is_decimal(self.dtype):
            lower, upper = (Decimal(str(b)) if isinstance(b, float) else b for b in (lower, upper))
        return super().clip(lower, upper, **options)

    def convert_dtypes(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return the best dtypes, as pandas does; decimals stay what they are."""
        if is_decimal(self.dtype):
            return self.copy()
        return super().convert_dtypes(*args, **options)

    def _plain(self) -> pd.Series:
        return in_floats(self) if is_decimal(self.dtype) else pd.Series(self)

    def _running(self, verb: str, step: Callable[[Any, Any], Any], args: Any, options: Any) -> Any:
        if not is_decimal(self.dtype):
            return getattr(super(), verb)(*args, **options)
        skipna = options.get("skipna", args[1] if len(args) > 1 else True)
        total: Decimal | None = None
        made: list[Decimal | None] = []
        ended = False
        for value in self.tolist():
            missing = pd.isna(value)
            ended = ended or (missing and not skipna)
            if not missing and not ended:
                total = value if total is None else step(total, value)
            made.append(None if missing or ended else total)
        exact = pd.arrays.ArrowExtensionArray(money(made))
        return self._constructor(exact, index=self.index, name=self.name)

    def _extreme(self, verb: str, args: Any, options: Any) -> Any:
        if not is_decimal(self.dtype):
            return getattr(super(), verb)(*args, **options)
        by_place = in_floats(self).reset_index(drop=True)
        return self.iloc[getattr(by_place, verb)(*args, **options).index]
