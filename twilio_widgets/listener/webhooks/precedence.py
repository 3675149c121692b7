"""Which setting takes precedence when a phone number is in a messaging service.

Source: Twilio, messaging service resource (``use_inbound_webhook_on_number``,
``inbound_request_url``), as documented in the official client 9.13.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twilio_widgets.core.flows.flow import RetryPolicyFactory, read
from twilio_widgets.core.flows.paging import json_page
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import NotFound, TwilioWidgetsError
from twilio_widgets.listener.webhooks.fields import NUMBER, WebhookResource

MOST_SERVICES = 10
"""The most services that are checked for a number: each takes one request."""


def competing_settings(
    resource: WebhookResource, new_retry_policy: RetryPolicyFactory
) -> Flow[tuple[str, ...]]:
    """Return sentences about services whose setting takes precedence over a number's own.

    Errors from Twilio are not raised; a sentence then says that it could not be checked.
    """
    if resource.kind is not NUMBER:
        return ("Every number in this service sends here, whatever its own settings are.",)
    try:
        return (yield from _services_above(resource, new_retry_policy))
    except TwilioWidgetsError as error:
        return (
            "Could not check whether this number is in a messaging service "
            f"({type(error).__name__}); if it is, that service's inbound URL may win.",
        )


def _services_above(
    resource: WebhookResource, new_retry_policy: RetryPolicyFactory
) -> Flow[tuple[str, ...]]:
    request = Request(
        method="GET", path="/v1/Services", query=(("PageSize", "1000"),), service="messaging"
    )
    reply = yield from read(request, new_retry_policy())
    rows = [
        row
        for row in json_page(reply.content, "services").rows
        if row.get("account_sid") in {resource.account_sid, None}
        and row.get("use_inbound_webhook_on_number") is not True  # then the number itself decides
    ]
    for row in rows[:MOST_SERVICES]:
        if (yield from _contains(str(row.get("sid")), resource, new_retry_policy)):
            return (_sentence(row),)
    if len(rows) > MOST_SERVICES:
        return (
            f"Only {MOST_SERVICES} of {len(rows)} messaging services were checked for this number; "
            "if it is in another one, that service's inbound URL may win.",
        )
    return ()


def _contains(
    service_sid: str, resource: WebhookResource, new_retry_policy: RetryPolicyFactory
) -> Flow[bool]:
    path = f"/v1/Services/{service_sid}/PhoneNumbers/{resource.sid}"
    try:
        yield from read(Request(method="GET", path=path, service="messaging"), new_retry_policy())
    except NotFound:
        return False
    return True


def _sentence(row: Mapping[str, Any]) -> str:
    service = f'"{row.get("friendly_name") or ""}" ({row.get("sid")})'
    if row.get("inbound_request_url"):
        return (
            f"This number is in the messaging service {service}, whose own inbound URL wins. "
            "Point the service instead."
        )
    return (
        f"This number is in the messaging service {service}, which has no inbound URL and does "
        "not use the URL of the number. Twilio documents that such messages are not received. "
        "If none arrive, point the service instead."
    )
