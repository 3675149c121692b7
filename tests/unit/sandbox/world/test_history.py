"""The history: believable, the same for the same seed, and free until it is read."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from random import Random

import httpx
import pytest

from twilio_widgets.core.text.segments import segments
from twilio_widgets.sandbox import Sandbox
from twilio_widgets.sandbox.world.history import History
from twilio_widgets.sandbox.world.phonebook import (
    OWN_NUMBERS,
    VOICE_ONLY_NUMBER,
    BusyHours,
    Phonebook,
    phonebook_of,
)
from twilio_widgets.sandbox.world.sids import SidMaker, noise

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d|\+447700900\d{3}")


def history(count: int, seed: int = 1) -> History:
    sids = SidMaker(seed)
    return History(
        seed=seed,
        count=count,
        ends=NOW,
        account_sid=sids.sid("AC", 0),
        service_sid=sids.sid("MG", 0),
        sids=sids,
        phonebook=phonebook_of(seed),
    )


@pytest.mark.parametrize("prefix", ["SM", "MM", "ME", "AC"])
def test_a_sid_maps_back_to_its_serial_number(prefix: str) -> None:
    """Any other SID maps to no number."""
    sids, chance = SidMaker(9), Random(1)
    numbers = [0, 1, 2, 999_999, 1 << 40, *(chance.randrange(1 << 60) for _ in range(200))]

    made = [sids.sid(prefix, number) for number in numbers]

    assert all(re.fullmatch(rf"{prefix}[0-9a-f]{{32}}", sid) for sid in made)
    assert [sids.number(sid) for sid in made] == numbers
    assert [SidMaker(10).number(sid) for sid in made] != numbers
    assert sids.number("SM" + "z" * 32) == -1


def test_an_unknown_sid_is_not_found() -> None:
    past, chance = history(1_000_000), Random(2)

    assert all(past.index(f"SM{chance.getrandbits(128):032x}") is None for _ in range(2000))


def test_the_same_seed_gives_the_same_messages() -> None:
    """Another seed gives other ones."""
    rows = [history(500).row(index) for index in range(500)]

    assert rows == [history(500).row(index) for index in range(500)]
    assert {row.sid for row in rows}.isdisjoint(
        history(500, seed=2).row(index).sid for index in range(500)
    )


def test_every_number_is_reserved_for_fiction() -> None:
    """No demonstration can reach a real phone; no contact has one of the account's numbers."""
    for seed in range(5):
        numbers = [contact.number for contact in Phonebook(seed).contacts]
        assert len(numbers) == len(set(numbers))
        assert all(FICTION.fullmatch(number) for number in numbers)
        assert not {*numbers} & {*OWN_NUMBERS, VOICE_ONLY_NUMBER}
        # Endings above 90 decide a fate, which the people of the history are spared.
        assert all(int(number[-2:]) <= 90 for number in numbers)
    assert all(FICTION.fullmatch(number) for number in (*OWN_NUMBERS, VOICE_ONLY_NUMBER))


def test_the_history_is_plausible() -> None:
    rows = [history(6000).row(index) for index in range(6000)]
    kinds = Counter((row.direction, row.status) for row in rows)
    codes = {row.error_code for row in rows if row.error_code}

    assert 0.25 < sum(row.direction == "inbound" for row in rows) / 6000 < 0.5
    assert set(kinds) == {
        ("inbound", "received"),
        ("outbound-api", "delivered"),
        ("outbound-api", "sent"),
        ("outbound-api", "undelivered"),
        ("outbound-api", "failed"),
    }
    assert codes == {30003, 30005, 30006, 30007, 30008, 30022, 30034}
    assert {segments(row.body).encoding for row in rows} == {"GSM-7", "UCS-2"}
    assert {row.num_segments for row in rows} >= {1, 2}
    assert any(row.num_media for row in rows)
    scripts = {
        "é": "French",
        "ж": "Ukrainian",
        "ー": "Japanese",
        "ا": "Arabic",
        "ह": "Hindi",
        "ł": "Polish",
    }
    text = "".join(row.body for row in rows)
    assert [name for letter, name in scripts.items() if letter not in text] == []


def test_segment_counts_are_those_of_the_bodies() -> None:
    rows = [history(6000).row(index) for index in range(0, 6000, 3)]

    assert [row.num_segments for row in rows] == [segments(row.body).count for row in rows]


