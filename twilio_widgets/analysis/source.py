"""Read the columns that an answer needs, from a message frame, a plain DataFrame or an archive."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.schema import SCHEMA, conform


@runtime_checkable
class MessageSource(Protocol):
    """Anything that reads messages into a frame, such as an archive."""

    def to_dataframe(self, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the messages; `columns` are the names of a message frame's columns."""
        ...


def frame_of(source: object, columns: Collection[str] | None = None) -> pd.DataFrame:
    """Return the messages of a frame or an archive.

    Args:
        source: A message frame, a DataFrame with columns of one, or an archive.
        columns: The columns to read from an archive; None reads all of them.

    Raises:
        ConfigurationError: It is neither a frame nor an archive.
    """
    if isinstance(source, pd.DataFrame):
        return source
    if isinstance(source, MessageSource):
        return source.to_dataframe(columns=None if columns is None else sorted(columns))
    raise ConfigurationError(
        "tw.analysis needs a message frame, such as twilio.messages.list(limit=None) returns, or "
        f"an archive, not {type(source).__name__}."
    )


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return one column with the dtype of the message frame's schema.

    Raises:
        ConfigurationError: The frame has no such column, or a value does not fit it.
    """
    if name not in frame.columns:
        raise ConfigurationError(
            f"This answer needs the column {name!r}, and the frame has only: "
            f"{', '.join(map(str, frame.columns)) or 'no columns'}.",
            field=name,
        )
    schema = tuple(column for column in SCHEMA if column.name == name)
    values = frame[name]
    if values.dtype == schema[0].dtype:
        return values
    return conform(pd.DataFrame({name: values}), schema)[name]


def checked_zone(name: str) -> str:
    """Return the IANA name of a time zone, after checking that it exists.

    Raises:
        ConfigurationError: No time zone has this name.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ConfigurationError(
            f"tz must be the IANA name of a time zone, such as 'Europe/Berlin', not {name!r}.",
            field="tz",
        ) from None
    return name
