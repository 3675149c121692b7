"""Turn columns of messages into integer codes, one `Dimension` for each way to group them.

The keys of a dimension are sorted and each distinct value is looked at once, so the codes do not
depend on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.errors import ConfigurationError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

NO_TIME = np.iinfo(np.int64).min
"""NaT, as an integer."""

_DAY, _HOUR = 86_400_000_000, 3_600_000_000
"""In microseconds."""

_THURSDAY = 3
"""The weekday of 1970-01-01, counted from Monday."""


@dataclass(frozen=True, eq=False)
class Dimension:
    """One way to group messages: a key for each code, and a code for each message."""

    keys: tuple[Any, ...]
    """The value of each code, in ascending order; None, for no value, is the last one."""

    codes: np.ndarray[Any, Any]
    """The code of each message, as the smallest unsigned integers that suffice."""

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {_text(key): code for code, key in enumerate(self.keys)}

    def wanted(self, values: Iterable[object]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return for each code whether its key is one of `values`.

        Keys are compared as text, so ``30003`` and ``"30003"`` are equal; "" and None mean no
        value. A value without messages is ignored.
        """
        chosen = np.zeros(len(self), np.bool_)
        found = (self._code_of.get(_text(value)) for value in values)
        chosen[[code for code in found if code is not None]] = True
        return chosen


