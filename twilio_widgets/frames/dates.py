"""Twilio's RFC 2822 dates → UTC instants, a whole column at a time.

Twilio writes every date in one form of 31 characters, ``Thu, 24 Aug 2023 05:01:45 +0000``. A column
of them is a table of bytes: digits are read by position, for all rows at once. What does not have
that form is read alone by the standard library, and what that cannot read is a `BadResponse`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.errors import BadResponse

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTH = len("Thu, 24 Aug 2023 05:01:45 +0000")
_NAT = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PUNCTUATION = {3: ",", 4: " ", 7: " ", 11: " ", 16: " ", 19: ":", 22: ":", 25: " "} | dict(
    enumerate("+0000", 26)
)
_FIXED_AT = np.array(list(_PUNCTUATION))
_FIXED = np.array([ord(mark) for mark in _PUNCTUATION.values()], dtype=np.uint8)
_DIGITS_AT = np.array([5, 6, 12, 13, 14, 15, 17, 18, 20, 21, 23, 24])


def _month_key(letters: Any) -> Any:
    return letters[..., 0] * 65536 + letters[..., 1] * 256 + letters[..., 2]


_MONTH_KEYS = _month_key(np.array([[ord(letter) for letter in name] for name in _MONTHS]))
_MONTH_ORDER = np.argsort(_MONTH_KEYS)
_SORTED_KEYS = _MONTH_KEYS[_MONTH_ORDER]


def instants(texts: Any, *, column: str) -> NDArray[np.datetime64]:
    """Read a column of Twilio's dates.

    Args:
        texts: An Arrow array of RFC 2822 dates; null and empty text are no date.
        column: The name of the column, for the error.

    Returns:
        ``datetime64[us]`` in UTC, NaT for no date.

    Raises:
        BadResponse: One of them is not a date.
    """
    regular = pc.equal(pc.binary_length(texts), _WIDTH).fill_null(False).to_numpy(False)
    result = np.full(len(texts), _NAT, dtype=np.int64)
    if regular.any():
        dates = texts if regular.all() else texts.filter(pa.array(regular))
        values, understood = _read_fixed(_table_of_bytes(dates))
        result[regular] = np.where(understood, values, _NAT)
        regular[regular] = understood
    for index in np.flatnonzero(~regular).tolist():
        if text := texts[index].as_py():
            result[index] = _read_alone(text, column)
    return result.view("datetime64[us]")


def _table_of_bytes(dates: pa.Array) -> NDArray[np.uint8]:
    """Look at the texts, all of 31 bytes, as rows of bytes without copying them."""
    offsets = np.frombuffer(dates.buffers()[1], dtype=np.int32)
    start, end = offsets[dates.offset], offsets[dates.offset + len(dates)]
    return np.frombuffer(dates.buffers()[2], dtype=np.uint8)[start:end].reshape(-1, _WIDTH)


def _read_fixed(table: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read dates by position: microseconds since 1970, and which rows really are such dates."""
    digits = table[:, _DIGITS_AT].T.astype(np.int64) - ord("0")
    day, hour, minute, second = (digits[i] * 10 + digits[i + 1] for i in (0, 6, 8, 10))
    year = digits[2] * 1000 + digits[3] * 100 + digits[4] * 10 + digits[5]
    key = _month_key(table[:, 8:11].astype(np.int64))
    place = np.minimum(np.searchsorted(_SORTED_KEYS, key), 11)
    month = (year - 1970) * 12 + _MONTH_ORDER[place]
    months = month.astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - first
    understood = (
        (table[:, _FIXED_AT] == _FIXED).all(axis=1)
        & ((digits >= 0) & (digits <= 9)).all(axis=0)
        & (_SORTED_KEYS[place] == key)
        & (day >= 1)
        & (day <= length)
        & (year >= 1000)
        & (hour < 24)
        & (minute < 60)
        & (second < 60)
    )
    seconds = (((first + day - 1) * 24 + hour) * 60 + minute) * 60 + second
    return seconds * 1_000_000, understood


def _read_alone(text: str, column: str) -> int:
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000": in UTC, from a place that does not say its zone
            moment = moment.replace(tzinfo=UTC)
        since = moment - _EPOCH
    except (ValueError, OverflowError, IndexError, TypeError):
        raise BadResponse(
            f"Twilio's answer holds a {column} that is not a date of the form "
            "'Thu, 24 Aug 2023 05:01:45 +0000', so the page was not used."
        ) from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
