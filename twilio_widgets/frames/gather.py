"""Collect pages of rows in Arrow columns, page by page while a page is in the processor's cache.

A hundred thousand rows are two million Python strings. Converting them at the end takes longer than
decoding them; converted a page at a time, they stay in the cache, and their memory is reused.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec
import pyarrow as pa

from twilio_widgets.frames.decode import MessageRecord
from twilio_widgets.frames.schema import SCHEMA, TEXT

_FIELDS = MessageRecord.__struct_encode_fields__


def _wire_type(name: str) -> Any:
    if name == "error_code":  # the only field that Twilio writes as a JSON number
        return pa.int64()
    is_text = any(column.name == name and column.dtype == TEXT for column in SCHEMA)
    return pa.large_string() if is_text else pa.string()  # bodies can exceed 2 GB in total


_TYPES = [_wire_type(name) for name in _FIELDS]


class FrameBuilder:
    """Columns built a page at a time. `message_frame` accepts one in place of rows."""

    def __init__(self) -> None:
        self._rows = 0
        self._chunks: list[list[pa.Array]] = [[] for _ in _FIELDS]

    def __len__(self) -> int:
        return self._rows

    def add(self, rows: Sequence[MessageRecord]) -> None:
        """Add the values of rows; the rows themselves are not kept."""
        values = list(chain.from_iterable(map(msgspec.structs.astuple, rows)))
        width = len(_FIELDS)
        made = [pa.array(values[place::width], kind) for place, kind in enumerate(_TYPES)]
        for chunks, array in zip(self._chunks, made, strict=True):
            chunks.append(array)
        self._rows += len(rows)

    def columns(self) -> dict[str, Any]:
        """Return each column as one Arrow array, by Twilio's field name."""
        parts = zip(_FIELDS, self._chunks, _TYPES, strict=True)
        return {
            name: pa.concat_arrays(chunks) if chunks else pa.array([], kind)
            for name, chunks, kind in parts
        }
