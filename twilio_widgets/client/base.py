"""What the classes of the face share: the connection, patience, and a driver."""

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
    """Give an async class a method that is written once, on the blocking one.

    Such a method hands a flow to ``self._run``, which is where waiting and awaiting differ.
    """
    return cast("Callable[Concatenate[Any, P], Awaitable[T]]", method)


class Driver(Protocol):
    """Runs a flow, blocking or on an event loop."""

    def __call__(self, flow: Flow[T], /) -> T:
        """Run a flow to its end and return its result; an async driver returns an awaitable."""


class ClientBase:
    """What every method needs: the connection, patience for one exchange, and a driver."""

    def __init__(self, connection: Connection, run: Driver, timeout: float) -> None:
        self._connection = connection
        self._run = run
        self._patience = partial(RetryPolicy, timeout)
