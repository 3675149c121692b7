"""The steps of sending, as pure functions: what may leave, what may not, and what is then said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from twilio_widgets.core.flows.find import NotSureYet
from twilio_widgets.core.message.message import Message
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.send import state as steps
from twilio_widgets.panels.send.draft import Draft, parameters_of, problems_of, sender_of
from twilio_widgets.panels.send.state import SendingAccount, SendState
from twilio_widgets.panels.send.text import (
    outcome_of,
    pill_of,
    recipient_hint_of,
    summary_of,
    too_late_to_undo,
    track_of,
    warning_of,
)

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SERVICE = "MG" + "a1" * 16
SID = "SM" + "0f" * 16
SANDBOX = SendingAccount(label="sandbox", access=Access.of("sandbox"))
DRAFT = Draft(to="+14155550123", from_="+15005550006 — SMS, MMS", body="Hello")
READY = SendState(draft=DRAFT, account=SANDBOX)


def message(status: str = "queued", **more: Any) -> Message:
    return Message(sid=SID, status=status, direction="outbound-api", to="+14155550123", **more)


def press(state: SendState, *, ask_above: int | None = 3, undo_seconds: int = 5) -> SendState:
    return steps.pressed(state, NOW, ask_above=ask_above, undo_seconds=undo_seconds)


def sent(status: str = "queued", **more: Any) -> SendState:
    leaving = steps.left(press(READY), 1)
    return steps.accepted(leaving, message(status, **more))


@pytest.mark.parametrize(
    ("phase", "sentence"),
    [
        ("writing", "This cannot be done now, so nothing was done."),
        ("sending", "Too late to undo: the message is being sent."),
        ("followed", "Too late to undo: the message has been sent."),
        ("unknown", "Too late to undo: the message may have been sent."),
    ],
)
def test_a_late_undo_says_what_happened(phase: Any, sentence: str) -> None:
    assert too_late_to_undo(replace(READY, phase=phase)) == sentence


# What the fields mean


def test_a_draft_becomes_the_keywords_of_send() -> None:
    full = Draft(
        to=" +14155550123 ",
        from_=f"{SERVICE} — Notifications (messaging service)",
        body="Hello",
        media_url="https://example.com/a.png\n\n https://example.com/b.png ",
        send_at=datetime(2026, 1, 15, 13, 0),  # noqa: DTZ001  # the picker knows no zone
        status_callback=" https://example.com/cb ",
        validity_period="600",
    )

    assert parameters_of(full) == {
        "to": "+14155550123",
        "messaging_service_sid": SERVICE,
        "body": "Hello",
        "media_url": ["https://example.com/a.png", "https://example.com/b.png"],
        "send_at": datetime(2026, 1, 15, 13, 0, tzinfo=UTC),
        "status_callback": "https://example.com/cb",
        "validity_period": 600,
    }


def test_a_picture_needs_no_text_and_empty_fields_are_left_out() -> None:
    picture = Draft(to="+14155550123", from_="Harbour", media_url="https://example.com/a.png")

    assert parameters_of(picture) == {
        "to": "+14155550123",
        "from_": "Harbour",
        "media_url": ["https://example.com/a.png"],
    }


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("+15005550006 — SMS, MMS", "+15005550006"),
        (f"{SERVICE} — Evil — Name", SERVICE),
        ("Harbour Co-op", "Harbour Co-op"),
        (" whatsapp:+14155550142 ", "whatsapp:+14155550142"),
    ],
)
def test_a_suggestion_is_read_as_its_sender_and_anything_else_as_it_stands(
    text: str, sender: str
) -> None:
    assert sender_of(text) == sender


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"to": " "}, "to", "Enter a recipient"),
        ({"from_": ""}, "from_", "Choose or enter a sender."),
        ({"body": ""}, "body", "Enter a message"),
        ({"to": "415 555 0123"}, "to", "must begin with +"),
        ({"body": "x" * 1601}, "body", "body has 1,601 characters"),
        ({"validity_period": "soon"}, "validity_period", "validity_period must be a whole number"),
        ({"validity_period": "0"}, "validity_period", "validity_period must be a whole number"),
        ({"status_callback": "example.com"}, "status_callback", "must be a URL"),
        ({"media_url": "a.png"}, "media_url", "must be a URL"),
        (
            {"send_at": datetime(2026, 1, 15, 13, 0)},  # noqa: DTZ001
            "from_",
            "Only a messaging service can schedule",
        ),
        (
            {"from_": SERVICE, "send_at": datetime(2026, 1, 15, 11, 0)},  # noqa: DTZ001
            "send_at",
            "in the past",
        ),
    ],
)
def test_invalid_arguments_are_found_before_anything_is_sent(
    change: dict[str, Any], field: str, message: str
) -> None:
    found = problems_of(parameters_of(replace(DRAFT, **change)), NOW)

    assert list(found) == [field]
    assert message in found[field]


def test_a_message_that_can_be_right_has_no_problem() -> None:
    assert problems_of(parameters_of(DRAFT), NOW) == {}


def test_every_invalid_field_is_reported_at_once() -> None:
    draft = Draft(to="12", validity_period="soon", status_callback="example.com", media_url="a")
    state = press(replace(READY, draft=draft))

    assert state.problems == {
        "from_": "Choose or enter a sender.",
        "to": "This number must begin with + and the country code.",
        "media_url": "This must be a URL that begins with https:// or http://.",
        "status_callback": "This must be a URL that begins with https:// or http://.",
        "validity_period": "This must be a whole number of seconds from 1 to 36,000.",
    }
    assert (state.phase, state.more) == ("writing", True)


# Pressing


def test_pressing_counts_down_a_new_attempt() -> None:
    assert press(READY) == replace(READY, phase="counting", attempt=1, seconds_left=5)


def test_pressing_again_while_it_counts_changes_nothing() -> None:
    counting = press(READY)

    assert press(counting) is counting


@pytest.mark.parametrize("phase", ["asking", "counting", "sending", "unknown", "searching"])
def test_nothing_new_begins_while_something_is_open(phase: steps.Phase) -> None:
    state = replace(READY, phase=phase)

    assert press(state) is state


def test_nothing_is_sent_with_no_connection() -> None:
    state = replace(READY, account=None)

    assert press(state) is state


def test_a_sent_message_is_not_sent_again_until_it_is_changed() -> None:
    after = sent("delivered")
    changed = steps.typed(after, "body", "Hello again")

    assert press(after) is after
    assert press(changed).attempt == 2
    assert not steps.may_send(steps.typed(changed, "body", "Hello"))


def test_the_same_again_takes_a_word_of_its_own() -> None:
    again = steps.another(sent("delivered"))

    assert steps.may_send(again)
    assert press(again).attempt == 2


def test_a_problem_stands_under_its_field_in_the_words_of_the_field() -> None:
    state = press(replace(READY, draft=replace(DRAFT, body="x" * 1601)))

    assert state.problems == {"body": "This has 1,601 characters; Twilio allows 1,600."}
    assert (state.phase, state.attempt, state.more) == ("writing", 0, False)


def test_a_problem_under_more_opens_it() -> None:
    state = press(replace(READY, draft=replace(DRAFT, validity_period="soon")))

    assert list(state.problems) == ["validity_period"]
    assert state.more


def test_typing_in_a_field_takes_its_problem_away() -> None:
    wrong = press(replace(READY, draft=replace(DRAFT, to="nobody")))

    assert list(wrong.problems) == ["to"]
    assert steps.typed(wrong, "to", "+1").problems == {}


def test_a_long_message_is_asked_about_and_yes_sends_it() -> None:
    long = replace(READY, draft=replace(DRAFT, body="x" * 500))
    asking = press(long)

    assert asking == replace(long, phase="asking")
    assert steps.agreed(asking, undo_seconds=0) == replace(long, phase="counting", attempt=1)
    assert steps.undone(asking) == long


def test_yes_without_a_question_is_nothing() -> None:
    assert steps.agreed(READY, undo_seconds=0) is READY


@pytest.mark.parametrize(("body", "ask_above"), [("x" * 500, None), ("x" * 459, 3), ("x", 1)])
def test_a_message_within_the_limit_needs_no_confirmation(body: str, ask_above: int | None) -> None:
    state = press(replace(READY, draft=replace(DRAFT, body=body)), ask_above=ask_above)

    assert state.phase == "counting"


# Leaving


def test_an_attempt_leaves_once() -> None:
    counting = press(READY)
    leaving = steps.left(counting, 1)

    assert leaving == replace(counting, phase="sending", sent=parameters_of(DRAFT))
    assert steps.left(leaving, 1) is leaving


def test_an_older_attempt_cannot_leave_in_place_of_a_newer() -> None:
    second = press(steps.undone(press(READY)))

    assert second.attempt == 2
    assert steps.left(second, 1) is second


def test_undo_keeps_it_here_and_says_so() -> None:
    assert steps.undone(press(READY)) == replace(
        READY, attempt=1, seconds_left=5, note="Undone: nothing was sent."
    )


def test_undo_is_too_late_once_it_has_left() -> None:
    leaving = steps.left(press(READY), 1)

    assert steps.undone(leaving) is leaving


def test_a_change_while_it_counts_keeps_it_here() -> None:
    changed = steps.typed(press(READY), "body", "Hello, wor")

    assert changed.phase == "writing"
    assert steps.left(changed, 1) is changed


def test_a_disconnect_during_the_countdown_keeps_the_message() -> None:
    state = steps.disconnected(press(READY))

    assert (state.phase, state.account) == ("writing", None)


# What came of it


def test_a_refusal_stands_under_its_field_and_the_same_may_be_sent_again() -> None:
    state = steps.refused(steps.left(press(READY), 1), "Nobody there.", "to")

    assert state.problems == {"to": "Nobody there."}
    assert steps.may_send(state)


def test_a_refusal_with_no_field_stands_over_the_buttons() -> None:
    state = steps.refused(steps.left(press(READY), 1), "Slow down.", None)

    assert (state.problems, state.failure) == ({}, "Slow down.")


def test_a_refused_service_is_a_problem_of_from() -> None:
    state = steps.refused(READY, "No such service.", "messaging_service_sid")

    assert state.problems == {"from_": "No such service."}


def test_a_late_read_of_an_older_message_changes_nothing() -> None:
    newer = replace(sent(), attempt=2)

    assert steps.seen(newer, 1, message("sent")) is newer
    assert steps.followed(newer, 1) is newer


def test_an_undelivered_message_is_explained() -> None:
    state = steps.followed(steps.seen(sent(), 1, message("undelivered", error_code=30007)), 1)

    assert state.phase == "followed"
    assert "(Twilio 30007)" in state.failure


def test_a_final_failure_with_no_code_says_that_there_is_none() -> None:
    assert steps.ending_of(message("failed")) == (
        "The message is failed; Twilio gave no error code."
    )


# When nobody knows


def unknown() -> SendState:
    return steps.lost(steps.left(press(READY), 1), "No answer.", can_search=True)


def test_an_unknown_outcome_cannot_be_sent_again_by_any_press_or_change() -> None:
    state = unknown()
    changed = steps.typed(state, "body", "Hello!")

    assert press(state) is state
    assert press(changed) is changed
    assert steps.another(state) is state


def test_the_log_says_it_is_not_there_so_it_may_be_sent_again() -> None:
    state = steps.searched(steps.searching(unknown()), None)

    assert steps.may_send(state)
    assert state.note.startswith("The message is not in the message log")


def test_the_log_has_it_so_it_is_followed() -> None:
    state = steps.searched(steps.searching(unknown()), message("sent"))

    assert (state.phase, state.message) == ("following", message("sent"))
    assert not steps.may_send(state)


def test_the_log_cannot_tell_yet_so_nothing_is_offered() -> None:
    again = datetime(2026, 1, 15, 12, 1, 5, tzinfo=UTC)
    state = steps.searched(steps.searching(unknown()), NotSureYet("it may arrive.", again))

    assert state.phase == "unknown"
    assert state.failure == (
        "Not sure yet: it may arrive. Press “Find out” again after 12:01:05 UTC. "
        "Do not send it again."
    )
    assert not steps.may_send(state)


def test_a_log_that_cannot_be_read_leaves_it_unknown() -> None:
    state = steps.not_searched(steps.searching(unknown()), "No network.")

    assert state == replace(unknown(), failure="No network.")


def test_leaving_it_behind_takes_the_message_out_of_the_fields() -> None:
    state = steps.restarted(unknown())

    assert state.draft == Draft(from_=DRAFT.from_)
    assert state.phase == "writing"


def test_an_unexpected_error_leaves_an_unknown_outcome_unknown() -> None:
    assert steps.failed(unknown(), "Oops.").phase == "unknown"
    assert steps.failed(steps.searching(unknown()), "Oops.").phase == "unknown"
    assert steps.failed(steps.left(press(READY), 1), "Oops.").phase == "sending"


# Suggestions


def test_the_only_sender_is_taken_and_one_of_several_is_not() -> None:
    empty = replace(READY, draft=replace(DRAFT, from_=""))

    assert steps.suggested(empty, ("+1 — SMS",)).draft.from_ == "+1 — SMS"
    assert steps.suggested(empty, ("+1 — SMS", "+2 — SMS")).draft.from_ == ""
    assert steps.suggested(READY, ("+1 — SMS",)).draft == DRAFT


def test_a_sender_that_stands_there_bare_gets_its_name() -> None:
    bare = replace(READY, draft=replace(DRAFT, from_=SERVICE))
    named = f"{SERVICE} — Notifications (messaging service)"
    state = steps.suggested(bare, ("+1 — SMS", named))

    assert state.draft.from_ == named
    assert parameters_of(state.draft) == parameters_of(bare.draft)


# How it reads


@pytest.mark.parametrize(
    ("last", "track"),
    [
        (message("queued"), "queued:done sent:now delivered:ahead"),
        (message("sending"), "queued:done sent:now delivered:ahead"),
        (message("sent"), "queued:done sent:done delivered:now"),
        (message("delivered"), "queued:done sent:done delivered:done"),
        (message("read"), "queued:done sent:done delivered:done read:done"),
        (message("failed"), "queued:done failed:failed"),
        (message("undelivered"), "queued:done sent:done undelivered:failed"),
        (
            message("partially_delivered"),
            "queued:done sent:done partially delivered:failed",
        ),
        (message("accepted"), "accepted:done queued:now sent:ahead delivered:ahead"),
        (message("scheduled"), "scheduled:done queued:now sent:ahead delivered:ahead"),
        (message("canceled"), "canceled:failed"),
        (
            message("sent", messaging_service_sid=SERVICE),
            "accepted:done queued:done sent:done delivered:now",
        ),
        (message("pondering"), "queued:done pondering:done"),
    ],
)
def test_the_track_shows_where_a_message_stands(last: Message, track: str) -> None:
    steps_shown = track_of(replace(sent(), message=last))

    assert " ".join(f"{word}:{mark}" for word, mark in steps_shown) == track


def test_a_message_that_is_followed_no_more_awaits_nothing() -> None:
    assert track_of(replace(sent("sent"), phase="followed"))[-1] == ("delivered", "ahead")


def test_before_a_message_there_is_no_stepper() -> None:
    assert track_of(READY) == ()


def test_the_sentence_tells_how_to_connect_then_what_arrived() -> None:
    assert outcome_of(SendState(), "Connect.") == ("Connect.", "hint")
    assert outcome_of(READY, "Connect.") == ("", "hint")
    assert outcome_of(sent("delivered"), "Connect.") == (f"Delivered. SID {SID}.", "good")


def test_the_pill_names_the_account() -> None:
    assert pill_of(SendState()) == ("not connected", "idle")
    assert pill_of(READY) == ("sandbox", "idle")


def test_the_summary_masks_numbers_and_leaves_the_text_out() -> None:
    assert summary_of(sent("delivered")) == (
        ("Account", "sandbox"),
        ("To", "+1 4••• ••• 123"),
        ("Status", "delivered"),
        ("SID", SID),
    )
    assert summary_of(SendState(draft=DRAFT)) == (("Message", "not connected"),)


def test_an_unlikely_number_is_warned_about_before_it_is_sent() -> None:
    live = SendingAccount(label="AC0f…9a41", access=Access.of("API key"))
    odd = replace(READY, account=live, draft=replace(DRAFT, to="+4477009001"))

    message = "This number is not in any known numbering plan: check it for a typo."
    assert (warning_of(odd), warning_of(press(odd))) == (message, message)
    assert warning_of(replace(odd, draft=replace(DRAFT, to="+4477"))) == "", "half typed"
    assert warning_of(press(replace(odd, account=SANDBOX))) == ""


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("+1 415 555 0123", "+14155550123"),
        (" +1 (415) 555-0123 ", "+14155550123"),
        ("+14155550123", "+14155550123"),
        ("+44 (0)7911 123456", "+447911123456"),
        ("whatsapp:+14155550123", "whatsapp:+14155550123"),
        ("415 555 0123", "415 555 0123"),
        ("nobody", "nobody"),
        ("", ""),
    ],
)
def test_a_number_may_be_typed_with_spaces_dashes_and_brackets(typed: str, sent: str) -> None:
    """As a plan reads a cell; any other text is left for validation to refuse."""
    state = replace(READY, draft=replace(DRAFT, to=typed))
    assert parameters_of(state.draft)["to"] == sent
    shown = f"Will be sent to {sent}." if sent != typed.strip() else ""
    assert recipient_hint_of(state) == shown
