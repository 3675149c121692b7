"""The open connections: their limits, and the deadlines after which they are dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from twilio_widgets.listener.process.limits import USUAL, ListenerLimits
from twilio_widgets.listener.process.state import OpenConnection, State

_SWEEP_SECONDS = 0.25


class ConnectionLimiter:
    """The connections of one listener.

    When the limit is reached, the connection that has waited longest for its request is dropped.
    Twilio's requests arrive within milliseconds, so slow clients make room for them, however many
    they are. A connection whose response is being prepared is never dropped.

    Args:
        limits: The maximum number of connections, and their deadlines.
        loop: The event loop of all connections.
    """

    def __init__(
        self, limits: ListenerLimits = USUAL, loop: asyncio.AbstractEventLoop | None = None
    ):
        self.limits = limits
        self._loop = loop or asyncio.get_running_loop()
        self.now: Callable[[], float] = self._loop.time
        """Returns the loop's time in seconds; bound once because each request calls it often."""
        self._connections: set[OpenConnection] = set()
        self._closed = False
        self._sweeping = self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def call_soon(self, call: Callable[[], None]) -> None:
        """Call in the next loop iteration, before more data is read."""
        self._loop.call_soon(call)

    def admit(self, connection: OpenConnection) -> bool:
        """Register a connection, if necessary by dropping a slow or idle one; False if full."""
        if self._closed:
            return False
        if len(self._connections) >= self.limits.connections and not self._make_room():
            return False
        self._connections.add(connection)
        return True

    def leave(self, connection: OpenConnection) -> None:
        """Unregister a connection."""
        self._connections.discard(connection)

    def close(self) -> None:
        """Close every connection, including those whose response is being prepared."""
        self._closed = True
        self._sweeping.cancel()
        for connection in tuple(self._connections):
            connection.drop()

    def limit_body_memory(self) -> None:
        """Drop the slowest connections that send bodies until their bodies fit the limit."""
        while sum(one.held for one in self._connections) > self.limits.bodies:
            self._drop_slowest(one for one in self._connections if one.held)

    def _make_room(self) -> bool:
        return self._drop_slowest(one for one in self._connections if one.state is not State.ANSWER)

    def _drop_slowest(self, among: Iterable[OpenConnection]) -> bool:
        slowest = min(among, key=lambda one: (one.served, one.since), default=None)
        if slowest is None:
            return False
        self._connections.discard(slowest)
        slowest.drop()
        return True

    def _sweep(self) -> None:
        now = self.now()
        for connection in tuple(self._connections):
            if connection.deadline <= now:
                connection.drop()
        self._sweeping = self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def __len__(self) -> int:
        return len(self._connections)