def test_times_rise_and_end_before_the_sandbox_is_opened() -> None:
    past = history(20_000)
    moments = [past.moment(index) for index in range(20_000)]

    assert moments == sorted(moments)
    assert NOW - 201 * 86_400 < moments[0] < NOW - 195 * 86_400
    assert moments[-1] <= NOW - 120


def test_most_messages_are_sent_by_day() -> None:
    moments = (datetime.fromtimestamp(history(5000).moment(index), UTC) for index in range(5000))
    hours = Counter(moment.hour for moment in moments)

    assert sum(hours[hour] for hour in range(8, 20)) > 5 * sum(hours[hour] for hour in range(6))


def test_busyness_and_time_are_inverses() -> None:
    hours, chance = BusyHours(), Random(3)
    for _ in range(500):
        moment = chance.uniform(1.5e9, 1.9e9)
        assert hours.moment(hours.busyness(moment)) == pytest.approx(moment, abs=1e-3)


def test_the_messages_of_a_number_are_found_without_reading_others() -> None:
    """The inverted assignment of contacts agrees with reading every message."""
    past = history(9000)
    everyone = past.between(None, None)
    held: dict[str, list[int]] = {}
    for index in everyone:
        for number in past.addresses(index):
            held.setdefault(number, []).append(index)

    contacts = [number for number in held if number not in OWN_NUMBERS]
    assert len(contacts) > 500
    for number in contacts:
        assert list(past.with_number(number, everyone)) == held[number]


def test_dates_are_found_by_bisection() -> None:
    past = history(5000)
    low, high = past.moment(1000), past.moment(2000)

    assert past.between(low, high) == range(2000, 999, -1)
    assert list(past.between(NOW, None)) == []
    assert len(past.between(None, None)) == 5000


def test_conversations_go_back_and_forth() -> None:
    """A question is answered from the number it was sent to."""
    rows = [history(4000).row(index) for index in range(4000)]
    asked = [n for n, row in enumerate(rows) if row.body == "Hi! Are you open on Sunday?"]
    answered = [
        any((later.to, later.from_) == (rows[n].from_, rows[n].to) for later in rows[n : n + 8])
        for n in asked
    ]

    assert len(asked) > 100
    assert all(answered)


def test_a_million_messages_cost_nothing_until_they_are_read() -> None:
    """Opening and reading one page, number and day needs far less than storing them would."""
    tracemalloc.start()
    with Sandbox(messages=1_000_000, now="2026-03-04T12:00:00Z") as box:
        name, secret = box.connection.credentials
        base = f"https://api.twilio.com/2010-04-01/Accounts/{name}/Messages"
        with httpx.Client(transport=box.wire, auth=(name, secret.reveal())) as http:
            page = http.get(f"{base}.json", params={"PageSize": 1000}).json()["messages"]
            mine = http.get(f"{base}.json", params={"To": page[0]["to"]}).json()["messages"]
            day = http.get(f"{base}.json", params={"DateSent": "2025-06-01"}).json()["messages"]
            one = http.get(f"{base}/{page[-1]['sid']}.json").json()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (len(page), len(mine), len(day)) == (1000, 50, 50)
    assert one == page[-1]
    assert peak < 30_000_000


def test_noise_is_uniform() -> None:
    """A plausible history needs pseudo-random numbers without patterns."""
    tens = Counter(noise(1, number) % 10 for number in range(20_000))

    assert max(tens.values()) < 1.1 * min(tens.values())


def test_old_messages_can_be_redacted_and_deleted() -> None:
    with Sandbox(messages=20, now="2026-03-04T12:00:00Z") as box:
        name, secret = box.connection.credentials
        with httpx.Client(
            transport=box.wire, base_url="https://api.twilio.com", auth=(name, secret.reveal())
        ) as http:
            url = f"/2010-04-01/Accounts/{name}/Messages.json"
            first, second = http.get(url).json()["messages"][:2]
            redacted = http.post(first["uri"], data={"Body": ""}).json()
            cancelled = http.post(first["uri"], data={"Status": "canceled"}).json()
            http.delete(second["uri"])
            left = http.get(url).json()["messages"]

    assert redacted == first | {"body": "", "date_updated": "Wed, 04 Mar 2026 12:00:00 +0000"}
    assert cancelled["code"] == 30409
    assert len(left) == 19
    assert second["sid"] not in {row["sid"] for row in left}
