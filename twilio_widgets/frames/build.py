"""Build a `MessageFrame` from columns of messages, converting a whole column at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.errors import BadResponse
from twilio_widgets.frames.dates import instants
from twilio_widgets.frames.gather import FrameBuilder
from twilio_widgets.frames.message_frame import MessageFrame
from twilio_widgets.frames.schema import (
    FLAG,
    MOMENT,
    MOMENT_TYPE,
    MONEY,
    MONEY_TYPE,
    SCHEMA,
    SCHEMA_VERSION,
    TEXT,
    WHOLE,
    SchemaColumn,
    money,
)

if TYPE_CHECKING:
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.frames.decode import MessageRecord


def message_frame(
    rows: Sequence[MessageRecord] | FrameBuilder, *, attrs: Mapping[str, object]
) -> MessageFrame:
    """Build the frame of messages read from Twilio's pages.

    Args:
        rows: The rows of the pages, in Twilio's order; or a `FrameBuilder` of them, which needs
            less time and memory for many rows.
        attrs: The frame's ``attrs`` (`MessageFrame` lists the keys); times become ISO 8601 text.
            ``rows``, ``rows_read`` and ``schema_version`` are added, and ``cut_off`` if
            ``complete`` is False.

    Returns:
        A frame with the documented schema, also for no rows.

    Raises:
        BadResponse: A date, a number or an amount cannot be parsed.
    """
    if not isinstance(rows, FrameBuilder):
        every, rows = rows, FrameBuilder()
        rows.add(every)
    wire = rows.columns()
    return _frame({column.name: _from_wire(wire[column.name], column) for column in SCHEMA}, attrs)


def frame_of_messages(
    messages: Iterable[Message], *, attrs: Mapping[str, object] | None = None
) -> MessageFrame:
    """Build a frame of `Message` values, with the same schema as the listed log.

    Args:
        messages: Such as ``[twilio.messages.get(sid) for sid in sids]``; their order is kept.
        attrs: The frame's ``attrs``, if any.
    """
    values = list(messages)
    return _frame({column.name: _from_values(values, column) for column in SCHEMA}, attrs or {})


def _frame(columns: Mapping[str, Any], attrs: Mapping[str, object]) -> MessageFrame:
    frame = MessageFrame(columns, copy=False)
    frame.attrs.update(_complete_attrs(len(frame), attrs))
    return frame


def _complete_attrs(rows: int, attrs: Mapping[str, object]) -> dict[str, Any]:
    """Complete the attrs, as plain JSON: Parquet files carry them, and derived frames copy them."""
    completed = {"rows": rows, "rows_read": rows, "schema_version": SCHEMA_VERSION} | dict(attrs)
    if completed.get("complete") is False:
        read = f"{completed['rows_read']:,} messages read"
        completed.setdefault("cut_off", f"{read}, the log has more: limit=None reads all")
    plain: dict[str, Any] = json.loads(json.dumps(completed, default=_plain))
    return plain


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _from_wire(texts: Any, column: SchemaColumn) -> Any:
    """Convert a column of Twilio's texts to a pandas array."""
    if column.dtype == MOMENT:
        return pd.array(instants(texts, column=column.name), MOMENT)
    if column.categories:
        return _categorical(texts, column)
    if column.dtype == TEXT:
        return TEXT.__from_arrow__(texts)
    if column.name == "error_code":
        return WHOLE.__from_arrow__(texts)
    numbers = numbers_of(texts, column)
    if column.dtype == MONEY:
        return pd.arrays.ArrowExtensionArray(numbers)
    return WHOLE.__from_arrow__(numbers)


def numbers_of(texts: Any, column: SchemaColumn) -> Any:
    """Convert a column of numbers or amounts, which Twilio writes as text, to an Arrow array.

    Raises:
        BadResponse: A text is not a number.
    """
    try:
        given = _none_for_empty(texts)
        return _amounts(given) if column.dtype == MONEY else given.cast(pa.int64())
    except pa.ArrowInvalid:
        raise BadResponse(
            f"Twilio's response contains a {column.name} that is not a number; it was not used."
        ) from None


def _from_values(messages: list[Message], column: SchemaColumn) -> Any:
    """Convert one field of `Message` values to a pandas array."""
    name = "from_" if column.name == "from" else column.name
    return array_of([getattr(message, name) for message in messages], column)


def array_of(values: list[Any], column: SchemaColumn) -> Any:
    """Convert typed values, or None, to a pandas array."""
    if column.dtype == MOMENT:
        return pd.array(pa.array(values, MOMENT_TYPE).to_numpy(False), MOMENT)
    if column.categories:  # a Message has "" if Twilio gave no value
        return _categorical(pa.array([value or None for value in values], pa.string()), column)
    if column.dtype == TEXT:
        return TEXT.__from_arrow__(pa.array(values, pa.large_string()))
    if column.dtype == MONEY:
        return pd.arrays.ArrowExtensionArray(money(values))
    if column.dtype == FLAG:
        return pd.array(values, FLAG)
    return WHOLE.__from_arrow__(pa.array(values, pa.int64()))


def _none_for_empty(texts: Any) -> Any:
    empty = pc.equal(pc.binary_length(texts), 0)
    return pc.if_else(empty, None, texts) if pc.any(empty).as_py() else texts


def _amounts(texts: Any) -> Any:
    try:
        return texts.cast(MONEY_TYPE)
    except pa.ArrowInvalid:  # possibly more than six decimals: parse with more digits, and round
        wide = texts.cast(pa.decimal256(76, 30))
        return pc.round(wide, 6, "half_to_even").cast(MONEY_TYPE)


def _categorical(values: Any, column: SchemaColumn) -> Any:
    codes = pc.index_in(values, pa.array(column.categories, pa.string()))
    if codes.null_count == values.null_count:
        found = codes.fill_null(-1).to_numpy(False).astype(np.int8)
        return pd.Categorical.from_codes(found, dtype=column.dtype)
    new = [
        value for value in values.unique().to_pylist() if value not in {None, *column.categories}
    ]
    known = [*column.categories, *new]
    codes = pc.index_in(values, pa.array(known, pa.string())).fill_null(-1).to_numpy(False)
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(known))
