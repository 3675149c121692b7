"""The state of a small Twilio: accounts, keys, numbers, services, messages, opt-outs.

Nothing here knows HTTP. Whoever touches a world holds its `lock`.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.text.segments import segments
from twilio_widgets.sandbox.world import lifecycle
from twilio_widgets.sandbox.world.history import History
from twilio_widgets.sandbox.world.log import MessageLog
from twilio_widgets.sandbox.world.messages import StoredMessage
from twilio_widgets.sandbox.world.phonebook import phonebook_of
from twilio_widgets.sandbox.world.prices import price_of
from twilio_widgets.sandbox.world.resources import found_accounts, found_numbers, found_services
from twilio_widgets.sandbox.world.sids import SidMaker, noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from twilio_widgets.sandbox.world.clock import Clock
    from twilio_widgets.sandbox.world.settings import Settings

_CREATED_HERE = 1 << 40
"""Serial numbers of new messages begin here; those below belong to the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One creation the sandbox accepted: what would have been an SMS."""

    sid: str
    to: str
    from_: str | None
    body: str
    at: datetime
    """When it was accepted (aware, UTC, by the world's clock)."""


class World:
    """One small Twilio.

    Args:
        seed: Decides every SID, credential and message of the history.
        messages: How many messages the history holds.
        clock: The world's time.
        settings: Choices where Twilio's behaviour is not documented.
    """

    def __init__(self, seed: int, messages: int, clock: Clock, settings: Settings) -> None:
        self.lock = threading.RLock()
        self.id = secrets.token_hex(8)
        self.seed = seed
        self.clock = clock
        self.settings = settings
        self.sids = SidMaker(seed)
        self._as_of: float | None = None
        self.began = clock.seconds()
        self.phonebook = phonebook_of(seed)
        kind = "Trial" if settings.trial else "Full"
        self.account, self.subaccount = found_accounts(self.sids, self.began, kind)
        self.accounts = {one.sid: one for one in (self.account, self.subaccount)}
        self.own_numbers = found_numbers(self.sids, self.began, self.account, self.subaccount)
        self.services = found_services(self.sids, self.began, self.account)
        self.history = History(
            seed=seed,
            count=messages,
            ends=self.began,
            account_sid=self.account.sid,
            service_sid=next(iter(self.services)),
            sids=self.sids,
            phonebook=self.phonebook,
        )
        self.logs = {
            self.account.sid: MessageLog(self.history, settings),
            self.subaccount.sid: MessageLog(None, settings),
        }
        self.ledger: list[Accepted] = []
        self.stopped: set[tuple[str, str]] = set()
        self.feedback: dict[str, tuple[str, float]] = {}
        self.on_message: list[Callable[[StoredMessage], None]] = []
        self._made = 0

    def now(self) -> float:
        """Return the present in seconds since 1970-01-01 UTC."""
        return self.clock.seconds() if self._as_of is None else self._as_of

    @contextmanager
    def as_of(self, moment: float) -> Iterator[None]:
        """Let what happens inside have happened at an earlier moment."""
        self._as_of = moment
        try:
            yield
        finally:
            self._as_of = None

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
        """File a new message.

        Args:
            account_sid: Whose it is.
            to: The recipient's address.
            sender: The address it comes from, once known.
            body: Its text.
            direction: Twilio's word, such as ``outbound-api``.
            steps: Makes its timetable from a number that stands for chance.
            service_sid: The messaging service, if one sends it.
            sender_was_given: Whether the sender was named at creation.
            content_types: One for each media file.
            status_callback: The URL its status changes are posted to.
            error_text: Why it was refused, for the record of a refused creation.
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
        self.tell(message)
        return message

    def tell(self, message: StoredMessage) -> None:
        """Tell who listens that a message has come or that its timetable has changed."""
        for told in self.on_message:
            told(message)

    # Opt-outs

    def scopes_of(self, sender: str, service_sid: str | None = None) -> tuple[str, ...]:
        """Return what an opt-out is kept under: the number, and the services that hold it."""
        pools = [sid for sid, service in self.services.items() if sender in service.senders]
        return tuple(dict.fromkeys((sender, *pools, *([service_sid] if service_sid else ()))))

    def has_stopped(self, recipient: str, sender: str | None, service_sid: str | None) -> bool:
        """Return whether this recipient asked this sender to stop."""
        scopes = self.scopes_of(sender, service_sid) if sender else (service_sid or "",)
        return any((scope, recipient) in self.stopped for scope in scopes)
