"""The form of the raw request panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from twilio_widgets.core.http.guard import METHODS
from twilio_widgets.panels.inputs.autocomplete import Autocomplete
from twilio_widgets.panels.inputs.field_set import FieldSet, InputField
from twilio_widgets.panels.inputs.file_upload import FileUpload
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.inputs.pairs_table import PairsTable
from twilio_widgets.panels.inputs.text_area import TextArea
from twilio_widgets.panels.kit.elements import Note, field, styled, visible
from twilio_widgets.panels.kit.tabs import Tabs
from twilio_widgets.panels.raw import text as texts
from twilio_widgets.panels.raw.draft import FORBIDDEN_HEADERS, RawDraft, header_problem, values_of

if TYPE_CHECKING:
    from twilio_widgets.panels.inputs.ordered_input import OrderedInput
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.raw.state import RawState

_METHOD = InputField("method", "Method", "select", tuple((name, name) for name in METHODS))
_BODY = InputField(
    "body",
    "Body",
    "choice",
    (("none", "None"), ("data", "Form"), ("multipart", "Multipart"), ("text", "Text")),
)
_RETRIES = (
    InputField("max_retries", "Max retry count", "number", most=10),
    InputField("retry_delay_ms", "Retry delay (ms)", "number", most=60_000),
    InputField("use_exponential_backoff", "Use exponential backoff instead of the delay", "tick"),
    InputField("retry_all_errors", "Retry on all errors, including 4xx", "tick"),
    InputField("repeat_unsafe", "Also retry a POST whose outcome is unknown", "tick"),
)
_ANSWER = (
    InputField(
        "answer",
        "Response type",
        "choice",
        (("json", "JSON"), ("frame", "Table"), ("text", "Text"), ("binary", "Binary")),
    ),
    InputField("limit", "At most", "number", least=1, most=100_000),
    InputField("timeout", "Timeout (s)", "number", least=0.1, most=600, whole=False),
)

_CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "application/json",
    "application/xml",
    "text/plain",
)


class RawForm:
    """The fields and buttons of a request.

    Typed values flow from the controls into the state. They are written back only by `write`,
    because a redraw from a worker thread must not undo a keystroke.
    """

    def __init__(self, draft: RawDraft) -> None:
        self.path = Autocomplete(
            "URL or path", offers="Documented paths", placeholder=texts.EXAMPLE
        )
        self.content_type = Autocomplete("Content type", offers="Content types")
        self.content_type.offer((name, "") for name in _CONTENT_TYPES)
        self.text = TextArea("Text")
        self.send = OrderedButton("Send", main=True)
        self.sections = Tabs("Parts of the request", texts.sections_of(draft))
        self.tables = {
            "query": PairsTable("Query parameter"),
            "headers": PairsTable("Header", forbidden=FORBIDDEN_HEADERS),
            "data": PairsTable("Body field"),
            "form": PairsTable("Form field"),
        }
        self.files = FileUpload()
        values: dict[str, Any] = values_of(draft)
        self.sets = {
            "method": FieldSet((_METHOD,), values, bare=True),
            "body": FieldSet((_BODY,), values),
            "retries": FieldSet(_RETRIES, values),
            "answer": FieldSet(_ANSWER, values),
        }
        self._notes = {
            name: Note() for name in ("path", "query", "headers", "retries", "answer", "")
        }
        self._make_question()
        self._panes = self._make_panes()
        self.write(draft)
        self.rows = styled(
            ipywidgets.VBox(
                [
                    self._request_row(),
                    self.sections,
                    styled(ipywidgets.VBox(list(self._panes.values())), "tw-panes"),
                    styled(self._notes[""], "tw-notes"),
                ]
            ),
            "tw-raw-form",
        )

    def _request_row(self) -> ipywidgets.Widget:
        row = ipywidgets.HBox([self.sets["method"], self.path, self.send])
        return field(styled(row, "tw-request"), self._notes["path"])

    def _make_question(self) -> None:
        self.agree = OrderedButton("Send again")
        self.back = OrderedButton("Back")
        self._question = Note()
        self.ask = styled(ipywidgets.HBox([self._question, self.agree, self.back]), "tw-ask")

    def _make_panes(self) -> dict[str, ipywidgets.VBox]:
        sets, notes = self.sets, self._notes
        self._bodies = {
            "data": self.tables["data"],
            "multipart": ipywidgets.VBox([self.tables["form"], self.files]),
            "text": styled(
                ipywidgets.VBox([_labelled("Content type", self.content_type), self.text]),
                "tw-text-body",
            ),
        }
        return {
            "query": _pane(self.tables["query"], notes["query"]),
            "body": _pane(sets["body"], *self._bodies.values()),
            "headers": _pane(self.tables["headers"], notes["headers"]),
            "retries": _pane(sets["retries"], notes["retries"]),
            "answer": _pane(sets["answer"], notes["answer"]),
        }

    @property
    def typed(self) -> dict[str, Autocomplete | TextArea]:
        """The single-text fields, by their names in the draft."""
        return {"path": self.path, "content_type": self.content_type, "text": self.text}

    def write(self, draft: RawDraft) -> None:
        """Put a draft into the fields."""
        for name, typed in self.typed.items():
            typed.write(getattr(draft, name))
        self.files.write(draft.files)
        for name, table in self.tables.items():
            table.write(getattr(draft, name))
        for fieldset in self.sets.values():
            fieldset.write(values_of(draft))

    @property
    def elements(self) -> tuple[OrderedInput, ...]:
        """All input elements."""
        return (*self.typed.values(), *self.tables.values(), self.files, *self.sets.values())

    def draw(self, state: RawState) -> None:
        """Draw the state, except for the contents of the fields."""
        draft = state.draft
        self.path.offer(texts.completions(draft.method, draft.path))
        self.send.disabled = state.identity is None or state.phase != "ready"
        self.send.text = "Sending…" if state.phase == "sending" else "Send"
        self.sections.show(texts.sections_of(draft), state.section)
        for name, pane in self._panes.items():
            visible(pane, name == state.section)
        for name, part in self._bodies.items():
            visible(part, name == draft.body)
        self._draw_options(state)
        self._draw_notes(state)
        visible(self.ask, state.phase == "asking")
        if state.phase == "asking":
            question, yes = texts.question_of(state)
            self._question.show(question, "warning")
            self.agree.text = yes

    def _draw_options(self, state: RawState) -> None:
        draft = state.draft
        once = draft.max_retries == 0
        off = {field.name for field in _RETRIES[1:]} if once else set()
        off |= {"retry_delay_ms"} if draft.use_exponential_backoff else set()
        off |= {"repeat_unsafe"} if draft.is_safe else set()
        tone: Tone = "warning" if draft.repeat_unsafe and not off & {"repeat_unsafe"} else "hint"
        self.sets["retries"].show({"repeat_unsafe": (texts.REPEAT_RISK, tone)}, off=sorted(off))
        hidden = () if draft.answer == "frame" else ("limit",)
        self.sets["answer"].show(
            {"answer": (texts.ANSWER_NOTES[draft.answer], "hint")}, hidden=hidden
        )
        self.sets["body"].show({"body": texts.body_note(state)})

    def _draw_notes(self, state: RawState) -> None:
        self._notes["path"].show(*texts.path_note(state))
        self._notes[""].show(*texts.note_of(state))
        hints = {"query": "", "headers": "", "retries": texts.RETRY_NOTE, "answer": ""}
        problems = {"headers": header_problem(state.draft), **state.problems}
        for name, hint in hints.items():
            problem = problems.get(name, "")
            self._notes[name].show(problem or hint, "problem" if problem else "hint")


def _labelled(text: str, control: ipywidgets.Widget) -> ipywidgets.HBox:
    label = ipywidgets.Label(text)
    return styled(ipywidgets.HBox([label, control]), "widget-inline-hbox")


def _pane(*rows: ipywidgets.Widget) -> ipywidgets.VBox:
    return styled(ipywidgets.VBox(list(rows)), "tw-pane")
