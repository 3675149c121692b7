"""The state of a sandbox: accounts, keys, numbers, services, messages, opt-outs.

Nothing here depends on HTTP. Callers must hold the world's `lock`.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.core.text.segments import segments
from twilio_widgets.sandbox.world import lifecycle
from twilio_widgets.sandbox.world.history import History
from twilio_widgets.sandbox.world.log import MessageLog
from twilio_widgets.sandbox.world.messages import StoredMessage
from twilio_widgets.sandbox.world.phonebook import phonebook_of
from twilio_widgets.sandbox.world.prices import price_of
from twilio_widgets.sandbox.world.resources import new_accounts, new_numbers, new_services
from twilio_widgets.sandbox.world.sids import SidMaker, noise
from twilio_widgets.sandbox.world.templates import new_templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from twilio_widgets.sandbox.world.alerts import SandboxAlert
    from twilio_widgets.sandbox.world.clock import Clock
    from twilio_widgets.sandbox.world.settings import Settings

_CREATED_HERE = 1 << 40
"""The first serial number of new messages; smaller ones belong to the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One message creation that the sandbox accepted; with Twilio it would be an SMS."""

    sid: str
    to: str
    from_: str | None
    body: str
    at: datetime
    """When it was accepted (aware, UTC, by the sandbox's clock)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One lookup of a number that the sandbox answered; Twilio bills each."""

    number: str
    fields: tuple[str, ...]
    at: datetime


class World:
    """The state of one sandbox.

    Args:
        seed: Determines every SID, credential and message of the history.
        messages: The number of messages in the history.
        clock: The sandbox's clock.
        settings: The options that change its behaviour.
    """

    def __init__(self, seed: int, messages: int, clock: Clock, settings: Settings) -> None:
        self.lock = ThreadLock()
        self.id = secrets.token_hex(8)
        self.seed = seed
        self.clock = clock
        self.settings = settings
        self.sids = SidMaker(seed)
        self._as_of: float | None = None
        self.began = clock.seconds()
        self.phonebook = phonebook_of(seed)
        kind = "Trial" if settings.trial else "Full"
        self.account, self.subaccount = new_accounts(self.sids, self.began, kind)
        self.accounts = {one.sid: one for one in (self.account, self.subaccount)}
        self.own_numbers = new_numbers(self.sids, self.began, self.account, self.subaccount)
        self.services = new_services(self.sids, self.began, self.account)
        self.templates = new_templates(self.sids, self.began, self.account)
        self.last_inbound: dict[tuple[str, str], float] = {}
        """When each contact last wrote to one of our addresses: by (contact, address)."""
        self.history = History(
            seed=seed,
            count=messages,
            ends=self.began,
            account_sid=self.account.sid,
            service_sid=next(iter(self.services)),
            sids=self.sids,
            phonebook=self.phonebook,
            stories=settings.stories,
        )
        self.logs = {
            self.account.sid: MessageLog(self.history, settings),
            self.subaccount.sid: MessageLog(None, settings),
        }
        self.ledger: list[Accepted] = []
        self.lookups: list[Lookup] = []
        self.alerts: list[SandboxAlert] = []
        self.stopped: set[tuple[str, str]] = set()
        self.calls: list[dict[str, object]] = []
        """The calls that were created here, newest first, as their resources."""
        self.feedback: dict[str, tuple[str, float]] = {}
        self.on_message: list[Callable[[StoredMessage], None]] = []
        self._made = 0

    def now(self) -> float:
        """Return the current time in seconds since 1970-01-01 UTC."""
        return self.clock.seconds() if self._as_of is None else self._as_of

    @contextmanager
    def as_of(self, moment: float) -> Iterator[None]:
        """Make `now` return another moment inside the ``with`` block."""
        before, self._as_of = self._as_of, moment
        try:
            yield
        finally:
            self._as_of = before

    def senders_of(self, account_sid: str) -> tuple[str, ...]:
        """Return the numbers of an account that can send messages."""
        return tuple(
            number.phone_number
            for number in self.own_numbers.values()
            if number.account_sid == account_sid and number.sms
        )

    # Messages

    def next_number(self) -> int:
        """Return the serial number of the next message."""
        self._made += 1
        return _CREATED_HERE + self._made

    def add(
        self,
        *,
        account_sid: str,
        to: str,
        sender: str | None,
        body: str,
        direction: str,
        steps: Callable[[int], tuple[lifecycle.Step, ...]],
        service_sid: str | None = None,
        sender_was_given: bool = True,
        content_types: tuple[str, ...] = (),
        status_callback: str | None = None,
        error_text: str | None = None,
    ) -> StoredMessage:
        """Store a new message and notify the observers.

        Args:
            account_sid: Its account.
            to: The recipient's address.
            sender: The sender's address; None if none was given.
            body: Its text.
            direction: Its direction in Twilio's terms, such as ``outbound-api``.
            steps: Returns its timetable for a pseudo-random number.
            service_sid: The messaging service that sends it, if any.
            sender_was_given: Whether the request named the sender.
            content_types: The content type of each media file.
            status_callback: The URL for its status callbacks.
            error_text: The error message, if it records a refused creation.
        """
        number = self.next_number()
        sid = self.sids.sid("MM" if content_types else "SM", number)
        parts = segments(body).count
        message = StoredMessage(
            number=number,
            sid=sid,
            account_sid=account_sid,
            service_sid=service_sid,
            to=to,
            sender=sender,
            sender_was_given=sender_was_given,
            body=body,
            direction=direction,
            segments=parts,
            price=None
            if error_text
            else price_of(
                to=to,
                inbound=direction == "inbound",
                segments=parts,
                media=len(content_types),
            ),
            created=self.now(),
            steps=steps(noise(self.seed, number)),
            media={
                self.sids.sid("ME", number << 4 | index): kind
                for index, kind in enumerate(content_types)
            },
            status_callback=status_callback,
            error_text=error_text,
        )
        self.logs[account_sid].add(message)
        self.notify(message)
        return message

    def notify(self, message: StoredMessage) -> None:
        """Call the observers: a message is new, or its timetable has changed."""
        for observer in self.on_message:
            observer(message)

    # Opt-outs

    def scopes_of(self, sender: str, service_sid: str | None = None) -> tuple[str, ...]:
        """Return the scopes of an opt-out: the number, and the services whose pool contains it."""
        pools = [sid for sid, service in self.services.items() if sender in service.senders]
        return tuple(dict.fromkeys((sender, *pools, *([service_sid] if service_sid else ()))))

    def has_stopped(self, recipient: str, sender: str | None, service_sid: str | None) -> bool:
        """Return whether this recipient has opted out of messages from this sender."""
        scopes = self.scopes_of(sender, service_sid) if sender else (service_sid or "",)
        return any((scope, recipient) in self.stopped for scope in scopes)
