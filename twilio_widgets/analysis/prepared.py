"""`PreparedLog`: a message log as integer codes, so that counting reads no strings.

>>> log = tw.analysis.prepare(frame, tz="Europe/Berlin")
>>> log.counts("day", "status")                     # an array: one row a day, one column a status
>>> log.keys("day"), log.keys("status")             # the labels of its rows and columns
>>> log.counts("error_code", where={"day": ["2026-01-15"]})
>>> log.cross_filtered([("day", "status"), ("error_code",)], where={"error_code": [30003]})
>>> log.rows({"error_code": [30003]})               # the messages themselves, as a frame
>>> tw.analysis.delivery(log.where(country="GB"))   # every answer accepts a prepared log
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import pandas as pd

from twilio_widgets.analysis.dimensions import (
    NO_TIME,
    Dimension,
    build,
    columns_for,
    distinct,
    local_times,
)
from twilio_widgets.analysis.dimensions import addresses as encoded_addresses
from twilio_widgets.analysis.source import checked_zone, column_of, frame_of
from twilio_widgets.errors import ConfigurationError

Filters = Mapping[str, Iterable[object]]
"""The wanted keys by dimension, such as ``{"status": ["failed"], "error_code": [30003, 30008]}``.
A message passes if each dimension has one of its keys."""

USUAL = ("day", "weekday", "hour", "direction", "status", "error_code", "sender", "country")
"""The dimensions that `prepare` builds at once; the others are built when first used."""


def prepare(source: object, *, tz: str = "UTC") -> PreparedLog:
    """Prepare a message log for many counts, as the explorer does.

    Args:
        source: A message frame, a DataFrame with columns of one, or an archive.
        tz: The time zone of days and hours, as an IANA name.

    Returns:
        The prepared log, which every function of `tw.analysis` accepts. It does not follow later
        changes of the frame.

    Raises:
        ConfigurationError: A column is missing, or the time zone is unknown.
    """
    log = PreparedLog(frame_of(source), tz)
    for name in USUAL:
        log.dimension(name)
    return log


def prepared_of(
    source: object, tz: str | None, *names: str, columns: Collection[str] = ()
) -> PreparedLog:
    """Return the log that an answer counts: `source` itself if it is prepared.

    Args:
        source: A frame, an archive or a prepared log.
        tz: The time zone; None means that of a prepared log, otherwise UTC.
        names: The dimensions that are used, whose columns are read from an archive.
        columns: Other columns that are read from an archive.
    """
    needed = columns_for(*names) | set(columns)
    if isinstance(source, PreparedLog):
        return source if tz in {None, source.tz} else PreparedLog(source.frame, str(tz))
    return PreparedLog(frame_of(source, needed), "UTC" if tz is None else tz)


class PreparedLog:
    """Messages as integer codes, one array for each way to group them.

    The ways to group them (dimensions) are ``day``, ``month``, ``weekday``, ``hour``,
    ``direction``, ``status``, ``error_code``, ``sender`` (our number), ``contact`` (the other
    side's), ``country`` (the contact's), ``service``, ``segments``, ``media``, ``body``,
    ``currency`` and ``price``. Days and hours are those of ``date_sent``, or of ``date_created``
    for a message that was never sent, in the time zone `tz`.

    A selection (`where`, `between`) shares the codes and keys of its log, so counts of both can be
    compared by position.

    Args:
        frame: The messages.
        tz: The time zone, as an IANA name.
    """

    def __init__(self, frame: pd.DataFrame, tz: str = "UTC") -> None:
        self._all = frame
        self.tz = checked_zone(tz)
        """The IANA name of the time zone."""
        self._whole: PreparedLog | None = None
        self._places: np.ndarray[Any, Any] | None = None
        self._dimensions: dict[str, Dimension] = {}

    def __len__(self) -> int:
        return len(self._all) if self._places is None else len(self._places)

    def __repr__(self) -> str:
        return f"<PreparedLog {len(self):,} messages, {self.tz}>"

    # Messages

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The messages, as rows of the frame that was prepared."""
        return self._all if self._places is None else self._all.iloc[self._places]

    def column(self, name: str) -> pd.Series:
        """Return one column of the messages, with the dtype of the message frame's schema.

        Raises:
            ConfigurationError: The frame has no such column.
        """
        return column_of(self.frame, name)

    @cached_property
    def inbound(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each message is inbound."""
        return self._passes("direction", ["inbound"])

    @cached_property
    def moments(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """When each message was sent, or created, in microseconds since 1970 (UTC)."""
        if self._whole is not None:
            return self._whole.moments[self._places]
        sent = self.column("date_sent")
        if "date_created" in self.frame.columns and sent.hasnans:
            sent = sent.fillna(self.column("date_created"))
        return pd.DatetimeIndex(sent).as_unit("us").asi8

    @cached_property
    def local(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The same in wall-clock time of `tz`."""
        return local_times(self.moments, self.tz)

    @cached_property
    def addresses(self) -> tuple[tuple[Any, ...], Any, Any]:
        """The addresses, and the code of each message's sender and recipient among them."""
        return encoded_addresses(self)

    # Groups

    def dimension(self, name: str) -> Dimension:
        """Return one way to group the messages, built when first used.

        Raises:
            ConfigurationError: The dimension is unknown, or the frame lacks its column.
        """
        if name not in self._dimensions:
            if self._whole is None:
                found = build(name, self)
            else:
                whole = self._whole.dimension(name)
                found = Dimension(whole.keys, whole.codes[self._places])
            self._dimensions[name] = found
        return self._dimensions[name]

    def keys(self, name: str) -> tuple[Any, ...]:
        """Return the labels of a dimension, in the order of its counts; None means no value."""
        return self.dimension(name).keys

    def counts(self, *names: str, where: Filters | None = None) -> np.ndarray[Any, Any]:
        """Count the messages of every group.

        Args:
            names: The dimensions, such as ``"day", "status"``; without any, all messages count.
            where: The filters.

        Returns:
            An array with one axis for each dimension, along its `keys`.
        """
        places = self._passing(where or {})
        return self._counted(names, places)

    def cross_filtered(
        self, groupings: Iterable[Sequence[str]], where: Filters
    ) -> list[np.ndarray[Any, Any]]:
        """Count several groupings, each without the filters on its own dimensions.

        This is how charts filter each other: a chart still shows the bars that are not selected.

        Args:
            groupings: The dimensions of each chart.
            where: The filters.
        """
        passing = {name: self._passes(name, values) for name, values in where.items()}
        found = []
        for names in groupings:
            others = [passes for name, passes in passing.items() if name not in names]
            found.append(self._counted(names, _all_of(others)))
        return found

    def mask(self, where: Filters) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return for each message whether it passes the filters."""
        places = self._passing(where)
        if places is None:
            return np.ones(len(self), np.bool_)
        found = np.zeros(len(self), np.bool_)
        found[places] = True
        return found

    def rows(self, where: Filters) -> pd.DataFrame:
        """Return the messages that pass the filters, in their order, with their index."""
        places = self._passing(where)
        return self.frame if places is None else self.frame.iloc[places]

    def where(self, **filters: object) -> PreparedLog:
        """Return the part of the log that passes the filters.

        Args:
            filters: One key or several by dimension: ``status="failed"``, ``hour=[9, 10]``.
        """
        places = self._passing({name: _several(wanted) for name, wanted in filters.items()})
        return self if places is None else self.at(places)

    def at(self, places: np.ndarray[Any, Any]) -> PreparedLog:
        """Return the messages at these positions."""
        part = PreparedLog(self._all, self.tz)
        part._whole = self._whole or self
        part._places = places if self._places is None else self._places[places]
        return part

    @cached_property
    def outbound(self) -> PreparedLog:
        """The messages that were not inbound."""
        return self.at(np.flatnonzero(~self.inbound))

    @cached_property
    def received(self) -> PreparedLog:
        """The inbound messages."""
        return self.at(np.flatnonzero(self.inbound))

    def between(self, since: datetime | None = None, until: datetime | None = None) -> PreparedLog:
        """Return the messages from `since` (included) to `until` (excluded), as aware datetimes.

        Raises:
            ConfigurationError: A time has no time zone.
        """
        kept = self.moments != NO_TIME
        for name, moment in (("since", since), ("until", until)):
            if moment is None:
                continue
            if moment.tzinfo is None:
                raise ConfigurationError(
                    f"{name} needs a time zone, such as datetime(2026, 1, 15, tzinfo=UTC).",
                    field=name,
                )
            utc = moment.astimezone(UTC).replace(tzinfo=None)
            at = np.datetime64(utc, "us").astype(np.int64)
            kept &= self.moments >= at if name == "since" else self.moments < at
        return self.at(np.flatnonzero(kept))

    def combinations(self, *names: str) -> tuple[list[tuple[Any, ...]], np.ndarray[Any, Any]]:
        """Return the groups that have messages, as keys, and the number of messages of each.

        Unlike `counts`, this needs no memory for groups without messages.
        """
        found = [self.dimension(name) for name in names]
        shape = tuple(map(len, found))
        places, codes = distinct(self._combined(names, None), prod(shape))
        each = np.unravel_index(np.array(places, np.int64), shape) if places else ()
        axes = [[one.keys[c] for c in axis] for one, axis in zip(found, each, strict=False)]
        return list(zip(*axes, strict=True)), np.bincount(codes, minlength=len(places))

    # Internals

    def _passes(self, name: str, values: Iterable[object]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        found = self.dimension(name)
        passes: np.ndarray[Any, np.dtype[np.bool_]] = found.wanted(values)[found.codes]
        return passes

    def _passing(self, where: Filters) -> np.ndarray[Any, Any] | None:
        return _all_of([self._passes(name, values) for name, values in where.items()])

    def _counted(
        self, names: Sequence[str], places: np.ndarray[Any, Any] | None
    ) -> np.ndarray[Any, Any]:
        shape = tuple(len(self.dimension(name)) for name in names)
        codes = self._combined(names, places)
        if len(names) == 1 and None in self.keys(names[0])[-1:]:
            # Most messages have no error code, and bincount is slow on a value that repeats.
            known = codes[codes != shape[0] - 1]
            counted = np.bincount(known, minlength=shape[0])
            counted[-1] = len(codes) - len(known)
            return counted
        return np.bincount(codes, minlength=prod(shape)).reshape(shape)

    def _combined(
        self, names: Sequence[str], places: np.ndarray[Any, Any] | None
    ) -> np.ndarray[Any, Any]:
        """Return one code for the combination of several dimensions."""
        if not names:
            return np.zeros(len(self) if places is None else len(places), np.int64)
        first, *others = (self.dimension(name) for name in names)
        combined = _at(first.codes, places)
        for found in others:
            combined = combined.astype(np.int64) * len(found) + _at(found.codes, places)
        return combined


def _all_of(masks: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any] | None:
    """Return the positions that pass every mask; None, which stands for all, without any mask."""
    if not masks:
        return None
    passing: np.ndarray[Any, Any] = np.logical_and.reduce(masks)
    return np.flatnonzero(passing)


def _at(codes: np.ndarray[Any, Any], places: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    return codes if places is None else codes[places]


def _several(wanted: object) -> Iterable[object]:
    alone = isinstance(wanted, str) or not isinstance(wanted, Iterable)
    return [wanted] if alone else wanted  # type: ignore[return-value]  # not iterable when alone
