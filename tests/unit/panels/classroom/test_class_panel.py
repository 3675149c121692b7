"""The class panel as a Python object, on a class in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.errors import OutcomeUnknown
from twilio_widgets.panels.classroom import panel as module
from twilio_widgets.panels.classroom.panel import ClassPanel
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.sandbox.classroom.member import ClassMember, Classroom


@pytest.fixture
def world() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def classroom(world: Sandbox) -> Classroom:
    return world.open_class(2)


@pytest.fixture
def ada(classroom: Classroom) -> ClassMember:
    return Sandbox.join(classroom.url, "Ada")


@pytest.fixture
def panel(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClassPanel]:
    monkeypatch.setattr(module, "EVERY_SECONDS", 3600.0)  # tests call refresh()
    panel = ClassPanel(classroom)
    yield panel
    panel.close()


def send(member: ClassMember, to: str, body: str) -> None:
    with Twilio(member.connection) as twilio:
        twilio.messages.send(to, from_=member.number, body=body)


def rows_of(panel: ClassPanel) -> list[tuple[object, ...]]:
    return [
        tuple(row[name] for name in ("from", "to", "status", "body")) for row in panel._table.rows
    ]


def test_a_message_appears_and_its_status_is_updated_in_place(world, classroom, ada, panel):
    send(ada, classroom.number, "Hello")
    panel.refresh()
    assert rows_of(panel) == [("Ada", "teacher", "queued", "Hello")]
    world.clock.advance("5 s")
    panel.refresh()
    assert rows_of(panel) == [("Ada", "teacher", "delivered", "Hello")]


def test_a_fault_is_planned_for_the_student_that_is_chosen(classroom, ada, panel):
    panel.refresh()
    driver = PanelDriver(panel)
    driver.choose("Student", "Ada")
    driver.choose("Next request", "The message is accepted, the response is lost")
    assert driver.press("Inject the fault") == ""
    panel.join(10)
    assert (
        "Ada's next request meets: The message is accepted, the response is lost."
        in driver.sentences()
    )
    with pytest.raises(OutcomeUnknown):
        send(ada, classroom.number, "Only once")
    panel.refresh()
    assert [row[3] for row in rows_of(panel)] == ["Only once"]


def test_the_code_plans_the_same_fault(classroom, ada, panel):
    panel.refresh()
    driver = PanelDriver(panel)
    driver.choose("Student", "Ada")
    driver.press("Show the code")
    assert panel._code.texts[0][1] == ('classroom.fail(fault="close_after_accept", student="Ada")')


def test_a_class_that_has_ended_is_shown_and_keeps_its_rows(world, classroom, ada, panel):
    send(ada, classroom.number, "Hello")
    panel.refresh()
    world.close()
    panel.refresh()
    assert len(rows_of(panel)) == 1
    assert panel._head.pill == "not reachable"
    assert panel._inject.disabled


def test_a_class_that_has_ended_forgets_what_was_planned(world, classroom, ada, panel):
    panel.refresh()
    PanelDriver(panel).press("Inject the fault")
    panel.join(10)
    assert panel._note.text.startswith("The next request of the class meets: ")
    world.close()
    panel.refresh()
    assert panel._note.text == ""


def test_the_table_appears_with_the_first_message(classroom, ada, panel):
    assert panel._table.layout.display == "none"
    send(ada, classroom.number, "Hello")
    panel.refresh()
    assert panel._table.layout.display is None


def test_a_saved_notebook_shows_counts_and_no_names(ada, panel):
    panel.refresh()
    assert repr(panel) == "ClassPanel(1 joined · 0 sent in the class)"
    assert panel._head.saved == "Saved with the notebook, numbers masked"
    assert "1 joined" in panel._saved_html()
    assert "Ada" not in panel._saved_html()


def test_the_user_can_ask_for_the_rows_in_a_saved_notebook(classroom, ada):
    send(ada, classroom.number, "Hello")
    panel = ClassPanel(classroom, static="unmasked")
    assert '<td style="text-align: left">Ada</td>' in panel._saved_html()
    panel.close()


def test_turned_off_a_saved_notebook_has_no_picture(classroom):
    panel = ClassPanel(classroom, static=False)
    assert "text/html" not in panel._repr_mimebundle_()
    panel.close()


def test_it_needs_the_teachers_end_of_a_class(ada):
    with pytest.raises(TypeError, match="teacher's end of a class"):
        ClassPanel(ada)
