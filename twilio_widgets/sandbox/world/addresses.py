"""The checks of addresses: their formats, the account's senders, recipients that are refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.world import magic
from twilio_widgets.sandbox.world.phonebook import LANDLINE_PREFIX
from twilio_widgets.sandbox.world.refusals import ApiRefusal

if TYPE_CHECKING:
    from twilio_widgets.sandbox.world.resources import Account, SandboxService
    from twilio_widgets.sandbox.world.world import World

SHORT_CODE = "56789"
"""The short code of the sandbox's account."""

WHATSAPP_SENDER = "whatsapp:+14155550142"
CHANNEL_SENDERS = (
    WHATSAPP_SENDER,
    "whatsapp:+447700900142",
    "rcs:sandbox_agent",
    "messenger:100000000000142",
)
"""The channel senders registered in the sandbox. They send to addresses of their own channel."""

SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SHORT_CODE = re.compile(r"\d{3,6}")
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &_+-]{1,11}")
_CHANNEL = re.compile(r"(whatsapp|messenger|rcs):(.+)")
_BERLIN_LANDLINE = "+493023125"
_SATELLITE = ("+870", "+881", "+882")


def check_recipient_shape(to: str) -> None:
    """Refuse anything but a phone number or channel address (21211), and short codes (21265)."""
    channel = _CHANNEL.fullmatch(to)
    number = channel[2] if channel else to
    if channel is None and _SHORT_CODE.fullmatch(to):
        raise ApiRefusal(21265)
    if channel and channel[1] == "messenger":
        return
    # Twilio may accept national formats such as (415) 555-0100; how is not documented.
    if not _E164.fullmatch(number):
        raise ApiRefusal(21211, f"Invalid 'To' phone number: {to}")


def service_of(sid: str, account: Account, world: World) -> SandboxService:
    """Return the account's messaging service with this SID.

    Raises:
        ApiRefusal: It is not the SID of a messaging service (21705) or not one of the account's
            services (21701).
    """
    if not SERVICE_SID.fullmatch(sid):
        raise ApiRefusal(21705)
    service = world.services.get(sid)
    if service is None or service.account_sid != account.sid:
        raise ApiRefusal(21701)
    return service


def from_pool(service: SandboxService | None, to: str) -> str:
    """Return the sender that a service picks: if possible one from the recipient's country."""
    assert service is not None  # noqa: S101  # the rules have checked that From or service is given
    if not service.senders:
        raise ApiRefusal(21704)
    if ":" in to:
        raise ApiRefusal(21703)  # this pool has no channel senders
    at_home = [sender for sender in service.senders if sender[:2] == to[:2]]
    return (at_home or list(service.senders))[0]


def check_sender(sender: str, to: str, account: Account, world: World) -> None:
    """Refuse a sender that this account cannot use, or cannot use for this recipient."""
    code = magic.as_sender(sender)
    if code is not None:
        raise ApiRefusal(code)
    if sender == magic.GOOD_SENDER:
        return
    if _CHANNEL.fullmatch(sender) or ":" in to:
        if sender not in CHANNEL_SENDERS or _channel(sender) != _channel(to):
            raise ApiRefusal(63007)
    elif _E164.fullmatch(sender):
        _check_own(sender, account, world)
    elif _SHORT_CODE.fullmatch(sender):
        if sender != SHORT_CODE or not to.startswith("+1"):
            raise ApiRefusal(21659)
    elif not _ALPHANUMERIC.fullmatch(sender):
        raise ApiRefusal(21212, f"Invalid 'From' number or sender id: {sender}")
    elif to.startswith("+1"):
        raise ApiRefusal(21612)


def _channel(address: str) -> str:
    return address.partition(":")[0] if ":" in address else ""


def _check_own(sender: str, account: Account, world: World) -> None:
    own = world.own_numbers.get(sender)
    if own is None:
        raise ApiRefusal(21659, f"'From' {sender} is not a Twilio phone number")
    if own.account_sid != account.sid:
        raise ApiRefusal(21660)
    if not own.sms:
        raise ApiRefusal(21606)


def check_recipient(
    to: str, sender: str, service: SandboxService | None, account: Account, world: World
) -> None:
    """Refuse a recipient that cannot be reached from this sender or has opted out."""
    if to == sender:
        raise ApiRefusal(63031 if ":" in to else 21266)
    code = magic.as_recipient(to)
    if code is not None:
        raise ApiRefusal(code)
    if to.startswith(_SATELLITE):
        raise ApiRefusal(
            21408, f"Permission to send an SMS has not been enabled for the region: {to}"
        )
    if to.startswith(LANDLINE_PREFIX):
        raise ApiRefusal(21614)
    if to.startswith(_BERLIN_LANDLINE):
        raise ApiRefusal(21635)
    if world.settings.trial and to not in {
        world.phonebook.verified,
        *world.senders_of(account.sid),
    }:
        raise ApiRefusal(21608)
    if world.has_stopped(to, sender, service.sid if service else None):
        raise ApiRefusal(21610)
