"""The webhook settings of a phone number or a messaging service.

Values are kept as text, as they are sent: ``""`` for unset, ``"true"`` and ``"false"``.
Sources: Twilio's OpenAPI document (2026-04) for incoming phone numbers; the official client 9.13
for messaging services.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.flow import RetryPolicyFactory, change, read
from twilio_widgets.core.flows.paging import json_page
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import BadResponse, ConfigurationError

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

Settings = Mapping[str, str]
"""Values of a number or service by Twilio's JSON names."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A phone number or a messaging service, with the settings that decide where webhooks go."""

    name: str
    host: str
    """Twilio's host for it: ``api`` or ``messaging``."""
    parameters: Mapping[str, str]
    """The request parameter for each setting."""
    units: tuple[tuple[str, ...], ...]
    """Groups of settings that depend on each other, the URL first; a group is restored as a whole
    or not at all."""


NUMBER = Kind(
    "phone number",
    "api",
    {"sms_url": "SmsUrl", "sms_method": "SmsMethod", "sms_application_sid": "SmsApplicationSid"},
    (("sms_url", "sms_method", "sms_application_sid"),),
)
SERVICE = Kind(
    "messaging service",
    "messaging",
    {
        "inbound_request_url": "InboundRequestUrl",
        "inbound_method": "InboundMethod",
        "use_inbound_webhook_on_number": "UseInboundWebhookOnNumber",
        "status_callback": "StatusCallback",
    },
    (
        ("inbound_request_url", "inbound_method", "use_inbound_webhook_on_number"),
        ("status_callback",),
    ),
)


@dataclass(frozen=True, slots=True)
class WebhookResource:
    """One phone number or messaging service."""

    kind: Kind
    sid: str
    account_sid: str

    @property
    def path(self) -> str:
        """Its path in Twilio's API."""
        if self.kind is SERVICE:
            return f"/v1/Services/{self.sid}"
        return f"/2010-04-01/Accounts/{self.account_sid}/IncomingPhoneNumbers/{self.sid}.json"


@dataclass(frozen=True, slots=True)
class ResourceSettings:
    """A number or service as returned by Twilio."""

    name: str
    """The phone number, or the name of the service."""
    account_sid: str
    settings: Settings


def find_resource(
    connection: Connection, number_or_service: str, new_retry_policy: RetryPolicyFactory
) -> Flow[WebhookResource]:
    """Find a number or service by phone number or by SID (``PN…``, ``MG…``).

    Raises:
        ConfigurationError: It is neither, or not a number of this account.
    """
    named = number_or_service.strip() if isinstance(number_or_service, str) else ""
    account = connection.acting_sid
    if re.fullmatch(r"MG[0-9a-fA-F]{32}", named):
        return WebhookResource(SERVICE, named, account)
    if re.fullmatch(r"PN[0-9a-fA-F]{32}", named):
        return WebhookResource(NUMBER, named, account)
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", named):
        raise ConfigurationError(
            "Give one of your phone numbers, such as +15005550006, or the SID of a phone number "
            "(PN…) or of a messaging service (MG…).",
            field="number_or_service",
        )
    query = (("PhoneNumber", named), ("PageSize", "50"))
    path = f"/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json"
    request = Request(method="GET", path=path, query=query)
    reply = yield from read(request, new_retry_policy(), about=named)
    for row in json_page(reply.content, "incoming_phone_numbers").rows:
        if row.get("phone_number") == named:
            return WebhookResource(NUMBER, str(row["sid"]), account)
    raise ConfigurationError(
        f"{mask(named)} is not a phone number of {connection.masked_account}: twilio.numbers() "
        "lists them.",
        field="number_or_service",
    )


def read_settings(
    resource: WebhookResource, new_retry_policy: RetryPolicyFactory
) -> Flow[ResourceSettings]:
    """Read the current settings of a number or service."""
    request = Request(method="GET", path=resource.path, service=resource.kind.host)
    reply = yield from read(
        request, new_retry_policy(), about=f"{resource.kind.name} {resource.sid}"
    )
    return _found(resource, reply.content)


def write_settings(
    resource: WebhookResource, settings: Settings, new_retry_policy: RetryPolicyFactory
) -> Flow[ResourceSettings]:
    """Change some settings of a number or service, and return Twilio's response.

    Raises:
        OutcomeUnknown: The change may or may not have been made: read the settings back.
    """
    names = resource.kind.parameters
    form = tuple((names[field], value) for field, value in settings.items())
    request = Request(
        method="POST", path=resource.path, body=FormBody(form), service=resource.kind.host
    )
    about = f"{resource.kind.name} {resource.sid}"
    reply = yield from change(request, new_retry_policy(), about=about)
    return _found(resource, reply.content)


def _found(resource: WebhookResource, content: bytes) -> ResourceSettings:
    row = mapping_of(content)
    if row.get("sid") != resource.sid:
        raise BadResponse(
            f"Twilio's response is not about the {resource.kind.name} {resource.sid}."
        )
    return ResourceSettings(
        str(row.get("phone_number") or row.get("friendly_name") or ""),
        str(row.get("account_sid") or ""),
        {field: _text(row.get(field)) for field in resource.kind.parameters},
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def shown(url: str) -> str:
    """Return a URL to display, without a login, query or key in the path."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(unreadable)"
    if not parts.scheme or not host:
        return url if re.fullmatch(r"\w{0,40}", url) else "…"
    path = re.sub(r"[A-Za-z0-9_-]{20,}", "…", parts.path)
    return f"{parts.scheme}://{host}{port}{path}" + ("?…" if parts.query else "")


def settings_to_change(
    resource: WebhookResource, now: Settings, inbound_url: str, status_url: str | None
) -> Settings:
    """Return the settings to change so that webhooks go to our URLs.

    Settings that are already right are left out. The fallback URL is never included.
    """
    if resource.kind is NUMBER:
        asked = {"sms_url": inbound_url, "sms_method": "POST", "sms_application_sid": ""}
    else:
        asked = {
            "inbound_request_url": inbound_url,
            "inbound_method": "POST",
            "use_inbound_webhook_on_number": "false",
        }
        if status_url is not None:
            asked["status_callback"] = status_url
    usual = {
        "sms_method": "POST",
        "inbound_method": "POST",
        "use_inbound_webhook_on_number": "false",
    }
    return {
        field: value
        for field, value in asked.items()
        if (now.get(field) or usual.get(field, "")) != value
    }
