"""The rules for creating a message: every documented refusal that ordinary requests can trigger.

Twilio does not document which of several mistakes it reports first; the sandbox checks presence,
then format, sender, recipient, and the rest. The other codes are triggered with
``sandbox.fail(code=…)``. Useful triggers:

* 21606 from the account's voice-only number; 21660 from the subaccount's; 21659 from any other
* 21408 to satellite phones (+870, +881, +882); 21614 to London landlines reserved for drama
* 21635 to Berlin landlines reserved for drama; 21612 from an alphanumeric sender to +1
* 21704 with the messaging service named "Empty pool"; 21608 on a trial sandbox
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from twilio_widgets.sandbox.world.addresses import (
    SERVICE_SID,
    check_recipient,
    check_recipient_shape,
    check_sender,
    from_pool,
    service_of,
)
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.templates import checked_variables

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.wire import Form
    from twilio_widgets.sandbox.world.resources import Account, SandboxService
    from twilio_widgets.sandbox.world.templates import SandboxTemplate
    from twilio_widgets.sandbox.world.world import World

_WORDS = {
    "RiskCheck": ("enable", "disable"),
    "TrafficType": ("free",),
    "MessageIntent": (
        "otp", "notifications", "marketing", "fraud", "security", "customercare", "delivery",
        "education", "polling", "announcements", "events",
    ),
    **dict.fromkeys(
        ("SmartEncoded", "ShortenUrls", "SendAsMms", "ProvideFeedback", "ForceDelivery"),
        ("true", "false"),
    ),
}  # fmt: skip
"""Parameters with a closed list of values; which code Twilio gives for others is UNCONFIRMED."""

_SOONEST, _LATEST = 300, 3_024_000
"""Seconds from now in which a scheduled message may be sent: 5 minutes to 35 days."""
_MAX_SCHEDULED = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A valid request to create a message."""

    to: str
    sender: str | None
    """The sender in the request, or the one that the messaging service picked."""
    sender_was_given: bool
    service_sid: str | None
    body: str
    media: tuple[str, ...]
    send_at: float | None
    status_callback: str | None
    template: SandboxTemplate | None = None


def check(form: Form, account: Account, world: World) -> NewMessage:
    """Check the form of a creation and return the message to create.

    Raises:
        ApiRefusal: The first mistake, with the code that Twilio documents for it.
    """
    to, given = form.get("To") or "", form.get("From") or ""
    service_sid = form.get("MessagingServiceSid") or ""
    if SERVICE_SID.fullmatch(given):  # a messaging service is accepted in From as well
        service_sid, given = service_sid or given, ""
    _check_presence(form, to, given or service_sid)
    check_recipient_shape(to)
    template, body = _check_content(form, account, world)
    media = _check_media(form)
    service = service_of(service_sid, account, world) if service_sid else None
    send_at = _send_at(form, service, account, world)
    sender = given or from_pool(service, to)
    check_sender(sender, to, account, world)
    check_recipient(to, sender, service, account, world)
    _check_options(form)
    return NewMessage(
        to=to,
        sender=sender,
        sender_was_given=bool(given),
        service_sid=service.sid if service else None,
        body=body,
        media=(*media, *(template.media if template else ())),
        send_at=send_at,
        status_callback=_callback(form, service),
        template=template,
    )


def _check_presence(form: Form, to: str, sender: str) -> None:
    if not to:
        raise ApiRefusal(21604)
    if not sender:
        raise ApiRefusal(21603)
    if form.get("ContentVariables") and not form.get("ContentSid"):
        raise ApiRefusal(21654)
    if not any(form.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
        raise ApiRefusal(21602)


def _check_content(
    form: Form, account: Account, world: World
) -> tuple[SandboxTemplate | None, str]:
    """Return the template, if there is one, and the text that the recipient sees."""
    body = form.get("Body") or ""
    if len(body) > 1600:
        raise ApiRefusal(21617)
    variables = checked_variables(form)
    content = form.get("ContentSid")
    if not content:
        return None, body
    template = world.templates.get(content)
    if template is None or template.account_sid != account.sid:
        raise ApiRefusal(21655)
    return template, template.filled(template.text, variables)


def _check_media(form: Form) -> tuple[str, ...]:
    media = tuple(url for url in form.all("MediaUrl") if url)
    if len(media) > 10:
        raise ApiRefusal(21623)
    if not all(is_web_url(url) for url in media):
        raise ApiRefusal(21620)
    return media


def is_web_url(text: str) -> bool:
    """Return whether a text is an http or https URL with a host."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host)


def _check_options(form: Form) -> None:
    period = form.get("ValidityPeriod")
    if period is not None and not (period.isdecimal() and 1 <= int(period) <= 36_000):
        raise ApiRefusal(21624)
    if form.get("ContentRetention") not in {None, "retain", "discard"}:
        raise ApiRefusal(30029)
    if form.get("AddressRetention") not in {None, "retain", "obfuscate"}:
        raise ApiRefusal(30030)
    for name, allowed in _WORDS.items():
        if form.get(name) not in {None, *allowed}:
            raise ApiRefusal(20001, f"Invalid '{name}'")
    attempt = form.get("Attempt")
    if attempt is not None and not (attempt.isdecimal() and int(attempt) >= 1):
        raise ApiRefusal(20001, "Invalid 'Attempt'")


def _callback(form: Form, service: SandboxService | None) -> str | None:
    url = form.get("StatusCallback")
    if not url:
        default = service.settings.get("status_callback") if service else None
        return str(default) if default else None
    if not is_web_url(url) or "_" in (urlsplit(url).hostname or ""):
        raise ApiRefusal(21609)
    return url


def _send_at(
    form: Form, service: SandboxService | None, account: Account, world: World
) -> float | None:
    """Return when a scheduled message is sent (seconds since 1970); None when it is not scheduled.

    Raises:
        ApiRefusal: The time is missing, unreadable or outside the window, or no service is given.
    """
    text = form.get("SendAt")
    if form.get("ScheduleType") is None and not text:
        return None
    if service is None:
        raise ApiRefusal(35118)
    if not text or form.get("ScheduleType") != "fixed":
        # Twilio's response to SendAt without ScheduleType is UNCONFIRMED. An error is safer than
        # sending at once.
        raise ApiRefusal(35111)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ApiRefusal(35111, "'SendAt' is not an ISO 8601 time") from None
    at = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    # Which of 35114, 35115 and 35117 reports which end of the window is UNCONFIRMED.
    if at < world.now() + _SOONEST:
        raise ApiRefusal(35114)
    if at > world.now() + _LATEST:
        raise ApiRefusal(35115)
    now = world.now()
    log = world.logs[account.sid]
    if sum(message.step(now).status == "scheduled" for message in log.stored()) >= _MAX_SCHEDULED:
        raise ApiRefusal(35125)
    return at
