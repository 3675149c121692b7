"""`DecimalSeries`: a pandas Series whose everyday methods also work on exact decimals.

pandas and Arrow do not implement some of them for decimals. Here running totals, the largest and
smallest values and look-ups are computed exactly; statistics are computed in floats, as pandas
computes those of any column.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import pandas as pd
import pyarrow as pa

from twilio_widgets.frames.decimal_array import DecimalArray, is_decimal

if TYPE_CHECKING:
    from collections.abc import Callable


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
        return super(DecimalSeries, self._exact()).cumsum(*args, **options)

    def cummax(self, *args: Any, **options: Any) -> Any:
        """Return the largest value so far, as pandas does."""
        return super(DecimalSeries, self._exact()).cummax(*args, **options)

    def cummin(self, *args: Any, **options: Any) -> Any:
        """Return the smallest value so far, as pandas does."""
        return super(DecimalSeries, self._exact()).cummin(*args, **options)

    def groupby(self, *args: Any, **options: Any) -> Any:
        """Group the values, as pandas does; running totals of decimals are exact."""
        return super(DecimalSeries, self._exact()).groupby(*args, **options)

    def isin(self, values: Any) -> Any:
        """Return whether each value is one of several, as pandas does."""
        return super(DecimalSeries, self._exact()).isin(values)

    def cumprod(self, *args: Any, **options: Any) -> Any:
        """Return the running product, as pandas does; in floats for decimals."""
        return self._plain().cumprod(*args, **options)

    def describe(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return statistics, as pandas does; in floats for decimals."""
        return self._plain().describe(*args, **options)

    def pct_change(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return the relative change, as pandas does; in floats for decimals."""
        return self._plain().pct_change(*args, **options)

    def interpolate(self, *args: Any, **options: Any) -> Any:
        """Fill missing values from their neighbours, as pandas does; in floats for decimals."""
        return self._plain().interpolate(*args, **options)

    def nlargest(self, *args: Any, **options: Any) -> Any:
        """Return the largest values, as pandas does."""
        return self._extreme("nlargest", args, options)

    def nsmallest(self, *args: Any, **options: Any) -> Any:
        """Return the smallest values, as pandas does."""
        return self._extreme("nsmallest", args, options)

    def clip(self, lower: Any = None, upper: Any = None, **options: Any) -> Any:
        """Limit the values, as pandas does."""
        return super().clip(self._amount(lower), self._amount(upper), **options)

    def where(self, cond: Any, *args: Any, **options: Any) -> Any:
        """Replace values where a condition is False, as pandas does."""
        return super().where(cond, *map(self._amount, args), **self._amounts(options))

    def mask(self, cond: Any, *args: Any, **options: Any) -> Any:
        """Replace values where a condition is True, as pandas does."""
        return super().mask(cond, *map(self._amount, args), **self._amounts(options))

    def convert_dtypes(self, *args: Any, **options: Any) -> Any:  # type: ignore[misc]  # final in the stubs only
        """Return the best dtypes, as pandas does; decimals stay what they are."""
        if is_decimal(self.dtype):
            return self.copy()
        return super().convert_dtypes(*args, **options)

    def _arith_method(self, other: Any, op: Any) -> Any:
        """Calculate exactly; in floats if a result needs more than 38 digits, or has no decimal."""
        try:
            return super()._arith_method(other, op)  # type: ignore[misc]
        except (pa.ArrowInvalid, NotImplementedError):
            if not is_decimal(self.dtype):
                raise
        is_exact = isinstance(other, pd.Series) and is_decimal(other.dtype)
        return op(in_floats(self), in_floats(other) if is_exact else other)

    def _exact(self) -> Self:
        if not is_decimal(self.dtype):
            return self
        made = self._constructor(DecimalArray.of(self.array), index=self.index, name=self.name)
        made.__finalize__(self)
        return made

    def _plain(self) -> pd.Series:
        return in_floats(self) if is_decimal(self.dtype) else pd.Series(self)

    def _amount(self, value: Any) -> Any:
        return Decimal(str(value)) if is_decimal(self.dtype) and type(value) is float else value

    def _amounts(self, options: dict[str, Any]) -> dict[str, Any]:
        return {name: self._amount(value) for name, value in options.items()}

    def _extreme(self, verb: str, args: Any, options: Any) -> Any:
        if not is_decimal(self.dtype):
            return getattr(super(), verb)(*args, **options)
        by_place = in_floats(self).reset_index(drop=True)
        return self.iloc[getattr(by_place, verb)(*args, **options).index]
