"""Build the frames of Twilio's other resources: templates, prices, lookups, services, numbers …"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.errors import BadResponse
from twilio_widgets.frames.build import array_of
from twilio_widgets.frames.dates import moments_of
from twilio_widgets.frames.resource_schema import DAY, RESOURCE_SCHEMA_VERSION, TEMPLATES
from twilio_widgets.frames.safe_frame import SafeFrame
from twilio_widgets.frames.schema import FLAG, MOMENT, MONEY, TEXT, WHOLE, SchemaColumn


def frame_of(
    rows: Iterable[Mapping[str, Any]],
    schema: tuple[SchemaColumn, ...],
    attrs: Mapping[str, object],
) -> SafeFrame:
    """Build a frame with a schema; a column that a row does not have is missing there.

    Args:
        rows: Typed values by column.
        schema: The columns.
        attrs: The frame's ``attrs``; the number of ``rows`` is added.
    """
    lines = list(rows)
    columns = {
        column.name: array_of([line.get(column.name) for line in lines], column)
        for column in schema
    }
    made = SafeFrame(columns, copy=False)
    made.attrs.update({"rows": len(lines), **attrs})
    return made


def template_frame(
    templates: Iterable[ContentTemplate], *, attrs: Mapping[str, object]
) -> SafeFrame:
    """Build a frame of content templates, one row for each."""
    return frame_of(map(_template, templates), TEMPLATES, attrs)


def _template(template: ContentTemplate) -> dict[str, object]:
    return {
        "sid": template.sid,
        "friendly_name": template.friendly_name,
        "language": template.language,
        "types": ", ".join(template.types),
        "variables": ", ".join(template.placeholders),
        "approval_status": template.approval.status,
        "category": template.approval.category or None,
        "rejection_reason": template.approval.rejection_reason or None,
        "body": template.body or None,
        "date_created": template.date_created,
        "date_updated": template.date_updated,
    }


def resource_frame(
    rows: Iterable[Mapping[str, Any]],
    schema: Sequence[SchemaColumn],
    *,
    noun: str,
    complete: bool,
    **attrs: object,
) -> SafeFrame:
    """Build a frame of resources, with the schema's columns also for no rows.

    Args:
        rows: The resources as Twilio wrote them, in order; other fields are left out.
        schema: The columns.
        noun: The plural of a resource, for the line about rows that were not read.
        complete: Whether these are all resources that were asked for.
        attrs: Further ``attrs``, such as the account and the filters.

    Raises:
        BadResponse: A value does not fit its column.
    """
    found = list(rows)
    columns = {
        column.name: _typed([row.get(column.name) for row in found], column) for column in schema
    }
    made = SafeFrame(columns, copy=False)
    count = len(found)
    made.attrs.update({name: _plain(value) for name, value in attrs.items()})
    made.attrs |= {
        "complete": complete,
        "rows": count,
        "rows_read": count,
        "schema_version": RESOURCE_SCHEMA_VERSION,
    }
    if not complete:
        made.attrs["cut_off"] = f"{count:,} {noun} read, there are more: limit=None reads all"
    return made


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(values: list[Any], column: SchemaColumn) -> Any:
    try:
        return _converted(["" if value is None else value for value in values], column)
    except (ValueError, TypeError, ArithmeticError, pa.ArrowException):
        raise BadResponse(
            f"Twilio's response contains a {column.name} of an unexpected type; it was not used."
        ) from None


def _converted(values: list[Any], column: SchemaColumn) -> Any:
    """Convert Twilio's values; an empty text is no value."""
    given = [None if value == "" else value for value in values]
    if column.dtype == MOMENT:
        return moments_of(given, column=column.name)
    if column.dtype == DAY:
        return pd.to_datetime(pd.Series(given, dtype=object), format="%Y-%m-%d").astype(DAY)
    if column.dtype == WHOLE:
        given = [None if value is None else int(str(value)) for value in given]
    elif column.dtype == FLAG and not all(isinstance(value, bool | None) for value in given):
        raise TypeError
    elif column.dtype == TEXT or column.categories or column.dtype == MONEY:
        given = [None if value is None else str(value) for value in given]
    return array_of(given, column)
