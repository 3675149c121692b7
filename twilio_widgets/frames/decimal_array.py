"""`DecimalArray`: a column of exact decimals with the operations that pandas and Arrow lack.

Running totals, the largest and smallest values and look-ups are exact, for a whole column and
within groups; what has no exact result, such as a rank, is computed in floats.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from twilio_widgets.frames.schema import money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_STEPS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "cumsum": lambda total, value: total + value,
    "cummax": max,
    "cummin": min,
}


def is_decimal(dtype: Any) -> bool:
    """Return whether a column contains exact decimals."""
    return isinstance(dtype, pd.ArrowDtype) and dtype.type is Decimal


def _exact(value: Any) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(str(value))


class DecimalArray(pd.arrays.ArrowExtensionArray):
    """Exact decimals in Arrow memory.

    The methods are those that pandas calls on any extension array for a verb of a Series, a frame
    or a group; the dtype is the one of `pandas.ArrowDtype`.
    """

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return the values for NumPy, which has no decimals: as floats, unless asked otherwise.

        pandas before 3.1 computes the quantiles of groups from these.
        """
        return self.to_numpy(dtype=float if dtype is None else dtype, na_value=np.nan)

    @classmethod
    def of(cls, array: Any) -> DecimalArray:
        """Return the same values, without copying them."""
        return cls(pa.chunked_array(array.__arrow_array__()))

    def isin(self, values: Iterable[Any]) -> Any:
        """Return whether each value is one of several numbers."""
        given = [value for value in values if isinstance(value, int | float | Decimal | np.number)]
        wanted = {_exact(value) for value in given if value == value}  # noqa: PLR0124  not NaN
        blank = any(pd.isna(value) for value in values if pd.api.types.is_scalar(value))
        return np.array([blank if pd.isna(one) else one in wanted for one in self], dtype=bool)

    def _accumulate(self, name: str, *, skipna: bool = True, **options: Any) -> Any:
        if name not in _STEPS:
            return self._in_floats()._accumulate(name, skipna=skipna, **options)
        return self._running(name, [0] * len(self), skipna=skipna)

    def _groupby_op(self, *, how: str, ids: Any, **options: Any) -> Any:
        if how in _STEPS:
            return self._running(how, ids.tolist(), skipna=options.get("skipna", True))
        try:
            return super()._groupby_op(how=how, ids=ids, **options)  # type: ignore[misc]  # not in the stubs
        except (TypeError, NotImplementedError):
            return self._in_floats()._groupby_op(how=how, ids=ids, **options)

    def _groupby_quantile(self, **options: Any) -> Any:
        return self._in_floats()._groupby_quantile(**options)

    def _in_floats(self) -> Any:
        return self.astype("Float64")

    def _running(self, name: str, groups: list[int], *, skipna: bool) -> Any:
        """Return the totals so far within each group; a negative group has none."""
        totals: dict[int, Decimal] = {}
        ended: set[int] = set()
        made: list[Decimal | None] = []
        for value, group in zip(self, groups, strict=True):
            missing = pd.isna(value)
            if missing and not skipna:
                ended.add(group)
            if missing or group < 0 or group in ended:
                made.append(None)
                continue
            total = totals.get(group)
            totals[group] = value if total is None else _STEPS[name](total, value)
            made.append(totals[group])
        return pd.arrays.ArrowExtensionArray(money(made))
