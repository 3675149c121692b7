"""`twilio.lookup`: nothing is asked without a limit, and never twice."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import twilio_widgets as tw
from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.errors import ConfigurationError, NotConnected, PolicyRefused
from twilio_widgets.progress import ReadProgress

MOBILE, LANDLINE, SHORT = "+14155550123", "+442079460123", "+1415555"
NUMBERS = [MOBILE, LANDLINE, SHORT, "not a number", f"whatsapp:{MOBILE}"]


@pytest.fixture
def twilio(sandbox: Sandbox) -> Twilio:
    return Twilio(sandbox.connection)


def test_without_a_limit_it_names_the_cost_and_asks_nothing(
    sandbox: Sandbox, twilio: Twilio
) -> None:
    with pytest.raises(PolicyRefused) as caught:
        twilio.lookup(NUMBERS)

    assert str(caught.value) == (
        "Looking up 3 numbers costs about $0.0240. That is an estimate from list prices that may "
        "have changed: see your prices in Twilio's console and pass them with "
        'prices={"line_type": "…"}. Nothing was asked. To go on: lookup(…, max_cost="0.03").'
    )
    with pytest.raises(PolicyRefused, match=r"Your max_cost allows \$0\.0200"):
        twilio.lookup(NUMBERS, max_cost="0.02")
    assert sandbox.lookups == ()


def test_each_number_has_a_row_and_is_asked_once(sandbox: Sandbox, twilio: Twilio) -> None:
    frame = twilio.lookup(NUMBERS, max_cost="0.03", progress=False)

    assert frame["number"].tolist() == [MOBILE, LANDLINE, SHORT, "not a number"]
    assert frame["valid"].tolist() == [True, True, False, False]
    assert frame["line_type"].fillna("").tolist() == ["mobile", "landline", "", ""]
    assert frame["problem"].fillna("").tolist() == [
        "", "", "Not a valid number: too short.",
        "Not a phone number in E.164 form, such as +14155550123; it was not looked up.",
    ]  # fmt: skip
    assert frame["from_cache"].tolist() == [False] * 4
    assert frame.attrs["cost"] == "0.024"
    assert sorted(each.number for each in sandbox.lookups) == sorted([MOBILE, LANDLINE, SHORT])


def test_a_recent_answer_is_never_paid_for_again(sandbox: Sandbox, twilio: Twilio) -> None:
    first = twilio.lookup([MOBILE], max_cost=1, progress=False)
    again = Twilio(sandbox.connection).lookup([MOBILE])  # free, so it needs no limit
    more = twilio.lookup([MOBILE], ("line_type", "caller_name"), max_cost="0.01", progress=False)

    assert again["from_cache"].tolist() == [True]
    assert again.drop(columns="from_cache").equals(first.drop(columns="from_cache"))
    assert more[["line_type", "caller_name"]].iloc[0].tolist() == ["mobile", "SANDBOX, PERSON"]
    assert [each.fields for each in sandbox.lookups] == [
        ("line_type_intelligence",), ("caller_name",),
    ]  # fmt: skip
    sandbox.clock.advance(timedelta(days=91).total_seconds())
    assert twilio.lookup_cost([MOBILE]).cost == Decimal("0.008")


def test_the_cost_is_known_before_it_is_paid(twilio: Twilio) -> None:
    twilio.lookup([MOBILE], max_cost=1, progress=False)

    cost = twilio.lookup_cost(NUMBERS, prices={"line_type": "0.005"})

    assert (cost.numbers, cost.cached, cost.invalid, cost.cost) == (2, 1, 1, Decimal("0.010"))
    assert str(cost) == "Looking up 2 numbers (1 more are in the cache) costs about $0.0100."
    assert cost.unconfirmed == ()


def test_the_fields_whose_price_is_only_an_estimate_are_named(twilio: Twilio) -> None:
    fields = ("validation", "line_type", "caller_name")

    cost = twilio.lookup_cost([MOBILE], fields, prices={"line_type": "0.005"})

    assert (cost.cost, cost.unconfirmed) == (Decimal("0.015"), ("caller_name",))
    assert 'pass them with prices={"caller_name": "…"}.' in str(cost)


@pytest.mark.parametrize("prices", [{"line": "1"}, {"line_type": "x"}, "0.01"])
def test_prices_that_cannot_be_used_are_refused(twilio: Twilio, prices: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        twilio.lookup([MOBILE], max_cost=1, prices=prices)
    assert caught.value.field == "prices"


def test_the_limit_of_the_policy_holds_for_the_whole_lookup(sandbox: Sandbox) -> None:
    twilio = Twilio(sandbox.connection, policy=tw.Policy(max_cost="0.02"))

    with pytest.raises(PolicyRefused) as caught:
        twilio.lookup(NUMBERS, max_cost=1, progress=False)
    assert str(caught.value) == (
        "This lookup costs about $0.0240; your policy allows $0.0200 per job, so nothing was sent. "
        'To allow it: Twilio(connection, policy=tw.Policy(max_cost="0.03")).'
    )
    assert sandbox.lookups == ()
    found = twilio.lookup(NUMBERS, max_cost=1, prices={"line_type": "0.001"}, progress=False)
    assert len(found) == 4


def test_lookups_and_messages_share_the_limit_of_the_day(sandbox: Sandbox) -> None:
    policy = tw.Policy(max_cost_per_day="0.02", prices={"US": "0.007"})
    twilio = Twilio(sandbox.connection, policy=policy)
    twilio.lookup([MOBILE], max_cost=1, progress=False)
    twilio.messages.send(to=MOBILE, from_=sandbox.numbers[0], body="Hi")

    with pytest.raises(PolicyRefused, match=r"This lookup would bring today's total .* \$0\.0230"):
        twilio.lookup([LANDLINE], max_cost=1, progress=False)
    with pytest.raises(PolicyRefused, match=r"This message would bring today's total"):
        twilio.messages.send(to=MOBILE, from_=sandbox.numbers[0], body="Hi")
    assert policy.today(sandbox.connection).cost == Decimal("0.015")
    assert policy.today(sandbox.connection).recipients == 1
    assert [each.number for each in sandbox.lookups] == [MOBILE]


def test_a_lookup_that_was_not_processed_does_not_count(sandbox: Sandbox) -> None:
    policy = tw.Policy(max_cost_per_day="0.02")
    twilio = Twilio(sandbox.connection, policy=policy)
    sandbox.fail(fault="refused", path="PhoneNumbers", times=99)

    with pytest.raises(NotConnected):
        twilio.lookup([MOBILE], max_cost=1, progress=False)
    assert policy.today(sandbox.connection).cost == 0


def test_a_raw_lookup_has_an_unknown_cost(sandbox: Sandbox) -> None:
    twilio = Twilio(sandbox.connection, policy=tw.Policy(max_cost="1"))
    url = f"https://lookups.twilio.com/v2/PhoneNumbers/{MOBILE}"

    with pytest.raises(PolicyRefused, match="its cost is not known"):
        twilio.raw(url, query_params={"Fields": "line_type_intelligence"})
    assert twilio.raw(url).data["valid"] is True
    assert [each.fields for each in sandbox.lookups] == [()]


def test_two_notebooks_at_once_ask_about_each_number_once(sandbox: Sandbox) -> None:
    numbers = [f"+1415555{n:04}" for n in range(100, 120)]
    clients = [Twilio(sandbox.connection) for _notebook in range(3)]

    with ThreadPoolExecutor(3) as pool:
        frames = list(
            pool.map(lambda one: one.lookup(numbers, max_cost=1, progress=False), clients)
        )

    assert sorted(each.number for each in sandbox.lookups) == numbers
    assert [frame["line_type"].isna().any() for frame in frames] == [False] * 3
    assert sum(len(numbers) - frame["from_cache"].sum() for frame in frames) == len(numbers)


def test_validation_alone_is_free(sandbox: Sandbox, twilio: Twilio) -> None:
    frame = twilio.lookup([MOBILE, SHORT], ("validation",), progress=False)

    assert frame["valid"].tolist() == [True, False]
    assert [each.fields for each in sandbox.lookups] == [(), ()]


def test_an_interrupted_lookup_continues_where_it_stopped(sandbox: Sandbox, twilio: Twilio) -> None:
    numbers = [f"+1415555{n:04}" for n in range(100, 130)]

    def interrupt(reading: ReadProgress) -> None:
        if reading.rows == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        twilio.lookup(numbers, max_cost=1, progress=interrupt)
    assert "Call lookup again to continue." in caught.value.__notes__[0]
    assert len(sandbox.lookups) < 30
    twilio.lookup(numbers, max_cost=1, progress=False)

    assert sorted(each.number for each in sandbox.lookups) == numbers


def test_a_lost_answer_is_not_asked_for_again(sandbox: Sandbox, twilio: Twilio) -> None:
    """The lookup may have been billed, and the user decides whether to pay again."""
    sandbox.fail(fault="close_after_accept", path="PhoneNumbers")
    frame = twilio.lookup([MOBILE], max_cost=1, progress=False)

    assert frame["line_type"].isna().all()
    assert frame["problem"][0].startswith("No usable answer, so the lookup may have been billed.")
    assert len(sandbox.lookups) == 1


def test_a_request_that_was_not_processed_is_repeated(sandbox: Sandbox, twilio: Twilio) -> None:
    sandbox.fail(status=429, path="PhoneNumbers")
    sandbox.fail(fault="refused", path="PhoneNumbers")

    assert twilio.lookup([MOBILE], max_cost=1, progress=False)["valid"].tolist() == [True]
    assert len(sandbox.lookups) == 1


def test_without_a_network_it_stops_and_keeps_its_answers(sandbox: Sandbox, twilio: Twilio) -> None:
    twilio.lookup([MOBILE], max_cost=1, progress=False)
    sandbox.fail(fault="refused", times=99)

    with pytest.raises(NotConnected):
        twilio.lookup([MOBILE, LANDLINE], max_cost=1, progress=False)
    assert twilio.lookup([MOBILE])["valid"].tolist() == [True]


@pytest.mark.parametrize("fields", [("line_type",), ("validation", "caller_name")])
def test_a_dry_run_refuses_a_lookup_that_costs_money(
    sandbox: Sandbox, fields: tuple[str, ...]
) -> None:
    twilio = Twilio(sandbox.connection, policy=tw.Policy(dry_run=True))

    with pytest.raises(PolicyRefused) as caught:
        twilio.lookup([MOBILE], fields, max_cost=1, progress=False)
    assert (caught.value.rule, sandbox.lookups) == ("dry_run", ())
    assert twilio.lookup([MOBILE], ("validation",), progress=False)["valid"].tolist() == [True]


def test_the_async_client_looks_up_the_same(sandbox: Sandbox, twilio: Twilio) -> None:
    async def asked() -> object:
        async with AsyncTwilio(sandbox.connection) as client:
            return await client.lookup(NUMBERS, max_cost=1, progress=False)

    found = asyncio.run(asked())
    expected = twilio.lookup(NUMBERS).drop(columns="from_cache")
    assert found.drop(columns="from_cache").equals(expected)  # type: ignore[attr-defined]  # a frame


def test_an_unknown_field_is_refused(twilio: Twilio) -> None:
    with pytest.raises(ConfigurationError, match="'line' is not a field of a lookup"):
        twilio.lookup([MOBILE], ("line",))


def test_only_its_owner_can_read_the_answers(sandbox: Sandbox, twilio: Twilio) -> None:
    twilio.lookup([MOBILE], max_cost=1, progress=False)
    files = list((sandbox.data_folder / "answers").iterdir())

    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
