"""The stories of a history: told by the seed, named by the sandbox, absent unless asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.sandbox.world.history import History
from twilio_widgets.sandbox.world.phonebook import OWN_NUMBERS, phonebook_of
from twilio_widgets.sandbox.world.sids import SidMaker

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
KINDS = {
    "carrier_outage", "unregistered_sender", "curly_quotes", "landlines", "opt_out_spike",
    "filtered_link", "late_prices",
}  # fmt: skip


def history(count: int, *, seed: int = 1, stories: bool = True) -> History:
    sids = SidMaker(seed)
    return History(
        seed=seed,
        count=count,
        ends=NOW.timestamp(),
        account_sid=sids.sid("AC", 0),
        service_sid=sids.sid("MG", 0),
        sids=sids,
        phonebook=phonebook_of(seed),
        stories=stories,
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_story_is_told_in_the_last_30_days(seed):
    with Sandbox(seed, 8000, NOW, stories=True) as sandbox:
        told = sandbox.stories

    assert {story.kind for story in told} == KINDS
    assert all(NOW - timedelta(days=31) <= story.since < story.until <= NOW for story in told)
    assert all(story.messages >= story.failed for story in told)


def test_a_seed_tells_its_stories_in_its_own_way():
    def told(seed: int) -> object:
        with Sandbox(seed, 8000, NOW, stories=True) as sandbox:
            return sandbox.stories

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_without_stories_there_are_none():
    with Sandbox(1, 8000, NOW) as sandbox:
        assert sandbox.stories == ()


def test_a_short_history_lists_only_stories_that_it_has():
    with Sandbox(1, 20, NOW, stories=True) as sandbox:
        assert {story.kind for story in sandbox.stories} < KINDS
    with Sandbox(1, 0, NOW, stories=True) as sandbox:
        assert sandbox.stories == ()


def test_messages_older_than_the_stories_are_the_same_without_them():
    told, plain = history(8000), history(8000, stories=False)
    begin = told.stories.begin

    assert 0 < begin < 8000
    assert [told.row(n) for n in range(begin)] == [plain.row(n) for n in range(begin)]
    assert any(told.row(n) != plain.row(n) for n in range(begin, 8000))


def test_stories_change_no_address_and_no_time():
    told, plain = history(8000), history(8000, stories=False)

    for n in range(told.stories.begin, 8000):
        one, other = told.row(n), plain.row(n)
        assert (one.sid, one.to, one.from_, one.sent, one.direction) == (
            other.sid, other.to, other.from_, other.sent, other.direction
        )  # fmt: skip


def test_after_an_opt_out_messages_from_the_same_number_are_refused():
    past = history(8000)
    stopped: set[tuple[str, str]] = set()
    refused = 0
    for n in range(8000):
        row = past.row(n)
        if row.direction == "inbound" and row.body == "STOP":
            stopped.add((row.to, row.from_))
        elif row.direction == "outbound-api":
            assert (row.error_code == 21610) == ((row.from_, row.to) in stopped)
            refused += row.error_code == 21610

    assert stopped
    assert refused
    assert {sender for sender, _ in stopped} <= set(OWN_NUMBERS)


def test_a_refused_message_has_no_price():
    past = history(8000)
    refused = [row for row in map(past.row, range(8000)) if row.error_code in {21610, 21614}]

    assert {row.error_code for row in refused} == {21610, 21614}
    assert {(row.status, row.price) for row in refused} == {("failed", None)}


def test_late_prices_arrive_three_days_after_a_message_was_sent():
    with (
        Sandbox(1, 2000, NOW, stories=True) as sandbox,
        Twilio(sandbox.connection) as twilio,
    ):
        (late,) = [story for story in sandbox.stories if story.kind == "late_prices"]
        at_first = twilio.messages.list(limit=None, progress=False)
        sandbox.clock.advance("3 days")
        later = twilio.messages.list(limit=None, progress=False)

    unbilled = at_first[at_first["price"].isna() & (at_first["date_sent"] >= late.since)]
    assert late.messages == (unbilled["error_code"].fillna(0) != 21610).sum() > 0
    assert later["price"].isna().sum() == later["error_code"].isin([21610, 21614]).sum()


def test_the_command_line_tells_stories(capsys):
    from threading import Event

    from twilio_widgets.sandbox.__main__ import main

    stop = Event()
    stop.set()
    assert main(["--messages", "20", "--stories"], stop=stop) == 0
    assert "A Twilio sandbox is running" in capsys.readouterr().out
