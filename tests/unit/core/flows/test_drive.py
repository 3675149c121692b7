"""Flows that run together: all are finished, and the first error stops those not yet started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.core.request import Flow, Request, Together
from twilio_widgets.errors import NotConnected

MOST = 3


@pytest.fixture(params=["blocking", "async"])
def run(request: pytest.FixtureRequest, sandbox: Sandbox) -> Callable[[Flow[Any]], Any]:
    """Runs a flow with either client."""

    async def asking(flow: Flow[Any]) -> Any:
        async with AsyncTwilio(sandbox.connection) as client:
            return await client.run(flow)

    if request.param == "blocking":
        return Twilio(sandbox.connection).run
    return lambda flow: asyncio.run(asking(flow))


class Readings:
    """Flows of one request each; counts those that run at the same time."""

    def __init__(self, sandbox: Sandbox, count: int, *, fails: int | None = None) -> None:
        account = sandbox.accounts[0].sid
        self._path = f"/2010-04-01/Accounts/{account}/Balance.json"
        self._count, self._fails = count, fails
        self.started: list[int] = []
        self.finished: list[int] = []
        self.most = 0

    def flows(self) -> Iterator[Flow[None]]:
        for n in range(self._count):
            self.started.append(n)
            yield self._one(n)

    def _one(self, n: int) -> Flow[None]:
        self.most = max(self.most, len(self.started) - len(self.finished))
        yield Request(method="GET", path=self._path)
        if n == self._fails:
            raise NotConnected("No network.")
        self.finished.append(n)


def test_every_flow_is_run_and_never_more_than_allowed(
    sandbox: Sandbox, run: Callable[[Flow[Any]], Any]
) -> None:
    readings = Readings(sandbox, 20)

    def flow() -> Flow[str]:
        yield Together(readings.flows(), most=MOST)
        return "all"

    assert run(flow()) == "all"
    assert sorted(readings.finished) == list(range(20))
    assert readings.most <= MOST


def test_after_an_error_nothing_more_is_started_and_the_flow_sees_the_error(
    sandbox: Sandbox, run: Callable[[Flow[Any]], Any]
) -> None:
    readings = Readings(sandbox, 50, fails=4)

    def flow() -> Flow[str]:
        try:
            yield Together(readings.flows(), most=MOST)
        except NotConnected as error:
            return str(error)
        return "no error"

    assert run(flow()) == "No network."
    assert sorted([*readings.finished, 4]) == readings.started
    assert len(readings.started) <= 4 + 2 * MOST
