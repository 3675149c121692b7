"""A preview of one row as it would be sent, updated while the template is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twilio_widgets.bulk.planning.plan import plan
from twilio_widgets.core.printable import one_line
from twilio_widgets.errors import ConfigurationError, InvalidMessage
from twilio_widgets.panels.bulk.draft import arguments_of
from twilio_widgets.panels.bulk.table_sources import cells_of
from twilio_widgets.panels.inputs.ordered_input import text_in
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.unsaved import Unsaved
from twilio_widgets.panels.table.cells import LONGEST_CELL

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from twilio_widgets.bulk.planning.csv_table import InputTable
    from twilio_widgets.core.templates.template import ContentTemplate
    from twilio_widgets.panels.bulk.draft import BulkDraft

_STAND_IN = "+15005550006"
"""A sender for the preview while none is chosen; the preview does not depend on it."""

_NOTHING_YET = "Choose the recipient column and enter a message to see a preview here."


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePreview:
    """The preview of one row."""

    row: int
    rows: int
    to: str = ""
    body: str = ""
    media: bool = False
    problems: tuple[tuple[str, str], ...] = ()
    """Problems and warnings, each with its tone."""


class RowPreview(Unsaved):
    """A message as a bubble, with buttons to step through the rows.

    Message texts are kept out of the widget state, which is saved with the notebook.

    Args:
        on_look: Called with the row that the user wants to see. It must not raise.
    """

    _css = asset(__file__, "bulk.css")
    _esm = asset(__file__, "preview.js")

    def __init__(self, on_look: Callable[[int], object]) -> None:
        super().__init__()
        self._on_look = on_look

    def show(self, sight: MessagePreview | None) -> None:
        """Show a row, or nothing for None."""
        if sight is None:
            self._put(None)
            return
        self._put(
            {
                "row": sight.row,
                "rows": sight.rows,
                "to": _shown(sight.to),
                "body": "\n".join(map(_shown, sight.body.split("\n"))),
                "problems": [[_shown(text), tone] for text, tone in sight.problems],
            }
        )

    def _receive(self, widget: object, content: object, buffers: object) -> None:
        match content:
            case {"t": "look", "row": int(row)} if not isinstance(row, bool):
                self._on_look(row)
            case _:
                super()._receive(widget, content, buffers)


def preview_of(
    table: InputTable,
    draft: BulkDraft,
    row: int,
    now: datetime | None,
    template: ContentTemplate | None = None,
) -> MessagePreview | None:
    """Return the preview of one row of a table; None when the table has no rows.

    Args:
        table: The table.
        draft: The contents of the fields so far.
        row: The index of the row, from 0.
        now: The current time, if a client is connected.
        template: The chosen content template, if any.
    """
    if not table.rows:
        return None
    row = min(row, table.rows - 1)
    if row in table.damaged:
        return MessagePreview(row=row, rows=table.rows, problems=((table.damaged[row], "problem"),))
    if not draft.to or not (draft.body or draft.media or template):
        return MessagePreview(row=row, rows=table.rows, problems=((_NOTHING_YET, "hint"),))
    given: dict[str, Any] = {**_arguments(draft), "now": now}
    try:
        made = plan([dict(cells_of(table, row))], **given)
    except (ConfigurationError, InvalidMessage) as error:
        return MessagePreview(row=row, rows=table.rows, problems=((str(error), "problem"),))
    if made.rows:
        ready = made.rows[0]
        to = ready.to if ready.original == ready.to else f"{ready.to} (from “{ready.original}”)"
        return MessagePreview(
            row=row,
            rows=table.rows,
            to=to,
            body=ready.body if template is None else _rendered(template, ready.parameters),
            media="media_url" in ready.parameters,
            problems=tuple((note, "warning") for note in ready.notes),
        )
    problems = tuple(
        (f"{one.column}: {one.reason}" if one.column else one.reason, "problem")
        for one in made.problems
    )
    return MessagePreview(row=row, rows=table.rows, problems=problems)


def _rendered(template: ContentTemplate, parameters: Mapping[str, object]) -> str:
    values = parameters.get("content_variables")
    return template.render(values if isinstance(values, Mapping) else {})


def _arguments(draft: BulkDraft) -> Mapping[str, Any]:
    arguments = arguments_of(draft)
    if not {"from_", "messaging_service_sid"} & arguments.keys():
        arguments["from_"] = _STAND_IN
    return arguments


def _shown(text: str) -> str:
    cut = one_line(text[:LONGEST_CELL])
    return text_in(cut, len(cut)) or ""
