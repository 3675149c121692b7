"""The state of the raw request card, and the request it stands for: pure, compared whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.inputs.file_upload import ChosenFile
from twilio_widgets.panels.inputs.pairs_table import Pair
from twilio_widgets.panels.raw import state as steps
from twilio_widgets.panels.raw import text as texts
from twilio_widgets.panels.raw.draft import (
    RawDraft,
    header_problem,
    keywords_of,
    place_of,
    problem_of,
    request_identity,
)
from twilio_widgets.panels.raw.history import MOST_ENTRIES, HistoryEntry
from twilio_widgets.panels.raw.state import FinishedAttempt, RawState, ResponseSummary

ME = Identity(
    account="AC4d…4a02",
    kind="sandbox",
    source="a sandbox",
    place="",
    checks_webhooks=True,
    access=Access(kind="sandbox"),
)
BALANCE = "/Accounts/$TWILIO_ACCOUNT_SID/Balance.json"
MESSAGES = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
GET = RawDraft(path=BALANCE)
POST = RawDraft(method="POST", path=MESSAGES, body="data", data=(Pair("Body", "Hello"),))
PICTURE = ChosenFile(1, "Picture", "menu.png", 3, b"abc")


def ready(draft: RawDraft = GET) -> RawState:
    return RawState(identity=ME, draft=draft)


def answer(turn: int = 1, **more: Any) -> ResponseSummary:
    return ResponseSummary(turn=turn, status="200 OK", tone="good", **more)


def entry(number: int = 1, draft: RawDraft = GET) -> HistoryEntry:
    return HistoryEntry(number=number, draft=draft, outcome="200 OK", tone="good", facts="")


def begun(draft: RawDraft) -> RawState:
    """A state in which this request is being sent, after the question if it reaches a person."""
    state = steps.pressed(ready(draft))
    return steps.agreed(state) if state.why == "effect" else state


def done(draft: RawDraft, **more: Any) -> RawState:
    """A state in which this request was sent and answered."""
    return steps.answered(begun(draft), answer(**more), entry(draft=draft))


# What a request means


def test_every_input_of_the_card_is_an_argument() -> None:
    """Left out where it is the default; each one changes the request it belongs to."""
    draft = replace(
        POST,
        query=(Pair("A", "1"), Pair("a", "2"), Pair("B", "3", used=False)),
        headers=(Pair(" X-One ", "1"),),
        data=(Pair("MediaUrl", "a"), Pair("Body", "Hello"), Pair("MediaUrl", "b")),
        max_retries=2,
        retry_delay_ms=250,
        retry_all_errors=True,
        repeat_unsafe=True,
        timeout=5.0,
        answer="text",
    )

    assert keywords_of(draft) == {
        "data": {"MediaUrl": ["a", "b"], "Body": "Hello"},
        "query_params": [("A", "1"), ("a", "2")],
        "headers": {"X-One": "1"},
        "max_retries": 2,
        "retry_delay_ms": 250,
        "retry_all_errors": True,
        "repeat_unsafe": True,
        "timeout": 5.0,
        "response_type": "text",
    }
    assert keywords_of(GET) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"answer": "frame"}, {"frame": True}),
        ({"answer": "frame", "limit": 5}, {"frame": True, "limit": 5}),
        ({"answer": "json", "limit": 5}, {}),
        ({"answer": "binary"}, {"response_type": "binary"}),
        ({"max_retries": 1, "repeat_unsafe": True}, {"max_retries": 1}),
        ({"repeat_unsafe": True, "retry_delay_ms": 9}, {}),
        (
            {"max_retries": 1, "retry_delay_ms": 9, "use_exponential_backoff": True},
            {"max_retries": 1, "use_exponential_backoff": True},
        ),
    ],
)
def test_irrelevant_fields_are_left_out(change: dict[str, Any], expected: dict[str, Any]) -> None:
    assert keywords_of(replace(GET, **change)) == expected


def test_a_multipart_body_has_fields_files_and_their_names() -> None:
    draft = replace(
        POST,
        body="multipart",
        form=(Pair("To", "+14155550123"),),
        files=(PICTURE, replace(PICTURE, number=2, content=b"d")),
    )

    assert keywords_of(draft) == {
        "form_data": {"To": "+14155550123"},
        "file_data": [("Picture", b"abc"), ("Picture", b"d")],
        "file_data_file_names": [("Picture", "menu.png"), ("Picture", "menu.png")],
    }


def test_a_text_says_what_it_is() -> None:
    draft = replace(POST, body="text", text="{}", headers=(Pair("A", "1"), Pair("a", "2")))

    assert keywords_of(draft) == {
        "data": "{}",
        "headers": [("Content-Type", "application/x-www-form-urlencoded"), ("A", "1"), ("a", "2")],
    }


@pytest.mark.parametrize(
    ("change", "place", "text"),
    [
        ({"path": "  "}, "path", "Type a path"),
        (
            {"path": "/Accounts/{AccountSid}/Messages/{Sid}.json"},
            "path",
            "{Sid} in the path is a placeholder",
        ),
        ({"query": (Pair("", "5"),)}, "query", "a value but no name"),
        ({"headers": (Pair("", "5"),)}, "headers", "a value but no name"),
        ({"body": "data", "data": (Pair(" ", "5"),)}, "body", "a value but no name"),
        ({"headers": (Pair("AUTHORIZATION", ""),)}, "headers", "AUTHORIZATION is not allowed"),
        ({"headers": (Pair("Cookie", ""),)}, "headers", "Cookie is not allowed"),
        ({"body": "text", "content_type": " "}, "body", "Enter the content type"),
        (
            {"body": "text", "headers": (Pair("content-type", "a"),)},
            "headers",
            "already set under Body",
        ),
        (
            {"body": "multipart", "files": (replace(PICTURE, content=None),)},
            "body",
            "Choose menu.png again",
        ),
        ({"body": "multipart", "files": (replace(PICTURE, name=" "),)}, "body", "form field"),
    ],
)
def test_invalid_values_are_reported_at_their_fields(
    change: dict[str, Any], place: str, text: str
) -> None:
    found = problem_of(replace(GET, **change))

    assert found is not None
    assert found[0] == place
    assert text in found[1]


@pytest.mark.parametrize(
    "path", [BALANCE, "/Accounts/{AccountSid}/Balance.json", "/Accounts/{Sid}.json"]
)
def test_a_placeholder_that_is_filled_automatically_is_not_a_problem(path: str) -> None:
    assert problem_of(replace(GET, path=path)) is None


def test_an_unused_header_row_is_not_a_problem() -> None:
    assert header_problem(replace(GET, headers=(Pair("", "", used=False),))) == ""


def test_the_question_is_about_the_request_and_not_its_reading() -> None:
    same = replace(POST, answer="text", max_retries=3, timeout=9.0, text="unused", query=())
    other = replace(POST, data=(Pair("Body", "Hello!"),))

    assert request_identity(same) == request_identity(POST)
    assert request_identity(other) != request_identity(POST)
    assert request_identity(replace(POST, path=f" {MESSAGES} ")) == request_identity(POST)


def test_numbers_and_accounts_in_a_path_are_masked() -> None:
    draft = RawDraft(path=f"/Accounts/AC{'0f' * 16}/Messages.json?To=%2B14155550123")

    assert draft.masked_path == "/Accounts/AC0f…0f0f/Messages.json?To=%2B1 4••• ••• 123"


def test_a_problem_of_the_client_has_a_place() -> None:
    assert [place_of(name) for name in ("query_params", "form_data", "timeout", "x", None)] == [
        "query",
        "body",
        "answer",
        "",
        "",
    ]


# One press is one request


def test_one_press_is_one_request() -> None:
    once = steps.pressed(ready())
    twice = steps.pressed(once)

    assert (once.phase, once.turn) == ("sending", 1)
    assert twice == once


def test_nothing_is_sent_without_a_connection_or_with_a_problem() -> None:
    unconnected = RawState(draft=GET)
    wrong = steps.pressed(ready(replace(GET, headers=(Pair("Authorization", ""),))))

    assert steps.pressed(unconnected) == unconnected
    assert (wrong.phase, wrong.turn, wrong.section) == ("ready", 0, "headers")
    assert list(wrong.problems) == ["headers"]


def test_a_change_that_has_just_left_is_asked_about_before_it_leaves_again() -> None:
    state = steps.pressed(done(POST))

    assert (state.phase, state.why, state.turn) == ("asking", "again", 1)
    assert steps.pressed(state) == state
    assert steps.agreed(state).turn == 2
    assert steps.declined(state).phase == "ready"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_every_method_that_can_change_something_is_asked_about(method: str) -> None:
    state = steps.pressed(done(replace(POST, method=method)))

    assert state.phase == "asking"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_is_repeated_without_confirmation(method: str) -> None:
    state = steps.pressed(done(replace(GET, method=method)))

    assert (state.phase, state.turn) == ("sending", 2)


def test_another_request_is_not_asked_about() -> None:
    redaction = replace(POST, path=f"/Accounts/$TWILIO_ACCOUNT_SID/Messages/SM{'0' * 32}.json")
    state = steps.typed(done(redaction), "data", (Pair("Body", "Another"),))

    assert steps.pressed(state).phase == "sending"


def test_an_unknown_outcome_is_asked_about_in_its_own_words() -> None:
    state = steps.pressed(done(POST, lost=True))

    assert state.why == "unknown"
    assert texts.question_of(state)[0].startswith("It is not known whether the last POST was")


def test_typing_ends_the_question() -> None:
    asking = steps.pressed(done(POST))
    state = steps.typed(asking, "path", BALANCE)

    assert (state.phase, state.why) == ("ready", "")
    assert steps.agreed(state) == state


def test_typing_the_same_again_changes_nothing() -> None:
    asking = steps.pressed(done(POST))

    assert steps.typed(asking, "path", MESSAGES) == asking


# What came of it


def test_only_the_current_request_is_followed() -> None:
    late, sending = answer(turn=1), replace(steps.pressed(ready()), turn=2)

    assert steps.answered(sending, late, entry()) == sending
    assert (
        steps.attempt_finished(
            sending, 1, FinishedAttempt(number=1, outcome="503", good=False, wait=1.0)
        )
        == sending
    )
    assert steps.attempt_started(sending, 1, 1) == sending
    assert steps.refused(sending, 1, "no") == sending


def test_a_refusal_opens_the_part_it_is_about_and_may_be_sent_again() -> None:
    state = steps.refused(begun(POST), 1, "Twice.", "form_data")

    assert (state.phase, state.section, state.problems) == ("ready", "body", {"body": "Twice."})
    assert steps.pressed(state).why == "effect"


def test_the_history_holds_the_last_fifty() -> None:
    state = ready()
    for number in range(1, MOST_ENTRIES + 6):
        state = steps.answered(steps.pressed(state), answer(number), entry(number))

    assert [one.number for one in state.history] == list(range(6, MOST_ENTRIES + 6))


def test_a_request_of_the_history_is_sent_at_once_only_when_it_reads() -> None:
    read, changed = done(GET), done(POST)
    elsewhere = steps.typed(changed, "path", BALANCE)

    assert steps.chosen_again(read, 1).phase == "sending"
    state = steps.chosen_again(elsewhere, 1)
    assert (state.phase, state.why, state.draft, state.turn) == ("asking", "history", POST, 1)
    assert steps.opened(read, 99) == read


def test_a_repeated_request_needs_its_files_again() -> None:
    draft = replace(POST, body="multipart", files=(PICTURE,)).without_contents
    state = steps.chosen_again(replace(ready(), history=(entry(draft=draft),)), 1)

    assert state.phase == "ready"
    assert state.problems == {
        "body": "Choose menu.png again: the history does not store file contents."
    }


def test_another_account_has_no_history_and_no_answer() -> None:
    other = replace(ME, account="AC00…0000")
    state = steps.connected(done(POST), other)

    assert (state.history, state.answer, state.sent) == ((), None, None)
    assert steps.connected(done(POST), ME).history != ()


def test_the_log_settles_an_unknown_outcome() -> None:
    unknown = done(POST, lost=True, can_search=True)
    searching = steps.searching(unknown)
    sent = steps.searched(searching, 1, answer())
    unsure = steps.searched(searching, 1, None, "Not sure yet.")
    not_sent = steps.not_sent(searching, 1, "It was not sent.")

    assert searching.phase == "searching"
    assert (sent.phase, sent.answer) == ("ready", answer())
    assert unsure.answer == replace(unknown.answer, problem="Not sure yet.")  # type: ignore[type-var]
    assert steps.pressed(sent).phase == "asking"
    assert steps.pressed(not_sent).why == "effect"
    assert steps.searching(done(POST)) == done(POST)


def test_a_response_offers_only_the_views_it_has() -> None:
    state = done(GET, views=("tree", "headers"))

    assert state.view == "tree"
    assert steps.view_selected(state, "headers").view == "headers"
    assert steps.view_selected(state, "table") == state


# Words


def test_attempts_are_reported_one_by_one_with_the_pauses() -> None:
    state = steps.attempt_started(steps.pressed(ready()), 1, 1)
    waiting = steps.attempt_finished(
        state, 1, FinishedAttempt(number=1, outcome="503", good=False, wait=1.5)
    )
    again = steps.attempt_started(waiting, 1, 2)

    assert texts.steps_of(state) == (("1: sending", "now"),)
    assert texts.activity_of(waiting) == ("Next attempt in {} s.", 1.5, 1)
    assert texts.steps_of(again) == (("1: 503", "failed"), ("2: sending", "now"))
    assert texts.activity_of(again) == ("Waiting for the response…", 0.0, 0)
    assert texts.activity_of(steps.stop_requested(waiting))[0].startswith("Cancelling")


def test_paths_are_offered_for_the_method_and_filled_as_far_as_we_can() -> None:
    assert {
        ("/Accounts/$TWILIO_ACCOUNT_SID/Calls/{Sid}.json", "Remove a call from the log"),
        ("/Accounts/$TWILIO_ACCOUNT_SID/IncomingPhoneNumbers/{Sid}.json", "Give a phone number up"),
        ("/Accounts/$TWILIO_ACCOUNT_SID/Messages/{Sid}.json", "Remove a message from the log"),
        (
            "/Accounts/$TWILIO_ACCOUNT_SID/Messages/{MessageSid}/Media/{Sid}.json",
            "Remove one file of a message",
        ),
        ("https://content.twilio.com/", "1 documented path"),
    } < set(texts.completions("DELETE"))
    assert ("/Accounts/$TWILIO_ACCOUNT_SID.json", "Read one account") in texts.completions("GET")
    assert texts.completions("GET", "https://evil.example/") == texts.completions("GET")


CALL = replace(GET, method="POST", path="/Accounts/$TWILIO_ACCOUNT_SID/Calls.json")
LOOKUP = "https://lookups.twilio.com/v2/PhoneNumbers/+14155550123"


@pytest.mark.parametrize(
    ("draft", "question"),
    [
        (CALL, "This request can make a call. Send POST /Accounts/$TWILIO_ACCOUNT_SID/Calls.json?"),
        (
            POST,
            "This request can send a message. Send POST /Accounts/$TWILIO_ACCOUNT_SID/"
            "Messages.json?",
        ),
        (
            replace(POST, method="GET", data=(Pair("_method", "post"),)),
            "This request can send a message. Send GET /Accounts/$TWILIO_ACCOUNT_SID/"
            "Messages.json?",
        ),
        (
            replace(CALL, path="https://verify.twilio.com/v2/Services/VA1/Verifications"),
            "This request can send a verification code. Send POST "
            "https://verify.twilio.com/v2/Services/VA1/Verifications?",
        ),
        (
            replace(GET, path=LOOKUP, query=(Pair("Fields", "caller_name"),)),
            "This request can look up details of a number, which is billed. Send GET "
            "https://lookups.twilio.com/v2/PhoneNumbers/+1 4••• ••• 123?",
        ),
    ],
)
def test_a_request_that_reaches_a_person_or_is_billed_needs_confirmation(draft, question) -> None:
    asked = steps.pressed(ready(draft))

    assert (asked.phase, asked.why, asked.turn) == ("asking", "effect", 0)
    assert texts.question_of(asked) == (question, "Send it")
    assert steps.declined(asked).phase == "ready"
    sent = steps.agreed(asked)
    assert (sent.phase, sent.turn) == ("sending", 1)


@pytest.mark.parametrize(
    "draft",
    [
        replace(GET, path=LOOKUP),
        replace(CALL, method="GET"),
        replace(POST, path=f"/Accounts/$TWILIO_ACCOUNT_SID/Messages/SM{'0' * 32}.json"),
        replace(CALL, path="https://content.twilio.com/v1/Content"),
        replace(CALL, path="https://evil.example/Calls.json"),
    ],
)
def test_no_question_is_asked_before_other_requests(draft) -> None:
    assert steps.pressed(ready(draft)).phase == "sending"


def test_after_a_host_its_own_paths_are_offered() -> None:
    host = "https://monitor.dublin.ie1.twilio.com"
    assert texts.completions("GET", f"{host}/v1/Al") == (
        (f"{host}/v1/Alerts", "Read alerts"),
        (f"{host}/v1/Alerts/{{Sid}}", "Read from alerts"),
        (f"{host}/v1/Events", "Read events"),
        (f"{host}/v1/Events/{{Sid}}", "Read from events"),
        (f"{host}/v2/Alarms", "Read alarms"),
        (f"{host}/v2/Alarms/{{Sid}}", "Read from alarms"),
    )


def test_a_documented_path_says_what_it_is_for() -> None:
    post = replace(ready(), draft=replace(GET, method="POST"))

    assert texts.path_note(ready()) == ("Read the balance.", "hint")
    assert texts.path_note(post) == ("Documented for GET, not for POST.", "warning")
    assert texts.path_note(ready(replace(GET, path="/Accounts/x.json"))) == ("", "hint")
    services = replace(GET, path="https://messaging.twilio.com/v1/Services")
    assert texts.path_note(ready(services)) == ("Read services.", "hint")


def test_a_saved_notebook_learns_no_body_no_query_and_no_whole_number() -> None:
    draft = replace(POST, path=f"{MESSAGES}?To=%2B14155550123")
    state = replace(done(POST), history=(entry(draft=draft),))

    assert texts.summary_of(state) == (
        ("Account", "AC4d…4a02"),
        ("Request", f"POST {MESSAGES}"),
        ("Response", "200 OK"),
    )


def test_the_risk_of_a_repeat_is_one_sentence() -> None:
    assert texts.REPEAT_RISK.count(".") == 1
    assert "twice" in texts.REPEAT_RISK
