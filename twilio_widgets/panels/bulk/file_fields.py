"""The choosers of a file's sheet and encoding, with a preview of its first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.bulk import text as texts
from twilio_widgets.panels.bulk.table_file import ENCODINGS, first_rows, shown_cell
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Note, field, styled, visible
from twilio_widgets.panels.kit.unsaved import Unsaved

if TYPE_CHECKING:
    from twilio_widgets.bulk.planning.csv_table import InputTable
    from twilio_widgets.panels.bulk.state import BulkState


class FirstRows(Unsaved):
    """The first rows of a table; they are not saved with the notebook."""

    _esm = asset(__file__, "first_rows.js")

    def show(self, table: InputTable | None) -> None:
        """Show a table, or nothing for None."""
        if table is None:
            self._put(None)
            return
        rows = first_rows(table)
        names = [shown_cell(name) for name in table.columns]
        self._put({"names": names[: max(map(len, rows), default=1) - 1], "rows": rows})


class FileFields:
    """The choosers, which are shown when a file can be read in more than one way."""

    def __init__(self) -> None:
        self.sheet = LineInput("Sheet", kind="select")
        self.encoding = LineInput("Encoding", kind="select")
        self.encoding.offer(ENCODINGS.items())
        self._note = Note()
        self._preview = FirstRows()
        self._sheet_row = field(self.sheet)
        self._encoding_row = field(self.encoding, self._note)
        self.rows = styled(
            ipywidgets.VBox([self._sheet_row, self._encoding_row, self._preview]), "tw-rows"
        )

    def draw(self, state: BulkState, table: InputTable | None, *, locked: bool) -> None:
        """Draw the state.

        Args:
            state: The state of the panel.
            table: The table that was read; None while there is none.
            locked: Whether the choices cannot be changed.
        """
        file = state.file
        visible(self.rows, file is not None and file.asks)
        if file is None or not file.asks:
            self._preview.show(None)
            return
        self.sheet.offer((sheet, one_line(sheet)) for sheet in file.sheets)
        self.sheet.value, self.encoding.value = file.sheet, file.encoding
        self.sheet.disabled = self.encoding.disabled = locked
        visible(self._sheet_row, len(file.sheets) > 1)
        visible(self._encoding_row, bool(file.guessed))
        self._note.show(texts.encoding_of(file))
        self._preview.show(None if state.source is None or state.reading else table)
