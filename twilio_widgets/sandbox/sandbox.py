"""The public class `Sandbox`: a simulated Twilio account and the connections to it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from twilio_widgets.core.closing import ClosesOnExit
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox.connection import SandboxConnection, SandboxKeyConnection
from twilio_widgets.sandbox.http.faults import Faults, fault_of
from twilio_widgets.sandbox.http.inprocess import InProcess
from twilio_widgets.sandbox.http.router import SandboxRouter
from twilio_widgets.sandbox.webhooks.callbacks import Delivery, Webhooks
from twilio_widgets.sandbox.world import create
from twilio_widgets.sandbox.world.addresses import WHATSAPP_SENDER
from twilio_widgets.sandbox.world.clock import Clock
from twilio_widgets.sandbox.world.resources import Account
from twilio_widgets.sandbox.world.rows import message_json
from twilio_widgets.sandbox.world.settings import Settings
from twilio_widgets.sandbox.world.stories import Story
from twilio_widgets.sandbox.world.world import Accepted, Lookup, World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from twilio_widgets.sandbox.classroom.member import ClassMember, Classroom
    from twilio_widgets.sandbox.classroom.opening import OpenClass
    from twilio_widgets.sandbox.http.server import SandboxServer
    from twilio_widgets.sandbox.world.alerts import SandboxAlert

_DATE_FILTERS = ("inclusive", "before_exclusive", "whole_days")
_UNSENT = ("first", "last", "hidden_when_filtered")


class Sandbox(ClosesOnExit):
    """A simulated Twilio in this process, to learn and test against: no account, no SMS.

    The same seed and the same `now` give the same SIDs, numbers, history and headers. Use it as a
    context manager, or call `close` when done.

    The history is generated when it is read, so its length costs nothing. With a million messages
    on two cores (`benchmarks/bench_sandbox.py`, CPU time): opening takes 0.04 s, a page of 1,000
    about 0.1 s, one message by SID 1 ms, and all pages in order 80 s including the client; memory
    grows by 32 MB.

    Args:
        seed: Determines the account, its contacts and its history.
        messages: The number of messages in the history.
        now: Freezes the clock at this time (an aware datetime or ISO text). Waiting then takes no
            real time, and `clock.advance` moves the clock. None uses the real time.
        record_refused: Whether a refused creation leaves a ``failed`` entry in the message list,
            as Twilio has done since 2024.
        date_filters: ``"inclusive"`` as documented, ``"before_exclusive"``, or ``"whole_days"``,
            which ignores times of day.
        unsent: The place of messages without a date sent in the list: ``"first"``, ``"last"`` or
            ``"hidden_when_filtered"``.
        list_lag: Seconds before a new message appears in lists (it can be fetched at once).
        latency: Seconds before every response.
        trial: Whether it is a trial account, with one verified recipient and a prefix to every
            body.
        compress: Whether responses are sent as gzip to clients that accept it.
        stories: Whether the history has stories for an analyst to discover; `stories` names them.

    Raises:
        SandboxError: An option has an invalid value.
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
        compress: bool = False,
        stories: bool = False,
    ) -> None:
        _one_of("date_filters", date_filters, _DATE_FILTERS)
        _one_of("unsent", unsent, _UNSENT)
        if messages < 0:
            raise SandboxError(
                f"messages={messages} is negative. It is the number of messages in the history: "
                "0 or more."
            )
        settings = Settings(
            record_refused=record_refused,
            date_filters=date_filters,
            unsent=unsent,
            list_lag=list_lag,
            latency=latency,
            trial=trial,
            compress=compress,
            stories=stories,
        )
        self.clock = Clock(now)
        """The sandbox's clock: ``now()``, ``advance("10 min")``, ``frozen``."""
        self._world = World(seed, messages, self.clock, settings)
        self._faults = Faults()
        self._router = SandboxRouter(self._world, self._faults)
        self._wire = InProcess(self._router, self.clock)
        self._webhooks = Webhooks(self._world)
        self._server: SandboxServer | None = None
        self._class: OpenClass | None = None
        self._folder: TemporaryDirectory[str] | None = None
        self._opening = ThreadLock()
        self._closed = False

    # Credentials and addresses

    @property
    def connection(self) -> SandboxConnection:
        """The connection with the account's auth token; ``Twilio`` needs nothing else."""
        account = self._world.account
        return SandboxConnection(self, account.sid, Secret(account.auth_token))

    @property
    def api_key_connection(self) -> SandboxKeyConnection:
        """A connection with a Standard API key, which has no access to accounts and keys."""
        return self._key_connection("Standard key")

    @property
    def main_key_connection(self) -> SandboxKeyConnection:
        """A connection with a Main API key."""
        return self._key_connection("Main key")

    @property
    def restricted_key_connection(self) -> SandboxKeyConnection:
        """A connection with a Restricted API key that may create messages and nothing else."""
        return self._key_connection("Restricted key")

    def _key_connection(self, name: str) -> SandboxKeyConnection:
        account = self._world.account
        key = next(key for key in account.keys.values() if key.friendly_name == name)
        return SandboxKeyConnection(self, account.sid, key.sid, Secret(key.secret))

    @property
    def subaccount_connection(self) -> SandboxConnection:
        """A connection with the auth token of the subaccount."""
        account = self._world.subaccount
        return SandboxConnection(self, account.sid, Secret(account.auth_token))

    @property
    def subaccount_sid(self) -> str:
        """The SID of the account's only subaccount."""
        return self._world.subaccount.sid

    @property
    def wire(self) -> InProcess:
        """The httpx transport to this sandbox, for blocking and async clients."""
        return self._wire

    @property
    def url(self) -> str:
        """The root URL of the sandbox on a real socket, such as ``http://127.0.0.1:51234``.

        The socket opens on first use and closes with the sandbox.
        """
        return self.open()

    def open(self, port: int = 0) -> str:
        """Open the socket unless it is already open, and return its URL.

        Args:
            port: The port on 127.0.0.1; 0 uses any free port.

        Raises:
            SandboxError: The sandbox is closed, the port is taken, or uvicorn is missing.
        """
        with self._opening:
            if self._closed:
                raise SandboxError("This sandbox is closed. Create a new one.")
            if self._server is None:
                from twilio_widgets.sandbox.http.server import SandboxServer

                self._server = SandboxServer(self._router, port)
            return self._server.url

    # A class

    @staticmethod
    def join(url: str, name: str, code: str | None = None) -> ClassMember:
        """Join a class that a teacher has opened: get a number and credentials of your own.

        Joining again from the same kernel returns the same place, so the cell can be run again.

        Args:
            url: The URL of the class, as it was printed.
            name: Your name in the class. It must not be taken.
            code: The code of the class, if it needs one.

        Raises:
            SandboxError: There is no class at this URL, the code is wrong, the name is taken, or
                the class is full.
        """
        from twilio_widgets.sandbox.classroom.member import join

        return join(url, name, code)

    @staticmethod
    def teach(url: str, code: str) -> Classroom:
        """Open the teacher's end of a class that runs in another process.

        Args:
            url: The URL of the class, as it was printed.
            code: The teacher's code, as it was printed.

        Raises:
            SandboxError: There is no class at this URL, or the code is wrong.
        """
        from twilio_widgets.sandbox.classroom.member import teach

        return teach(url, code)

    def open_class(
        self, seats: int = 30, *, port: int = 0, host: str = "127.0.0.1", code: str | None = None
    ) -> Classroom:
        """Serve this sandbox to a class and return the teacher's end.

        Every student who joins has an account, a number and credentials of their own; they can
        text one another and you. All credentials of this sandbox are replaced by random ones,
        because the usual ones follow from its seed. The class ends when the sandbox closes.

        Args:
            seats: The number of students, at most 90.
            port: The port; 0 uses any free port.
            host: The address to listen on. On any address but loopback, joining needs the code,
                and no webhooks are posted: students of other machines could otherwise send
                requests to programs on this one.
            code: The code that joining needs. None needs none on loopback, and makes a random one
                on any other address.

        Raises:
            SandboxError: The sandbox is closed or already open, its clock is frozen, or the port
                or the number of seats cannot be used.
        """
        with self._opening:
            self._check_class()
            from twilio_widgets.sandbox.classroom.opening import open_class

            self._class = open_class(
                self._world, self._router, seats=seats, port=port, host=host, code=code
            )
            self._server = self._class.server
            if not self._class.is_local:
                self._webhooks.close()
        return self.teach(self._server.url, self._class.roster.teacher_code)

    @property
    def class_codes(self) -> tuple[str | None, str]:
        """The code that joining needs (None if it needs none), and the teacher's code.

        Raises:
            SandboxError: There is no class.
        """
        if self._class is None:
            raise SandboxError("This sandbox has no class. Open one with open_class().")
        return self._class.roster.code, self._class.roster.teacher_code

    def _check_class(self) -> None:
        if self._closed:
            raise SandboxError("This sandbox is closed. Create a new one.")
        if self._server is not None:
            raise SandboxError("The socket of this sandbox is already open. Create a new sandbox.")
        if self.clock.frozen:
            raise SandboxError("A class needs the real time. Create the sandbox without now=.")

    @property
    def world_id(self) -> str:
        """The random ID of this sandbox, different in every run even with the same seed."""
        return self._world.id

    @property
    def data_folder(self) -> Path:
        """A temporary folder for data about this sandbox; it is deleted when the sandbox closes.

        Raises:
            SandboxError: The sandbox is closed.
        """
        with self._opening:
            if self._closed:
                raise SandboxError("This sandbox is closed, and its data folder was deleted.")
            if self._folder is None:
                # Its finaliser deletes the folder if the sandbox is never closed.
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
        """The account's numbers that can send messages."""
        return self._world.senders_of(self._world.account.sid)

    @property
    def whatsapp_sender(self) -> str:
        """The account's WhatsApp sender, such as ``"whatsapp:+14155550142"``."""
        return WHATSAPP_SENDER

    @property
    def templates(self) -> tuple[str, ...]:
        """The SIDs of the content templates; their approvals differ."""
        with self._world.lock:
            return tuple(self._world.templates)

    @property
    def services(self) -> tuple[str, ...]:
        """The SIDs of the messaging services: the first has senders, the last has none."""
        return tuple(self._world.services)

    @property
    def contacts(self) -> tuple[str, ...]:
        """The numbers of the contacts in the history, all from ranges reserved for fiction."""
        return tuple(contact.number for contact in self._world.phonebook.contacts)

    @property
    def stories(self) -> tuple[Story, ...]:
        """The stories in the history, with the period, the numbers and the messages of each.

        They are described in `twilio_widgets.sandbox.world.stories`. Without ``stories=True``, and
        in a history that is too short for any, there are none.
        """
        told = self._world.history.stories
        with self._world.lock:
            return () if told is None else told.listed

    # Events and faults

    def receive(
        self, *, from_: str, to: str | None = None, body: str = "", media_urls: Sequence[str] = ()
    ) -> dict[str, object]:
        """Simulate an inbound message to one of the account's numbers.

        Args:
            from_: The number it comes from.
            to: The number it is sent to; by default the account's first number, or its WhatsApp
                sender if `from_` is a WhatsApp address. Such a message opens the 24-hour window.
            body: Its text. As with Twilio, the single word ``STOP`` opts out and ``START`` opts in.
            media_urls: One picture is attached for each; nothing is downloaded.

        Returns:
            The Message resource.

        Raises:
            SandboxError: `to` is not a number of this sandbox.
        """
        with self._world.lock:
            default = self.whatsapp_sender if from_.startswith("whatsapp:") else self.numbers[0]
            number = to or default
            if number not in {*self._world.own_numbers, self.whatsapp_sender}:
                raise SandboxError(
                    f"{number} is not a number of this sandbox. Its numbers are in sandbox.numbers."
                )
            message = create.receive(
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
        """Make the next requests fail.

        Args:
            code: Twilio's error code. It applies to the next creation of a message, unless `method`
                or `path` is given.
            status: An HTTP status without a special code, such as 429 or 503. The request is not
                carried out.
            fault: The connection fault; see `twilio_widgets.sandbox.http.faults`.
            times: The number of requests that fail.
            method: Fail only requests with this HTTP method.
            path: Fail only requests whose path contains this text.
            retry_after: Seconds for a ``Retry-After`` header.
            delay: Seconds, for faults that take time.

        Raises:
            SandboxError: No fault is given, or the arguments contradict each other.
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
        """Every accepted message creation, in order. Tests use it to detect messages sent twice."""
        with self._world.lock:
            self._router.carry_out_due()
            return tuple(self._world.ledger)

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """Every lookup of a number that was answered, in order; Twilio bills each."""
        with self._world.lock:
            return tuple(self._world.lookups)

    @property
    def webhooks(self) -> tuple[Delivery, ...]:
        """Every status callback and inbound webhook that was attempted, with its result."""
        with self._world.lock:
            return tuple(self._webhooks.deliveries)

    @property
    def alerts(self) -> tuple[SandboxAlert, ...]:
        """What Twilio's debugger would log about the responses to webhooks, oldest first."""
        with self._world.lock:
            return tuple(self._world.alerts)

    def settle(self, timeout: float = 5.0) -> bool:
        """Wait until every webhook that is due has been posted.

        Args:
            timeout: The maximum wait, in seconds of real time.

        Returns:
            Whether all of them were posted in time.
        """
        return self._webhooks.settle(timeout)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The account and its subaccount, with credentials that are valid in this sandbox only."""
        return tuple(self._world.accounts.values())

    # Closing

    def close(self) -> None:
        """Stop the server and the webhooks. Further requests fail with a connection error."""
        with self._opening:
            self._closed = True
            self._wire.shut()
            self._webhooks.close()
            if self._server is not None:
                self._server.close()
            if self._folder is not None:
                self._folder.cleanup()

    def __repr__(self) -> str:
        return f"<Sandbox seed={self._world.seed}, {self._world.history.count:,} messages>"


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SandboxError(f"{name}={value!r} is invalid. Choose one of: {', '.join(known)}.")
