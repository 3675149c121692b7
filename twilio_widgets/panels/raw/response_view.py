"""The response area of the raw request panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets
import traitlets

from twilio_widgets.core.credentials.secret import names_a_secret
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import (
    Element,
    Facts,
    Note,
    close_tree,
    styled,
    visible,
)
from twilio_widgets.panels.kit.tabs import Tabs
from twilio_widgets.panels.raw.outcome import file_stem, views_of, without_secrets
from twilio_widgets.panels.raw.response_table import frame_table, is_frame, page_table, table_of
from twilio_widgets.panels.raw.text import view_names
from twilio_widgets.panels.raw.tree import JsonTree
from twilio_widgets.panels.table.table import MOST_ROWS, VirtualTable
from twilio_widgets.panels.viewers.blob import BytesView
from twilio_widgets.panels.viewers.text_view import TextView

if TYPE_CHECKING:
    from twilio_widgets.core.raw.response import RawResponse
    from twilio_widgets.panels.raw.state import RawState, ResponseSummary

TABLE_HEIGHT = 286
"""Pixels: a header and ten rows."""


class ResponseHead(Element):
    """The status and facts of a response, and its error; all texts are drawn as text."""

    _esm = asset(__file__, "response_head.js")
    view = traitlets.Dict().tag(sync=True)

    def show(self, answer: ResponseSummary | None) -> None:
        """Show how a request ended; None shows nothing."""
        if answer is None:
            self.view = {"status": ""}
            return
        self.view = {
            "status": answer.status,
            "tone": answer.tone,
            "facts": list(answer.facts),
            "problem": answer.problem,
            "error": dict(answer.error),
        }


class ResponseArea:
    """A status line, and the body as a tree, table, text, image or file."""

    def __init__(self) -> None:
        self.find_out = styled(OrderedButton("Find out", main=True), "tw-find-out")
        self.views = Tabs("Views of the response", [("tree", "Tree")])
        self._head = ResponseHead()
        self._tree = JsonTree("The response", root="panel.response.data", hides=names_a_secret)
        self._text = TextView("The response")
        self._blob = BytesView()
        self._headers = styled(Facts(), "tw-answer-headers")
        self._table = ipywidgets.VBox([])
        self._parts = {
            "tree": self._tree,
            "table": self._table,
            "text": self._text,
            "file": self._blob,
            "headers": self._headers,
        }
        bodies = styled(ipywidgets.VBox(list(self._parts.values())), "tw-answer-body")
        self.box = styled(
            ipywidgets.VBox([self._head, self.find_out, self.views, bodies]), "tw-answer-area"
        )

    def fill(self, response: RawResponse | None, path: str) -> None:
        """Fill the views with a body, before the state shows them."""
        content = None if response is None else response.data
        kinds = views_of(content)
        self._tree.show(content if "tree" in kinds else None)
        self._text.show(without_secrets(content) if isinstance(content, str) else "")
        if isinstance(content, bytes) and response is not None:
            self._blob.show(content, stem=file_stem(path), content_type=response.content_type)
        else:
            self._blob.show(b"", stem="", content_type=None)
        self._fill_table(content if "table" in kinds else None)

    def _fill_table(self, content: object) -> None:
        old = self._table.children
        self._table.children = () if content is None else (_table_of(content),)
        for table in old:
            close_tree(table)

    def draw(self, state: RawState) -> None:
        """Show how the last request ended, in the selected view."""
        answer = state.answer
        visible(self.box, answer is not None)
        self._head.show(answer)
        visible(self.find_out, answer is not None and answer.can_search)
        self.find_out.text = "Searching…" if state.phase == "searching" else "Find out"
        self.find_out.disabled = state.phase == "searching" or state.identity is None
        names = view_names(state)
        visible(self.views, bool(names))
        if names:
            self.views.show(names, state.view)
        for name, part in self._parts.items():
            visible(part, name == state.view)
        self._headers.show(() if answer is None else answer.headers)


def _table_of(content: object) -> ipywidgets.Widget:
    """Return a table of a DataFrame, or of one page of a list."""
    note = ""
    if is_frame(content):
        columns, rows = frame_table(content, names_a_secret)
        complete = getattr(content, "attrs", {}).get("complete", True)
        note = "" if complete else "There are more rows: increase “At most”."
    else:
        columns, rows = page_table(table_of(content) or [], names_a_secret)
        note = "One page of the list. “Table” under Response reads all pages."
    if not columns:
        return styled(Note(text="The list is empty."), "tw-nothing")
    table = VirtualTable(
        columns,
        label="The response",
        height=TABLE_HEIGHT,
        max_rows=MOST_ROWS,
        order="in Twilio's order",
    )
    table.replace(rows, note=note)
    return table
