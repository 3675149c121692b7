"""Rows of messages → typed columns → a `MessageFrame`, one pass a column."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.errors import BadResponse
from twilio_widgets.frames.dates import instants
from twilio_widgets.frames.message_frame import MessageFrame
from twilio_widgets.frames.schema import (
    MOMENT,
    MOMENT_TYPE,
    MONEY,
    MONEY_TYPE,
    SCHEMA,
    SCHEMA_VERSION,
    TEXT,
    WHOLE,
    Column,
    money,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from twilio_widgets.frames.decode import Row


class MessageLike(Protocol):
    """What a `Message` has that a frame shows; typed already, unlike a `Row`."""

    sid: str
    price: Decimal | None
    status: str


def message_frame(rows: Sequence[Row], *, attrs: Mapping[str, object]) -> MessageFrame:
    """Build the frame of messages read from Twilio's pages.

    Args:
        rows: The rows of the pages, in Twilio's order.
        attrs: What the frame should say about its reading (`MessageFrame` lists the words); times
            become ISO 8601 text. ``rows``, ``rows_read`` and ``schema_version`` are added, and
            ``cut_off`` when ``complete`` is False.

    Returns:
        A frame with the documented schema, also for no rows.

    Raises:
        BadResponse: A date, a number or an amount cannot be read.
    """
    return _frame(rows, _from_wire, attrs)


def frame_of_messages(
    messages: Iterable[MessageLike], *, attrs: Mapping[str, object] | None = None
) -> MessageFrame:
    """Put `Message` values into a frame with the same schema as a listed log.

    Args:
        messages: Such as ``[twilio.messages.get(sid) for sid in sids]``, in the order wanted.
        attrs: What the frame should say about itself, if anything.
    """
    return _frame(list(messages), _from_values, attrs or {})


def _frame(
    rows: Sequence[Any], convert: Callable[[list[Any], Column], Any], attrs: Mapping[str, object]
) -> MessageFrame:
    columns = {}
    for column in SCHEMA:
        read = attrgetter("from_" if column.name == "from" else column.name)
        columns[column.name] = convert([read(row) for row in rows], column)
    frame = MessageFrame(columns, copy=False)
    frame.attrs.update(_said_of(len(rows), attrs))
    return frame


def _said_of(rows: int, attrs: Mapping[str, object]) -> dict[str, Any]:
    """Complete the attrs, as plain JSON: Parquet files carry them, and derived frames copy them."""
    said = {"rows": rows, "rows_read": rows, "schema_version": SCHEMA_VERSION} | dict(attrs)
    if said.get("complete") is False:
        read = f"{said['rows_read']:,} messages read"
        said.setdefault("cut_off", f"{read}, the log holds more: limit=None reads everything")
    plain: dict[str, Any] = json.loads(json.dumps(said, default=_plain))
    return plain


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _from_wire(values: list[Any], column: Column) -> Any:
    if column.dtype == MOMENT:
        return pd.array(instants(values, column=column.name), MOMENT)
    if column.words:
        return _categorical(pa.array(values, pa.string()), column)
    if column.dtype == TEXT:
        return _text(values)
    try:
        if column.dtype == MONEY:
            return pd.arrays.ArrowExtensionArray(_amounts(values))
        if column.name == "error_code":  # the one number that Twilio writes as a number
            return WHOLE.__from_arrow__(pa.array(values, pa.int64()))
        return WHOLE.__from_arrow__(_nonempty(values).cast(pa.int64()))
    except pa.ArrowInvalid:
        raise BadResponse(
            f"Twilio's answer holds a {column.name} that is not a number, so it was not used."
        ) from None


def _from_values(values: list[Any], column: Column) -> Any:
    if column.dtype == MOMENT:
        return pd.array(pa.array(values, MOMENT_TYPE).to_numpy(False), MOMENT)
    if column.words:  # a Message holds "" where Twilio gave no word
        return _categorical(_nonempty(values), column)
    if column.dtype == TEXT:
        return _text(values)
    if column.dtype == MONEY:
        return pd.arrays.ArrowExtensionArray(money(values))
    return WHOLE.__from_arrow__(pa.array(values, pa.int64()))


def _text(values: list[Any]) -> Any:
    return TEXT.__from_arrow__(pa.array(values, pa.large_string()))


def _amounts(values: list[Any]) -> pa.Array:
    texts = _nonempty(values)
    try:
        return texts.cast(MONEY_TYPE)
    except pa.ArrowInvalid:  # more than six decimals, perhaps: read them wider, and round
        wide = texts.cast(pa.decimal256(76, 30))
        return pc.round(wide, 6, "half_to_even").cast(MONEY_TYPE)


def _nonempty(values: list[Any]) -> pa.Array:
    return pa.array([value or None for value in values], pa.string())


def _categorical(words: pa.Array, column: Column) -> Any:
    codes = pc.index_in(words, pa.array(column.words, pa.string()))
    if codes.null_count == words.null_count:
        found = codes.fill_null(-1).to_numpy(False).astype(np.int8)
        return pd.Categorical.from_codes(found, dtype=column.dtype)
    new = [word for word in words.unique().to_pylist() if word not in {None, *column.words}]
    known = pa.array([*column.words, *new], pa.string())
    codes = pc.index_in(words, known).fill_null(-1).to_numpy(False)
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(known.to_pylist()))
