"""The bulk panel with a content template: each variable comes from a column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.panels.bulk.panel import BulkPanel
from twilio_widgets.panels.bulk.preview import preview_of
from twilio_widgets.sandbox import Sandbox

GUESTS = [
    {"who": "Ada", "time": "9:30", "phone": "whatsapp:+14155550101"},
    {"who": "Bob\nRoss", "time": "10:00", "phone": "whatsapp:+14155550102"},
    {"who": "Cy", "time": "11:00", "phone": "whatsapp:+14155550104"},
]
APPOINTMENT, WELCOME = 1, 3


@pytest.fixture
def make(sandbox: Sandbox) -> Iterator[Callable[..., BulkPanel]]:
    made: list[BulkPanel] = []

    def panel(frame: Any = GUESTS, **options: Any) -> BulkPanel:
        given = {"from_": sandbox.whatsapp_sender, "undo_seconds": 0} | options
        made.append(BulkPanel(Twilio(sandbox.connection), frame, **given))
        assert made[-1].join(20)
        return made[-1]

    yield panel
    for one in made:
        one.close()


def choose(panel: BulkPanel, sid: str) -> PanelDriver:
    driver = PanelDriver(panel)
    driver.type("Template", sid)
    return driver


def check(panel: BulkPanel) -> None:
    PanelDriver(panel).press("Check")
    assert panel.join(20)


def test_a_variable_with_the_name_of_a_column_gets_it_and_the_others_are_asked_for(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make()
    driver = choose(panel, sandbox.templates[APPOINTMENT])
    assert (driver.read("name"), driver.read("time")) == ("", "time")
    assert driver.control("name").options == [
        ["", "Choose a column…"], ["who", "who"], ["time", "time"], ["phone", "phone"],
    ]  # fmt: skip
    check(panel)
    assert "Choose the column with its value." in PanelDriver(panel).text()
    assert panel.plan is None


def test_each_row_is_sent_with_its_own_values(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    """A value that Twilio would refuse (21656) rejects its row before anything is sent."""
    panel = make()
    choose(panel, sandbox.templates[APPOINTMENT]).type("name", "who")
    check(panel)

    assert panel.plan is not None
    assert [row.parameters["content_variables"] for row in panel.plan.rows] == [
        {"name": "Ada", "time": "9:30"}, {"name": "Cy", "time": "11:00"},
    ]  # fmt: skip
    assert [(one.n, "21656" in one.reason) for one in panel.plan.problems] == [(1, True)]
    job = panel.plan.send(Twilio(sandbox.connection), "visits", undo_seconds=0)
    job.wait()
    assert [each.body for each in sandbox.ledger] == [
        "Hello Ada, see you at 9:30 tomorrow?",
        "Hello Cy, see you at 11:00 tomorrow?",
    ]


def test_the_preview_shows_the_text_of_the_row(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make()
    choose(panel, sandbox.templates[APPOINTMENT]).type("name", "who")
    assert panel._table is not None
    template = panel._state.templates[APPOINTMENT]
    shown = preview_of(panel._table, panel._state.draft, 2, None, template)

    assert shown is not None
    assert shown.body == "Hello Cy, see you at 11:00 tomorrow?"


def test_the_code_fills_the_template_from_the_columns(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make()
    choose(panel, sandbox.templates[APPOINTMENT]).type("name", "who")
    snippet: Any = panel._snippet(panel._state)

    assert f'content_sid="{sandbox.templates[APPOINTMENT]}"' in snippet.ours
    compile(snippet.official, "shown", "exec")
    assert "import json" in snippet.official
    assert (
        'content_variables=json.dumps({"name": str(row["who"]), "time": str(row["time"])})'
        in snippet.official
    )
    assert "body=" not in snippet.official


def test_the_approval_is_shown(sandbox: Sandbox, make: Callable[..., BulkPanel]) -> None:
    panel = make()
    choose(panel, sandbox.templates[APPOINTMENT])
    assert "WhatsApp has approved this template (utility)." in PanelDriver(panel).text()
    choose(panel, sandbox.templates[WELCOME])
    assert (
        "It reaches only recipients who have written within 24 hours (63016)."
        in PanelDriver(panel).text()
    )


def test_another_table_drops_a_column_that_it_does_not_have(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make()
    choose(panel, sandbox.templates[APPOINTMENT]).type("name", "who")
    driver = PanelDriver(panel)
    driver.upload(panel._form.upload, "more.csv", b"time,phone\n9:00,+14155550101\n")
    assert panel.join(20)

    assert dict(panel._state.draft.variables) == {"name": "", "time": "time"}
    assert driver.read("name") == ""


def test_without_whatsapp_the_picker_is_under_more(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make(from_=sandbox.numbers[0])
    with pytest.raises(AssertionError):
        PanelDriver(panel).control("Template")
    PanelDriver(panel).press("More")
    assert PanelDriver(panel).read("Template") == ""


def test_the_code_makes_the_same_plan(sandbox: Sandbox, make: Callable[..., BulkPanel]) -> None:
    panel = make()
    choose(panel, sandbox.templates[APPOINTMENT]).type("name", "who")
    PanelDriver(panel).press("Show the code")
    ours = panel._code.texts[0][1]

    assert f'content_sid="{sandbox.templates[APPOINTMENT]}"' in ours
    assert '"name": "{who}"' in ours
