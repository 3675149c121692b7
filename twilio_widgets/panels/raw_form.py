"""The controls of the raw request card: what is asked for, and how they picture its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from twilio_widgets.core.guard import METHODS
from twilio_widgets.panels import raw_words as words
from twilio_widgets.panels.body_field import BodyField
from twilio_widgets.panels.card import (
    Choice,
    Note,
    field,
    plain,
    primary,
    styled,
    visible,
)
from twilio_widgets.panels.files import FilesTable
from twilio_widgets.panels.pairs import PairsTable
from twilio_widgets.panels.path_field import PathField
from twilio_widgets.panels.raw_draft import FORBIDDEN_HEADERS, RawDraft, header_problem
from twilio_widgets.panels.tabs import Tabs

if TYPE_CHECKING:
    from twilio_widgets.panels.raw_state import RawState

MOST_RETRIES = 10
LONGEST_DELAY_MS = 60_000
LONGEST_TIMEOUT = 600.0
"""Seconds."""
MOST_ROWS = 100_000

_BODY_KINDS = (
    ("none", "None"),
    ("data", "Form"),
    ("multipart", "Multipart"),
    ("text", "Text"),
)
_ANSWER_KINDS = (("json", "JSON"), ("frame", "Table"), ("text", "Text"), ("binary", "Binary"))
_CONTENT_TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "text/plain",
)
_ANSWER_NOTES = {
    "json": "Decoded JSON, as a tree; a page of a list also as a table.",
    "frame": "A list as a typed DataFrame: pages are followed up to the limit. For GET.",
    "text": "The body as it came, such as XML.",
    "binary": "Bytes: an image is shown, anything else can be saved.",
}
_RETRY_NOTE = (
    "By itself only what is safe to repeat is repeated: what never reached Twilio, a 429, and for "
    "methods that only read or replace, lost answers and 5xx. The timeout spans all of it."
)


class RawForm:
    """Everything of a request that can be typed, chosen or pressed.

    What is typed flows one way, from the controls into the state. It is written into a control
    only on purpose (`write`): a picture drawn by a worker must not undo a keystroke.
    """

    def __init__(self, draft: RawDraft) -> None:
        self.path = PathField("Path", offers="Documented paths", placeholder=words.EXAMPLE)
        self.content_type = PathField("Content type", offers="Content types")
        self.content_type.offer((name, "") for name in _CONTENT_TYPES)
        self.text = BodyField("Text")
        self.send = primary("Send")
        self.sections = Tabs("Parts of the request", words.sections_of(draft))
        self.tables = {
            "query": PairsTable("Query parameter"),
            "headers": PairsTable("Header", forbidden=FORBIDDEN_HEADERS),
            "data": PairsTable("Body field"),
            "form": PairsTable("Form field"),
        }
        self.files = FilesTable()
        self.choices = {"body": Choice("Body", _BODY_KINDS), "answer": Choice("As", _ANSWER_KINDS)}
        self.controls: dict[str, Any] = {
            "method": ipywidgets.Dropdown(options=METHODS, description="Method"),
            **_retry_controls(),
            "limit": ipywidgets.BoundedIntText(
                description="At most", value=1_000, min=1, max=MOST_ROWS
            ),
            "timeout": ipywidgets.BoundedFloatText(
                description="Timeout (s)", value=30.0, min=0.1, max=LONGEST_TIMEOUT
            ),
        }
        self._notes = {
            name: Note() for name in ("path", "query", "body", "headers", "retries", "answer", "")
        }
        self._risk = styled(Note(), "tw-risk")
        self._make_question()
        self._panes = self._make_panes()
        self.write(draft)
        self.rows = styled(
            ipywidgets.VBox(
                [
                    self._request_row(),
                    self.sections,
                    styled(ipywidgets.VBox(list(self._panes.values())), "tw-panes"),
                    styled(self._notes[""], "tw-said"),
                ]
            ),
            "tw-raw-form",
        )

    def _request_row(self) -> ipywidgets.Widget:
        row = ipywidgets.HBox([self.controls["method"], self.path, self.send])
        return field(styled(row, "tw-request"), self._notes["path"])

    def _make_question(self) -> None:
        self.agree = plain("Send again")
        self.back = plain("Back")
        self._question = Note()
        self.ask = styled(ipywidgets.HBox([self._question, self.agree, self.back]), "tw-ask")

    def _make_panes(self) -> dict[str, ipywidgets.VBox]:
        controls, notes = self.controls, self._notes
        self._bodies = {
            "data": self.tables["data"],
            "multipart": ipywidgets.VBox([self.tables["form"], self.files]),
            "text": styled(
                ipywidgets.VBox([_labelled("Content type", self.content_type), self.text]),
                "tw-text-body",
            ),
        }
        answer = [self.choices["answer"], notes["answer"], controls["limit"], controls["timeout"]]
        retries = [controls[name] for name in _RETRIES]
        return {
            "query": _pane(self.tables["query"], notes["query"]),
            "body": _pane(self.choices["body"], notes["body"], *self._bodies.values()),
            "headers": _pane(self.tables["headers"], notes["headers"]),
            "retries": _pane(*retries, self._risk, notes["retries"]),
            "answer": _pane(*answer),
        }

    @property
    def typed(self) -> dict[str, PathField | BodyField]:
        """The fields of one text, each by the part of the draft it is."""
        return {"path": self.path, "content_type": self.content_type, "text": self.text}

    def write(self, draft: RawDraft) -> None:
        """Put a draft into the fields."""
        for name, typed in self.typed.items():
            typed.write(getattr(draft, name))
        self.files.write(draft.files)
        for name, table in self.tables.items():
            table.write(getattr(draft, name))
        for name, choice in self.choices.items():
            choice.value = getattr(draft, name)
        for name, control in self.controls.items():
            control.value = getattr(draft, name)

    def draw(self, state: RawState) -> None:
        """Make everything but the fields' contents the picture of the state."""
        draft = state.draft
        self.path.offer(words.completions(draft.method))
        self.send.disabled = state.identity is None or state.phase != "ready"
        self.send.description = "Sending…" if state.phase == "sending" else "Send"
        self.sections.show(words.sections_of(draft), state.section)
        for name, pane in self._panes.items():
            visible(pane, name == state.section)
        for name, part in self._bodies.items():
            visible(part, name == draft.body)
        self._draw_options(draft)
        self._draw_notes(state)
        visible(self.ask, state.phase == "asking")
        if state.phase == "asking":
            question, yes = words.question_of(state)
            self._question.show(question, "warning")
            self.agree.description = yes

    def _draw_options(self, draft: RawDraft) -> None:
        once = draft.max_retries == 0
        for name in _RETRIES[1:]:
            self.controls[name].disabled = once
        if draft.use_exponential_backoff:
            self.controls["retry_delay_ms"].disabled = True
        self.controls["repeat_unsafe"].disabled = once or draft.only_reads
        visible(self.controls["limit"], draft.answer == "frame")

    def _draw_notes(self, state: RawState) -> None:
        draft = state.draft
        self._notes["path"].show(*words.path_note(state))
        self._notes["body"].show(*words.body_note(state))
        self._notes[""].show(*words.note_of(state))
        hints = {"query": "", "headers": "", "retries": _RETRY_NOTE}
        hints["answer"] = _ANSWER_NOTES[draft.answer]
        problems = {"headers": header_problem(draft), **state.problems}
        for name, hint in hints.items():
            problem = problems.get(name, "")
            self._notes[name].show(problem or hint, "problem" if problem else "hint")
        self._risk.show(words.REPEAT_RISK, "warning" if draft.repeat_unsafe else "hint")


