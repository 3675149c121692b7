"""The send panel with a content template: its variables are fields, and the window is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances

import twilio_widgets as tw
from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.core.templates.sendable import Sendable
from twilio_widgets.panels.kit.elements import Facts
from twilio_widgets.panels.send import template_steps as steps
from twilio_widgets.panels.send import template_worker
from twilio_widgets.panels.send.draft import Draft
from twilio_widgets.panels.send.panel import SendPanel
from twilio_widgets.panels.send.state import SendState
from twilio_widgets.sandbox import Sandbox

THEM = "whatsapp:+14155550123"
APPROVED, NAMED, REJECTED = 0, 1, 2


@pytest.fixture
def make(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SendPanel]]:
    monkeypatch.setattr(template_worker, "QUIET_SECONDS", 0.0)
    before, made = set(_instances), []

    def panel(**options: Any) -> SendPanel:
        usual = {"to": THEM, "from_": sandbox.whatsapp_sender, "undo_seconds": 0}
        made.append(SendPanel(Twilio(sandbox.connection), **(usual | options)))
        made[-1].join(30)
        return made[-1]

    yield panel
    for one in made:
        one.close()
    assert set(_instances) == before


def choose(panel: SendPanel, sid: str) -> PanelDriver:
    driver = PanelDriver(panel)
    driver.type("Template", sid)
    panel.join(30)
    return driver


def previews(panel: SendPanel) -> list[list[str]]:
    facts = [one for one in PanelDriver(panel).shown() if isinstance(one, Facts)]
    return [row for one in facts for row in one.rows if row[0] == "Preview"]


def test_the_picker_offers_every_template_with_its_approval(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    picker = PanelDriver(make()).control("Template")

    assert picker.options[:3] == [
        ["", "None: write the text"],
        [sandbox.templates[0], "order_shipped (en) · approved"],
        [sandbox.templates[1], "appointment (en) · approved"],
    ]


def test_variables_become_fields_and_the_preview_is_what_is_sent(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    panel = make()
    driver = choose(panel, sandbox.templates[NAMED])
    assert previews(panel) == [["Preview", "Hello {{name}}, see you at {{time}} tomorrow?"]]
    driver.type("name", "Bo")
    driver.type("time", "9:30")
    shown = previews(panel)
    driver.press("Send")
    panel.join(30)

    assert panel.message is not None
    assert shown == [["Preview", panel.message.body]]
    assert panel.message.status in {"delivered", "read"}
    with pytest.raises(AssertionError):
        driver.control("Message")


def test_a_variable_without_a_value_is_a_problem_of_its_field_and_nothing_is_sent(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    panel = make()
    driver = choose(panel, sandbox.templates[NAMED])
    driver.type("name", "Bo")
    driver.type("time", "a\tb")
    driver.press("Send")
    assert (
        "This value has a line break or a tab, which Twilio refuses (21656)."
        in PanelDriver(panel).text()
    )
    driver.type("time", "")
    driver.press("Send")
    assert "Fill this in: the template needs it." in PanelDriver(panel).text()
    assert sandbox.ledger == ()


def test_the_window_and_the_approval_are_shown(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    panel = make(body="Hi")
    assert "free text fails (63016)" in PanelDriver(panel).text()
    choose(panel, sandbox.templates[REJECTED])
    assert "'spring_sale' is not approved by WhatsApp (rejected" in PanelDriver(panel).text()
    choose(panel, sandbox.templates[APPROVED])
    assert "can be sent outside the 24-hour window too" in PanelDriver(panel).text()


def test_an_answer_about_an_earlier_recipient_is_not_shown() -> None:
    asked = Draft(to=THEM, from_="whatsapp:+14155550142")
    answer = Sendable(ok=True, why="It can.")
    now = SendState(draft=Draft(to="whatsapp:+14155550124", from_="whatsapp:+14155550142"))

    assert steps.window_read(now, steps.question_of(asked), answer).sendable is None
    same = steps.window_read(SendState(draft=asked), steps.question_of(asked), answer)
    assert same.sendable == answer


def test_an_open_window_is_shown(sandbox: Sandbox, make: Callable[..., SendPanel]) -> None:
    sandbox.receive(from_=THEM, body="Hello")

    assert (
        "any message can be sent until 2026-01-16 12:00 UTC" in PanelDriver(make(body="Hi")).text()
    )


def test_the_log_is_not_read_for_an_sms(sandbox: Sandbox, make: Callable[..., SendPanel]) -> None:
    panel = make(to="+14155550123", from_=sandbox.numbers[0])
    with pytest.raises(AssertionError):  # a text message rarely needs one
        PanelDriver(panel).control("Template")
    PanelDriver(panel).press("More")
    choose(panel, sandbox.templates[APPROVED])

    assert "WhatsApp has approved this template (utility)." in PanelDriver(panel).text()
    assert "24-hour" not in PanelDriver(panel).text()


def test_going_back_to_a_text_hides_the_variables(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    panel = make(body="Hi")
    choose(panel, sandbox.templates[NAMED])
    driver = choose(panel, "")

    assert driver.read("Message") == "Hi"
    assert previews(panel) == []


def test_a_template_of_another_account_is_not_kept(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    panel = make()
    choose(panel, sandbox.templates[APPROVED])
    panel._connect(Twilio(sandbox.subaccount_connection))
    panel.join(30)

    assert panel._state.draft.template == ""


def test_the_code_sends_the_same(sandbox: Sandbox, make: Callable[..., SendPanel]) -> None:
    panel = make()
    driver = choose(panel, sandbox.templates[NAMED])
    driver.type("name", "Bo")
    driver.press("Show the code")
    ours = panel._code.texts[0][1]

    assert f'content_sid="{sandbox.templates[NAMED]}"' in ours
    assert '"name": "Bo"' in ours


def test_the_meter_uses_the_accounts_prices_and_says_so(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    prices = tw.prices(Twilio(sandbox.connection), progress=False)
    panel = make(to="+447400123456", from_=sandbox.numbers[0], body="Hi", prices=prices)

    assert "about $0.0503" in panel._form.meter.view["details"]
    assert "your account's prices of 2026-01-15" in panel._form.meter.view["about"]


def test_a_template_with_too_many_variables_is_left_out_and_that_is_said(sandbox: Sandbox) -> None:
    twilio = Twilio(sandbox.connection)
    body = " ".join(f"{{{{{n}}}}}" for n in range(1, 14))
    content = {"friendly_name": "long", "language": "en", "types": {"twilio/text": {"body": body}}}
    twilio.raw(
        "https://content.twilio.com/v1/Content",
        "POST",
        data=json.dumps(content),
        headers={"Content-Type": "application/json"},
    )
    templates, note = template_worker.templates_of(twilio)

    assert "long" not in [one.friendly_name for one in templates]
    assert note.startswith("1 more template is not offered here, with more than 12 variables")
