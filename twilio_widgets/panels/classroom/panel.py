"""The teacher's panel: every message of a class as it happens, and faults on demand."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.core.credentials.secret import concealed, kind_of
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.panels.classroom import state as steps
from twilio_widgets.panels.classroom.state import COLUMNS, EVERYONE, FAULTS, ClassState
from twilio_widgets.panels.code.quoting import call
from twilio_widgets.panels.code.snippets import Snippet
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.elements import Note, body, foot, styled, visible
from twilio_widgets.panels.kit.panel import Panel, refuse_unknown, sentence_of
from twilio_widgets.panels.table.table import VirtualTable
from twilio_widgets.sandbox.classroom.member import Classroom

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twilio_widgets.panels.kit.saved_picture import Static

EVERY_SECONDS = 1.0
"""Seconds between two reads of the class."""

_ONLY_OURS = "# A class exists in the sandbox only."


class ClassPanel(Panel[ClassState]):
    """A card that shows every message of a class live, and makes requests of its students fail.

    Args:
        classroom: The teacher's end of a class, from `Sandbox.open_class` or `Sandbox.teach`.
        static: Whether the notebook file keeps a picture of the card: True with counts only,
            because names cannot be masked; ``"unmasked"`` with the newest rows; False none.
    """

    title = "Class"

    def __init__(self, classroom: Classroom, *, static: Static = True, **unknown: object) -> None:
        classroom = concealed(classroom)
        refuse_unknown("ClassPanel", unknown, known=("classroom", "static"))
        if not isinstance(classroom, Classroom):
            raise TypeError(
                "ClassPanel needs the teacher's end of a class, from Sandbox().open_class() or "
                f"Sandbox.teach(url, code), not {kind_of(classroom)}."
            )
        self._classroom = classroom
        self._since = 0.0
        self._reading = ThreadLock()
        self._stopped = threading.Event()
        self._begin(ClassState())
        self._make()
        self._keep_picture(static)
        self.refresh()
        self._watch = threading.Thread(target=self._run, name="twilio_widgets-class", daemon=True)
        self._watch.start()

    def refresh(self) -> None:
        """Read the class now. The panel does this by itself every second."""
        with self._reading:
            try:
                students = self._classroom.students
                messages, self._since = self._classroom.changes(self._since)
            except Exception as error:  # noqa: BLE001  # shown until the class can be read again
                self._apply(steps.unreachable, sentence_of(error))
                return
            self._table.append(map(steps.row_of, messages))
            self._apply(steps.read, students, len(self._table.rows))

    def _make(self) -> None:
        self._empty = styled(Note(), "tw-nothing")
        self._table = VirtualTable(COLUMNS, label=self.title, key="sid", live=True)
        self._student = LineInput("Student", kind="select")
        self._fault = LineInput("Next request", kind="select")
        self._fault.offer((name, text) for name, (text, _) in FAULTS.items())
        self._fault.value = next(iter(FAULTS))
        self._inject = OrderedButton("Inject the fault", main=True)
        self._note = Note()
        self.add_class("tw-class")
        self._read_fields((self._student, self._fault))
        self._on_press(self._inject, self._plan_fault)
        self._on_change(self._student, lambda _value: self._draw_code())
        self._on_change(self._fault, lambda _value: self._draw_code())
        choices = styled(ipywidgets.VBox([self._student, self._fault]), "tw-rows")
        self._assemble(
            self._empty,
            self._table,
            body(choices, self._note),
            foot(self._inject, right=(self._code_button,)),
        )

    def _plan_fault(self) -> None:
        student, fault = self._student.value, self._fault.value
        self._start(self._fail_next, student, fault)

    def _fail_next(self, student: str, fault: str) -> None:
        try:
            self._classroom.fail(student=student or None, **FAULTS[fault][1])
        except Exception as error:  # noqa: BLE001  # shown beside the button
            self._apply(steps.failed, sentence_of(error))
        else:
            self._apply(steps.planned, student, fault)

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self.refresh()

    def _stop(self) -> None:
        self._stopped.set()
        self._watch.join(5.0)

    def _fail(self, error: Exception) -> None:
        self._apply(steps.failed, sentence_of(error))

    def _draw(self, state: ClassState) -> None:
        self._head.show(*steps.pill_of(state))
        nothing = "" if state.messages else "Nobody has sent a message yet."
        self._empty.show(state.unreachable or nothing, "problem" if state.unreachable else "hint")
        visible(self._table, state.messages > 0)
        self._inject.disabled = bool(state.unreachable)
        names = [name for name, _ in state.students]
        self._student.offer([(EVERYONE, "The whole class"), *((name, name) for name in names)])
        if self._student.value not in (EVERYONE, *names):
            self._student.value = EVERYONE
        self._note.show(state.problem or state.outcome, "problem" if state.problem else "good")

    def _snippet(self, _state: ClassState) -> Snippet:
        student = {"student": self._student.value} if self._student.value else {}
        ours = call("classroom.fail", **FAULTS[self._fault.value][1], **student)
        return Snippet(ours, _ONLY_OURS, _ONLY_OURS)

    def _summary(self, state: ClassState) -> Iterable[tuple[str, str]]:
        return steps.summary_of(state)

    def _picture_html(self) -> str:
        rows = self._table.static_html() if self._picture_static == "unmasked" else ""
        return super()._picture_html() + rows
