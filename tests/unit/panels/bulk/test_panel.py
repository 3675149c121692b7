"""The card for many messages as a Python object, on the sandbox."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest

from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import ConfigurationError, PolicyRefused
from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.bulk import table_sources as bulk_tables
from twilio_widgets.panels.bulk import text as texts
from twilio_widgets.panels.bulk.panel import BulkPanel
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.inputs.ordered_input import CHANGED
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GUESTS = [
    {"name": "Ada", "phone": "+14155550101"},
    {"name": "Bob", "phone": "+14155550102"},
    {"name": "Cy", "phone": "none"},
    {"name": "Di", "phone": "+14155550104"},
    {"name": "Ada again", "phone": "+14155550101"},
]
HOSTILE = '<img src=x onerror="alert(1)"> $x$ =1+1'


@pytest.fixture
def make(sandbox: Sandbox) -> Iterator[Callable[..., BulkPanel]]:
    made: list[BulkPanel] = []

    def panel(frame: Any = GUESTS, client: Any = None, **options: Any) -> BulkPanel:
        client = client or Twilio(sandbox.connection)
        given = {"body": "Hi {name}", "from_": sandbox.numbers[0], "undo_seconds": 0}
        made.append(BulkPanel(client, frame, **given | options))
        assert made[-1].join(20)
        return made[-1]

    yield panel
    for one in made:
        one.close()


def until(panel: BulkPanel, phase: str) -> BulkPanel:
    """Wait until the panel is there; a job ends on a thread of its own."""
    latest = time.monotonic() + 20
    while panel._state.phase != phase and time.monotonic() < latest:
        panel.join(1)
        if panel.job is not None:
            panel.job.wait(1)
        time.sleep(0.01)
    assert panel._state.phase == phase, panel._state
    assert panel.join(20)
    return panel


def check(panel: BulkPanel) -> BulkPanel:
    PanelDriver(panel).press("Check")
    assert panel.join(20)
    return panel


def say(panel: BulkPanel, text: str) -> BulkPanel:
    page = PanelDriver(panel)
    page.say(panel._confirmation.typed, {"t": "typed", "text": text})
    page.press_on(panel._confirmation.send)
    page.press_on(panel._confirmation.send)
    assert panel.join(20)
    return panel


def sent(sandbox: Sandbox) -> Counter[str]:
    return Counter(one.body for one in sandbox.ledger)


# The whole way


def test_from_a_table_to_one_outcome_a_row(sandbox, make):
    panel = check(make())
    assert (len(panel.plan), panel.plan.summary.rejected) == (3, 2)
    assert panel._confirmation._question.text.endswith("Type “send 3” to confirm.")
    reasons = {row["row"]: row["kind"] for row in panel._findings.problems.rows}
    assert reasons == {2: "recipient", 4: "duplicate"}
    assert sandbox.ledger == ()

    until(say(panel, "send 3"), "resting")
    assert sent(sandbox) == {"Hi Ada": 1, "Hi Bob": 1, "Hi Di": 1}
    assert panel.job.progress.state == "finished"
    assert list(panel.outcomes["status"]) == ["accepted"] * 3
    assert [(one.status, one.count) for one in panel._state.groups] == [("accepted", 3)]
    assert repr(panel) == "BulkPanel(sandbox · job · finished · 3 accepted)"


def test_making_it_and_wrong_words_send_nothing(sandbox, make):
    panel = check(make())
    for typed in ("", "send", "send 4", "yes", "SEND3"):
        say(panel, typed)
    assert panel._state.phase == "checked"
    assert sandbox.ledger == ()
    assert panel.job is None


def test_running_the_cell_again_sends_nothing(sandbox, make):
    until(say(check(make()), "send 3"), "resting")
    again = check(make())
    assert again._state.ask is None
    assert 'Job "job" is finished: 3 accepted.' in again._verdict.text
    say(again, "send 3")
    PanelDriver(again).press("Open that job")
    until(again, "resting")
    assert len(again.outcomes) == 3
    assert len(sandbox.ledger) == 3


def test_a_change_after_the_check_drops_the_words(sandbox, make):
    panel = check(make())
    page = PanelDriver(panel)
    page.say(panel._confirmation.typed, {"t": "typed", "text": "send 3"})
    page.type("Message", "Hello {name}")
    page.press_on(panel._confirmation.send)
    assert panel.join(20)
    assert panel._state.phase == "writing"
    assert sandbox.ledger == ()
    until(say(check(panel), "send 3"), "resting")
    assert sent(sandbox)["Hello Ada"] == 1


def test_undelivered_rows_are_grouped_and_resent_after_their_own_confirmation(sandbox, make):
    sandbox.fail(code=30005, method="POST")
    panel = until(say(check(make()), "send 3"), "resting")
    first = panel._state.groups[0]
    assert (first.status, first.code, first.count) == ("rejected", 30005, 1)
    PanelDriver(panel).press("Send 1 again")
    say(panel, "send 1")
    assert len(sandbox.ledger) == 2
    say(panel, "resend 1")
    until(panel, "resting")
    panel.job.wait(20)
    assert len(sandbox.ledger) == 3


def test_an_unknown_row_is_settled_by_the_log_and_never_offered_again(sandbox, make):
    sandbox.fail(fault="reset_after_accept")
    panel = until(say(check(make()), "send 3"), "resting")
    assert panel.job.wait(20).counts["accepted"] == 3
    assert panel._state.resendable == 0
    assert len(sandbox.ledger) == 3


def test_a_row_that_nothing_settles_is_not_sure_and_says_what_would_settle_it(sandbox, make):
    """The log cannot be read: nothing is proved, and nothing offers to send it again."""
    sandbox.fail(fault="reset_after_accept")
    panel = check(make())
    sandbox.fail(status=403, method="GET", path="Messages", times=9)
    until(say(panel, "send 3"), "resting")
    first = panel._state.groups[0]
    assert (first.status, first.count) == ("not sure", 1)
    assert "job.attach(row, sid)" in first.meaning
    outcome = {row["row"]: row["outcome"] for row in panel._area.outcomes.rows}
    assert outcome == {0: "unknown · not sure", 1: "accepted", 3: "accepted"}
    assert panel._state.resendable == 0
    assert panel._actions.again.layout.display == "none"
    assert panel._actions.find_out.layout.display is None
    assert panel._head.pill == "finished, 1 not sure"


# Buttons that come too late, or twice


def test_a_press_whose_answer_was_lost_does_not_begin_a_second_job(sandbox, make, monkeypatch):
    """The page says that the kernel has not confirmed the press, and the user presses again."""
    panel = check(make())
    page, button = PanelDriver(panel), panel._confirmation.send
    page.say(panel._confirmation.typed, {"t": "typed", "text": "send 3"})
    monkeypatch.setattr(button, "send", lambda *_message: None)
    page.press_on(button)
    monkeypatch.undo()
    answers = [page.press_on(button)]
    until(panel, "resting")
    answers.append(page.press_on(button))

    assert answers == [NOT_NOW, NOT_NOW]
    assert sent(sandbox) == {"Hi Ada": 1, "Hi Bob": 1, "Hi Di": 1}


def test_going_back_after_the_start_says_that_it_is_too_late(make):
    panel = check(make())
    page = PanelDriver(panel)
    page.say(panel._confirmation.typed, {"t": "typed", "text": "send 3"})
    panel._apply(steps.starting)

    assert page.press_on(panel._confirmation.back) == texts.TOO_LATE
    assert panel._state.phase == "beginning"


def test_twilio_is_asked_once_when_the_button_is_pressed_twice(sandbox, make, monkeypatch):
    panel = until(say(check(make()), "send 3"), "resting")
    asked, may_answer = [], threading.Event()
    refresh = panel.job.refresh

    def slowly(client: Any) -> int:
        asked.append(client)
        may_answer.wait(20)
        return refresh(client)

    monkeypatch.setattr(panel.job, "refresh", slowly)
    page = PanelDriver(panel)
    answers = [page.press_on(panel._actions.refresh) for _ in range(2)]
    may_answer.set()

    assert panel.join(20)
    assert (answers, len(asked)) == (["", NOT_NOW], 1)
    assert not panel._state.busy
    assert panel._verdict.text == "Updated the statuses of 3 messages."


def test_a_failed_request_about_a_job_can_be_made_again(make, monkeypatch):
    panel = until(say(check(make()), "send 3"), "resting")
    monkeypatch.setattr(panel.job, "refresh", lambda _client: 1 / 0)
    page = PanelDriver(panel)
    page.press_on(panel._actions.refresh)

    assert panel.join(20)
    assert not panel._state.busy
    assert "ZeroDivisionError" in panel._verdict.text


def test_an_offer_to_open_a_job_that_has_changed_opens_nothing(make):
    panel = make()
    offers = [steps.Unfinished(name=name, summary=name) for name in ("first", "second")]
    panel._apply(steps.found_unfinished, (offers[0],))
    button = panel._offer.open
    button._handle_custom_msg({"t": "press", "id": "1-1"}, [])
    turn, told = button.turn, []
    panel._apply(steps.found_unfinished, (offers[1],))
    button.send = told.append
    button._handle_custom_msg({"t": "act", "id": "1-1", "turn": turn, "fields": []}, [])

    assert told == [{"t": "answer", "id": "1-1", "text": CHANGED}]
    assert panel.job is None


@pytest.mark.parametrize("name", ["refresh", "find_out", "again", "new"])
def test_a_button_of_a_finished_job_does_nothing_without_one(make, name):
    panel = make()
    page = PanelDriver(panel)
    button = getattr(panel._actions, name)

    assert page.press_on(button) == NOT_NOW


# Guard rails


def test_the_guard_rails_are_seen_and_a_dry_run_has_no_words(sandbox, make):
    panel = check(make(policy=Policy(dry_run=True)))
    assert panel._findings._rails.rows[0] == [
        "Guard rails",
        "Dry run: nothing is sent or changed.",
    ]
    assert panel._verdict.text.startswith("The guard rails refuse this job. ")
    say(panel, "send 3")
    assert (sandbox.ledger, panel._state.ask) == ((), None)


def test_the_words_raise_the_number_of_recipients_and_nothing_else(sandbox, make):
    panel = check(make(policy=Policy(max_recipients=2)))
    assert "The guard rails allow 2 without confirmation" in panel._confirmation._question.text
    until(say(panel, "send 3"), "resting")
    assert len(sandbox.ledger) == 3
    dear = check(make(policy=Policy(max_recipients=2, max_cost="0.01"), body="Ho {name}"))
    assert dear._state.ask is None
    assert len(sandbox.ledger) == 3


def test_rows_that_the_guard_rails_would_refuse_are_named(make):
    panel = check(make(policy=Policy(allow="+14155550101")))
    refused = [row for row in panel._findings.problems.rows if row["kind"] == "guard rails"]
    assert [row["row"] for row in refused] == [1, 3]
    assert "would refuse 2 ready rows now" in panel._findings._note.text


def test_the_words_count_what_can_leave_and_the_rest_stays_in_the_job(sandbox, make):
    panel = check(make(policy=Policy(allow="+14155550102", max_recipients=2)))
    assert "The guard rails would refuse 2 rows now" in panel._confirmation._question.text
    until(say(panel, "send 1"), "resting")
    assert sent(sandbox) == {"Hi Bob": 1}
    assert panel.job.progress.counts["pending"] == 2
    panel._bar._wish("resume")
    assert panel.join(20)
    assert panel._state.ask is None, "none of the others may leave"
    assert panel._verdict.text.startswith("The guard rails would refuse 2 rows")


def test_an_unknown_zone_is_asked_about_and_the_words_are_the_answer(sandbox, make):
    """Nobody knows what time it is at a number of no country."""
    policy = Policy(quiet_hours=("00:00", "00:01"))
    guests = [*GUESTS, {"phone": "+999123456789", "name": "Nobody"}]
    panel = check(make(guests, policy=policy))
    assert "The local time is not known for 1 row" in panel._confirmation._question.text
    until(say(panel, f"send {panel._state.ask.count}"), "resting")
    assert sent(sandbox)["Hi Nobody"] == 1


# Tables


def test_a_csv_file_travels_once_and_is_read_as_text(sandbox, make):
    panel = make(None)
    content = b"name,mobile\r\nAda,+14155550101\r\nBob,0x\r\n"
    panel._take_file("guests.csv", content)
    assert panel.join(20)
    assert (panel._state.rows, panel._state.draft.to) == (2, "mobile")
    assert panel._state.draft.name == "guests"
    assert content not in str(panel.get_state()).encode()


def test_an_excel_file_is_read_and_a_damaged_one_says_so(make):
    book = openpyxl.Workbook()
    for row in (["name", "phone"], ["Ada", "+14155550101"], ["Bob", 14155550102]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    panel = make(None)
    panel._take_file("guests.xlsx", file.getvalue())
    assert panel.join(20)
    assert (panel._state.rows, panel._state.draft.to) == (2, "phone")
    assert '"guests.xlsx"' in panel._snippet(panel._state).ours
    panel._take_file("broken.xlsx", file.getvalue()[:900])
    assert panel.join(20)
    assert "broken.xlsx cannot be read" in panel._verdict.text
    assert (panel._state.source, panel._state.rows, panel._table) == (None, 0, None)
    assert panel._actions.check.disabled
    assert "name" not in str(panel._form.controls["to"].options)
    panel._take_file("guests.xlsx", file.getvalue())
    assert panel.join(20)
    assert (panel._state.rows, panel._state.draft.to, panel._verdict.text) == (2, "phone", "")
    assert panel._form.frame.options[0][1] == "File: guests.xlsx"


def test_a_dataframe_is_read_as_it_is_when_it_is_checked(monkeypatch, make):
    frame = pd.DataFrame(GUESTS)
    monkeypatch.setattr(bulk_tables, "frames_here", lambda: {"guests": frame})
    panel = make(frame)
    assert panel._state.source.name == "guests"
    frame.loc[2, "phone"] = "+14155550103"
    assert len(check(panel).plan) == 4


def test_without_a_connection_a_table_can_be_checked_and_nothing_sent(sandbox):
    connection = ConnectionPanel()
    panel = BulkPanel(connection, GUESTS, body="Hi {name}", from_="+15005550006")
    check(panel)
    assert (len(panel.plan), panel._state.ask) == (3, None)
    assert panel._verdict.text.startswith("Not connected")
    panel.close()
    connection.close()


# The preview


def test_any_row_can_be_previewed_and_says_what_is_wrong_with_it(make):
    panel = make()
    shown = panel._preview._content
    assert (shown["body"], shown["to"], shown["rows"]) == ("Hi Ada", "+14155550101", 5)
    panel._preview._handle_custom_msg({"t": "look", "row": 2}, [])
    assert "is not a phone number" in panel._preview._content["problems"][0][0]
    for nonsense in (99, -3, True, "1", None):
        panel._preview._handle_custom_msg({"t": "look", "row": nonsense}, [])
    PanelDriver(panel).type("Message", "“Hi” {nam}")
    assert "nam" in panel._preview._content["problems"][0][0]


def test_a_strangers_text_stays_text_and_out_of_what_a_notebook_saves(make):
    panel = make([{"name": HOSTILE, "phone": "+14155550101"}])
    assert panel._preview._content["body"] == f"Hi {HOSTILE}"
    check(panel)
    bundle = panel._repr_mimebundle_()
    assert "<img" not in bundle["text/html"]
    assert HOSTILE not in str(panel._preview.get_state())


# Jobs that were not finished


def test_an_unfinished_job_is_offered_and_continues_after_confirmation(sandbox, make):
    class OnlyAda:
        def check(self, request: Any) -> None:
            if request.creates_message and "Hi Ada" not in request.parameters["Body"]:
                raise PolicyRefused("Not now.")

    panel = make(client=Twilio(sandbox.connection, policy=OnlyAda()))
    until(say(check(panel), "send 3"), "resting")
    left = panel.job.progress.counts["pending"]
    assert (left, panel.job.progress.note) == (2, "Not now.")
    again = make()
    assert again._offer.row.layout.display != "none"
    assert "is paused" in again._offer._note.text
    PanelDriver(again).press("Open it")
    until(again, "resting")
    again._bar._wish("resume")
    assert again.join(20)
    assert again._state.ask.count == left
    say(again, f"send {left}")
    until(again, "resting")
    assert again.job.wait(20).counts["accepted"] == 3
    assert sent(sandbox) == {"Hi Ada": 1, "Hi Bob": 1, "Hi Di": 1}


# Options, code, end


def test_an_option_it_does_not_have_is_refused_with_the_one_that_was_meant(sandbox):
    with pytest.raises(TypeError, match="Did you mean folder"):
        BulkPanel(None, foldr="x")
    with pytest.raises(ConfigurationError, match="policy"):
        BulkPanel(None, policy="none")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"undo_seconds": "x"}, {"folder": 5}, {"body": 5}, {"from_": 5}, {"policy": 5}]
)
def test_an_option_that_cannot_be_right_is_refused_by_name(sandbox, wrong):
    with pytest.raises(ConfigurationError) as refused:
        BulkPanel(Twilio(sandbox.connection), **wrong)
    assert [refused.value.field] == list(wrong)


def test_an_old_workbook_is_called_what_it_is(make):
    panel = make(None, body=None, from_=None)
    panel._take_file("guests.xls", b"\xd0\xcf\x11\xe0\xa1\xb1")
    assert panel.join(20)
    assert panel._state.failure.startswith("guests.xls is an Excel 97-2003 workbook (.xls)")


def test_the_code_says_what_a_loop_does_not_do(make):
    panel = make()
    snippet = panel._snippet(panel._state)
    assert [title for title, _text in snippet.tabs] == ["twilio_widgets", "twilio-python"]
    assert 'plan = tw.plan(rows, to="phone", body="Hi {name}"' in snippet.ours
    assert "sends to the same people twice" in " ".join(snippet.official.split("\n# "))
    for _title, text in snippet.tabs:
        compile(text, "snippet", "exec")


def test_a_folder_of_ones_own_holds_the_journal(sandbox, make, tmp_path: Path):
    panel = until(say(check(make(folder=tmp_path)), "send 3"), "resting")
    assert panel.job.file.is_relative_to(tmp_path)


def test_wrong_words_are_answered_and_a_change_while_checking_is_written_back(sandbox, make):
    panel = check(make())
    page = PanelDriver(panel)
    page.say(panel._confirmation.typed, {"t": "typed", "text": "send 4"})
    answer = page.press_on(panel._confirmation.send)
    panel._apply(steps.check_started)
    page.type("Message", "Hello {name}")

    assert answer == "Nothing was sent. Type “send 3” to confirm."
    assert (page.read("Message"), panel._state.draft.body) == ("Hi {name}", "Hi {name}")
    assert sandbox.ledger == ()
