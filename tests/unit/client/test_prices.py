"""`tw.prices`: read from the Pricing API once, then from the cache, and used by plan and policy."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

import twilio_widgets as tw
from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.client.prices import AccountPrices
from twilio_widgets.errors import ConfigurationError, NotConnected, PolicyRefused


def test_prices_are_read_once_and_again_when_they_are_old(sandbox: Sandbox) -> None:
    twilio, seen = Twilio(sandbox.connection), []
    first = tw.prices(twilio, progress=lambda reading: seen.append(reading.rows))
    sandbox.fail(fault="refused", times=99)
    again = tw.prices(twilio, progress=False)

    assert sorted(first.countries) == ["CA", "DE", "FR", "GB", "US"]
    assert (seen, again) == ([1, 2, 3, 4, 5], first)
    assert repr(first).endswith("5 countries in USD, read on 2026-01-15>")
    sandbox.clock.advance(timedelta(days=8).total_seconds())
    with pytest.raises(NotConnected):
        tw.prices(twilio, progress=False)


def test_an_interrupted_reading_continues_where_it_stopped(sandbox: Sandbox) -> None:
    twilio, seen = Twilio(sandbox.connection), []

    def interrupt(reading: object) -> None:
        seen.append(reading)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tw.prices(twilio, ["US", "GB", "FR"], progress=interrupt)
    kept = len(seen)
    more: list[object] = []
    tw.prices(twilio, ["US", "GB", "FR"], progress=more.append)
    assert kept + len(more) == 3


def test_the_frame_has_every_price(sandbox: Sandbox) -> None:
    frame = tw.prices(Twilio(sandbox.connection), ["GB"], progress=False).frame
    one = frame[(frame["carrier"] == "O2") & (frame["number_type"] == "local")].iloc[0]

    assert one[["iso_country", "direction", "mcc", "mnc", "price_unit"]].tolist() == [
        "GB", "outbound", "234", "10", "USD",
    ]  # fmt: skip
    assert one["current_price"] == Decimal("0.0503")
    assert set(frame["direction"]) == {"outbound", "inbound"}


def test_the_async_client_reads_the_same(sandbox: Sandbox) -> None:
    async def asked() -> AccountPrices:
        async with AsyncTwilio(sandbox.connection) as client:
            return await tw.prices(client, ["US"], progress=False)

    expected = tw.prices(Twilio(sandbox.connection), ["US"], progress=False)
    assert asyncio.run(asked()) == expected


def test_a_country_must_be_one(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="two letters"):
        tw.prices(Twilio(sandbox.connection), ["UK"], progress=False)


def test_a_plan_uses_the_accounts_prices_and_says_so(sandbox: Sandbox) -> None:
    prices = tw.prices(Twilio(sandbox.connection), progress=False)
    made = tw.plan([{"to": "+447400123456"}], body="Hi", from_="+447700900142", prices=prices)

    assert made.rows[0].cost == Decimal("0.0503")
    assert "about $0.05 (an estimate; your account's prices of 2026-01-15)" in str(made.summary)


def test_a_policy_limits_the_cost_by_the_accounts_prices(sandbox: Sandbox) -> None:
    prices = tw.prices(Twilio(sandbox.connection), progress=False)
    twilio = Twilio(sandbox.connection, policy=tw.Policy(max_cost="0.05", prices=prices))

    with pytest.raises(PolicyRefused, match=r"\$0\.0503"):
        twilio.messages.send("+447400123456", from_=sandbox.numbers[0], body="Hi")
    assert twilio.messages.send("+14155550123", from_=sandbox.numbers[0], body="Hi").sid
