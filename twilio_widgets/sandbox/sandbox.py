"""The sandbox: one small Twilio, and the ways into it."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox.connection import SandboxConnection, SandboxKeyConnection
from twilio_widgets.sandbox.http.faults import Faults, fault_of
from twilio_widgets.sandbox.http.inprocess import InProcess
from twilio_widgets.sandbox.http.router import SandboxRouter
from twilio_widgets.sandbox.webhooks.callbacks import Delivery, Webhooks
from twilio_widgets.sandbox.world import create as composing
from twilio_widgets.sandbox.world.clock import Clock
from twilio_widgets.sandbox.world.resources import Account
from twilio_widgets.sandbox.world.rows import message_json
from twilio_widgets.sandbox.world.settings import Settings
from twilio_widgets.sandbox.world.world import Accepted, World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType

    from twilio_widgets.sandbox.http.server import SandboxServer

_DATE_FILTERS = ("inclusive", "before_exclusive")
_UNSENT = ("first", "last", "hidden_when_filtered")


class Sandbox:
    """A small Twilio inside this process, to learn and test against: no account, no SMS.

    The same seed and the same `now` give the same SIDs, numbers, history and headers. Use it as a
    context manager, or call `close` when done.

    A history costs nothing until it is read, however long. With a million messages on two cores
    (`benchmarks/bench_sandbox.py`, CPU time): open 0.04 s, a page of 1,000 about 0.1 s, one message
    by SID 1 ms, every page from first to last 80 s with its client; memory grows by 32 MB.

    Args:
        seed: Another seed gives another account with other people.
        messages: How many messages the history holds.
        now: Freezes the clock there (an aware time or ISO text); then waiting takes no time, and
            `clock.advance` turns it. None gives a real clock.
        record_refused: Whether a refused creation leaves a ``failed`` entry in the message list,
            as Twilio has done since 2024.
        date_filters: ``"inclusive"`` as documented, or ``"before_exclusive"``.
        unsent: Where messages with no date sent stand in the list: ``"first"``, ``"last"`` or
            ``"hidden_when_filtered"``.
        list_lag: Seconds before a new message appears in lists (it can be fetched at once).
        latency: Seconds every answer takes.
        trial: Whether it is a trial account: one verified recipient, and a prefix to every body.

    Raises:
        SandboxError: An option is not what it can be.
    """

    def __init__(
        self,
        seed: int = 0,
        messages: int = 0,
        now: str | datetime | None = None,
        *,
        record_refused: bool = True,
        date_filters: str = "inclusive",
        unsent: str = "first",
        list_lag: float = 0.0,
        latency: float = 0.0,
        trial: bool = False,
    ) -> None:
        _one_of("date_filters", date_filters, _DATE_FILTERS)
        _one_of("unsent", unsent, _UNSENT)
        if messages < 0:
            raise SandboxError("messages= is the length of the history: 0 or more.")
        settings = Settings(
            record_refused=record_refused,
            date_filters=date_filters,
            unsent=unsent,
            list_lag=list_lag,
            latency=latency,
            trial=trial,
        )
        self.clock = Clock(now)
        """The world's time: ``now()``, ``advance("10 min")``, ``frozen``."""
        self._world = World(seed, messages, self.clock, settings)
        self._faults = Faults()
        self._exchange = SandboxRouter(self._world, self._faults)
        self._wire = InProcess(self._exchange, self.clock)
        self._webhooks = Webhooks(self._world)
        self._server: SandboxServer | None = None
        self._folder: TemporaryDirectory[str] | None = None
        self._opening = threading.Lock()
        self._closed = False

    # Who and where

    @property
    def connection(self) -> SandboxConnection:
        """The connection with the account's auth token; ``Twilio`` needs nothing else."""
        account = self._world.account
        return SandboxConnection(self, account.sid, Secret(account.auth_token))

    @property
    def api_key_connection(self) -> SandboxKeyConnection:
        """The same with a Standard API key, which may not touch accounts and keys."""
        return self._key_connection(main=False)

    @property
    def main_key_connection(self) -> SandboxKeyConnection:
        """The same with a Main API key."""
        return self._key_connection(main=True)

    def _key_connection(self, *, main: bool) -> SandboxKeyConnection:
        account = self._world.account
        key = next(key for key in account.keys.values() if key.main is main)
        return SandboxKeyConnection(self, account.sid, key.sid, Secret(key.secret))

    @property
    def subaccount_connection(self) -> SandboxConnection:
        """The connection with the subaccount's own auth token."""
        account = self._world.subaccount
        return SandboxConnection(self, account.sid, Secret(account.auth_token))

    @property
    def subaccount_sid(self) -> str:
        """The account's one subaccount."""
        return self._world.subaccount.sid

    @property
    def wire(self) -> InProcess:
        """The httpx transport that leads here, for blocking and async clients."""
        return self._wire

    @property
    def url(self) -> str:
        """The root of the sandbox on a real socket, such as ``http://127.0.0.1:51234``.

        The socket opens on first use, and closes with the sandbox.
        """
        return self.open()

    def open(self, port: int = 0) -> str:
        """Open the socket, unless it is open already, and return its URL.

        Args:
            port: The port on 127.0.0.1; 0 takes a free one.

        Raises:
            SandboxError: The sandbox is closed, the port is taken, or uvicorn is missing.
        """
        with self._opening:
            if self._closed:
                raise SandboxError("This sandbox is closed. Make another one.")
            if self._server is None:
                from twilio_widgets.sandbox.http.server import SandboxServer

                self._server = SandboxServer(self._exchange, port)
            return self._server.url

    @property
    def world_id(self) -> str:
        """A random name for this run of the world, whatever its seed."""
        return self._world.id

    @property
    def data_folder(self) -> Path:
        """A temporary folder for what is kept for this world; it goes when the world closes.

        Raises:
            SandboxError: The sandbox is closed.
        """
        with self._opening:
            if self._closed:
                raise SandboxError("This sandbox is closed, and what was kept for it is gone.")
            if self._folder is None:
                # The finaliser removes it when nobody closes the sandbox.
                self._folder = TemporaryDirectory(
                    prefix="twilio_widgets-", ignore_cleanup_errors=True
                )
            return Path(self._folder.name)

    @property
    def list_lag(self) -> float:
        """Seconds before a new message appears in lists."""
        return self._world.settings.list_lag

    @property
    def numbers(self) -> tuple[str, ...]:
        """The account's own numbers that can send; the first one is good for demonstrations."""
        return self._world.senders_of(self._world.account.sid)

    @property
    def services(self) -> tuple[str, ...]:
        """The SIDs of the messaging services; the first one has senders, the last one none."""
        return tuple(self._world.services)

    @property
    def contacts(self) -> tuple[str, ...]:
        """Numbers of people in the history, all reserved for fiction."""
        return tuple(contact.number for contact in self._world.phonebook.contacts)

    # What happens

    def receive(
        self, *, from_: str, to: str | None = None, body: str = "", media_urls: Sequence[str] = ()
    ) -> dict[str, object]:
        """Let a message arrive at one of the account's numbers.

        Args:
            from_: Who sends it.
            to: Which of our numbers gets it; the first one when not given.
            body: Its text. Just ``STOP`` or ``START`` opts out or in, as with Twilio.
            media_urls: One picture is attached for each.

        Returns:
            The Message resource.

        Raises:
            SandboxError: `to` is not a number of this world.
        """
        with self._world.lock:
            number = to or self.numbers[0]
            if number not in self._world.own_numbers:
                raise SandboxError(
                    f"{number} is not a number of this sandbox: see sandbox.numbers."
                )
            message = composing.receive(
                self._world,
                from_=from_,
                to=number,
                body=body,
                content_types=("image/png",) * len(media_urls),
            )
            return message_json(message.row(self._world.now()))

    def fail(
        self,
        code: int | None = None,
        *,
        status: int | None = None,
        fault: str | None = None,
        times: int = 1,
        method: str | None = None,
        path: str | None = None,
        retry_after: float | None = None,
        delay: float | None = None,
    ) -> None:
        """Let the next requests go wrong.

        Args:
            code: Twilio's error code. Meets the next creation of a message, unless `method` or
                `path` say otherwise.
            status: An HTTP status without a special code, such as 429 or 503. The request is not
                carried out.
            fault: What happens to the connection; see `twilio_widgets.sandbox.http.faults`.
            times: How many requests it meets.
            method: Only requests with this method.
            path: Only requests whose path holds this text.
            retry_after: Seconds for a ``Retry-After`` header.
            delay: Seconds, for faults that take time.

        Raises:
            SandboxError: The description is empty or contradicts itself.
        """
        described = fault_of(
            code=code,
            status=status,
            kind=fault,
            method=method,
            path=path,
            retry_after=retry_after,
            delay=delay,
        )
        with self._world.lock:
            self._faults.add(described, times)

    @property
    def ledger(self) -> tuple[Accepted, ...]:
        """Every creation that was accepted, in order: the judge of "sent twice"."""
        with self._world.lock:
            self._exchange.catch_up()
            return tuple(self._world.ledger)

    @property
    def webhooks(self) -> tuple[Delivery, ...]:
        """Every status callback and inbound webhook that was made, or could not be."""
        with self._world.lock:
            return tuple(self._webhooks.deliveries)

    def settle(self, timeout: float = 5.0) -> bool:
        """Wait until every webhook that is due has been posted.

        Args:
            timeout: Seconds of real time to wait at most.

        Returns:
            Whether all of them have been.
        """
        return self._webhooks.settle(timeout)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts of this world, with their play credentials."""
        return tuple(self._world.accounts.values())

    # The end

    def close(self) -> None:
        """Stop what runs for this sandbox. Further requests find nobody."""
        with self._opening:
            self._closed = True
            self._wire.shut()
            self._webhooks.close()
            if self._server is not None:
                self._server.close()
            if self._folder is not None:
                self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Sandbox seed={self._world.seed}, {self._world.history.count:,} messages>"


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SandboxError(f"{name}={value!r} is not known. Choose one of: {', '.join(known)}.")
