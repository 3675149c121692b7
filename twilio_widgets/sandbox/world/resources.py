"""The resources of a new sandbox: accounts, keys, numbers and messaging services."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.world.phonebook import OWN_NUMBERS, VOICE_ONLY_NUMBER

if TYPE_CHECKING:
    from twilio_widgets.sandbox.world.sids import SidMaker


@dataclass(slots=True, kw_only=True)
class Account:
    """An account or subaccount with its credentials."""

    sid: str
    auth_token: str = field(repr=False)
    friendly_name: str
    owner_sid: str
    kind: str
    created: float
    status: str = "active"
    keys: dict[str, Key] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Key:
    """An API key. A Standard key has no access to accounts and keys; a restricted one may only
    create messages."""

    sid: str
    secret: str = field(repr=False)
    friendly_name: str
    main: bool
    created: float
    restricted: bool = False


@dataclass(slots=True, kw_only=True)
class SandboxNumber:
    """A phone number of an account; `settings` contains its webhooks by their API field names."""

    sid: str
    account_sid: str
    phone_number: str
    sms: bool
    created: float
    updated: float
    settings: dict[str, str]


@dataclass(slots=True, kw_only=True)
class SandboxService:
    """A messaging service: a pool of senders, and webhooks by their API field names."""

    sid: str
    account_sid: str
    friendly_name: str
    senders: tuple[str, ...]
    alpha_senders: dict[str, str]
    """The alphanumeric senders, by their SIDs."""
    created: float
    updated: float
    settings: dict[str, object]


def new_accounts(sids: SidMaker, now: float, kind: str) -> tuple[Account, Account]:
    """Return the account of a sandbox and its subaccount.

    Args:
        sids: Makes their SIDs and credentials.
        now: Their date of creation (seconds since 1970).
        kind: ``Full`` or ``Trial``.
    """
    parent = sids.sid("AC", 0)
    names = ((parent, "Sandbox"), (sids.sid("AC", 1), "Sandbox, subaccount"))
    account, subaccount = (
        Account(
            sid=sid,
            auth_token=sids.secret(number),
            friendly_name=name,
            owner_sid=parent,
            kind=kind,
            created=now,
            keys={key.sid: key for key in _keys(sids, now, number)},
        )
        for number, (sid, name) in enumerate(names)
    )
    return account, subaccount


def _keys(sids: SidMaker, now: float, account_number: int) -> list[Key]:
    restricted = Key(
        sid=sids.sid("SK", 1_000 + account_number),
        secret=sids.secret(1_000 + account_number),
        friendly_name="Restricted key",
        main=False,
        created=now,
        restricted=True,
    )
    return [
        Key(
            sid=sids.sid("SK", 2 * account_number + which),
            secret=sids.secret(100 + 2 * account_number + which),
            friendly_name=f"{kind} key",
            main=kind == "Main",
            created=now,
        )
        for which, kind in enumerate(("Main", "Standard"))
    ] + [restricted]


def new_numbers(
    sids: SidMaker, now: float, account: Account, subaccount: Account
) -> dict[str, SandboxNumber]:
    """Return the phone numbers of both accounts, keyed by number."""
    owners = [(number, account, True) for number in OWN_NUMBERS[:-1]]
    owners.append((VOICE_ONLY_NUMBER, account, False))
    owners.append((OWN_NUMBERS[-1], subaccount, True))
    return {
        number: SandboxNumber(
            sid=sids.sid("PN", index),
            account_sid=owner.sid,
            phone_number=number,
            sms=sms,
            created=now,
            updated=now,
            settings={},
        )
        for index, (number, owner, sms) in enumerate(owners)
    }


def new_services(sids: SidMaker, now: float, account: Account) -> dict[str, SandboxService]:
    """Return two messaging services: one with all numbers of the account, one without senders."""
    pools = (("Notifications", OWN_NUMBERS[:-1]), ("Empty pool", ()))
    return {
        (sid := sids.sid("MG", index)): SandboxService(
            sid=sid,
            account_sid=account.sid,
            friendly_name=name,
            senders=senders,
            alpha_senders={sids.sid("AI", index): "Sandbox"} if senders else {},
            created=now,
            updated=now,
            # The number's own webhook is used until this setting is changed.
            settings={"use_inbound_webhook_on_number": True},
        )
        for index, (name, senders) in enumerate(pools)
    }
