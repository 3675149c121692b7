"""The steps of the card for many messages, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twilio_widgets.bulk.progress import JobProgress
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.bulk.draft import (
    BulkDraft,
    arguments_of,
    field_of,
    missing_in,
    name_for,
    next_name,
    rate_of,
)
from twilio_widgets.panels.bulk.guess import guess_recipients
from twilio_widgets.panels.bulk.state import BulkState, Checked, ConfirmationPrompt
from twilio_widgets.panels.bulk.table_sources import Source
from twilio_widgets.panels.bulk.triage import groups_of
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.send.state import SendingAccount

ACCOUNT = SendingAccount(label="AC…", access=Access.of("auth token"))
GUESTS = Source(name="guests.csv", kind="csv", rows=b"")
FILLED = BulkDraft(to="phone", from_="+15005550006", body="Hi {name}", name="guests")
CHECKED = Checked(ready=1_243, rejected=2, lines=("1,243 of 1,245 rows are ready.",))
COUNTS = dict.fromkeys(
    ("pending", "attempted", "accepted", "rejected", "unknown", "skipped", "abandoned"), 0
)


def written(**changes: object) -> BulkState:
    state = BulkState(account=ACCOUNT, source=GUESTS, rows=1_245, draft=FILLED)
    return replace(state, columns=("name", "phone"), **changes)


def checked(found: Checked = CHECKED) -> BulkState:
    state = steps.check_started(written())
    return steps.check_finished(state, state.turn, found)


def progress(state: str, name: str = "guests", **counts: int) -> JobProgress:
    return JobProgress(name=name, state=state, counts=COUNTS | counts)


# From a table to words


def test_a_table_brings_its_guess_and_a_name():
    guess = guess_recipients({"name": ["Ada"], "phone": ["+15005550006"]})
    state = steps.selected(BulkState(), GUESTS, 1, ("name", "phone"), guess)
    assert (state.draft.to, state.draft.name, state.rows) == ("phone", "guests", 1)
    other = replace(GUESTS, name="staff.csv")
    again = steps.selected(state, other, 3, ("who",), None)
    assert (again.draft.to, again.draft.name) == ("", "staff"), "what it does not have goes"
    own = steps.typed(again, "name", "spring")
    assert steps.selected(own, GUESTS, 1, ("phone",), None).draft.name == "spring"


def test_check_says_what_is_missing_before_it_begins():
    state = steps.check_started(written(draft=BulkDraft()))
    assert state.phase == "writing"
    assert set(state.problems) == {"to", "from_", "body", "name"}
    assert missing_in(replace(FILLED, body="", media="picture")) == {}
    only_name = steps.check_started(written(draft=replace(FILLED, name="")))
    assert only_name.more, "a problem under More is seen"
    assert steps.check_started(BulkState()).phase == "writing", "without a table there is nothing"


def test_the_words_are_those_of_the_number_that_is_ready():
    state = checked()
    assert state.ask == ConfirmationPrompt(purpose="send", count=1_243)
    assert state.ask.phrase == "send 1,243"
    assert not steps.is_confirmed(state)
    for text in ("send", "send 1242", "sende 1243", "", "resend 1,243"):
        assert not steps.is_confirmed(steps.confirmation_typed(state, text)), text
    for text in ("send 1,243", "send 1243", " SEND 1 243 "):
        assert steps.is_confirmed(steps.confirmation_typed(state, text)), text


@pytest.mark.parametrize(
    "found",
    [
        replace(CHECKED, ready=0),
        replace(CHECKED, refusal="Dry run."),
        replace(CHECKED, standing="It is finished."),
    ],
)
def test_rows_that_cannot_be_sent_have_no_confirmation(found):
    state = steps.confirmation_typed(checked(found), "send 1,243")
    assert state.ask is None
    assert steps.starting(state) == state


@pytest.mark.parametrize("name", ["to", "from_", "body", "region", "media", "rate", "name"])
def test_any_change_in_the_fields_drops_the_plan_and_its_words(name):
    state = steps.confirmation_typed(checked(), "send 1,243")
    after = steps.typed(state, name, "other")
    assert (after.phase, after.checked, after.ask, after.typed) == ("writing", None, None, "")
    assert steps.starting(after) == after
    assert steps.typed(state, "body", FILLED.body) == state, "the same again is no change"


def test_a_late_check_belongs_to_an_earlier_turn():
    state = steps.check_started(written())
    gone = steps.disconnected(state)
    assert steps.check_finished(gone, state.turn, CHECKED) == gone
    assert steps.check_failed(gone, state.turn, "to", "No such column.") == gone


def test_without_an_account_a_table_can_be_checked_and_nothing_sent():
    state = steps.check_started(written(account=None))
    state = steps.check_finished(state, state.turn, CHECKED)
    assert (state.phase, state.ask) == ("checked", None)


def test_one_press_begins_once():
    state = steps.starting(steps.confirmation_typed(checked(), "send 1243"))
    assert state.phase == "beginning"
    assert steps.starting(state) == state
    assert not steps.is_open(state)


# The job


def test_a_job_runs_until_it_pauses():
    state = steps.started(
        steps.starting(steps.confirmation_typed(checked(), "send 1243")), "guests"
    )
    assert (state.phase, state.checked, state.typed) == ("sending", None, "")
    state = steps.progressed(state, progress("running", pending=3))
    assert steps.read(state, "guests", (), 1) == state, "what came of it is read at its end"
    assert steps.progressed(state, progress("running", "another")) == state
    state = steps.progressed(state, progress("paused", pending=3))
    assert state.phase == "resting"
    state = steps.asked(state, ConfirmationPrompt(purpose="go on", count=3))
    assert steps.is_confirmed(steps.confirmation_typed(state, "send 3"))
    assert steps.declined(state).ask is None
    assert steps.progressed(state, progress("running", pending=2)).phase == "sending"


def test_sending_again_has_words_of_its_own():
    state = replace(written(), phase="resting", job="guests")
    state = steps.asked(state, ConfirmationPrompt(purpose="send again", count=12))
    assert state.ask is not None
    assert state.ask.phrase == "resend 12"
    assert not steps.is_confirmed(steps.confirmation_typed(state, "send 12"))
    assert steps.is_confirmed(steps.confirmation_typed(state, "resend 12"))


def test_a_failed_start_says_why_and_leaves_the_fields_open():
    state = steps.starting(steps.confirmation_typed(checked(), "send 1243"))
    state = steps.start_failed(state, "The name is taken.", rests=False)
    assert (state.phase, state.failure, state.ask) == ("writing", "The name is taken.", None)


def test_a_new_job_gets_a_new_name():
    state = replace(written(), phase="resting", job="guests")
    after = steps.restarted(state)
    assert (after.phase, after.job, after.draft.name) == ("writing", "", "guests 2")
    assert next_name("guests 2") == "guests 3"
    assert len(next_name("x" * 80)) == 80


@pytest.mark.parametrize(
    ("phase", "after"),
    [("checking", "writing"), ("beginning", "writing"), ("sending", "sending")],
)
def test_an_unexpected_error_leaves_no_card_that_waits_forever(phase, after):
    assert steps.failed(written(phase=phase), "Oh.").phase == after


# What stands in the fields


def test_a_draft_is_arguments_of_a_plan():
    assert arguments_of(FILLED) == {
        "to": "phone",
        "body": "Hi {name}",
        "from_": "+15005550006",
        "rate": 1,
    }
    service = "MG" + "0" * 32
    other = replace(FILLED, from_=f"{service} — Guests", rate="", media="picture", region=" gb ")
    assert arguments_of(other) == {
        "to": "phone",
        "body": "Hi {name}",
        "messaging_service_sid": service,
        "columns": {"media_url": "picture"},
        "region": "GB",
        "rate": None,
    }


@pytest.mark.parametrize("rate", ["0", "-1", "x", "nan", "inf", "1e9"])
def test_an_invalid_rate_is_reported_under_its_field(rate):
    with pytest.raises(ConfigurationError) as found:
        rate_of(replace(FILLED, rate=rate))
    assert field_of(found.value) == "rate"
    assert rate_of(replace(FILLED, rate="2,5")) == 2.5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("guests.csv", "guests"),
        ("März/2026 (neu).xlsx", "März-2026 -neu"),
        ("...", "job"),
        ("<img src=x>.csv", "img src-x"),
    ],
)
def test_a_job_is_called_like_its_table_as_far_as_a_file_can(name, expected):
    assert name_for(replace(GUESTS, name=name)) == expected


# Guesses and groups


def test_the_column_of_recipients_is_guessed_from_its_content_and_marked_as_a_guess():
    table = {
        "id": [1, 2, 3],
        "price": [10.5, 11.0, 3.0],
        "contact": ["+15005550006", "020 7946 0958", None],
    }
    guess = guess_recipients(table)
    assert guess is not None
    assert guess.column == "contact"
    assert guess.why.startswith("Guessed from the column's contents (2 of 2 cells")
    assert guess_recipients({"name": ["Ada"], "note": ["hi"]}) is None
    both = {"account": ["15005550006"], "mobile": ["15005550006"]}
    named = guess_recipients(both)
    assert named is not None
    assert named.column == "mobile"
    assert "name and contents" in named.why


def test_outcomes_are_grouped_with_problems_first():
    def row(status: str, later: str | None = None, code: int | None = None) -> dict[str, object]:
        return {"status": status, "message_status": later, "error_code": code}

    groups = groups_of(
        [row("accepted", "delivered")] * 5
        + [row("accepted", "undelivered", 30005), row("rejected", code=21610), row("unknown")]
        + [row("accepted")] * 2
    )
    assert [(one.status, one.code, one.count) for one in groups] == [
        ("not sure", None, 1),
        ("undelivered", 30005, 1),
        ("rejected", 21610, 1),
        ("accepted", None, 2),
        ("delivered", None, 5),
    ]
    assert "never sent again automatically" in groups[0].meaning
    assert groups[2].who == "recipient"


def test_a_table_that_is_being_read_cannot_be_checked_and_drops_the_plan():
    state = steps.reading(checked())

    assert (state.phase, state.checked, state.ask) == ("writing", None, None)
    assert not steps.may_check(state)
    assert steps.may_check(steps.selected(state, GUESTS, 1, ("phone",), None))
    assert not steps.may_check(steps.read_failed(state, "It is not a table."))
