"""Build the frames of templates, prices, lookups and costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.frames.build import array_of
from twilio_widgets.frames.product_schema import TEMPLATES
from twilio_widgets.frames.safe_frame import SafeFrame
from twilio_widgets.frames.schema import SchemaColumn


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
