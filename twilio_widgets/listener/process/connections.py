"""Which connections there are; who is let in when there is no room; who has waited too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from twilio_widgets.listener.process.limits import USUAL, ListenerLimits
from twilio_widgets.listener.process.state import OpenConnection, State

_SWEEP_SECONDS = 0.25


class ConnectionLimiter:
    """The connections of one listener.

    When all places are taken, the one that has been waiting longest for its own request to come in
    goes: a request of Twilio's is there within milliseconds, so slow senders make room for it,
    however many they are. A connection whose answer is being prepared never goes.

    Args:
        limits: How many, and how long.
        loop: The event loop all of them live on.
    """

    def __init__(
        self, limits: ListenerLimits = USUAL, loop: asyncio.AbstractEventLoop | None = None
    ):
        self.limits = limits
        self._loop = loop or asyncio.get_running_loop()
        self.now: Callable[[], float] = self._loop.time
        """Returns the loop's time, in seconds: asked several times for each request."""
        self._connections: set[OpenConnection] = set()
        self._closed = False
        self._sweeping = self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def call_soon(self, call: Callable[[], None]) -> None:
        """Call later, but before anything else is read."""
        self._loop.call_soon(call)

    def admit(self, connection: OpenConnection) -> bool:
        """Let a connection in, if need be in place of a slow or an idle one."""
        if self._closed:
            return False
        if len(self._connections) >= self.limits.connections and not self._make_room():
            return False
        self._connections.add(connection)
        return True

    def leave(self, connection: OpenConnection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def close(self) -> None:
        """Close every connection, those with an answer under way included."""
        self._closed = True
        self._sweeping.cancel()
        for connection in tuple(self._connections):
            connection.drop()

    def limit_body_memory(self) -> None:
        """Let the slowest of those go that send bodies, while these are too much together."""
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
