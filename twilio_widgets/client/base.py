"""The base class of the clients: the connection, a retry policy and a driver."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from twilio_widgets.core.credentials.connection import Connection
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.core.request import Flow

P = ParamSpec("P")
T = TypeVar("T")


def awaited(
    method: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    """Reuse a blocking method in an async class, typed as awaitable.

    Such a method returns ``self._run(flow)``, which is the only difference between the two.
    """
    return cast("Callable[Concatenate[Any, P], Awaitable[T]]", method)


class Driver(Protocol):
    """Runs a flow, blocking or on an event loop."""

    def __call__(self, flow: Flow[T], /) -> T:
        """Run a flow and return its result; an async driver returns an awaitable."""


class ClientBase:
    """The state that every method needs: the connection, a retry policy and a driver."""

    def __init__(self, connection: Connection, run: Driver, timeout: float) -> None:
        self._connection = connection
        self._run = run
        self._new_retry_policy = partial(RetryPolicy, timeout)
