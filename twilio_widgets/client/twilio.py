"""The two clients: what they are made with, and who they are."""

from __future__ import annotations

from functools import partial
from typing import Self, TypeVar, cast

from twilio_widgets.client.base import ClientBase, Driver, awaited
from twilio_widgets.client.messages import AsyncMessages, Messages
from twilio_widgets.client.raw import RawMixin
from twilio_widgets.core.credentials.connection import Connection
from twilio_widgets.core.flows import account, drive
from twilio_widgets.core.flows.outbox import Outbox
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.http.transport import (
    LARGEST_BODY,
    AsyncTransport,
    BlockingTransport,
    RequestGuard,
)
from twilio_widgets.core.request import Flow
from twilio_widgets.errors import ConfigurationError

T = TypeVar("T")

LONGEST_TIMEOUT = 86_400
"""Seconds. What is longer is a mistake, and a socket could not be told."""


class _Account(RawMixin, ClientBase):
    _transport: BlockingTransport | AsyncTransport
    _outbox: Outbox

    def check(self) -> account.AccountCheck:
        """Prove the credentials, and say what this connection can and cannot do.

        It never raises for an answer of Twilio's or for a missing one: the verdict says why not.
        """
        return self._run(account.check(self._connection, self._patience()))

    def numbers(self) -> list[account.OwnNumber]:
        """Read the account's own phone numbers."""
        return self._run(account.numbers(self._connection, self._patience))

    def services(self) -> list[account.MessagingService]:
        """Read the account's messaging services."""
        return self._run(account.services(self._connection, self._patience()))

    def run(self, flow: Flow[T]) -> T:
        """Carry out a flow of the core's: how the rooms above make requests of their own."""
        return self._run(flow)

    @property
    def connection(self) -> Connection:
        """The connection it was made with."""
        return self._connection

    @property
    def policy(self) -> Policy | RequestGuard:
        """What judges every request before it leaves."""
        return self._transport.policy

    def twin(self, policy: Policy | RequestGuard | None = None) -> AsyncTwilio:
        """Return an `AsyncTwilio` like this client, for another event loop.

        It obeys the same policy, and both know what either has sent.

        Args:
            policy: Another policy for it, such as one with what a person has just confirmed.
        """
        door = self._transport
        twin = AsyncTwilio(
            self._connection,
            timeout=door.timeout,
            base_url=door.base_url,
            policy=door.policy if policy is None else policy,
            largest_body=door.largest_body,
        )
        twin.messages.outbox = self._outbox
        return twin

    @property
    def timeout(self) -> float:
        """Seconds one exchange may take in all."""
        return self._transport.timeout

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._connection!r})"


class Twilio(_Account):
    """Twilio, for a cell, a script or a thread: every call waits for its answer.

    Args:
        connection: From ``connect()``, a connection's constructor, or ``Sandbox().connection``.
        timeout: Seconds one exchange may take in all, with its repeats and pauses.
        base_url: ``scheme://host[:port]`` instead of Twilio's; https, or http on this machine.
        policy: The guard rails of this client; `Policy()` when none is given, and no limits for a
            sandbox.
        largest_body: The most bytes of a body, sent or received, also after decompression.

    Raises:
        ConfigurationError: An argument cannot be right.
    """

    _transport: BlockingTransport

    def __init__(
        self,
        connection: Connection,
        timeout: float = 30.0,
        base_url: str | None = None,
        policy: Policy | RequestGuard | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        _check(connection, timeout, largest_body)
        self._transport = BlockingTransport(
            connection,
            timeout=timeout,
            base_url=base_url,
            policy=policy,
            largest_body=largest_body,
        )
        run = partial(drive.run, transport=self._transport, connection=connection)
        super().__init__(connection, run, timeout)
        self._outbox = Outbox()
        self.messages = Messages(connection, run, timeout, self._outbox)
        """Send, read and list messages."""

    def close(self) -> None:
        """Close every connection to Twilio; the next call opens a new one."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class AsyncTwilio(_Account):
    """Twilio with ``await``; it belongs to the event loop it is first used on. See `Twilio`."""

    check = awaited(_Account.check)  # type: ignore[assignment]  # the same, awaited
    numbers = awaited(_Account.numbers)  # type: ignore[assignment]
    services = awaited(_Account.services)  # type: ignore[assignment]
    run = awaited(_Account.run)  # type: ignore[assignment]
    raw = awaited(_Account.raw)  # type: ignore[assignment]

    _transport: AsyncTransport

    def __init__(
        self,
        connection: Connection,
        timeout: float = 30.0,
        base_url: str | None = None,
        policy: Policy | RequestGuard | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        _check(connection, timeout, largest_body)
        self._transport = AsyncTransport(
            connection,
            timeout=timeout,
            base_url=base_url,
            policy=policy,
            largest_body=largest_body,
        )
        run = cast(  # its results are awaitables, and `awaited` gives the methods that type
            "Driver",
            partial(drive.run_async, transport=self._transport, connection=connection),
        )
        super().__init__(connection, run, timeout)
        self._outbox = Outbox()
        self.messages = AsyncMessages(connection, run, timeout, self._outbox)
        """Send, read and list messages."""

    async def aclose(self) -> None:
        """Close every connection to Twilio; the next call opens a new one."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()


def _check(connection: object, timeout: float, largest_body: int) -> None:
    if not isinstance(connection, Connection):
        raise ConfigurationError(
            f"Twilio needs a connection, not {type(connection).__name__}. "
            "Make one with connect(), ApiKeyConnection(…) or Sandbox().connection.",
            field="connection",
        )
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not (is_number and 0 < timeout <= LONGEST_TIMEOUT):
        raise ConfigurationError(
            f"timeout is a number of seconds above 0, and at most {LONGEST_TIMEOUT:,} (a day).",
            field="timeout",
        )
    if not largest_body > 0:
        raise ConfigurationError("largest_body is a number of bytes above 0.", field="largest_body")
