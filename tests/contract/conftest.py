"""Fixtures that run one suite in process and over a socket, blocking and async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from twilio_widgets import AsyncTwilio, Sandbox, Twilio


class Awaiting:
    """The async client with the blocking client's methods, so that one test covers both."""

    def __init__(self, target: Any, runner: asyncio.Runner) -> None:
        self._target, self._runner = target, runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name in {"messages", "services", "numbers", "alerts", "templates"}:
            return Awaiting(found, self._runner)
        if name == "iterate":
            return lambda **filters: iter(self._runner.run(_collected(found(**filters))))
        return lambda *args, **kwargs: self._runner.run(_awaited(found(*args, **kwargs)))

    def __call__(self) -> Any:
        """Call an attribute that is both a function and has methods, such as ``numbers``."""
        return self._runner.run(_awaited(self._target()))


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


async def _collected(items: Any) -> list[Any]:
    return [item async for item in items]


Connect = Callable[..., Any]


@pytest.fixture(params=["in process", "socket"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["blocking", "awaiting"])
def connect(request: pytest.FixtureRequest, way: str) -> Iterator[Connect]:
    """Return a function that makes a client of a sandbox, for each transport and kind of client."""
    opened: list[Any] = []
    with asyncio.Runner() as runner:

        def make(sandbox: Sandbox, connection: Any = None, **options: Any) -> Any:
            if way == "socket":
                options["base_url"] = sandbox.url
            connection = connection or sandbox.connection
            if request.param == "blocking":
                opened.append(Twilio(connection, **options))
                return opened[-1]
            opened.append(AsyncTwilio(connection, **options))
            return Awaiting(opened[-1], runner)

        yield make
        for client in opened:
            if isinstance(client, Twilio):
                client.close()
            else:
                runner.run(client.aclose())


@pytest.fixture
def twilio(connect: Connect, sandbox: Sandbox) -> Any:
    return connect(sandbox)
