"""Webhook events as DataFrames: the events, where each message stands, and what was turned away.

What is put in is anything with the fields of the listener's values (`Event`, `MessageStanding`,
`Rejection`), so that frames know nothing of listeners. The columns are in `event_schema`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from twilio_widgets.frames.build import array_of
from twilio_widgets.frames.event_schema import (
    EVENT_SCHEMA_VERSION,
    EVENTS,
    REJECTIONS,
    REPLAYS,
    STANDINGS,
)
from twilio_widgets.frames.safe_frame import SafeFrame

if TYPE_CHECKING:
    from twilio_widgets.frames.schema import SchemaColumn

F = TypeVar("F", bound=SafeFrame)


class EventFrame(SafeFrame):
    """Events as a pandas DataFrame, in the order they came; their texts are safe to look at.

    The columns and dtypes are in `twilio_widgets.frames.event_schema.EVENTS`. What pandas derives
    from it is an EventFrame again. The index holds the ids as well, so that a mask made from the
    frame still tells which events it means. Texts are never read as HTML or TeX, and a line says
    when rows are not shown. ``frame.style`` is pandas' own and does *not* escape.

    ``frame.attrs`` says, in plain JSON values, the ``account`` (masked), when it was read
    (``read_at``), how many ``rows`` it had then, and whether it was ``complete``.
    """

    _sheet = "events"


def event_frame(events: Iterable[Any], **attrs: object) -> EventFrame:
    """Put events into a frame, in their order; `attrs` is what it says about its reading."""
    made = _frame(EventFrame, events, EVENTS, attrs, parameters="parameters_text")
    made.index = pd.Index(made["id"].to_numpy("int64"))
    return made


def standing_frame(standings: Iterable[Any], **attrs: object) -> SafeFrame:
    """Put where messages stand into a frame, one row a message."""
    return _frame(SafeFrame, standings, STANDINGS, attrs, message_sid="sid")


def rejection_frame(rejections: Iterable[Any], **attrs: object) -> SafeFrame:
    """Put requests that were turned away into a frame, one row a request."""
    return _frame(SafeFrame, rejections, REJECTIONS, attrs, http_status="status")


def replay_frame(replays: Iterable[Any], **attrs: object) -> SafeFrame:
    """Put what came of sending events again into a frame, one row an event."""
    return _frame(SafeFrame, replays, REPLAYS, attrs)


def _frame(
    kind: type[F],
    values: Iterable[Any],
    schema: tuple[SchemaColumn, ...],
    attrs: Mapping[str, object],
    **elsewhere: str,
) -> F:
    """Build a frame; `elsewhere` names the attribute of a column that is not called like it."""
    rows = list(values)
    attributes = {"from": "from_"} | elsewhere
    columns = {}
    for column in schema:
        value_of = attrgetter(attributes.get(column.name, column.name))
        columns[column.name] = array_of([value_of(row) for row in rows], column)
    made = kind(columns, copy=False)
    made.attrs.update({"rows": len(rows), "schema_version": EVENT_SCHEMA_VERSION, **attrs})
    return made
