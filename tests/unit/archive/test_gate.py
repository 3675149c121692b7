"""A 429 slows all slices down together, and the sync recovers slowly."""

from __future__ import annotations

import asyncio

import pytest

from tests.archives import NOON
from twilio_widgets import Sandbox
from twilio_widgets.archive.gate import LONGEST_PAUSE, RECOVERS_AFTER, RequestGate


@pytest.fixture
def connection():
    with Sandbox(now=NOON) as sandbox:
        yield sandbox.connection


async def one(gate: RequestGate, most: list[int], running: list[int]) -> None:
    async with gate.request():
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0)
        running.pop()


async def most_at_once(gate: RequestGate) -> int:
    most: list[int] = []
    running: list[int] = []
    await asyncio.gather(*(one(gate, most, running) for _ in range(20)))
    return max(most)


def test_the_limit_is_halved_once_for_the_requests_in_flight_and_recovers(connection):
    async def run() -> list[int]:
        gate = RequestGate(connection, 8)
        found = [await most_at_once(gate)]
        started = connection.monotonic()
        for _ in range(8):  # all eight in flight were refused
            gate.slow_down(started, None)
        found.append(await most_at_once(gate))
        for _ in range(2 * RECOVERS_AFTER):
            gate.succeeded()
        found.append(await most_at_once(gate))
        return found

    assert asyncio.run(run()) == [8, 4, 6]


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([5.0], [5.0]),
        ([None], [1.0]),
        ([None, None, None], [1.0, 2.0, 4.0]),
        ([None] * 9, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]),
    ],
    ids=["Retry-After", "none", "doubled", "longest"],
)
def test_the_pause_follows_retry_after_or_doubles(answers, pauses, connection):
    async def run() -> list[float]:
        gate = RequestGate(connection, 4)
        found = []
        for retry_after in answers:
            before = connection.monotonic()
            async with gate.request() as started:
                found.append(started - before)
                connection.sleep(0.5)  # the request takes time
                gate.slow_down(started, retry_after)
        before = connection.monotonic()
        async with gate.request() as started:
            found.append(started - before)
        return found[1:]

    assert asyncio.run(run()) == pauses
