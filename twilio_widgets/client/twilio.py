"""The blocking and the async client."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal, Self, TypeVar, cast

from twilio_widgets.client.base import Driver, awaited
from twilio_widgets.client.lookup import LookupMixin
from twilio_widgets.client.messages import AsyncMessages, Messages
from twilio_widgets.client.raw import RawMixin
from twilio_widgets.client.resources import (
    Alerts,
    AsyncAlerts,
    AsyncNumbers,
    AsyncServices,
    FrameReader,
    Numbers,
    Services,
    Tell,
)
from twilio_widgets.client.templates import AsyncTemplates, Templates
from twilio_widgets.core.closing import ClosesOnExit
from twilio_widgets.core.credentials.connection import Connection
from twilio_widgets.core.credentials.secret import concealed, kind_of
from twilio_widgets.core.flows import account, drive, resources
from twilio_widgets.core.flows.outbox import Outbox
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.http.transport import (
    LARGEST_BODY,
    AsyncTransport,
    BlockingTransport,
    RequestGuard,
)
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    from twilio_widgets.core.flows.listing import Moment
    from twilio_widgets.frames.safe_frame import SafeFrame

T = TypeVar("T")

LONGEST_TIMEOUT = 86_400
"""Seconds. Longer is probably a mistake, and sockets reject very large time-outs."""


class _Account(RawMixin, LookupMixin, FrameReader):
    _transport: BlockingTransport | AsyncTransport
    _outbox: Outbox

    def check(self) -> account.AccountCheck:
        """Check the credentials, and return what this connection can and cannot do.

        Twilio's errors and lost responses are not raised: the result contains the reason.
        """
        return self._run(account.check(self._connection, self._new_retry_policy()))

    def balance(self) -> resources.Balance:
        """Read the account's balance, as an exact amount and its currency."""
        return self._run(resources.balance(self._connection, self._new_retry_policy()))

    def usage(
        self,
        *,
        by: Literal["category", "day", "month", "year"] = "category",
        category: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int | None = None,
        progress: Tell = True,
    ) -> SafeFrame:
        """Read what the account used and what it cost, as a DataFrame.

        Twilio's categories overlap: ``sms`` contains ``sms-outbound``, and ``totalprice``
        everything. Do not add them up.

        Args:
            by: ``"category"`` for one row a category; ``"day"``, ``"month"`` or ``"year"`` for one
                row a category and period, the latest first.
            category: Only this category, such as ``"sms-outbound"``.
            since: The first day (UTC).
            until: The last day (UTC).
            limit: The most rows to read; None reads all.
            progress: Whether to show a progress bar on long reads; or a function called after each
                page.

        Returns:
            The columns are in `frames.resource_schema.USAGE`.

        Raises:
            ConfigurationError: An argument is invalid.
            Forbidden: The API key has no permission; the error names it.
        """
        request = resources.usage_request(
            self._connection, by=by, category=category, since=since, until=until
        )
        filters = {"by": by, "category": category, "since": since, "until": until}
        return self._run(self._usage(request, limit, progress, filters))

    def _usage(
        self, request: Request, limit: int | None, progress: Tell, filters: Mapping[str, object]
    ) -> Flow[SafeFrame]:
        found = yield from self._read(request, "usage_records", limit, progress)
        return self._frame(found, "USAGE", "records", **filters)

    def run(self, flow: Flow[T]) -> T:
        """Run a flow of `twilio_widgets.core`; other parts of the package make requests with it."""
        return self._run(flow)

    @property
    def connection(self) -> Connection:
        """The connection it was made with."""
        return self._connection

    @property
    def policy(self) -> Policy | RequestGuard:
        """The policy that checks every request before it is sent."""
        return self._transport.policy

    def twin(self, policy: Policy | RequestGuard | None = None) -> AsyncTwilio:
        """Return an `AsyncTwilio` with the same settings, for another event loop.

        It has the same policy, and the two share the record of sent messages.

        Args:
            policy: Another policy for it, such as one that contains the user's confirmation.
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
        """Seconds for one call, including retries and pauses."""
        return self._transport.timeout

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._connection!r})"


class Twilio(ClosesOnExit, _Account):
    """The blocking client, for a notebook cell, a script or a thread.

    It uses the proxy in ``HTTPS_PROXY`` or ``ALL_PROXY`` and the certificates in ``SSL_CERT_FILE``
    or ``SSL_CERT_DIR``, if the environment has them.

    Args:
        connection: From ``connect()``, a connection's constructor, or ``Sandbox().connection``.
        timeout: Seconds for one call, including retries and pauses.
        base_url: ``scheme://host[:port]`` instead of Twilio's; https, or http on localhost.
        policy: The guardrails of this client; by default `Policy()`, and no limits for a sandbox.
        largest_body: The maximum size of a body in bytes, sent or received, after decompression.

    Raises:
        ConfigurationError: An argument is invalid.
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
        connection = concealed(connection)
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
        self.services = Services(connection, run, timeout)
        """List messaging services with their senders; ``services()`` returns names and SIDs."""
        self.numbers = Numbers(connection, run, timeout)
        """List phone numbers with their webhooks; ``numbers()`` returns them as values."""
        self.alerts = Alerts(connection, run, timeout)
        """List the alerts of Twilio's debugger."""
        self.templates = Templates(connection, run, timeout)
        """Read content templates, and check whether one can be sent."""

    def close(self) -> None:
        """Close the connections to Twilio; the next call opens a new one."""
        self._transport.close()


class AsyncTwilio(_Account):
    """The async client; it belongs to the event loop it is first used on. See `Twilio`."""

    check = awaited(_Account.check)  # type: ignore[assignment]  # the same, awaited
    balance = awaited(_Account.balance)  # type: ignore[assignment]
    usage = awaited(_Account.usage)  # type: ignore[assignment]
    run = awaited(_Account.run)  # type: ignore[assignment]
    raw = awaited(_Account.raw)  # type: ignore[assignment]
    lookup = awaited(_Account.lookup)  # type: ignore[assignment]

    _transport: AsyncTransport

    def __init__(
        self,
        connection: Connection,
        timeout: float = 30.0,
        base_url: str | None = None,
        policy: Policy | RequestGuard | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        connection = concealed(connection)
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
        self.services = AsyncServices(connection, run, timeout)
        """List messaging services with their senders; ``services()`` returns names and SIDs."""
        self.numbers = AsyncNumbers(connection, run, timeout)
        """List phone numbers with their webhooks; ``numbers()`` returns them as values."""
        self.alerts = AsyncAlerts(connection, run, timeout)
        """List the alerts of Twilio's debugger."""
        self.templates = AsyncTemplates(connection, run, timeout)
        """Read content templates, and check whether one can be sent."""

    async def aclose(self) -> None:
        """Close the connections to Twilio; the next call opens a new one."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()


def _check(connection: object, timeout: float, largest_body: int) -> None:
    if not isinstance(connection, Connection):
        raise ConfigurationError(
            f"Twilio needs a connection, not {kind_of(connection)}. "
            "Make one with connect(), ApiKeyConnection(…) or Sandbox().connection.",
            field="connection",
        )
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not (is_number and 0 < timeout <= LONGEST_TIMEOUT):
        raise ConfigurationError(
            f"timeout must be a number of seconds above 0, at most {LONGEST_TIMEOUT:,} (a day).",
            field="timeout",
        )
    if not largest_body > 0:
        raise ConfigurationError(
            "largest_body must be a number of bytes above 0.", field="largest_body"
        )