_RETRIES = (
    "max_retries",
    "retry_delay_ms",
    "use_exponential_backoff",
    "retry_all_errors",
    "repeat_unsafe",
)


def _retry_controls() -> dict[str, ipywidgets.Widget]:
    return {
        "max_retries": ipywidgets.BoundedIntText(
            description="Retries", value=0, min=0, max=MOST_RETRIES
        ),
        "retry_delay_ms": ipywidgets.BoundedIntText(
            description="Delay (ms)", value=0, min=0, max=LONGEST_DELAY_MS
        ),
        "use_exponential_backoff": _box("Exponential back-off, in place of the delay"),
        "retry_all_errors": _box("After every error, also a 4xx"),
        "repeat_unsafe": _box("Also repeat a POST whose outcome is unknown"),
    }


def _box(text: str) -> ipywidgets.Checkbox:
    return ipywidgets.Checkbox(description=text, indent=False, value=False)


def _labelled(text: str, control: ipywidgets.Widget) -> ipywidgets.HBox:
    label = ipywidgets.Label(text)
    return styled(ipywidgets.HBox([label, control]), "widget-inline-hbox")


def _pane(*rows: ipywidgets.Widget) -> ipywidgets.VBox:
    return styled(ipywidgets.VBox(list(rows)), "tw-pane")
