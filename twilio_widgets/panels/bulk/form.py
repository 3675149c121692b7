"""The fields of the bulk panel, drawn from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.bulk import template_columns as templates
from twilio_widgets.panels.bulk import text as texts
from twilio_widgets.panels.bulk.draft import UNDER_MORE
from twilio_widgets.panels.bulk.file_fields import FileFields
from twilio_widgets.panels.bulk.upload import TableFile
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.inputs.segment_meter import SegmentMeter
from twilio_widgets.panels.kit.elements import Note, body, field, styled, visible
from twilio_widgets.panels.send.template_fields import TemplateFields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twilio_widgets.bulk.planning.csv_table import InputTable
    from twilio_widgets.panels.bulk.draft import BulkDraft
    from twilio_widgets.panels.bulk.preview import RowPreview
    from twilio_widgets.panels.bulk.state import BulkState
    from twilio_widgets.panels.inputs.ordered_input import OrderedInput

_NONE = ""


class BulkForm:
    """The table, its columns, the sender and the template.

    Input flows one way, from the controls into the state; `writing` is true while the state is
    written into the controls, so that this is not taken for input.

    Args:
        preview: The preview of one row, shown below the template.
    """

    def __init__(self, preview: RowPreview) -> None:
        self.writing = False
        self.frame = LineInput("Table", kind="select")
        self.look_again = OrderedButton("Look again")
        self.upload = styled(TableFile(), "tw-upload-box")
        self.file = FileFields()
        self.controls = {
            "to": LineInput("Recipient", kind="select"),
            "from_": LineInput("From", "Number, name or messaging service"),
            "body": LineInput("Message", "Hi {name}, your table is ready.", kind="area"),
            "region": LineInput("Country", "GB"),
            "media": LineInput("Picture", kind="select"),
            "rate": LineInput("Rate", "as fast as possible"),
            "name": LineInput("Job name"),
        }
        self._notes = {name: Note() for name in self.controls}
        self.template = TemplateFields("select")
        self._body = field(self.controls["body"], self._notes["body"])
        self._source = Note()
        self.meter = SegmentMeter()
        self._more = styled(ipywidgets.VBox(self._fields(UNDER_MORE)), "tw-rows")
        chooser = ipywidgets.HBox([self.frame, self.look_again, self.upload])
        self.rows = body(
            field(styled(chooser, "tw-chooser"), self._source),
            self.file.rows,
            *self._fields(("to", "from_")),
            self.template.rows,
            self._body,
            preview,
            field(self.meter),
            self._more,
        )

    def _fields(self, names: Sequence[str]) -> list[ipywidgets.Widget]:
        return [field(self.controls[name], self._notes[name]) for name in names]

    @property
    def fields(self) -> tuple[OrderedInput, ...]:
        """Every field that the user can fill in."""
        file = (self.file.sheet, self.file.encoding)
        return (self.frame, self.upload, *file, *self.controls.values(), *self.template.controls)

    def write(self, draft: BulkDraft) -> None:
        """Write a draft into the fields."""
        self.writing = True
        try:
            for name, control in self.controls.items():
                value = getattr(draft, name)
                is_list = name in {"to", "media"}
                control.value = value if not is_list or value in dict(control.options) else _NONE
            self.template.picker.value = draft.template
            self.template.write(draft.variables)
        finally:
            self.writing = False

    def draw(self, state: BulkState, table: InputTable | None) -> None:
        """Show the state; the contents of the fields are left alone.

        Args:
            state: The state of the panel.
            table: The table that was read; None while there is none.
        """
        self._draw_choices(state)
        self._draw_file(state, table)
        self._source.show(*texts.source_of(state))
        for name, control in self.controls.items():
            control.disabled = not steps.is_open(state)
            problem = state.problems.get(name, "")
            hint = texts.hint_of(state, name)
            self._notes[name].show(problem or hint, "problem" if problem else "hint")
        locked = not steps.is_open(state)
        self.frame.disabled = self.look_again.disabled = self.upload.disabled = locked
        visible(self._more, state.more)
        self._draw_template(state)

    def _draw_file(self, state: BulkState, table: InputTable | None) -> None:
        self.writing = True
        try:
            self.file.draw(state, table, locked=not steps.is_open(state))
        finally:
            self.writing = False

    def _draw_template(self, state: BulkState) -> None:
        self.template.draw(
            state.draft.variables,
            state.problems,
            advice=templates.note_of(state),
            preview="",  # the preview of a row shows the text
            locked=not steps.is_open(state),
        )
        visible(self.template.rows, templates.is_offered(state))
        visible(self._body, not state.draft.template)

    def _draw_choices(self, state: BulkState) -> None:
        self.writing = True
        try:
            chosen = state.source.name if state.source and state.source.kind == "frame" else _NONE
            names = state.frames
            frames = [(_NONE, texts.no_frame_of(state)), *((name, name) for name in names)]
            _offer(self.frame, frames, chosen if chosen in names else _NONE)
            columns = [(name, one_line(name)) for name in state.columns]
            _offer(self.controls["to"], [(_NONE, "Choose a column…"), *columns], state.draft.to)
            _offer(self.controls["media"], [(_NONE, "None"), *columns], state.draft.media)
            self.controls["body"].offer_inserts(texts.inserts_of(state))
            self.controls["from_"].offer((sender, "") for sender in state.senders)
            self.template.offer(state.templates, state.draft.template)
            for value in self.template.values:
                value.offer([(_NONE, "Choose a column…"), *columns])
            self.template.write(state.draft.variables)
        finally:
            self.writing = False


def _offer(control: LineInput, options: list[tuple[str, str]], value: str) -> None:
    """Set the options of a list and choose one; a value that is not an option chooses none."""
    control.offer(options)
    control.value = value if value in {one for one, _text in options} else _NONE
