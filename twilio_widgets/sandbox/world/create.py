"""Create messages: through the API, as the record of a refused request, inbound, and replies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.world import lifecycle, rules, templates
from twilio_widgets.sandbox.world.addresses import WHATSAPP_SENDER
from twilio_widgets.sandbox.world.lifecycle import Step
from twilio_widgets.sandbox.world.world import Accepted

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.wire import Form
    from twilio_widgets.sandbox.world.messages import StoredMessage
    from twilio_widgets.sandbox.world.refusals import ApiRefusal
    from twilio_widgets.sandbox.world.resources import Account
    from twilio_widgets.sandbox.world.world import World

_STOP = frozenset(["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"])
_START = frozenset(["START", "YES", "UNSTOP"])
_HELP = frozenset(["HELP", "INFO"])

_LOOK_ALIKES = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "–": "-",
     "—": "-", "‐": "-", "•": "-", "…": "...", "\u00a0": " ", "\u200b": "", "\t": "       "}
)  # fmt: skip
"""The most common replacements of Smart Encoding; Twilio's own table is far longer."""

_TRIAL_PREFIX = "Sent from your Twilio trial account - "


def create(world: World, account: Account, form: Form) -> StoredMessage:
    """Create the message that a form asks for, and append it to the ledger.

    Raises:
        ApiRefusal: A rule forbids it.
    """
    new = rules.check(form, account, world)
    body = new.body
    if form.get("SmartEncoded") == "true":
        body = body.translate(_LOOK_ALIKES)
    if world.settings.trial:
        body = _TRIAL_PREFIX + body
    now = world.now()
    last_inbound = world.last_inbound.get((new.to, new.sender or ""))
    message = world.add(
        account_sid=account.sid,
        to=new.to,
        sender=new.sender,
        sender_was_given=new.sender_was_given,
        service_sid=new.service_sid,
        body=body,
        direction="outbound-api",
        steps=lambda chance: lifecycle.outbound(
            now,
            new.to,
            service=new.service_sid is not None,
            send_at=new.send_at,
            chance=chance,
            channel_error=templates.error_of(new.template, new.to, last_inbound, now),
        ),
        # No URL is downloaded: every file is a small generated picture.
        content_types=("image/png",) * len(new.media),
        status_callback=new.status_callback,
    )
    at = datetime.fromtimestamp(now, UTC)
    world.ledger.append(
        Accepted(sid=message.sid, to=message.to, from_=message.sender, body=body, at=at)
    )
    return message


def record_refused(world: World, account: Account, form: Form, refusal: ApiRefusal) -> None:
    """Record a refused creation in the message list, as Twilio does since April 2024.

    It becomes a ``failed`` message with the error code; its exact fields are UNCONFIRMED.
    """
    now = world.now()
    service = form.get("MessagingServiceSid")
    world.add(
        account_sid=account.sid,
        to=form.get("To") or "",
        sender=form.get("From"),
        service_sid=service if service in world.services else None,
        body=form.get("Body") or "",
        direction="outbound-api",
        steps=lambda _chance: (Step(now, "failed", refusal.code),),
        error_text=refusal.message,
    )


def receive(
    world: World, *, from_: str, to: str, body: str, content_types: tuple[str, ...] = ()
) -> StoredMessage:
    """Store an inbound message to one of the account's numbers, and apply its opt-out keyword.

    The message is stored (and posted to a webhook) even when it is a keyword, which Twilio answers
    by itself. The body must consist of the keyword alone; that its case does not matter is
    UNCONFIRMED.
    """
    now = world.now()
    world.last_inbound[from_, to] = now
    if to == WHATSAPP_SENDER:
        account_sid, service_sid = world.account.sid, None
    else:
        account_sid, service_sid = world.own_numbers[to].account_sid, _service_of(world, to)
    message = world.add(
        account_sid=account_sid,
        to=to,
        sender=from_,
        body=body,
        direction="inbound",
        steps=lambda _chance: (Step(now, "received"),),
        service_sid=service_sid,
        content_types=content_types,
    )
    answer = _apply_keyword(world, from_, to, body.strip().upper())
    if answer:
        reply(world, message, answer)
    return message


def _apply_keyword(world: World, contact: str, number: str, word: str) -> str | None:
    """Opt a contact out or in; return Twilio's automatic reply, or None if it is not a keyword."""
    scopes = {(scope, contact) for scope in world.scopes_of(number)}
    if word in _STOP:
        world.stopped |= scopes
        return "You will receive no more messages from this number. Reply START to resubscribe."
    if word in _START and world.stopped & scopes:
        world.stopped -= scopes
        return "You will receive messages from this number again. Reply STOP to unsubscribe."
    return "Reply STOP to unsubscribe." if word in _HELP else None


def reply(
    world: World, inbound: StoredMessage, body: str, *, status_callback: str | None = None
) -> StoredMessage:
    """Create a reply to an inbound message."""
    now = world.now()
    contact = inbound.sender or ""
    return world.add(
        account_sid=inbound.account_sid,
        to=contact,
        sender=inbound.to,
        body=body,
        direction="outbound-reply",
        steps=lambda chance: lifecycle.outbound(
            now, contact, service=False, send_at=None, chance=chance
        ),
        status_callback=status_callback,
    )


def _service_of(world: World, number: str) -> str | None:
    return next((sid for sid, service in world.services.items() if number in service.senders), None)
