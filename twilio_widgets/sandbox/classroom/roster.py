"""The students of a class: an account, a number and random credentials for each.

A sandbox's usual credentials follow from its seed, so anyone could compute them. In a class every
credential is random instead: students cannot act as one another or as the teacher.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox.world.log import MessageLog
from twilio_widgets.sandbox.world.resources import Account, SandboxNumber

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.sandbox.world.world import World

MOST_SEATS = 90
"""The endings 91 to 98 of a number determine the fate of its messages (see `lifecycle`)."""

_LONGEST_NAME = 40
_FIRST_ACCOUNT, _FIRST_NUMBER = 2, 100
"""Serial numbers that no account or phone number of a plain sandbox has."""

_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No two of them look alike."""


@dataclass(slots=True, kw_only=True)
class Seat:
    """One student of a class."""

    name: str
    number: str
    account: Account
    kernel: str | None = field(repr=False)
    """The key of the kernel that joined; None after the teacher has released the seat."""


class Roster:
    """The seats of a class. Callers must hold the world's lock.

    Args:
        world: The world that the class shares. All its credentials are replaced by random ones.
        seats: The number of students.
        code: The code that joining needs; None needs none.

    Raises:
        SandboxError: The number of seats is out of range.
    """

    def __init__(self, world: World, seats: int, code: str | None) -> None:
        if not 1 <= seats <= MOST_SEATS:
            raise SandboxError(f"A class has 1 to {MOST_SEATS} seats, not {seats}.")
        self.world = world
        self.seats = seats
        self.code = code
        self.teacher_code = new_code()
        self._taken: dict[str, Seat] = {}
        for account in world.accounts.values():
            account.auth_token = secrets.token_hex(16)
            for key in account.keys.values():
                key.secret = secrets.token_hex(16)

    def __iter__(self) -> Iterator[Seat]:
        return iter(tuple(self._taken.values()))

    def join(self, name: str, code: str, kernel: str) -> Seat:
        """Return the seat of a student; the same one when their kernel joins again.

        Raises:
            SandboxError: The code is wrong, the name is invalid or taken, or the class is full.
        """
        if self.code is not None and not _same(code, self.code):
            wrong = "This is not the code of this class. Ask the teacher for it."
            missing = "This class needs its code: join(url, name, code=…)."
            raise SandboxError(wrong if code else missing)
        name = _checked(name)
        seat = self._taken.get(name.casefold())
        if seat is None:
            return self._seat(name, kernel)
        if seat.kernel is None:
            seat.kernel = kernel
        elif not _same(kernel, seat.kernel):
            raise SandboxError(
                f"The name {seat.name!r} is taken. Choose another one. If it is yours and your "
                f"kernel has restarted, ask the teacher for classroom.release({seat.name!r})."
            )
        return seat

    def release(self, name: str) -> None:
        """Let another kernel join with this name; the old credentials stop working.

        Raises:
            SandboxError: No student has this name.
        """
        seat = self.seat(name)
        seat.kernel = None
        seat.account.auth_token = secrets.token_hex(16)

    def seat(self, name: str) -> Seat:
        """Return the seat of a student.

        Raises:
            SandboxError: No student has this name.
        """
        seat = self._taken.get(name.strip().casefold())
        if seat is None:
            raise SandboxError(f"No student in this class is called {name!r}.")
        return seat

    def is_teacher(self, code: str) -> bool:
        """Return whether this is the teacher's code."""
        return _same(code, self.teacher_code)

    def name_of(self, account_sid: str) -> str:
        """Return whose account this is; the teacher's for any other account."""
        names = (seat.name for seat in self if seat.account.sid == account_sid)
        return next(names, "teacher")

    def name_at(self, number: str) -> str:
        """Return whose number this is; empty for a number outside the class."""
        own = self.world.own_numbers.get(number)
        return "" if own is None else self.name_of(own.account_sid)

    def _seat(self, name: str, kernel: str) -> Seat:
        index, world = len(self._taken), self.world
        if index >= self.seats:
            raise SandboxError(f"This class is full: all {self.seats} seats are taken.")
        now = world.now()
        account = Account(
            sid=world.sids.sid("AC", _FIRST_ACCOUNT + index),
            auth_token=secrets.token_hex(16),
            friendly_name=name,
            owner_sid=world.account.sid,
            kind=world.account.kind,
            created=now,
        )
        number = f"+153055501{index:02d}"  # 530 555-0100 and above are reserved for fiction
        world.accounts[account.sid] = account
        world.logs[account.sid] = MessageLog(None, world.settings)
        world.own_numbers[number] = SandboxNumber(
            sid=world.sids.sid("PN", _FIRST_NUMBER + index),
            account_sid=account.sid,
            phone_number=number,
            sms=True,
            created=now,
            updated=now,
            settings={},
        )
        seat = Seat(name=name, number=number, account=account, kernel=kernel)
        self._taken[name.casefold()] = seat
        return seat


def new_code() -> str:
    """Return a random code that can be read aloud, such as ``k7mpq-x3d9a`` (49 bits)."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise SandboxError(f"A name has 1 to {_LONGEST_NAME} printable characters.")
    if name.casefold() == "teacher":
        raise SandboxError("The name 'teacher' is taken. Choose another one.")
    return name


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
