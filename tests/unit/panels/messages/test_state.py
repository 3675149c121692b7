"""The messages panel as state: pure steps, and what is said of each state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from twilio_widgets.core.message.message import Message
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.messages import state as steps
from twilio_widgets.panels.messages import text as texts
from twilio_widgets.panels.messages.state import Detail, MessagesQuery, MessagesState, Read
from twilio_widgets.progress import ReadProgress

NOW = datetime(2026, 1, 31, 12, 30, 45, 678, tzinfo=UTC)
SID = "SM" + "0123456789abcdef" * 2
OTHER = "MM" + "0123456789abcdef" * 2
WHO = Identity(
    account="AC0f…9a41",
    kind="API key",
    source="typed in",
    place="United States (us1)",
    checks_webhooks=False,
    access=Access(kind="API key"),
)
AWAKE = MessagesState(identity=WHO)
PAGE = ReadProgress(rows=1_000, pages=1, limit=10_000)


def message(sid: str = SID, **fields: object) -> Message:
    given: dict[str, object] = {"status": "delivered", "direction": "outbound-api", **fields}
    return Message(sid=sid, **given)  # type: ignore[arg-type]


def read(rows: int = 1_000, **fields: object) -> Read:
    given: dict[str, object] = {
        "asked": MessagesQuery(), "rows": rows, "pages": 1, "complete": False, **fields
    }  # fmt: skip
    return Read(**given)  # type: ignore[arg-type]


# What Twilio is asked for


def test_nothing_chosen_asks_for_the_newest_thousand() -> None:
    assert MessagesQuery().parameters(NOW) == {"limit": 1_000}
    assert MessagesQuery(limit=None).parameters(NOW) == {"limit": None}


def test_addresses_are_asked_for_without_the_spaces_around_them() -> None:
    asked = MessagesQuery(to=" +14155550123 ", from_="whatsapp:+15005550006", limit=200)

    assert asked.parameters(NOW) == {
        "to": "+14155550123", "from_": "whatsapp:+15005550006", "limit": 200
    }  # fmt: skip
    assert asked.narrow
    assert not MessagesQuery(to="  ").narrow


@pytest.mark.parametrize(
    ("period", "after"),
    [
        ("24 h", datetime(2026, 1, 30, 12, 30, tzinfo=UTC)),
        ("7 days", datetime(2026, 1, 24, 12, 30, tzinfo=UTC)),
        ("30 days", datetime(2026, 1, 1, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_period_ends_now_and_begins_on_a_whole_minute(
    period: steps.Period, after: datetime
) -> None:
    assert MessagesQuery(period=period).parameters(NOW) == {"sent_after": after, "limit": 1_000}


def test_a_period_of_ones_own_is_open_at_the_end_that_is_not_given() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 15)
    own = MessagesQuery(period="custom", limit=None)

    assert own.parameters(NOW) == {"limit": None}
    assert replace(own, start=first).parameters(NOW) == {"sent_after": first, "limit": None}
    assert replace(own, start=first, end=last).parameters(NOW) == {
        "sent_after": first, "sent_before": last, "limit": None
    }  # fmt: skip
    assert MessagesQuery(start=first, end=last).parameters(NOW) == {"limit": 1_000}


def test_a_message_sent_now_belongs_to_what_is_asked_for_or_does_not() -> None:
    sent = message(to="+14155550123", from_="+15005550006")

    assert MessagesQuery(to="+14155550123 ", from_="+15005550006", period="24 h").takes(sent)
    assert not MessagesQuery(to="+14155550124").takes(sent)
    assert not MessagesQuery(from_="+14155550123").takes(sent)
    assert not MessagesQuery(period="custom", end=date(2026, 1, 15)).takes(sent)


# Reading


def test_a_read_continues_page_by_page_to_the_end() -> None:
    begun = steps.began(AWAKE)
    on = steps.continued(begun, 1, PAGE)
    there = steps.ended(on, 1, read())

    nothing = ReadProgress(rows=0, pages=0, limit=1_000)
    assert begun == replace(AWAKE, turn=1, reading=nothing)
    assert on == replace(begun, reading=PAGE)
    assert there == replace(AWAKE, turn=1, read=read(), rows_to_see=True)


def test_nothing_is_read_without_a_client_or_while_a_reading_is_under_way() -> None:
    begun = steps.began(AWAKE)

    assert steps.began(MessagesState()) == MessagesState()
    assert steps.began(begun) is begun


def test_the_result_of_an_older_read_is_ignored() -> None:
    later = steps.began(steps.failed(steps.began(AWAKE), 1, "No reply."))

    assert later.turn == 2
    assert steps.continued(later, 1, PAGE) is later
    assert steps.ended(later, 1, read()) is later
    assert steps.failed(later, 1, "No reply.") is later


def test_a_reading_that_breaks_off_leaves_what_was_read_before() -> None:
    before = steps.ended(steps.began(AWAKE), 1, read())
    broken = steps.failed(steps.began(before), 2, "No reply.")

    assert broken == replace(before, turn=2, problem="No reply.")
    assert texts.advice_of(broken) == ("No reply.", "problem")
    assert texts.pill_of(broken) == ("problem", "problem")


def test_stopping_waits_for_the_current_page() -> None:
    begun = steps.continued(steps.began(AWAKE), 1, PAGE)
    stopping = steps.stop_requested(begun)

    assert texts.progress_of(stopping) == (
        "Stopping after the current page · 1,000 messages · 1 page", None
    )  # fmt: skip
    assert steps.ended(stopping, 1, read(stopped=True)).stopping is False
    assert steps.stop_requested(AWAKE) is AWAKE


def test_a_first_day_after_the_last_is_a_problem() -> None:
    asked = MessagesQuery(period="custom", start=date(2026, 1, 15), end=date(2026, 1, 1))
    state = replace(AWAKE, asked=asked)
    refused = steps.began(state)

    assert refused == replace(
        state, problem="The first day (2026-01-15) is after the last day (2026-01-01)."
    )
    assert steps.filter_changed(refused, "end", date(2026, 1, 16)) == replace(
        AWAKE, asked=replace(asked, end=date(2026, 1, 16))
    )


def test_another_client_starts_over_and_keeps_the_filters() -> None:
    asked = MessagesQuery(to="+14155550123")
    old = replace(AWAKE, asked=asked, follows=True, turn=4, read=read(), rows_to_see=True, sid=SID)

    assert steps.connected(old, WHO) == replace(AWAKE, asked=asked, follows=True, turn=5)


def test_disconnecting_keeps_the_rows_that_were_read() -> None:
    seen = replace(AWAKE, turn=1, read=read(), detail=Detail(sid=SID))
    asleep = steps.disconnected(replace(seen, reading=PAGE, stopping=True))

    assert asleep == MessagesState(turn=2, read=read(), detail=Detail(sid=SID, reading=False))
    assert texts.pill_of(asleep) == ("incomplete", "idle")
    assert texts.summary_of(asleep) == (("Messages", "1,000 read, incomplete"),)


# One message


def test_a_late_answer_takes_no_message_back_from_its_final_status() -> None:
    """What was asked first may be answered last, while the message went on."""
    delivered = steps.found(steps.looked_up(AWAKE, SID), message(status="delivered"))
    late = steps.found(steps.looked_up(delivered, SID), message(status="queued"))
    assert late == delivered

    queued = steps.found(steps.looked_up(AWAKE, SID), message(status="queued"))
    assert steps.found(queued, message(status="delivered")) == delivered


def test_a_message_is_looked_up_and_its_detail_closed() -> None:
    looking = steps.looked_up(AWAKE, SID)
    there = steps.found(looking, message())

    assert looking == replace(AWAKE, detail=Detail(sid=SID))
    assert there.detail == Detail(sid=SID, message=message(), reading=False)
    assert steps.detail_closed(there) == AWAKE


def test_looking_again_keeps_what_is_known_and_another_message_does_not() -> None:
    there = steps.toggled_code(steps.found(steps.looked_up(AWAKE, SID), message()))

    assert steps.looked_up(there, SID).detail == Detail(sid=SID, message=message(), code=True)
    assert steps.looked_up(there, OTHER).detail == Detail(sid=OTHER)


def test_a_response_about_a_closed_message_is_dropped() -> None:
    looking = steps.looked_up(steps.looked_up(AWAKE, SID), OTHER)

    assert steps.found(looking, message(SID)) is looking
    assert steps.not_found(looking, SID, "There is no such message.") is looking
    assert steps.toggled_code(AWAKE) is AWAKE


def test_a_message_that_cannot_be_read_again_stays_as_it_was() -> None:
    there = steps.found(steps.looked_up(AWAKE, SID), message())
    again = steps.not_found(steps.looked_up(there, SID), SID, "No reply.")

    assert again.detail == Detail(sid=SID, message=message(), reading=False, problem="No reply.")


@pytest.mark.parametrize("sid", ["", "SM12", "AC" + SID[2:], f"{SID}0", f"{SID}\n"])
def test_an_invalid_message_sid_is_not_requested(sid: str) -> None:
    assert steps.looked_up(AWAKE, sid) == replace(
        AWAKE, sid_problem="A message SID is SM or MM followed by 32 characters, 0-9 or a-f."
    )


def test_a_look_up_without_a_client_says_so_until_something_else_is_typed() -> None:
    asleep = steps.looked_up(MessagesState(), SID)

    assert asleep.sid_problem == "Connect first: looking up a message needs a connection."
    assert steps.typed_sid(asleep, "SM") == MessagesState(sid="SM")


# What is said


@pytest.mark.parametrize(
    ("state", "pill"),
    [
        (MessagesState(), ("not connected", "idle")),
        (AWAKE, ("not read yet", "idle")),
        (steps.began(AWAKE), ("reading…", "idle")),
        (replace(AWAKE, read=read()), ("incomplete", "idle")),
        (replace(AWAKE, read=read(complete=True)), ("complete", "good")),
        (replace(AWAKE, read=read(stopped=True)), ("incomplete", "idle")),
        (steps.filter_changed(replace(AWAKE, read=read()), "to", "1"), ("filters changed", "idle")),
    ],
)
def test_the_pill_says_where_the_reading_stands(
    state: MessagesState, pill: tuple[str, str]
) -> None:
    assert texts.pill_of(state) == pill


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (
            MessagesState(),
            "Not connected. Create this panel with MessagesPanel(twilio=…): a client or a "
            "connection panel.",
        ),
        (
            MessagesState(follows=True),
            "Not connected. Press Connect in the connection panel; then this panel becomes active.",
        ),
        (
            AWAKE,
            "No messages have been read yet. Press Load to read the newest 1,000 messages.",
        ),
        (
            replace(AWAKE, asked=MessagesQuery(limit=None)),
            "No messages have been read yet. Press Load to read all messages.",
        ),
        (steps.began(AWAKE), "Reading the message log…"),
        (
            replace(AWAKE, read=read(0, complete=True)),
            "The message log is empty: no message was sent or received yet.",
        ),
        (
            replace(AWAKE, read=read(0, complete=True, asked=MessagesQuery(to="+1"))),
            "No message in the log matches these filters.",
        ),
        (
            replace(AWAKE, read=read(0, stopped=True)),
            "None of the messages read so far matches these filters.",
        ),
        (replace(AWAKE, read=read(), rows_to_see=True), ""),
        (steps.row_added(AWAKE), ""),
    ],
)
def test_a_card_with_no_rows_says_why(state: MessagesState, sentence: str) -> None:
    assert texts.emptiness_of(state) == sentence


@pytest.mark.parametrize(
    ("given", "note"),
    [
        (read(complete=True), "All messages in the log."),
        (
            read(complete=True, asked=MessagesQuery(period="24 h")),
            "All messages that match these filters.",
        ),
        (read(), "There are more messages: increase “At most”."),
        (
            read(3_000, pages=3, stopped=True),
            "Stopped after 3,000 messages · 3 pages. There are more messages.",
        ),
    ],
)
def test_the_note_mentions_messages_that_were_not_read(given: Read, note: str) -> None:
    assert texts.note_of(given) == note


def test_progress_is_counted_and_a_share_where_the_end_is_known() -> None:
    begun = steps.began(AWAKE)
    unlimited = ReadProgress(rows=3_000, pages=3, limit=None)

    assert texts.progress_of(AWAKE) == ("", None)
    assert texts.progress_of(begun) == ("Requesting the first page…", None)
    assert texts.progress_of(replace(begun, reading=PAGE)) == ("1,000 messages · 1 page", 0.1)
    assert texts.progress_of(replace(begun, reading=unlimited)) == (
        "3,000 messages · 3 pages", None
    )  # fmt: skip


def test_filters_changed_after_a_load_give_a_warning() -> None:
    there = replace(AWAKE, read=read(), rows_to_see=True)
    changed = steps.filter_changed(there, "to", "+14155550123")

    assert texts.advice_of(there) == ("", "hint")
    assert texts.advice_of(changed) == (
        "Filters changed. Press Load to update the rows.", "warning"
    )  # fmt: skip
    assert texts.advice_of(steps.filter_changed(changed, "to", "")) == ("", "hint")


def test_a_period_excludes_messages_that_were_not_sent_yet() -> None:
    state = steps.filter_changed(AWAKE, "period", "24 h")

    assert texts.advice_of(state) == (
        "A period contains only messages that have a sent time. Times are in UTC.", "hint"
    )  # fmt: skip


@pytest.mark.parametrize("filtered", ["to", "from_"])
@pytest.mark.parametrize("text", ["12", "+1415", "4155550123", "+1 415 555 0123", " 12 "])
def test_a_filter_that_is_part_of_a_number_gets_a_hint(filtered: str, text: str) -> None:
    assert texts.advice_of(steps.filter_changed(AWAKE, filtered, text)) == (
        texts.WHOLE_NUMBERS,
        "hint",
    )


@pytest.mark.parametrize(
    "text", ["", "+14155550123", "12345", "whatsapp:+14155550123", "ACME", "client:ann"]
)
def test_a_filter_that_can_equal_an_address_gets_no_hint(text: str) -> None:
    assert texts.advice_of(steps.filter_changed(AWAKE, "to", text)) == ("", "hint")


def test_the_hint_on_whole_numbers_follows_the_warning_on_changed_filters() -> None:
    there = replace(AWAKE, read=read(), rows_to_see=True)

    assert texts.advice_of(steps.filter_changed(there, "to", "12")) == (
        f"{texts.CHANGED} {texts.WHOLE_NUMBERS}", "warning"
    )  # fmt: skip


def test_a_saved_notebook_says_whose_messages_and_how_many() -> None:
    there = replace(AWAKE, read=read(complete=True))

    assert texts.summary_of(AWAKE) == (("Account", "AC0f…9a41"), ("State", "not read yet"))
    assert texts.summary_of(there) == (
        ("Account", "AC0f…9a41"), ("Messages", "1,000 read, complete")
    )  # fmt: skip
