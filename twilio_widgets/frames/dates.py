"""Parse Twilio's dates to UTC times, a whole column at a time.

API 2010-04-01 writes every date in 31 characters, ``Thu, 24 Aug 2023 05:01:45 +0000``. A column of
them is a table of bytes: digits are read by position, for all rows at once. A date in another form
is parsed by the standard library; if that fails, `BadResponse` is raised. The newer APIs write
dates as in ISO 8601.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.errors import BadResponse
from twilio_widgets.frames.schema import MOMENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?")
_WIDTH = len("Thu, 24 Aug 2023 05:01:45 +0000")
_NAT = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIXED = {3: ",", 4: " ", 7: " ", 11: " ", 16: " ", 19: ":", 22: ":", 25: " "} | dict(
    enumerate("+0000", 26)
)
_DIGITS = (5, 6, 12, 13, 14, 15, 17, 18, 20, 21, 23, 24)


@cache
def _month_of_letters() -> NDArray[np.int8]:
    """Return month numbers (0 to 11, else -1) by the second and third letter of their names."""
    months = np.full(2**16, -1, dtype=np.int8)
    for number, name in enumerate(_MONTHS):
        months[ord(name[1]) * 256 + ord(name[2])] = number
    return months


@cache
def _first_days() -> NDArray[np.int64]:
    """Return the first day, counted from 1970, of every month of the years 0 to 10000."""
    months = np.arange(-1970 * 12, (10_001 - 1970) * 12).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def moments_of(values: list[Any], *, column: str) -> Any:
    """Convert dates in Twilio's two formats, or None, to a pandas array of UTC times.

    Args:
        values: RFC 2822 dates (API 2010-04-01), or ISO 8601 dates (the newer APIs).
        column: The name of the column, for the error.

    Raises:
        BadResponse: An RFC 2822 date cannot be parsed.
        ValueError: An ISO 8601 date cannot be parsed.
    """
    if any(isinstance(value, str) and _ISO.fullmatch(value) for value in values):
        return pd.to_datetime(pd.Series(values, dtype=object), utc=True, format="ISO8601").astype(
            MOMENT
        )
    return pd.array(instants(pa.array(values, pa.string()), column=column), MOMENT)


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
    """Return texts of 31 bytes each as rows of bytes, without copying them."""
    offsets = np.frombuffer(dates.buffers()[1], dtype=np.int32)
    start, end = offsets[dates.offset], offsets[dates.offset + len(dates)]
    return np.frombuffer(dates.buffers()[2], dtype=np.uint8)[start:end].reshape(-1, _WIDTH)


def _read_fixed(table: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Parse dates by position; return microseconds since 1970, and which rows were valid."""
    # Transposed, so that the bytes of one position are contiguous and numpy can vectorize.
    places = np.ascontiguousarray(table.T)
    understood = np.ones(len(table), dtype=np.bool_)
    for place, mark in _FIXED.items():
        understood &= places[place] == ord(mark)
    digits = {place: places[place] - np.uint8(ord("0")) for place in _DIGITS}
    for digit in digits.values():  # characters below "0" have wrapped around to more than 9
        understood &= digit <= 9

    day, hour, minute, second = (digits[i] * 10 + digits[i + 1] for i in (5, 17, 20, 23))
    century, rest = (digits[i] * 10 + digits[i + 1] for i in (12, 14))
    year = century.astype(np.int64) * 100 + rest
    month = _month_of_letters()[places[9].astype(np.int64) * 256 + places[10]]
    initials = np.array([ord(name[0]) for name in _MONTHS], dtype=np.uint8)
    understood &= (month >= 0) & (initials[month] == places[8]) & (year >= 1000)
    understood &= (hour < 24) & (minute < 60) & (second < 60)

    at = np.where(understood, year * 12 + month, 0)
    first, following = _first_days()[at], _first_days()[at + 1]
    understood &= (day >= 1) & (day <= following - first)
    seconds = (((first + day - 1) * 24 + hour) * 60 + minute) * 60 + second
    return seconds * 1_000_000, understood


def _read_alone(text: str, column: str) -> int:
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000" means UTC, written in an unknown zone (RFC 2822)
            moment = moment.replace(tzinfo=UTC)
        since = moment - _EPOCH
    except (ValueError, OverflowError, IndexError, TypeError):
        raise BadResponse(
            f"Twilio's response contains a {column} that is not a date such as "
            "'Thu, 24 Aug 2023 05:01:45 +0000'; the page was not used."
        ) from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
