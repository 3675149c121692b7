"""Selection of events: by id, as events, as a DataFrame, or as a boolean mask."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterable
from typing import Any

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.events.event import Event

_WHAT = (
    "events must be an event id, a list of ids, rows of listener.events, or a boolean mask such as "
    'listener.events["status"] == "failed".'
)


def ids_of(events: Any) -> tuple[int, ...]:
    """Return the ids of the selected events, in the order given.

    Args:
        events: An id or an `Event`; an iterable of either; a DataFrame with the column ``id``; a
            series of ids; or a boolean series with the ids as its index.

    Raises:
        ConfigurationError: It is none of these.
    """
    if hasattr(events, "columns"):
        if "id" not in events.columns:
            raise ConfigurationError(f"The DataFrame has no column id. {_WHAT}", field="events")
        return ids_of(events["id"].tolist())
    if hasattr(events, "items") and hasattr(events, "dtype"):
        if str(events.dtype) in {"bool", "boolean", "bool[pyarrow]"}:
            return tuple(int(id_) for id_, meant in events.items() if meant is True)
        return ids_of(events.tolist())
    if isinstance(events, Event) or as_integer(events) is not None:
        events = (events,)
    if isinstance(events, str | bytes) or not isinstance(events, Iterable):
        raise ConfigurationError(_WHAT, field="events")
    return tuple(_id_of(event) for event in events)


def _id_of(event: Any) -> int:
    id_ = event.id if isinstance(event, Event) else as_integer(event)
    if id_ is None:
        raise ConfigurationError(_WHAT, field="events")
    return id_


def as_integer(value: Any) -> int | None:
    """Return an integer of any type (e.g. numpy's) as an int; None if it is not an integer."""
    if not isinstance(value, bool):
        with contextlib.suppress(TypeError):
            return operator.index(value)
    return None