class CodedLog(Protocol):
    """The log whose dimensions are built: `PreparedLog`."""

    def __len__(self) -> int: ...
    def column(self, name: str) -> pd.Series:
        """Return one column of the messages."""
        ...

    def dimension(self, name: str) -> Dimension:
        """Return another dimension."""
        ...

    @property
    def inbound(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each message is inbound."""
        ...

    @property
    def local(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The wall-clock time of each message, in microseconds since 1970."""
        ...

    @property
    def addresses(self) -> tuple[tuple[Any, ...], Any, Any]:
        """The addresses, and the codes of senders and recipients among them."""
        ...


def _text(key: object) -> str:
    return "" if key is None else str(key)


def dimension(keys: Iterable[Any], codes: np.ndarray[Any, Any]) -> Dimension:
    """Build a dimension with codes of the smallest type; a negative code means no value."""
    known = tuple(keys)
    if len(codes) and codes.min() < 0:
        codes = np.where(codes < 0, len(known), codes)
        known = (*known, None)
    return Dimension(known, codes.astype(np.min_scalar_type(max(0, len(known) - 1)), copy=False))


def build(name: str, log: CodedLog) -> Dimension:
    """Build one dimension of a log.

    Raises:
        ConfigurationError: The dimension is unknown, or the frame lacks a column for it.
    """
    return _known(name)[0](log)


def columns_for(*names: str) -> set[str]:
    """Return the columns of a message frame that dimensions are built from.

    Raises:
        ConfigurationError: The dimension is unknown.
    """
    return {column for name in names for column in _known(name)[1]}


def _known(name: str) -> tuple[Callable[[CodedLog], Dimension], tuple[str, ...]]:
    if name not in _BUILDERS:
        raise ConfigurationError(
            f"{name!r} is not a way to group messages. Choose one of: {', '.join(_BUILDERS)}.",
            field="by",
        )
    return _BUILDERS[name]


# Times


def local_times(moments: np.ndarray[Any, Any], zone: str) -> np.ndarray[Any, Any]:
    """Return the wall-clock times of a zone, in microseconds since 1970.

    Args:
        moments: Microseconds since 1970 in UTC; NaT as an integer stays what it is.
        zone: The IANA name of the zone.
    """
    if zone == "UTC":
        return moments
    utc = pd.DatetimeIndex(moments.view("datetime64[us]"), tz="UTC")
    return utc.tz_convert(zone).tz_localize(None).as_unit("us").asi8


def _days(log: CodedLog) -> np.ndarray[Any, Any]:
    return np.where(log.local == NO_TIME, NO_TIME, log.local // _DAY)


def _day(log: CodedLog) -> Dimension:
    """Every day from the first to the last, also the days without messages."""
    days = _days(log)
    known = days[days != NO_TIME]
    if not len(known):
        return dimension((), np.full(len(days), -1))
    first, last = int(known.min()), int(known.max())
    keys = np.arange(first, last + 1).astype("datetime64[D]").astype(str)
    return dimension(keys.tolist(), np.where(days == NO_TIME, -1, days - first))


def _month(log: CodedLog) -> Dimension:
    """Every month from the first to the last, also the months without messages."""
    days = log.dimension("day")
    months = np.array([key for key in days.keys if key], "datetime64[M]").astype(np.int64)
    if not len(months):
        return days
    of_day = months - months[0]
    keys = (months[0] + np.arange(of_day[-1] + 1)).astype("datetime64[M]").astype(str)
    return dimension(keys.tolist(), np.append(of_day, -1)[days.codes])


def _hour(log: CodedLog) -> Dimension:
    hours = np.where(log.local == NO_TIME, -1, log.local % _DAY // _HOUR)
    return dimension(range(24), hours)


def _weekday(log: CodedLog) -> Dimension:
    days = log.dimension("day")
    dates = np.array([key for key in days.keys if key], "datetime64[D]").astype(np.int64)
    return dimension(WEEKDAYS, np.append((dates + _THURSDAY) % 7, -1)[days.codes])


# Words, numbers and amounts


def _words(column: str) -> Callable[[CodedLog], Dimension]:
    def built(log: CodedLog) -> Dimension:
        words = log.column(column).array
        return dimension(words.categories.tolist(), np.asarray(words.codes))

    return built


def _values(column: str) -> Callable[[CodedLog], Dimension]:
    return lambda log: of_arrow(pa.array(log.column(column).array))


def of_arrow(values: Any) -> Dimension:
    """Build a dimension of the distinct values of an Arrow array."""
    encoded = pc.dictionary_encode(values)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    order = pc.sort_indices(encoded.dictionary).to_numpy(False).astype(np.int64)
    place = np.empty(len(order) + 1, np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    codes = encoded.indices.fill_null(len(order)).to_numpy(False)
    return dimension(encoded.dictionary.take(pa.array(order)).to_pylist(), place[codes])


def _price(log: CodedLog) -> Dimension:
    """The pairs of currency and price: few, because prices repeat."""
    amounts = of_arrow(pa.array(log.column("price").array))
    units = log.dimension("currency")
    pairs = amounts.codes.astype(np.int64) * max(1, len(units)) + units.codes
    found, codes = distinct(pairs, len(amounts) * len(units))
    keys = [(units.keys[pair % len(units)], amounts.keys[pair // len(units)]) for pair in found]
    return dimension(keys, codes)


def _currency(log: CodedLog) -> Dimension:
    """Twilio writes currencies in upper and in lower case."""
    return relabelled(of_arrow(pa.array(log.column("price_unit").array)), _upper)


def _upper(unit: str) -> str | None:
    return unit.strip().upper() or None


# Addresses


def addresses(log: CodedLog) -> tuple[tuple[Any, ...], Any, Any]:
    """Encode senders and recipients together, because each number occurs as both."""
    from_, to = (pa.chunked_array(pa.array(log.column(name).array)) for name in ("from", "to"))
    both = of_arrow(pa.chunked_array([*from_.chunks, *to.chunks], from_.type))
    return both.keys, both.codes[: len(log)], both.codes[len(log) :]


def _ours(log: CodedLog) -> Dimension:
    keys, from_, to = log.addresses
    return _used(keys, np.where(log.inbound, to, from_))


def _contact(log: CodedLog) -> Dimension:
    keys, from_, to = log.addresses
    return _used(keys, np.where(log.inbound, from_, to))


def _used(keys: tuple[Any, ...], codes: np.ndarray[Any, Any]) -> Dimension:
    found, compact = distinct(codes.astype(np.int64), len(keys))
    known = [keys[code] for code in found]
    if known and known[-1] is None:  # the last key, so its code is the largest
        return dimension(known[:-1], np.where(compact == len(known) - 1, -1, compact))
    return dimension(known, compact)


def _country(log: CodedLog) -> Dimension:
    """The contact's country: looked up once for each number.

    A number that is in no numbering plan counts for the largest country with its calling code.
    """
    return relabelled(log.dimension("contact"), country_of)


def country_of(number: str) -> str | None:
    """Return the two letters of a number's country; None if it has no calling code."""
    from twilio_widgets.core.numbers.numbering import describe_number, main_region

    note = describe_number(number)
    if note.region is None and note.country_code is not None:
        return main_region(note.country_code)
    return note.region


def relabelled(found: Dimension, label: Callable[[Any], Any]) -> Dimension:
    """Group the keys of a dimension by a function of them; None stays None."""
    labels = [None if key is None else label(key) for key in found.keys]
    keys = sorted({one for one in labels if one is not None})
    place = {one: code for code, one in enumerate(keys)}
    codes = np.array([-1 if one is None else place[one] for one in labels], np.int64)
    return dimension(keys, codes[found.codes])


def distinct(
    values: np.ndarray[Any, Any], size: int
) -> tuple[list[int], np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the distinct values in ascending order, and the place of each value among them.

    Args:
        values: Integers from 0 to `size` - 1.
        size: How many there can be. A table of this size is used unless it would be large.
    """
    if size > max(1_000_000, 4 * len(values)):
        found, codes = np.unique(values, return_inverse=True)
        return found.tolist(), codes
    present = np.bincount(values, minlength=size) > 0
    place = np.cumsum(present) - 1
    return np.flatnonzero(present).tolist(), place[values]


_TIMES = ("date_sent", "date_created")
_ADDRESSES = ("direction", "from", "to")
_BUILDERS: Mapping[str, tuple[Callable[[CodedLog], Dimension], tuple[str, ...]]] = {
    "day": (_day, _TIMES),
    "month": (_month, _TIMES),
    "weekday": (_weekday, _TIMES),
    "hour": (_hour, _TIMES),
    "direction": (_words("direction"), ("direction",)),
    "status": (_words("status"), ("status",)),
    "error_code": (_values("error_code"), ("error_code",)),
    "sender": (_ours, _ADDRESSES),
    "contact": (_contact, _ADDRESSES),
    "country": (_country, _ADDRESSES),
    "service": (_values("messaging_service_sid"), ("messaging_service_sid",)),
    "segments": (_values("num_segments"), ("num_segments",)),
    "media": (_values("num_media"), ("num_media",)),
    "body": (_values("body"), ("body",)),
    "currency": (_currency, ("price_unit",)),
    "price": (_price, ("price", "price_unit")),
}
"""How each dimension is built, and the columns it needs."""
