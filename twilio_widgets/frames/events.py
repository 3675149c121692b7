"""Webhook events as DataFrames: events, message states, rejected requests and replays.

The functions take any values with the attributes of the listener's classes (`Event`,
`MessageState`, `Rejection`), so that this package does not import the listener. The columns are in
`event_schema`.
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
    """Events as a pandas DataFrame, in order of arrival; their texts are displayed safely.

    The columns and dtypes are in `twilio_widgets.frames.event_schema.EVENTS`. Frames that pandas
    derives from it are EventFrames too. The index contains the ids as well, so that a boolean mask
    made from the frame still identifies its events. Texts are never read as HTML or TeX, and a line
    says if rows are not shown. ``frame.style`` is pandas' own and does *not* escape.

    ``frame.attrs`` contains, as plain JSON values, the ``account`` (masked), when it was read
    (``read_at``), its number of ``rows`` then, and whether it was ``complete``.
    """

    _sheet = "events"


def event_frame(events: Iterable[Any], **attrs: object) -> EventFrame:
    """Build a frame of events, in their order; `attrs` are its ``attrs``."""
    made = _frame(EventFrame, events, EVENTS, attrs, parameters="parameters_text")
    made.index = pd.Index(made["id"].to_numpy("int64"))
    return made


def standing_frame(standings: Iterable[Any], **attrs: object) -> SafeFrame:
    """Build a frame of message states, one row for each message."""
    return _frame(SafeFrame, standings, STANDINGS, attrs, message_sid="sid")


def rejection_frame(rejections: Iterable[Any], **attrs: object) -> SafeFrame:
    """Build a frame of rejected requests, one row for each request."""
    return _frame(SafeFrame, rejections, REJECTIONS, attrs, http_status="status")


def replay_frame(replays: Iterable[Any], **attrs: object) -> SafeFrame:
    """Build a frame of replay results, one row for each event."""
    return _frame(SafeFrame, replays, REPLAYS, attrs)


def _frame(
    kind: type[F],
    values: Iterable[Any],
    schema: tuple[SchemaColumn, ...],
    attrs: Mapping[str, object],
    **elsewhere: str,
) -> F:
    """Build a frame; `elsewhere` maps columns to attributes with another name."""
    rows = list(values)
    attributes = {"from": "from_"} | elsewhere
    columns = {}
    for column in schema:
        value_of = attrgetter(attributes.get(column.name, column.name))
        columns[column.name] = array_of([value_of(row) for row in rows], column)
    made = kind(columns, copy=False)
    made.attrs.update({"rows": len(rows), "schema_version": EVENT_SCHEMA_VERSION, **attrs})
    return made
